package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// registerFollowers adds the lists of who follows a user, and whom a user follows.
func (m *Module) registerFollowers(api huma.API) {
	operation := func(what, summary string) huma.Operation {
		return huma.Operation{OperationID: "list-" + what, Method: http.MethodGet,
			Path: "/v1/users/{handle}/" + what, Tags: []string{"Users"}, Summary: summary,
			Description: "For those to whom the site shows it (FOLLOWERS_SHOWN_TO). Those who came to the site " +
				"last are first.",
			Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	web.Register(api, operation("followers", "Who follows a user"), m.listFollowers)
	web.Register(api, operation("following", "Whom a user follows"), m.listFollowing)
}

// The values of the setting FOLLOWERS_SHOWN_TO.
const (
	shownToEverybody = "everybody"
	shownToMembers   = "members"
	shownToNobody    = "nobody"
)

// followersShownTo returns to whom the site shows who follows whom: what the setting says or, where that
// is auto, what the old site does. It shows it to everybody if its plugin for that is among the enabled
// ones, whose names are given with semicolons between, and to nobody else.
func followersShownTo(setting, plugins string) string {
	switch {
	case setting != "auto":
		return setting
	case slices.Contains(strings.Split(plugins, ";"), "q2a-custom-user-detail"):
		return shownToEverybody
	}
	return shownToNobody
}

// mayListFollowers returns the problem if the caller may not see who follows a user.
func mayListFollowers(shownTo string, caller auth.Caller) *problem.Error {
	switch {
	case shownTo == shownToNobody:
		return problem.New(auth.CodePermissionLevel)
	case shownTo == shownToMembers && caller.Anonymous():
		return problem.New(auth.CodeLoginRequired)
	}
	return nil
}

// mayListFollowing returns the problem if the caller may not see whom the user with the id follows. Users
// see it of themselves: these are favourites of theirs.
func mayListFollowing(shownTo string, caller auth.Caller, userID int) *problem.Error {
	if !caller.Anonymous() && caller.UserID == userID {
		return nil
	}
	return mayListFollowers(shownTo, caller)
}

// idPosition is a place in a list of users by id, the highest first.
type idPosition struct {
	ID int `json:"id"`
}

// Valid reports whether a user can be at this place.
func (p *idPosition) Valid() bool { return web.ValidID(p.ID) }

func (m *Module) listFollowers(ctx context.Context, in *userListInput) (*usersOutput, error) {
	o, a, err := m.followersOf(ctx, in)
	if err != nil {
		return nil, err
	}
	shownTo := followersShownTo(m.settings.FollowersShown, o.String(option.EnabledPlugins))
	if e := mayListFollowers(shownTo, auth.CallerOf(ctx)); e != nil {
		return nil, e
	}
	total, err := m.followers(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	// The index has the followers in the order of their ids for each value of nouserevents. Both
	// values occur, even of one user, while the old site turns one into the other.
	const of = `SELECT * FROM (SELECT userid
		FROM {userfavorites}
		WHERE entitytype = 'U' AND entityid = ? AND nouserevents = `
	return m.userPageByID(ctx, o, "followers", in.Page, total, "userid", of+"0", of+"1", a.ID)
}

func (m *Module) listFollowing(ctx context.Context, in *userListInput) (*usersOutput, error) {
	o, a, err := m.followersOf(ctx, in)
	if err != nil {
		return nil, err
	}
	shownTo := followersShownTo(m.settings.FollowersShown, o.String(option.EnabledPlugins))
	if e := mayListFollowing(shownTo, auth.CallerOf(ctx), a.ID); e != nil {
		return nil, e
	}
	total, err := m.following(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	return m.userPageByID(ctx, o, "following", in.Page, total, "entityid", `SELECT * FROM (SELECT entityid
		FROM {userfavorites}
		WHERE userid = ? AND entitytype = 'U'`, "", a.ID)
}

func (m *Module) followersOf(ctx context.Context, in *userListInput) (*site.Options, auth.Account, error) {
	if err := in.Check(); err != nil {
		return nil, auth.Account{}, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, auth.Account{}, err
	}
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	return o, a, err
}

// userPageByID returns one page of a list of users, the newest accounts first. The list is what one or two
// queries select, which are given up to their conditions and take the id of the user whose list it is;
// column is the one with the ids.
func (m *Module) userPageByID(ctx context.Context, o *site.Options, list string, page web.Page, total int,
	column, first, second string, userID int,
) (*usersOutput, error) {
	size := page.Size(o.Int(option.PageSizeUsers))
	skip := page.Offset(size)
	after := ""
	var at idPosition
	if page.Cursor != "" {
		if err := web.DecodeCursor(list, page.Cursor, &at); err != nil {
			return nil, err
		}
		after = " AND " + column + " < ?"
	}
	var arms []string
	var args []any
	for i, arm := range []string{first, second} {
		if arm == "" {
			continue
		}
		arms = append(arms, fmt.Sprintf("%s%s ORDER BY %s DESC LIMIT ?) a%d", arm, after, column, i))
		if args = append(args, userID); after != "" {
			args = append(args, at.ID)
		}
		args = append(args, skip+size+1)
	}
	var ids []int
	err := m.db.Select(ctx, database.Append(&ids), "SELECT "+column+" FROM ("+
		strings.Join(arms, " UNION ALL ")+") f ORDER BY "+column+" DESC LIMIT ? OFFSET ?",
		append(args, size+1, skip)...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", list, err)
	}
	out := &usersOutput{}
	out.Body.Total = &total
	if len(ids) > size {
		ids = ids[:size]
		out.Body.NextCursor = web.EncodeCursor(list, &idPosition{ids[size-1]})
	}
	out.Body.Items, err = m.usersByID(ctx, o, ids)
	return out, err
}

// countFollowers sets how many users follow the user with the id, and whom that user follows, in the
// profile, as far as the caller may see that.
func (m *Module) countFollowers(
	ctx context.Context, o *site.Options, caller auth.Caller, userID int, p *profile,
) error {
	shownTo := followersShownTo(m.settings.FollowersShown, o.String(option.EnabledPlugins))
	if mayListFollowers(shownTo, caller) == nil {
		n, err := m.followers(ctx, userID)
		if err != nil {
			return err
		}
		p.Followers = &n
	}
	if mayListFollowing(shownTo, caller, userID) == nil {
		n, err := m.following(ctx, userID)
		if err != nil {
			return err
		}
		p.Following = &n
	}
	return nil
}

// manyFollowers is how many followers are so many that they are not counted for every request, but once in
// countedFor.
const (
	manyFollowers = 1000
	countedFor    = time.Minute
)

func newFollowerCounts() *otter.Cache[int, int] {
	return otter.Must(&otter.Options[int, int]{MaximumSize: 10_000,
		ExpiryCalculator: otter.ExpiryWriting[int, int](countedFor)})
}

// followers returns how many users follow the user with the id. Where they are many, it is how many they
// were at most a minute ago.
func (m *Module) followers(ctx context.Context, userID int) (n int, err error) {
	if n, there := m.followerCounts.GetIfPresent(userID); there {
		return n, nil
	}
	n, err = m.countRows(ctx, "entitytype = 'U' AND entityid = ?", userID)
	if err == nil && n >= manyFollowers {
		m.followerCounts.Set(userID, n)
	}
	return n, err
}

// following returns how many users the user with the id follows.
func (m *Module) following(ctx context.Context, userID int) (int, error) {
	return m.countRows(ctx, "userid = ? AND entitytype = 'U'", userID)
}

// countRows returns how many favourites meet a condition.
func (m *Module) countRows(ctx context.Context, condition string, userID int) (n int, err error) {
	err = m.db.Select(ctx, func(rows *sql.Rows) error { return rows.Scan(&n) },
		"SELECT COUNT(*) FROM {userfavorites} WHERE "+condition, userID)
	if err != nil {
		return 0, fmt.Errorf("count followers: %w", err)
	}
	return n, nil
}
