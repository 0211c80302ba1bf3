package ranking

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/ranking/internal/badges"
	"38qa.net/backend/modules/site/option"
)

// Badge is a badge as clients see it, with its texts in the language of the request.
type Badge struct {
	ID          int    `json:"id" doc:"As in the old site's plugin"`
	Group       string `json:"group" enum:"answer,question,diary,action,month" doc:"What it is for"`
	Title       string `json:"title" doc:"In the language of the request"`
	Description string `json:"description" doc:"What it is given for"`
}

// CountedBadge is a badge with the number of users who have it.
type CountedBadge struct {
	Badge
	Holders int `json:"holders" doc:"How many users have it"`
}

// awardedBadge is a badge that a user has, with the time of the award.
type awardedBadge struct {
	Badge
	Month     string    `json:"month,omitempty" doc:"Of monthly badges: the month that it was won in, as YYYY-MM"`
	AwardedAt time.Time `json:"awardedAt"`
}

// badgeHolder is a user who has a badge, with the time of the award.
type badgeHolder struct {
	User      auth.Author `json:"user"`
	Month     string      `json:"month,omitempty" doc:"Of monthly badges: the month that it was won in, as YYYY-MM"`
	AwardedAt time.Time   `json:"awardedAt"`
}

type badgeInput struct {
	web.Page
	ID int `path:"id" minimum:"1" doc:"Number of the badge"`
}

type (
	badgesOutput struct{ Body web.List[CountedBadge] }
	badgeOutput  struct {
		Body struct {
			CountedBadge
			Awards web.List[badgeHolder] `json:"awards" doc:"Who has it, the newest first"`
		}
	}
	userBadgesOutput struct{ Body web.List[awardedBadge] }
)

func (m *Module) registerBadges(api huma.API) {
	op := func(id, method, path, summary string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary,
			Tags: []string{"Badges"}, Errors: errors}
	}
	web.Register(api, op("list-badges", http.MethodGet, "/v1/badges", "All badges, and how many have each"),
		func(ctx context.Context, _ *struct{}) (*badgesOutput, error) {
			return m.listBadges(ctx)
		})
	web.Register(api, op("get-badge", http.MethodGet, "/v1/badges/{id}", "A badge and who has it",
		http.StatusNotFound), m.getBadge)
	web.Register(api, op("list-user-badges", http.MethodGet, "/v1/users/{handle}/badges",
		"The badges of a user, the newest first", http.StatusNotFound),
		func(ctx context.Context, in *handleInput) (*userBadgesOutput, error) {
			a, err := m.auth.AccountByHandle(ctx, in.Handle)
			if err != nil {
				return nil, err
			}
			return m.badgesOf(ctx, a.ID, "")
		})
	fresh := op("list-new-badges", http.MethodGet, "/v1/me/new-badges",
		"One's own badges that one has not been told of", http.StatusForbidden)
	fresh.Description = "Shown once on the next page; then the client marks them as seen. The old site's dialog goes by the same mark. Badges that were awarded for what was long ago are not among them."
	web.Register(api, fresh, func(ctx context.Context, _ *struct{}) (*userBadgesOutput, error) {
		c, err := auth.RequireUser(ctx)
		if err != nil {
			return nil, err
		}
		return m.badgesOf(ctx, c.UserID, fmt.Sprintf(" AND show_flag = %d", untold))
	})
	web.Register(api, op("clear-new-badges", http.MethodDelete, "/v1/me/new-badges",
		"Mark one's own new badges as seen", http.StatusForbidden),
		func(ctx context.Context, _ *struct{}) (*struct{}, error) {
			c, err := auth.RequireUser(ctx)
			if err != nil {
				return nil, err
			}
			return nil, m.seeBadges(ctx, c.UserID)
		})
}

// shownBadge returns a badge with its texts in the language of the request.
func shownBadge(ctx context.Context, b *badges.Badge) Badge {
	l := web.ClientOf(ctx).Language
	return Badge{ID: b.ID, Group: b.Group, Title: b.Title(l), Description: b.Description(l)}
}

// BadgeTitle returns the title of a badge in the language, and whether there is such a badge.
func BadgeTitle(id int, l problem.Language) (title string, ok bool) {
	b := badges.ByID(id)
	if b == nil {
		return "", false
	}
	return b.Title(l), true
}

func (m *Module) listBadges(ctx context.Context) (*badgesOutput, error) {
	holders, err := m.holders.of(ctx)
	if err != nil {
		return nil, err
	}
	out := &badgesOutput{}
	for _, list := range [][]badges.Badge{badges.All, badges.Monthly} {
		for i := range list {
			out.Body.Items = append(out.Body.Items,
				CountedBadge{shownBadge(ctx, &list[i]), holders[list[i].ID]})
		}
	}
	return out, nil
}

// monthly reports whether a badge is awarded for a month, and so is kept in the plugin's table of
// monthly winners.
func monthly(badge int) bool { return badge > 1000 }

// awardsOf returns a query that selects the awards of a badge. It lists each award once, although
// the plugin's table may hold some twice; a user may have a monthly badge once for each month.
func awardsOf(badge int) string {
	if monthly(badge) {
		return `SELECT userid, badgeid, COALESCE(award_date, '') AS month, MIN(created) AS created
			FROM {ysb_badge_ranking}
			WHERE badgeid = ?
			GROUP BY userid, badgeid, award_date`
	}
	return `SELECT userid, badgeid, '' AS month, MIN(created) AS created
		FROM {ysb_badges}
		WHERE badgeid = ?
		GROUP BY userid, badgeid`
}

// holderPosition is the position of the last holder on a page.
type holderPosition struct {
	At   int64 `json:"t"`
	User int   `json:"u"`
	// Month is the first key of the order, before the time, since the winners of an earlier month
	// may have been named later.
	Month string `json:"m"`
}

// Valid reports whether a holder can have such a position. The plugin keeps months as texts, such
// as 2024-05.
func (p *holderPosition) Valid() bool {
	return web.ValidUnix(p.At) && web.ValidID(p.User) && web.ValidText(p.Month)
}

func (m *Module) getBadge(ctx context.Context, in *badgeInput) (*badgeOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	b := badges.ByID(in.ID)
	if b == nil {
		return nil, problem.NotFound()
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	out := &badgeOutput{}
	out.Body.CountedBadge = CountedBadge{Badge: shownBadge(ctx, b)}
	holders, err := m.holders.of(ctx)
	if err != nil {
		return nil, err
	}
	out.Body.Holders = holders[in.ID]
	size := in.Size(o.Int(option.PageSizeUsers))
	condition, args := "1 = 1", []any{in.ID}
	list := fmt.Sprintf("badge:%d", in.ID)
	if in.Cursor != "" {
		var at holderPosition
		if err := web.DecodeCursor(list, in.Cursor, &at); err != nil {
			return nil, err
		}
		condition = `(month < ?
			OR month = ? AND (created < FROM_UNIXTIME(?) OR created = FROM_UNIXTIME(?) AND userid < ?))`
		args = append(args, at.Month, at.Month, at.At, at.At, at.User)
	}
	var found []holderPosition
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var h holderPosition
		err := rows.Scan(&h.User, &h.Month, &h.At)
		found = append(found, h)
		return err
	}, `SELECT userid, month, UNIX_TIMESTAMP(created)
		FROM (`+awardsOf(in.ID)+`) a
		WHERE `+condition+`
		ORDER BY month DESC, created DESC, userid DESC LIMIT ? OFFSET ?`,
		append(args, size+1, in.Offset(size))...)
	if err != nil {
		return nil, fmt.Errorf("read a badge's holders: %w", err)
	}
	if len(found) > size {
		found = found[:size]
		out.Body.Awards.NextCursor = web.EncodeCursor(list, &found[size-1])
	}
	ids := make([]int, len(found))
	for i, h := range found {
		ids[i] = h.User
	}
	authors, err := m.auth.Authors(ctx, o, ids)
	if err != nil {
		return nil, err
	}
	out.Body.Awards.Items = []badgeHolder{}
	for _, h := range found {
		if a := authors[h.User]; a != nil { // the plugin does not take badges from accounts that go
			out.Body.Awards.Items = append(out.Body.Awards.Items,
				badgeHolder{User: *a, Month: h.Month, AwardedAt: time.Unix(h.At, 0).UTC()})
		}
	}
	return out, nil
}

// badgesOf returns the badges of a user that meet a condition, the newest first.
func (m *Module) badgesOf(ctx context.Context, userID int, condition string) (*userBadgesOutput, error) {
	out := &userBadgesOutput{Body: web.List[awardedBadge]{Items: []awardedBadge{}}}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var at int64
		var month string
		if err := rows.Scan(&id, &month, &at); err != nil {
			return err
		}
		if b := badges.ByID(id); b != nil {
			out.Body.Items = append(out.Body.Items,
				awardedBadge{Badge: shownBadge(ctx, b), Month: month, AwardedAt: time.Unix(at, 0).UTC()})
		}
		return nil
	}, `SELECT badgeid, month, UNIX_TIMESTAMP(created)
		FROM (SELECT badgeid, '' AS month, MIN(created) AS created
			FROM {ysb_badges}
			WHERE userid = ?`+condition+`
			GROUP BY badgeid
			UNION ALL SELECT badgeid, COALESCE(award_date, ''), MIN(created)
			FROM {ysb_badge_ranking}
			WHERE userid = ?`+condition+`
			GROUP BY badgeid, award_date) a
		ORDER BY month DESC, created DESC, badgeid`, userID, userID)
	if err != nil {
		return nil, fmt.Errorf("read a user's badges: %w", err)
	}
	return out, nil
}

// seeBadges marks all new badges of a user as seen.
func (m *Module) seeBadges(ctx context.Context, userID int) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		for _, table := range []string{"{ysb_badges}", "{ysb_badge_ranking}"} {
			_, err := tx.Exec(ctx, "UPDATE "+table+
				" SET show_flag = ?, updated = FROM_UNIXTIME(?) WHERE userid = ? AND show_flag = ?",
				told, tx.Now(), userID, untold)
			if err != nil {
				return fmt.Errorf("mark badges as seen: %w", err)
			}
		}
		return nil
	})
}
