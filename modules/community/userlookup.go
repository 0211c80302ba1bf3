package community

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

const (
	// maxCompletions is how many users one list of completions has at most, half of which it has by default.
	maxCompletions = 20
	// maxLookups is how many users can be looked up at once.
	maxLookups = 100
	// locationField is the name of the profile field that says where a user lives.
	locationField = "location"
)

// checkCombination refuses parameters that mean nothing together: users are looked up by ids, by handles or
// by a prefix without any filter, and lists by place are by points.
func (in *usersInput) checkCombination() error {
	type parameter struct {
		name  string
		given bool
	}
	filters := []parameter{
		{"level", in.Level != ""}, {"blocked", in.Blocked}, {"sort", in.Sort == "newest"},
	}
	pages := []parameter{{"cursor", in.Cursor != ""}, {"page", in.Page.Page != 0}}
	limit := parameter{"limit", in.Limit != 0}
	lookups := []parameter{
		{"ids", in.IDs != nil}, {"handles", in.Handles != nil}, {"prefix", in.Prefix != ""},
		{"location", in.Location != ""},
	}
	at := slices.IndexFunc(lookups, func(p parameter) bool { return p.given })
	if at < 0 {
		return nil
	}
	excluded := slices.Concat(lookups[at+1:], filters)
	switch lookups[at].name {
	case "ids", "handles":
		excluded = slices.Concat(excluded, pages, []parameter{limit})
	case "prefix":
		excluded = slices.Concat(excluded, pages)
	}
	var wrong []problem.Field
	for _, p := range excluded {
		if p.given {
			wrong = append(wrong, problem.Field{Name: p.name, Code: problem.FieldNotCombinable,
				Args: []any{lookups[at].name}})
		}
	}
	if wrong != nil {
		return problem.Invalid(wrong...)
	}
	return nil
}

// lookup returns the users that the request asks for by ids, handles, a prefix or a place. asked reports
// whether it does.
func (m *Module) lookup(ctx context.Context, o *site.Options, in *usersInput, show func(auth.Account) user) (
	out *usersOutput, asked bool, err error,
) {
	if err := in.checkCombination(); err != nil {
		return nil, true, err
	}
	switch {
	case in.IDs != nil:
		out, err = m.usersWithIDs(ctx, o, in.IDs, show)
	case in.Handles != nil:
		out, err = m.usersWithHandles(ctx, o, in.Handles, show)
	case in.Prefix != "":
		out, err = m.completions(ctx, o, in, show)
	case in.Location != "":
		out, err = m.usersAt(ctx, o, in, show)
	default:
		return nil, false, nil
	}
	return out, true, err
}

// usersWithIDs returns the users with the ids, each once, in the order of the ids.
func (m *Module) usersWithIDs(ctx context.Context, o *site.Options, ids []int, show func(auth.Account) user) (
	*usersOutput, error,
) {
	order := userOrder{name: "ids", where: "u.userid IN ?", by: "u.userid", args: []any{ids}}
	out, err := m.userPage(ctx, o, order, web.Page{Limit: maxLookups}, show)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out.Body.Items, func(a, b user) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return out, nil
}

// usersWithHandles returns the users with the handles, each once, in the order of the handles. Each handle
// finds the user whose profile has it in its address.
func (m *Module) usersWithHandles(
	ctx context.Context, o *site.Options, handles []string, show func(auth.Account) user,
) (*usersOutput, error) {
	possible := slices.DeleteFunc(slices.Clone(handles), database.BeyondQ2A)
	out := &usersOutput{Body: web.List[user]{Items: []user{}}}
	if len(possible) == 0 {
		return out, nil
	}
	order := userOrder{name: "handles", where: "u.handle IN ?", by: "u.userid", args: []any{possible}}
	found, err := m.userPage(ctx, o, order, web.Page{Limit: maxLookups}, show)
	if err != nil {
		return nil, err
	}
	seen := map[int]bool{}
	for _, h := range handles {
		i := handleIn(found.Body.Items, h)
		if i < 0 || seen[found.Body.Items[i].ID] {
			continue
		}
		seen[found.Body.Items[i].ID] = true
		out.Body.Items = append(out.Body.Items, found.Body.Items[i])
	}
	return out, nil
}

// handleIn returns the place of the user with the handle in a list by ids, or -1. A handle that is spelled
// exactly so goes before others that are equal without case and accents.
func handleIn(users []user, handle string) int {
	if i := slices.IndexFunc(users, func(u user) bool { return u.Handle == handle }); i >= 0 {
		return i
	}
	return slices.IndexFunc(users, func(u user) bool { return database.CompareGeneralCI(u.Handle, handle) == 0 })
}

// completions returns the users whose handles begin with a text, by handle, for mentions. Blocked users are
// left out.
func (m *Module) completions(
	ctx context.Context, o *site.Options, in *usersInput, show func(auth.Account) user,
) (*usersOutput, error) {
	if database.BeyondQ2A(in.Prefix) {
		return &usersOutput{Body: web.List[user]{Items: []user{}}}, nil
	}
	if in.Limit > maxCompletions {
		return nil, problem.Invalid(problem.Field{Name: "limit", Code: problem.FieldTooLarge,
			Args: []any{maxCompletions}})
	}
	condition, arg := m.db.StartsWith("u.handle", in.Prefix)
	order := userOrder{name: "prefix", where: condition + " AND (u.flags & 2) = 0", by: "u.handle, u.userid",
		args: []any{arg}}
	if in.Limit == 0 {
		in.Limit = maxCompletions / 2
	}
	out, err := m.userPage(ctx, o, order, web.Page{Limit: in.Limit}, show)
	if err == nil {
		out.Body.NextCursor = ""
	}
	return out, err
}

// usersAt returns a page of the users whose profiles name a place, by points, as the old site's plugin
// q2a-custom-user-list does. The caller must be allowed to see that field of profiles.
func (m *Module) usersAt(
	ctx context.Context, o *site.Options, in *usersInput, show func(auth.Account) user,
) (*usersOutput, error) {
	out := &usersOutput{Body: web.List[user]{Items: []user{}}}
	var permit sql.NullInt64
	found, err := m.db.Get(ctx, []any{&permit}, "SELECT permit + 0 FROM {userfields} WHERE title = ?", locationField)
	if err != nil {
		return nil, fmt.Errorf("read who may see a field: %w", err)
	}
	caller := auth.CallerOf(ctx)
	if permit.Valid {
		reason := auth.PermitValue(o, int(permit.Int64), !caller.Anonymous(), caller.Level, caller.Flags)
		if reason != auth.Permitted {
			return nil, reason.Problem()
		}
	}
	if !found || database.BeyondQ2A(in.Location) {
		return out, nil
	}
	condition, args := atPlace(m.db, in.Location)
	order := userOrder{name: atPlaceOrder + strconv.Quote(in.Location), where: condition, args: args,
		by:     "up.points DESC, u.userid",
		figure: func(a auth.Account) any { return a.Points }}
	if out, err = m.userPage(ctx, o, order, in.Page, show); err != nil {
		return nil, err
	}
	return out, m.showPlaces(ctx, out.Body.Items)
}

// atPlaceOrder begins the names of the orders of lists by place.
const atPlaceOrder = "location:"

// atPlace returns the SQL condition that a field l of a profile names a place. As for the plugin, Kyōto is
// not in the name of Tōkyō-to, 東京都.
func atPlace(db *database.DB, place string) (condition string, args []any) {
	condition, arg := db.Contains("l.content", place)
	args = []any{arg}
	if place == "京都" {
		not, arg := db.Contains("l.content", "東京都")
		condition, args = condition+" AND NOT ("+not+")", append(args, arg)
	}
	return condition, args
}

// userIDsAt does what userIDs does, for lists by place.
func (m *Module) userIDsAt(ctx context.Context, order userOrder, at *userPosition, count, skip int) (
	ids []int, err error,
) {
	where, args := order.where, append([]any{locationField}, order.args...)
	if at != nil {
		where += " AND (up.points < ? OR up.points = ? AND up.userid > ?)"
		args = append(args, at.Figure, at.Figure, at.ID)
	}
	err = m.db.Select(ctx, database.Append(&ids), `SELECT up.userid
		FROM {userpoints} up
		JOIN {users} u ON u.userid = up.userid
		JOIN {userprofile} l ON l.userid = up.userid AND l.title = ?
		WHERE `+where+`
		ORDER BY up.points DESC, up.userid
		LIMIT ? OFFSET ?`, append(args, count, skip)...)
	return ids, err
}

// showPlaces adds to users where they live.
func (m *Module) showPlaces(ctx context.Context, users []user) error {
	if len(users) == 0 {
		return nil
	}
	index, ids := map[int]*user{}, []int{}
	for i := range users {
		index[users[i].ID] = &users[i]
		ids = append(ids, users[i].ID)
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var place string
		err := rows.Scan(&id, &place)
		if u := index[id]; u != nil {
			u.Location = place
		}
		return err
	}, "SELECT userid, content FROM {userprofile} WHERE title = ? AND userid IN ?", locationField, ids)
	if err != nil {
		return fmt.Errorf("read where users live: %w", err)
	}
	return nil
}
