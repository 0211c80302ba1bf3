package auth

import (
	"context"
	"crypto/md5" //nolint:gosec // Gravatar's addresses are MD5 sums
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
)

// Author is what everybody may see of a user beside a post.
type Author struct {
	ID     int    `json:"id"`
	Handle string `json:"handle"`
	Points *int   `json:"points,omitempty" doc:"Absent where the site shows no points"`
	Title  string `json:"title,omitempty" doc:"The site's name for a user with that many points"`
	Level  string `json:"level" enum:"basic,approved,expert,editor,moderator,admin,super" doc:"The user's role"`
	Avatar string `json:"avatarUrl,omitempty" doc:"Address of the picture"`
}

// LevelName is the word for a level in answers.
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

// LevelByName is the level that LevelName calls so.
func LevelByName(name string) (level int, ok bool) {
	for _, l := range []int{LevelBasic, LevelApproved, LevelExpert, LevelEditor, LevelModerator, LevelAdmin, LevelSuper} {
		if LevelName(l) == name {
			return l, true
		}
	}
	return 0, false
}

// Account is a row of users with the points that belong to it.
type Account struct {
	ID, Level, Flags, Points, WallPosts int
	Handle, Email                       string
	AvatarBlob                          string
	// Created and LoggedIn are in Unix seconds.
	Created, LoggedIn int64
}

// accountColumns are read by scanAccount; the query joins users u and userpoints up.
const accountColumns = "u.userid, u.handle, u.email, u.level, u.flags, COALESCE(up.points, 0), u.wallposts, u.avatarblobid, " +
	"UNIX_TIMESTAMP(u.created), UNIX_TIMESTAMP(u.loggedin)"

const accountTables = "{users} u LEFT JOIN {userpoints} up ON up.userid = u.userid"

func scanAccount(rows *sql.Rows) (a Account, err error) {
	var blob sql.NullString
	err = rows.Scan(&a.ID, &a.Handle, &a.Email, &a.Level, &a.Flags, &a.Points, &a.WallPosts, &blob, &a.Created, &a.LoggedIn)
	a.AvatarBlob = blob.String
	return a, err
}

// Accounts reads accounts by a condition on u (users) and up (userpoints), in the order that the condition ends with.
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

// AccountByHandle finds a user by handle, without regard to case and accents as the database compares them; where that
// finds several, the one spelled exactly so.
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

// Authors reads what posts show of their authors, by user id; unknown ids are left out.
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

// Author is the account as posts show it.
func (a Account) Author(o *site.Options) *Author {
	author := &Author{ID: a.ID, Handle: a.Handle, Level: LevelName(a.Level), Title: o.Title(a.Points), Avatar: a.AvatarURL(o, o.Int("avatar_q_page_q_size"))}
	if o.Bool("show_user_points") {
		author.Points = &a.Points
	}
	return author
}

// AvatarURL is the address of the user's picture with sides of at most size pixels, or "": the Gravatar or the own
// upload, as the user chose and the site allows, else the site's default picture, which is one made from the handle if the site wants
// a default and has given none.
func (a Account) AvatarURL(o *site.Options, size int) string {
	if size <= 0 {
		size = 50
	}
	square := func(blob string) string { return "/v1/media/" + blob + "?size=" + strconv.Itoa(size) + "&shape=square" }
	switch {
	case o.Bool("avatar_allow_gravatar") && a.Flags&FlagShowGravatar != 0:
		sum := md5.Sum([]byte(strings.ToLower(strings.TrimSpace(a.Email)))) //nolint:gosec // see the import
		return "https://www.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?s=" + strconv.Itoa(size)
	case o.Bool("avatar_allow_upload") && a.Flags&FlagShowAvatar != 0 && a.AvatarBlob != "":
		return square(a.AvatarBlob)
	case !o.Bool("avatar_allow_gravatar") && !o.Bool("avatar_allow_upload") || !o.Bool("avatar_default_show"):
		return ""
	case o.String("avatar_default_blobid") != "":
		return square(o.String("avatar_default_blobid"))
	}
	return PatternURL(a.Handle)
}

// PatternURL is where a user without a picture has one that is made from the handle.
func PatternURL(handle string) string { return "/v1/users/" + url.PathEscape(handle) + "/avatar" }

// caller completes a caller with the account of the person. A token of the built-in issuer is good only as long as its
// session: signing out, a new password and a new session code of the old site end both, whoever brings them about.
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
		return c, problem.New("unauthenticated") // the account was deleted after the token was made
	}
	if p.session != "" && subtle.ConstantTimeCompare(stamp, stampOf(u)) != 1 {
		return c, problem.New("unauthenticated")
	}
	return c, nil
}

// CategoryLevels are the levels that a user has in single categories, by category id.
func (m *Module) CategoryLevels(ctx context.Context, userID int) (map[int]int, error) {
	return categoryLevels(ctx, m.db, userID)
}

// AuthorJoin and AuthorColumns let another module read the author of a post with the post, in one statement: the join
// gives u and up for a post p, the columns are read by an AuthorScan.
const (
	AuthorJoin    = " LEFT JOIN {users} u ON u.userid = p.userid LEFT JOIN {userpoints} up ON up.userid = p.userid"
	AuthorColumns = "u.handle, u.email, u.level, u.flags, up.points, u.avatarblobid"
)

// ActorColumns are AuthorColumns of another user beside the author, whom ActorJoin brings; an AuthorScan reads them too.
const ActorColumns = "eu.handle, eu.email, eu.level, eu.flags, ep.points, eu.avatarblobid"

// ActorJoin gives eu and ep for the user whose id the column holds.
func ActorJoin(column string) string {
	return " LEFT JOIN {users} eu ON eu.userid = " + column + " LEFT JOIN {userpoints} ep ON ep.userid = " + column
}

// AuthorScan receives AuthorColumns.
type AuthorScan struct {
	handle, email, blob  sql.NullString
	level, flags, points sql.NullInt64
}

// Dest are the places to scan AuthorColumns into.
func (s *AuthorScan) Dest() []any {
	return []any{&s.handle, &s.email, &s.level, &s.flags, &s.points, &s.blob}
}

// Handle is the author's, "" for posts without a user.
func (s *AuthorScan) Handle() string { return s.handle.String }

// Author is what was read, for the user with the id; nil for posts without a user.
func (s *AuthorScan) Author(o *site.Options, userID int) *Author {
	if userID == 0 || !s.handle.Valid {
		return nil
	}
	return Account{ID: userID, Handle: s.handle.String, Email: s.email.String, Level: int(s.level.Int64), Flags: int(s.flags.Int64),
		Points: int(s.points.Int64), AvatarBlob: s.blob.String}.Author(o)
}
