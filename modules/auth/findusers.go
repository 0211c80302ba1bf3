package auth

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type findUsersInput struct {
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many users"`
	Cursor  string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
	Prefix  string `query:"prefix" maxLength:"80" doc:"Only users whose handles begin so"`
	Handle  string `query:"handle" maxLength:"80" doc:"Only users whose handles contain this"`
	Email   string `query:"email" maxLength:"80" doc:"Only users whose e-mail addresses contain this"`
	IP      string `query:"ip" maxLength:"45" pattern:"^[0-9A-Fa-f.:]*$" doc:"Only users who registered, last signed in or last wrote from this IP address"`
	Level   string `query:"level" enum:"basic,approved,expert,editor,moderator,admin,super" doc:"Only users of just this level"`
	Blocked string `query:"blocked" enum:"true,false" doc:"Only users who are blocked, or who are not"`
}

// FoundUser is a user as administrators find one.
type FoundUser struct {
	Author
	Email          string     `json:"email"`
	EmailConfirmed bool       `json:"emailConfirmed"`
	Blocked        bool       `json:"blocked"`
	CreatedAt      time.Time  `json:"createdAt" doc:"When the account was made"`
	CreatedFrom    string     `json:"createdFrom,omitempty" doc:"From which IP address"`
	SignedInAt     time.Time  `json:"signedInAt" doc:"When the user last signed in"`
	SignedInFrom   string     `json:"signedInFrom,omitempty" doc:"From which IP address"`
	WroteAt        *time.Time `json:"wroteAt,omitempty" doc:"When the user last wrote something"`
	WroteFrom      string     `json:"wroteFrom,omitempty" doc:"From which IP address"`
}

type findUsersOutput struct{ Body web.List[FoundUser] }

// registerFindUsers adds the operation by which administrators find users.
func (m *Module) registerFindUsers(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "find-users", Method: http.MethodGet, Path: "/v1/admin/users",
		Tags: []string{"Administration"}, Summary: "Find users, the newest first",
		Description: "For administrators. By handle, e-mail address, IP address, level and blocks; users must meet " +
			"all that is asked for.",
		Errors: []int{http.StatusForbidden},
	}, ForAdmins(m.findUsers))
}

// foundPosition is a place in the list of users, the newest first.
type foundPosition struct {
	ID int `json:"id"`
}

// Valid reports whether a user can be at this place.
func (p *foundPosition) Valid() bool { return web.ValidID(p.ID) }

// condition returns what is asked for as a condition of SQL on users u, with its arguments. none is set if no
// user can meet it.
func (in *findUsersInput) condition(db *database.DB) (condition string, args []any, none bool, err error) {
	conditions := []string{"1 = 1"}
	add := func(condition string, values ...any) {
		conditions, args = append(conditions, condition), append(args, values...)
	}
	for _, text := range []string{in.Prefix, in.Handle, in.Email} {
		none = none || database.BeyondQ2A(text)
	}
	if in.Prefix != "" {
		condition, arg := db.StartsWith("u.handle", in.Prefix)
		add(condition, arg)
	}
	if in.Handle != "" {
		condition, arg := db.Contains("u.handle", in.Handle)
		add(condition, arg)
	}
	if in.Email != "" {
		condition, arg := db.Contains("u.email", in.Email)
		add(condition, arg)
	}
	if in.IP != "" {
		ip, err := netip.ParseAddr(in.IP)
		if err != nil {
			return "", nil, false, problem.Invalid(problem.Field{Name: "ip", Code: problem.FieldWrongForm})
		}
		address := ip.Unmap().AsSlice()
		add("(u.createip = ? OR u.loginip = ? OR u.writeip = ?)", address, address, address)
	}
	if in.Level != "" {
		least, _ := LevelByName(in.Level)
		add("u.level >= ? AND u.level < ?", least, levelAbove(least))
	}
	if in.Blocked != "" {
		flag := 0
		if in.Blocked == "true" {
			flag = FlagBlocked
		}
		add("(u.flags & ?) = ?", FlagBlocked, flag)
	}
	return strings.Join(conditions, " AND "), args, none, nil
}

// levelAbove returns the least level that has another name than the given one, and a greater one.
func levelAbove(level int) int {
	for _, l := range []int{LevelApproved, LevelExpert, LevelEditor, LevelModerator, LevelAdmin, LevelSuper} {
		if l > level {
			return l
		}
	}
	return 256 // more than the column holds
}

// findUsers lists the users whom an administrator looks for.
func (m *Module) findUsers(ctx context.Context, in *findUsersInput) (*findUsersOutput, error) {
	condition, args, none, err := in.condition(m.db)
	if err != nil {
		return nil, err
	}
	if in.Cursor != "" {
		var at foundPosition
		if err := web.DecodeCursor("found-users", in.Cursor, &at); err != nil {
			return nil, err
		}
		condition, args = condition+" AND u.userid < ?", append(args, at.ID)
	}
	out := &findUsersOutput{Body: web.List[FoundUser]{Items: []FoundUser{}}}
	if none {
		return out, nil
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var a Account
		var blob sql.NullString
		var created, signedIn, wrote []byte
		var wroteAt sql.NullInt64
		err := rows.Scan(&a.ID, &a.Handle, &a.Email, &a.Level, &a.Flags, &a.Points, &a.WallPosts, &blob,
			&a.Created, &a.LoggedIn, &created, &signedIn, &wrote, &wroteAt)
		a.AvatarBlob = blob.String
		f := FoundUser{Author: *a.Author(o), Email: a.Email, EmailConfirmed: a.Flags&FlagEmailConfirmed != 0,
			Blocked: a.Flags&FlagBlocked != 0, CreatedAt: time.Unix(a.Created, 0).UTC(),
			CreatedFrom: addressText(created), SignedInAt: time.Unix(a.LoggedIn, 0).UTC(),
			SignedInFrom: addressText(signedIn), WroteFrom: addressText(wrote)}
		if wroteAt.Valid {
			at := time.Unix(wroteAt.Int64, 0).UTC()
			f.WroteAt = &at
		}
		out.Body.Items = append(out.Body.Items, f)
		return err
	}, "SELECT "+accountColumns+`, u.createip, u.loginip, u.writeip, UNIX_TIMESTAMP(u.written)
		FROM `+accountTables+`
		WHERE `+condition+`
		ORDER BY u.userid DESC
		LIMIT ?`, append(args, in.Limit+1)...)
	if err != nil {
		return nil, fmt.Errorf("find users: %w", err)
	}
	if items := out.Body.Items; len(items) > in.Limit {
		out.Body.Items = items[:in.Limit]
		out.Body.NextCursor = web.EncodeCursor("found-users", &foundPosition{items[in.Limit-1].ID})
	}
	return out, nil
}

// addressText returns an IP address as the database holds it in its usual form, or "" if it is none.
func addressText(stored []byte) string {
	ip, ok := netip.AddrFromSlice(stored)
	if !ok {
		return ""
	}
	return ip.Unmap().String()
}
