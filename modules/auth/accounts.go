package auth

import (
	"context"
	"crypto/md5" //nolint:gosec // Gravatar's addresses are MD5 sums
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Author is the public description of a user that is shown beside a post.
type Author struct {
	ID     int    `json:"id"`
	Handle string `json:"handle"`
	Points *int   `json:"points,omitempty" doc:"Absent where the site shows no points"`
	Title  string `json:"title,omitempty" doc:"The site's name for a user with that many points"`
	Level  string `json:"level" enum:"basic,approved,expert,editor,moderator,admin,super" doc:"The user's role"`
	Avatar string `json:"avatarUrl,omitempty" doc:"Address of the picture"`
}

// LevelName returns the API's name of a level. A level between two named ones gets the name of the
// lower one.
func LevelName(level int) string {
	switch {
	case level >= LevelSuper:
		return "super"
	case level >= LevelAdmin:
		return "admin"
	case level >= LevelModerator:
		return "moderator"
	case level >= LevelEditor:
		return "editor"
	case level >= LevelExpert:
		return "expert"
	case level >= LevelApproved:
		return "approved"
	}
	return "basic"
}

// LevelByName returns the level that has the name, and whether there is one; it is the inverse of
// LevelName.
func LevelByName(name string) (level int, ok bool) {
	for _, l := range []int{
		LevelBasic, LevelApproved, LevelExpert, LevelEditor, LevelModerator, LevelAdmin, LevelSuper,
	} {
		if LevelName(l) == name {
			return l, true
		}
	}
	return 0, false
}

// Account is a row of the table users with the points of the user.
type Account struct {
	ID, Level, Flags, Points, WallPosts int
	Handle, Email                       string
	AvatarBlob                          string
	// Created and LoggedIn are in Unix seconds.
	Created, LoggedIn int64
}

// accountColumns are the columns that scanAccount reads. They refer to the users as u and to the
// points as up, as accountTables names them.
const accountColumns = `u.userid, u.handle, u.email, u.level, u.flags, COALESCE(up.points, 0), u.wallposts,
	u.avatarblobid, UNIX_TIMESTAMP(u.created), UNIX_TIMESTAMP(u.loggedin)`

const accountTables = "{users} u LEFT JOIN {userpoints} up ON up.userid = u.userid"

func scanAccount(rows *sql.Rows) (a Account, err error) {
	var blob sql.NullString
	err = rows.Scan(&a.ID, &a.Handle, &a.Email, &a.Level, &a.Flags, &a.Points, &a.WallPosts, &blob,
		&a.Created, &a.LoggedIn)
	a.AvatarBlob = blob.String
	return a, err
}

// Accounts returns the accounts that meet an SQL condition on u (the table users) and up
// (userpoints). The condition may end with the order and the number of rows; args are the values of
// its placeholders.
func (m *Module) Accounts(ctx context.Context, condition string, args ...any) ([]Account, error) {
	var accounts []Account
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		a, err := scanAccount(rows)
		accounts = append(accounts, a)
		return err
	}, "SELECT "+accountColumns+" FROM "+accountTables+" WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return accounts, nil
}

// AccountByHandle returns the account with the handle, or not_found. Like the database, it ignores
// case and accents; if that leaves several accounts, the one whose handle is spelled exactly so is
// preferred.
func (m *Module) AccountByHandle(ctx context.Context, handle string) (Account, error) {
	if database.BeyondQ2A(handle) {
		return Account{}, problem.NotFound()
	}
	accounts, err := m.Accounts(ctx, "u.handle = ? ORDER BY u.userid LIMIT 10", handle)
	if err != nil {
		return Account{}, err
	}
	for _, a := range accounts {
		if a.Handle == handle {
			return a, nil
		}
	}
	if len(accounts) == 0 {
		return Account{}, problem.NotFound()
	}
	return accounts[0], nil
}

// Authors returns what posts show of the users with the given ids, by user id. Ids that belong to no
// user are left out.
func (m *Module) Authors(ctx context.Context, o *site.Options, ids []int) (map[int]*Author, error) {
	authors := make(map[int]*Author, len(ids))
	if len(ids) == 0 {
		return authors, nil
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		a, err := scanAccount(rows)
		if err == nil {
			authors[a.ID] = a.Author(o)
		}
		return err
	}, "SELECT "+accountColumns+" FROM "+accountTables+" WHERE u.userid IN ?", ids)
	if err != nil {
		return nil, fmt.Errorf("read authors: %w", err)
	}
	return authors, nil
}

// Author returns the public description of the account that posts show.
func (a Account) Author(o *site.Options) *Author {
	author := &Author{ID: a.ID, Handle: a.Handle, Level: LevelName(a.Level), Title: o.Title(a.Points),
		Avatar: a.AvatarURL(o, o.Int(option.AvatarQPageQSize))}
	if o.Bool(option.ShowUserPoints) {
		author.Points = &a.Points
	}
	return author
}

// AvatarURL returns the address of the user's picture with sides of at most size pixels, 50 if size
// is not positive. It is the user's Gravatar or own upload, as the user chose and the site allows.
// Otherwise it is the site's default picture or, if the site wants a default but has set none, a
// picture that is made from the handle. It is "" if the site shows no picture for the user.
func (a Account) AvatarURL(o *site.Options, size int) string {
	if size <= 0 {
		size = 50
	}
	square := func(blob string) string {
		return o.Address("/v1/media/" + blob + "?size=" + strconv.Itoa(size) + "&shape=square")
	}
	switch {
	case o.Bool(option.AvatarAllowGravatar) && a.Flags&flagShowGravatar != 0:
		sum := md5.Sum([]byte(strings.ToLower(strings.TrimSpace(a.Email)))) //nolint:gosec // see the import
		return "https://www.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?s=" + strconv.Itoa(size)
	case o.Bool(option.AvatarAllowUpload) && a.Flags&flagShowAvatar != 0 && a.AvatarBlob != "":
		return square(a.AvatarBlob)
	case !o.Bool(option.AvatarAllowGravatar) && !o.Bool(option.AvatarAllowUpload) ||
		!o.Bool(option.AvatarDefaultShow):
		return ""
	case o.String(option.AvatarDefaultBlobID) != "":
		return square(o.String(option.AvatarDefaultBlobID))
	}
	return PatternURL(o, a.Handle)
}

// PatternURL returns the address of the picture that is made from a handle, for users who have no
// picture of their own.
func PatternURL(o *site.Options, handle string) string {
	return o.Address("/v1/users/" + url.PathEscape(handle) + "/avatar")
}

// caller returns c with the account of the person filled in. A token of the built-in issuer is valid
// only as long as its session, which ends when the user signs out, when the password changes, and
// when the session code of the old site changes, whichever side does it.
func (m *Module) caller(ctx context.Context, p Person, c Caller) (Caller, error) {
	c.CategoryLevels = map[int]int{}
	found := false
	var u user
	var stamp []byte
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		found = true
		var category, level sql.NullInt64
		var hash sql.NullString
		err := rows.Scan(&c.UserID, &c.Handle, &c.Level, &c.Flags, &c.Points, &category, &level,
			&u.sessionCode, &hash, &stamp)
		u.password.Hash = hash.String
		if category.Valid {
			c.CategoryLevels[int(category.Int64)] = int(level.Int64)
		}
		return err
	}, `
		SELECT u.userid, u.handle, u.level, u.flags, COALESCE(up.points, 0), l.entityid, l.level,
			u.sessioncode, u.passhash,
			(SELECT s.stamp FROM {q2ab_sessions} s WHERE s.family = ? AND s.userid = u.userid
				ORDER BY s.expires DESC LIMIT 1)
		FROM `+accountTables+`
		LEFT JOIN {userlevels} l ON l.userid = u.userid AND l.entitytype = 'C'
		WHERE u.userid = ?`, p.family(), p.UserID)
	if err != nil {
		return c, fmt.Errorf("read the caller: %w", err)
	}
	if !found {
		// The account was deleted after the token was issued.
		return c, problem.New(problem.CodeUnauthenticated)
	}
	if p.session != "" && subtle.ConstantTimeCompare(stamp, stampOf(u)) != 1 {
		return c, problem.New(problem.CodeUnauthenticated)
	}
	return c, nil
}

// As returns a context in which a user is the caller, for work that is done for somebody who asks for nothing
// at the moment, such as mails. found reports whether there is such a user.
func (m *Module) As(ctx context.Context, userID int) (as context.Context, found bool, err error) {
	c, err := m.caller(ctx, Person{UserID: userID}, Caller{})
	if p := (*problem.Error)(nil); errors.As(err, &p) {
		return ctx, false, nil // there is no such user
	}
	return WithCaller(ctx, c), err == nil, err
}

// CategoryLevels returns the levels that a user has in single categories, by category id.
func (m *Module) CategoryLevels(ctx context.Context, userID int) (map[int]int, error) {
	return categoryLevels(ctx, m.db, userID)
}

// AuthorJoin and AuthorColumns let another module read posts and their authors in one statement.
// AuthorJoin adds the tables u and up for a post p; AuthorColumns are the columns that an AuthorScan
// receives.
const (
	AuthorJoin = ` LEFT JOIN {users} u ON u.userid = p.userid
		LEFT JOIN {userpoints} up ON up.userid = p.userid`
	AuthorColumns = "u.handle, u.email, u.level, u.flags, up.points, u.avatarblobid"
)

// ActorColumns are the same columns as AuthorColumns, but of a second user, whom ActorJoin adds to
// the statement beside the author. An AuthorScan receives them too.
const ActorColumns = "eu.handle, eu.email, eu.level, eu.flags, ep.points, eu.avatarblobid"

// ActorJoin returns the SQL that joins {users} as eu and {userpoints} as ep, for the user whose id is in
// the given column.
func ActorJoin(column string) string {
	return " LEFT JOIN {users} eu ON eu.userid = " + column +
		" LEFT JOIN {userpoints} ep ON ep.userid = " + column
}

// AuthorScan receives the columns AuthorColumns or ActorColumns of a row.
type AuthorScan struct {
	handle, email, blob  sql.NullString
	level, flags, points sql.NullInt64
}

// Dest returns the pointers to pass to Scan for AuthorColumns.
func (s *AuthorScan) Dest() []any {
	return []any{&s.handle, &s.email, &s.level, &s.flags, &s.points, &s.blob}
}

// Handle returns the author's handle, "" for a post without a user.
func (s *AuthorScan) Handle() string { return s.handle.String }

// Author returns the author that was read, who has the given user id, or nil for a post without a
// user.
func (s *AuthorScan) Author(o *site.Options, userID int) *Author {
	if userID == 0 || !s.handle.Valid {
		return nil
	}
	return Account{ID: userID, Handle: s.handle.String, Email: s.email.String,
		Level: int(s.level.Int64), Flags: int(s.flags.Int64),
		Points: int(s.points.Int64), AvatarBlob: s.blob.String}.Author(o)
}
