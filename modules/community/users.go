package community

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// user is a user in a list.
type user struct {
	auth.Author
	CreatedAt time.Time `json:"createdAt" doc:"When the account was made"`
	Marks
	Blocked   bool   `json:"blocked,omitempty" doc:"Told to moderators only"`
	Email     string `json:"email,omitempty" doc:"Told to those who approve users only"`
	Confirmed *bool  `json:"emailConfirmed,omitempty" doc:"Told to those who approve users only"`
	Location  string `json:"location,omitempty" doc:"What the profile says of where the user lives; only in lists by location"`
	qa.Review
}

type usersInput struct {
	web.Page
	Sort    string `query:"sort" enum:"points,newest" default:"points" doc:"Most points first, or newest first (for those whom the site permits that)"`
	Level   string `query:"level" enum:"expert,editor,moderator,admin,super" doc:"Only users of this level and above, the highest first; for those whom the site permits that"`
	Blocked bool   `query:"blocked" doc:"true: only blocked users; for moderators"`

	Location string   `query:"location" maxLength:"100" doc:"Only users whose profiles name the place, by points; for those who may see that field. 京都 does not find 東京都"`
	Prefix   string   `query:"prefix" maxLength:"80" doc:"Users whose handles begin so, by handle, for mentions: at most 20, by default 10. No filter and no page goes with it"`
	IDs      []int    `query:"ids" minItems:"1" maxItems:"100" doc:"The users with these ids, in this order; no filter and no page goes with it"`
	Handles  []string `query:"handles,explode" minItems:"1" maxItems:"100" doc:"The users with these handles, in this order (handles=a&handles=b); no filter and no page goes with it"`
}

type usersOutput struct{ Body web.List[user] }

func (m *Module) registerUsers(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-users", Method: http.MethodGet, Path: "/v1/users", Tags: []string{"Users"},
		Summary: "Users, by points and others", Errors: []int{http.StatusForbidden},
	}, m.listUsers)
	web.Register(api, huma.Operation{
		OperationID: "list-unapproved-users", Method: http.MethodGet, Path: "/v1/moderation/users",
		Tags: []string{"Moderation"}, Summary: "Users waiting for approval, the newest first",
		Description: "For moderators.", Errors: []int{http.StatusForbidden},
	}, m.listUnapproved)
}

// userOrder is one of the orders of the directory of users.
type userOrder struct {
	name, where, by string
	args            []any
	// after is an SQL condition for the users after a position. Its arguments begin with the
	// position's figure if the order has one.
	after string
	// figure returns the first sort key of an account in this order; nil for the orders whose only
	// key is the id.
	figure func(auth.Account) any
}

// order returns the order that the parameters ask for, or an error if the caller may not use it.
func (m *Module) order(o *site.Options, caller auth.Caller, in *usersInput) (userOrder, error) {
	switch {
	case in.Blocked:
		if caller.Level < auth.LevelModerator {
			return userOrder{}, refuse(caller)
		}
		return userOrder{"blocked", "(u.flags & 2) <> 0", "u.userid", nil, "u.userid > ?", nil}, nil
	case in.Level != "":
		if reason := auth.Permit(o, caller, option.PermitViewSpecialUsersPage,
			caller.Level); reason != auth.Permitted {
			return userOrder{}, reason.Problem()
		}
		level, _ := auth.LevelByName(in.Level)
		return userOrder{"level" + in.Level, "u.level >= ?", "u.level DESC, u.handle, u.userid", []any{level},
			"(u.level < ? OR u.level = ? AND (u.handle > ? OR u.handle = ? AND u.userid > ?))",
			func(a auth.Account) any { return a.Level }}, nil
	case in.Sort == "newest":
		if reason := auth.Permit(o, caller, option.PermitViewNewUsersPage,
			caller.Level); reason != auth.Permitted {
			return userOrder{}, reason.Problem()
		}
		return userOrder{"newest", "1 = 1", "u.created DESC, u.userid DESC", nil, "u.userid < ?", nil}, nil
	}
	points := func(a auth.Account) any { return a.Points }
	return userOrder{name: "points", by: "up.points DESC, u.userid", figure: points}, nil
}

// refuse returns the error for a caller who is not a moderator.
func refuse(c auth.Caller) error {
	if c.Anonymous() {
		return auth.NeedsLogin.Problem()
	}
	return auth.NeedsLevel.Problem()
}

// userPosition is a position in the directory of users.
type userPosition struct {
	Figure int    `json:"f"`
	Handle string `json:"h,omitempty"`
	ID     int    `json:"id"`
}

// Valid reports whether a user can have such a position.
func (p *userPosition) Valid() bool {
	return web.ValidCount(p.Figure) && web.ValidText(p.Handle) && web.ValidID(p.ID)
}

func (m *Module) listUsers(ctx context.Context, in *usersInput) (*usersOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	show := func(a auth.Account) user {
		u := user{Author: *a.Author(o), CreatedAt: time.Unix(a.Created, 0).UTC()}
		u.Blocked = caller.Level >= auth.LevelModerator && a.Flags&auth.FlagBlocked != 0
		return u
	}
	if out, asked, err := m.lookup(ctx, o, in, show); asked {
		return out, err
	}
	order, err := m.order(o, caller, in)
	if err != nil {
		return nil, err
	}
	out, err := m.userPage(ctx, o, order, in.Page, show)
	if err == nil && order.name == "points" {
		total := o.Int(option.CacheUserpointscount)
		out.Body.Total = &total
	}
	return out, err
}

// userPage returns one page of the directory. It first reads, by keys alone, which users are on the
// page, and then their accounts.
func (m *Module) userPage(
	ctx context.Context, o *site.Options, order userOrder, page web.Page, show func(auth.Account) user,
) (*usersOutput, error) {
	size := page.Size(o.Int(option.PageSizeUsers))
	var at *userPosition
	if page.Cursor != "" {
		at = &userPosition{}
		if err := web.DecodeCursor("users:"+order.name, page.Cursor, at); err != nil {
			return nil, err
		}
	}
	read := m.userIDs
	switch {
	case order.name == "points":
		read = m.userIDsByPoints
	case strings.HasPrefix(order.name, atPlaceOrder):
		read = m.userIDsAt
	}
	ids, err := read(ctx, order, at, size+1, page.Offset(size))
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	out := &usersOutput{Body: web.List[user]{Items: []user{}}}
	more := len(ids) > size
	if len(ids) == 0 {
		return out, nil
	}
	accounts, err := m.auth.Accounts(ctx, "u.userid IN ? ORDER BY "+order.by, ids[:min(size, len(ids))])
	if err != nil {
		return nil, err
	}
	if more && len(accounts) > 0 {
		last := accounts[len(accounts)-1]
		next := userPosition{ID: last.ID, Handle: last.Handle}
		if order.figure != nil {
			next.Figure, _ = order.figure(last).(int)
		}
		out.Body.NextCursor = web.EncodeCursor("users:"+order.name, &next)
	}
	for _, a := range accounts {
		out.Body.Items = append(out.Body.Items, show(a))
	}
	return out, m.mark(ctx, out.Body.Items)
}

// userIDs returns the ids of at most count users after a position, or from the beginning if at is
// nil, leaving out the first skip of them.
func (m *Module) userIDs(ctx context.Context, order userOrder, at *userPosition, count, skip int) (
	ids []int, err error,
) {
	where, args := order.where, slices.Clone(order.args)
	if at != nil {
		where += " AND " + order.after
		if order.figure != nil {
			args = append(args, at.Figure, at.Figure, at.Handle, at.Handle)
		}
		args = append(args, at.ID)
	}
	query := "SELECT u.userid FROM {users} u WHERE " + where + " ORDER BY " + order.by + " LIMIT ? OFFSET ?"
	err = m.db.Select(ctx, database.Append(&ids), query, append(args, count, skip)...)
	return ids, err
}

// userIDsByPoints does what userIDs does, for the order by points. Users with equal points are in
// the order of their ids, which is not their order in the index of points read from its end. To use
// that index all the same, it first finds the points of the last user on the page, then reads the
// users with more points, and of those with exactly these points no more than fit on the page.
func (m *Module) userIDsByPoints(ctx context.Context, _ userOrder, at *userPosition, count, skip int) (
	ids []int, err error,
) {
	// Points without an account do not count. A subquery that counts, rather than a join, makes the
	// database's optimizer keep to the index of points.
	const from = "FROM {userpoints} p WHERE (SELECT COUNT(*) FROM {users} u WHERE u.userid = p.userid) > 0"
	below, args := "", []any{}
	if at != nil {
		below, args = " AND p.points < ?", []any{at.Figure}
	}
	var least int
	leastQuery := "SELECT p.points " + from + below + " ORDER BY p.points DESC LIMIT 1 OFFSET ?"
	full, err := m.db.Get(ctx, []any{&least}, leastQuery, append(slices.Clone(args), skip+count-1)...)
	if err != nil {
		return nil, err
	}
	var arms []string
	var all []any
	add := func(where string, values ...any) {
		arms = append(arms, "SELECT * FROM (SELECT p.userid, p.points "+from+where+") a"+
			strconv.Itoa(len(arms)))
		all = append(all, values...)
	}
	const ofEqual = " AND p.points = ? AND p.userid > ? ORDER BY p.userid LIMIT ?"
	if at != nil { // the other users with as many points as the last one on the page before
		add(ofEqual, at.Figure, at.ID, skip+count)
	}
	if full {
		add(below+" AND p.points > ?", append(slices.Clone(args), least)...)
		add(ofEqual, least, 0, skip+count)
	} else {
		add(below, args...)
	}
	err = m.db.Select(ctx, database.Append(&ids), "SELECT userid FROM ("+strings.Join(arms, " UNION ALL ")+
		") a ORDER BY points DESC, userid LIMIT ? OFFSET ?", append(all, count, skip)...)
	return ids, err
}

func (m *Module) listUnapproved(ctx context.Context, in *struct{ web.Page }) (*usersOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	if caller.Level < auth.LevelModerator {
		return nil, refuse(caller)
	}
	order := userOrder{"unapproved", "u.level < 10 AND (u.flags & 2) = 0",
		"u.created DESC, u.userid DESC", nil, "u.userid < ?", nil}
	out, err := m.userPage(ctx, o, order, in.Page, func(a auth.Account) user {
		confirmed := a.Flags&auth.FlagEmailConfirmed != 0
		return user{Author: *a.Author(o), CreatedAt: time.Unix(a.Created, 0).UTC(), Email: a.Email,
			Confirmed: &confirmed}
	})
	if err != nil || m.settings.Reviews == nil || len(out.Body.Items) == 0 {
		return out, err
	}
	return out, m.addReviews(ctx, out.Body.Items)
}

// addReviews sets what moderators are told of the users in a list of theirs.
func (m *Module) addReviews(ctx context.Context, users []user) error {
	ids := make([]int, len(users))
	for i := range users {
		ids[i] = users[i].ID
	}
	reviews, err := m.settings.Reviews(ctx, ids)
	if err != nil {
		return fmt.Errorf("read reviews of users: %w", err)
	}
	for i := range users {
		users[i].Review = reviews[users[i].ID]
	}
	return nil
}
