package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/kernel/weblink"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// profile is what the caller may see of a user.
type profile struct {
	auth.Author
	CreatedAt time.Time `json:"createdAt" doc:"When the account was made"`
	Marks
	Followers      *int            `json:"followerCount,omitempty" doc:"How many users follow the user; absent where the caller may not see that"`
	Following      *int            `json:"followingCount,omitempty" doc:"How many users the user follows; absent where the caller may not see that"`
	Rank           int             `json:"rank" doc:"Place by points, from 1; users with as many points share it"`
	Fields         []profileField  `json:"fields" doc:"The site's profile fields that the caller may see, in its order"`
	CategoryLevels []categoryLevel `json:"categoryLevels,omitempty" doc:"Higher levels in single categories"`
	Stats          stats           `json:"stats"`
	WallPosts      int             `json:"wallPostCount"`
	WallOpen       bool            `json:"wallOpen" doc:"Whether the user takes posts on the wall"`
	Blocked        bool            `json:"blocked,omitempty" doc:"Told to moderators only"`
	Email          string          `json:"email,omitempty" doc:"Told to the user and to administrators only"`
	LastSeenAt     *time.Time      `json:"lastSignInAt,omitempty" doc:"Told to the user and to moderators only"`
	Badges         int             `json:"badgeCount" doc:"How often the user has received a badge, with those for places in rankings"`
	MadeWith       string          `json:"madeWith,omitempty" enum:"email,facebook,twitter,google" doc:"How the account was made; told to the user, to administrators, and to everybody where the old site's profiles tell it"`
}

// profileField is one field of a user's profile.
type profileField struct {
	Name      string `json:"name" doc:"The field's stable name"`
	Label     string `json:"label,omitempty" doc:"What the site calls it, where it is not one of the built-in fields"`
	Value     string `json:"value"`
	IsLink    bool   `json:"isLink,omitempty" doc:"Whether the value is the address of a web page"`
	URL       string `json:"url,omitempty" doc:"Where the value leads if it is a link: by http or https, always"`
	MultiLine bool   `json:"multiLine,omitempty"`
}

// categoryLevel is a user's level in one category.
type categoryLevel struct {
	Category *qa.Category `json:"category"`
	Level    string       `json:"level"`
}

// stats are the figures from which a user's points are computed.
type stats struct {
	Questions         int `json:"questions"`
	Answers           int `json:"answers"`
	Comments          int `json:"comments"`
	SelectedByUser    int `json:"answersSelected" doc:"Answers that the user selected as best"`
	SelectedOfUser    int `json:"answersSelectedByOthers" doc:"Answers of the user that others selected as best"`
	QuestionUpvotes   int `json:"questionUpvotesGiven"`
	QuestionDownvotes int `json:"questionDownvotesGiven"`
	AnswerUpvotes     int `json:"answerUpvotesGiven"`
	AnswerDownvotes   int `json:"answerDownvotesGiven"`
	UpvotesReceived   int `json:"upvotesReceived"`
	DownvotesReceived int `json:"downvotesReceived"`
	Bonus             int `json:"bonusPoints"`
}

const (
	fieldMultiLine = 1 // QA_FIELD_FLAGS_MULTI_LINE
	fieldLink      = 2 // QA_FIELD_FLAGS_LINK_URL
)

type handleInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
}

type userListInput struct {
	web.Page
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters"`
}

type profileOutput struct{ Body profile }
type statsOutput struct{ Body stats }
type userPostsOutput struct {
	Body web.List[qa.ActivityItem]
}

func (m *Module) registerProfiles(api huma.API) {
	operation := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/v1/users/{handle}" + path,
			Summary: summary, Tags: []string{"Users"},
			Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	web.Register(api, operation("get-user", "", "A user's profile"), m.getProfile)
	web.Register(api, operation("get-user-stats", "/stats",
		"The figures that a user's points come from"), m.getStats)
	for kind, summary := range map[string]string{
		"questions": "Questions of a user, the newest first",
		"answers":   "Answers of a user, the newest first",
		"comments":  "Comments of a user, the newest first",
		"edits":     "Changes that a user made to posts, the newest first",
		"activity":  "What a user did lately, each question once",
	} {
		web.Register(api, operation("list-user-"+kind, "/"+kind, summary),
			func(ctx context.Context, in *userListInput) (*userPostsOutput, error) {
				a, err := m.auth.AccountByHandle(ctx, in.Handle)
				if err != nil {
					return nil, err
				}
				list, err := m.qa.UserPosts(ctx, a.ID, kind, in.Page)
				return &userPostsOutput{Body: list}, err
			})
	}
	web.Register(api, operation("list-user-wall", "/wall", "The wall of a user, the newest first"),
		m.listWall)
	web.Register(api, operation("list-user-favorites", "/favorites",
		"A user's favourites; one's own only"), m.listUserFavorites)
	m.registerPublicProfile(api)
}

func (m *Module) getProfile(ctx context.Context, in *handleInput) (*profileOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	p := &profileOutput{Body: profile{Author: *a.Author(o), CreatedAt: time.Unix(a.Created, 0).UTC(),
		WallPosts: a.WallPosts, WallOpen: o.Bool(option.AllowUserWalls) && a.Flags&auth.FlagNoWallPosts == 0}}
	p.Body.Avatar = a.AvatarURL(o, o.Int(option.AvatarProfileSize))
	moderates, own := caller.Level >= auth.LevelModerator, caller.UserID == a.ID
	p.Body.Blocked = moderates && a.Flags&auth.FlagBlocked != 0
	if own || caller.Level >= auth.LevelAdmin {
		p.Body.Email = a.Email
	}
	if own || moderates {
		seen := time.Unix(a.LoggedIn, 0).UTC()
		p.Body.LastSeenAt = &seen
	}
	if p.Body.Stats, err = m.stats(ctx, a.ID, &p.Body.Rank); err != nil {
		return nil, err
	}
	if p.Body.Fields, err = m.fields(ctx, o, caller, a.ID); err != nil {
		return nil, err
	}
	if err := m.countFollowers(ctx, o, caller, a.ID, &p.Body); err != nil {
		return nil, err
	}
	known, err := m.marksOf(ctx, []int{a.ID})
	if err != nil {
		return nil, err
	}
	p.Body.Marks = known.of(a.ID)
	if err := m.tellMore(ctx, o, caller, a.ID, &p.Body); err != nil {
		return nil, err
	}
	levels, err := m.auth.CategoryLevels(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	for id, level := range levels {
		ref, err := m.qa.CategoryRef(ctx, id)
		if err != nil {
			return nil, err
		}
		if ref != nil {
			p.Body.CategoryLevels = append(p.Body.CategoryLevels, categoryLevel{ref, auth.LevelName(level)})
		}
	}
	sortLevels(p.Body.CategoryLevels)
	return p, nil
}

// stats returns a user's figures. If rank is not nil, it sets it to the user's place by points.
func (m *Module) stats(ctx context.Context, userID int, rank *int) (stats, error) {
	var s stats
	var place int
	_, err := m.db.Get(ctx,
		[]any{&s.Questions, &s.Answers, &s.Comments, &s.SelectedByUser, &s.SelectedOfUser,
			&s.QuestionUpvotes, &s.QuestionDownvotes, &s.AnswerUpvotes, &s.AnswerDownvotes,
			&s.UpvotesReceived, &s.DownvotesReceived, &s.Bonus, &place},
		`SELECT qposts, aposts, cposts, aselects, aselecteds, qupvotes, qdownvotes, aupvotes, adownvotes,
				upvoteds, downvoteds, bonus,
				(SELECT 1 + COUNT(*) FROM {userpoints} better WHERE better.points > up.points)
			FROM {userpoints} up
			WHERE userid = ?`,
		userID)
	if err != nil {
		return s, fmt.Errorf("read a user's figures: %w", err)
	}
	if rank != nil {
		*rank = place
	}
	return s, nil
}

// fields returns the profile fields of a user that the caller may see. Users see all fields of
// their own profile.
func (m *Module) fields(
	ctx context.Context, o *site.Options, caller auth.Caller, userID int,
) ([]profileField, error) {
	fields := []profileField{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var f profileField
		var label, value sql.NullString
		var permit sql.NullInt64
		var flags int
		if err := rows.Scan(&f.Name, &label, &flags, &permit, &value); err != nil {
			return err
		}
		if permit.Valid && caller.UserID != userID &&
			auth.PermitValue(o, int(permit.Int64), !caller.Anonymous(), caller.Level,
				caller.Flags) != auth.Permitted {
			return nil
		}
		f.Label, f.Value, f.MultiLine = label.String, value.String, flags&fieldMultiLine != 0
		if flags&fieldLink != 0 {
			f.URL = weblink.Of(f.Value)
			f.IsLink = f.URL != ""
		}
		fields = append(fields, f)
		return nil
	}, `SELECT f.title, f.content, f.flags, f.permit + 0, v.content
		FROM {userfields} f
		LEFT JOIN {userprofile} v ON v.title = f.title AND v.userid = ?
		ORDER BY f.position`,
		userID)
	if err != nil {
		return nil, fmt.Errorf("read profile fields: %w", err)
	}
	return fields, nil
}

func (m *Module) getStats(ctx context.Context, in *handleInput) (*statsOutput, error) {
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	s, err := m.stats(ctx, a.ID, nil)
	return &statsOutput{Body: s}, err
}

func (m *Module) listUserFavorites(ctx context.Context, in *handleInput) (*favoritesOutput, error) {
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if caller.UserID != a.ID {
		return nil, problem.New(auth.CodePermissionLevel)
	}
	return m.favorites(ctx)
}
