package auth

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// API tokens let programs use the API for a user, without the user's password. They are sent like access
// tokens, as `Authorization: Bearer q2at_…`. Their prefix lets people, and programs that look for leaked
// secrets, recognise them.
const apiTokenPrefix = "q2at_"

const (
	// mostTokens is how many tokens a user may have.
	mostTokens = 20
	// usedEvery is how many seconds pass before the last use of a token is written again.
	usedEvery = 60
	day       = 24 * 60 * 60
)

// APIToken is a token as its owner sees it. The token itself is shown only once, when it is made.
type APIToken struct {
	ID         int        `json:"id"`
	Name       string     `json:"name" doc:"What it is for, in the owner's words"`
	Scopes     []string   `json:"scopes" enum:"read,write,me,moderate,admin"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  time.Time  `json:"expiresAt"`
	LastUsedAt *time.Time `json:"lastUsedAt,omitempty" doc:"To the minute; absent before the first use"`
}

// OwnedToken is a token as administrators see it.
type OwnedToken struct {
	APIToken
	Owner Author `json:"owner"`
}

type newTokenInput struct {
	Body struct {
		Name   string   `json:"name" minLength:"1" maxLength:"60" doc:"What it is for"`
		Scopes []string `json:"scopes" minItems:"1" maxItems:"5" uniqueItems:"true" enum:"read,write,me,moderate,admin" doc:"What it may do: read; write (post, vote …); me (all below /v1/me); moderate and admin (act with one's level, moderate up to that of moderators). Without the last two a token has the rights of an approved user"`
		Days   int      `json:"expiresInDays,omitempty" minimum:"1" maximum:"366" default:"90"`
	}
}

type newTokenOutput struct {
	Body struct {
		APIToken
		Token string `json:"token" doc:"Shown only now. Sent as: Authorization: Bearer q2at_…"`
	}
}

type (
	tokensOutput      struct{ Body web.List[APIToken] }
	ownedTokensOutput struct{ Body web.List[OwnedToken] }
	tokenIDInput      struct {
		ID int `path:"id" minimum:"1" maximum:"4294967295"`
	}
)

func (m *Module) registerTokens(api huma.API) {
	op := func(id, method, path, tag, summary string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/" + path, Tags: []string{tag},
			Summary: summary, Errors: append(errors, http.StatusForbidden)}
	}
	web.Register(api, op("list-tokens", http.MethodGet, "me/tokens", "Me",
		"One's own API tokens, the newest first"), m.listTokens)
	create := op("create-token", http.MethodPost, "me/tokens", "Me", "Make an API token", http.StatusConflict)
	create.DefaultStatus = http.StatusCreated
	create.Description = fmt.Sprintf("For programs that use the API in one's name. No token can do these: sign in, "+
		"change the password or the address, delete the account, make tokens, open streams. Of each user at most "+
		"%d are kept. An `Idempotency-Key` has no effect: each request makes a token.", mostTokens)
	web.Register(api, create, m.createToken)
	revoke := op("revoke-token", http.MethodDelete, "me/tokens/{id}", "Me",
		"Revoke one of one's API tokens, at once", http.StatusNotFound)
	revoke.DefaultStatus = http.StatusNoContent
	web.Register(api, revoke, m.revokeToken)
	web.Register(api, op("list-all-tokens", http.MethodGet, "admin/tokens", "Administration",
		"The API tokens of all users, the newest first"), ForAdmins(m.listAllTokens))
	revokeAny := op("revoke-any-token", http.MethodDelete, "admin/tokens/{id}", "Administration",
		"Revoke somebody's API token, at once", http.StatusNotFound)
	revokeAny.DefaultStatus = http.StatusNoContent
	web.Register(api, revokeAny, ForAdmins(m.revokeAnyToken))
}

// tokenOwner returns the caller, or the problem if the caller cannot make tokens: visitors and blocked users.
func (m *Module) tokenOwner(ctx context.Context) (Caller, error) {
	c, err := RequireUser(ctx)
	if err == nil && c.Flags&FlagBlocked != 0 {
		err = problem.New(codeUserBlocked)
	}
	return c, err
}

func (m *Module) createToken(ctx context.Context, in *newTokenInput) (*newTokenOutput, error) {
	caller, err := m.tokenOwner(ctx)
	if err != nil {
		return nil, err
	}
	name := formtext.Line(in.Body.Name)
	if name == "" {
		return nil, problem.Invalid(problem.Field{Name: "name", Code: problem.FieldRequired})
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	out := &newTokenOutput{}
	out.Body.Token = apiTokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	granted := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return !slices.Contains(in.Body.Scopes, s) })
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		if _, err := lockUser(ctx, tx, caller.UserID); err != nil { // two at once would be counted as one
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_api_tokens} WHERE userid = ? AND expires <= ?",
			caller.UserID, tx.Now()); err != nil {
			return fmt.Errorf("drop expired tokens: %w", err)
		}
		var count int
		if _, err := tx.Get(ctx, []any{&count}, "SELECT COUNT(*) FROM {q2ab_api_tokens} WHERE userid = ?",
			caller.UserID); err != nil {
			return fmt.Errorf("count tokens: %w", err)
		}
		if count >= mostTokens {
			return problem.New(codeTooManyTokens, mostTokens)
		}
		expires := tx.Now() + int64(in.Body.Days)*day
		id, err := tx.Insert(ctx, `INSERT INTO {q2ab_api_tokens} (userid, hash, name, scopes, created, expires)
			VALUES (?, ?, ?, ?, ?, ?)`, caller.UserID, tokenID(out.Body.Token), name,
			strings.Join(granted, " "), tx.Now(), expires)
		if err != nil {
			return fmt.Errorf("make a token: %w", err)
		}
		out.Body.APIToken = APIToken{ID: int(id), Name: name, Scopes: granted,
			CreatedAt: time.Unix(tx.Now(), 0).UTC(), ExpiresAt: time.Unix(expires, 0).UTC()}
		return nil
	})
	return out, err
}

// tokenColumns are the columns of the table t that scanToken reads.
const tokenColumns = "t.id, t.name, t.scopes, t.created, t.expires, t.used" //nolint:gosec // no secret

// scanToken reads tokenColumns, and more after them.
func scanToken(rows *sql.Rows, t *APIToken, more ...any) error {
	var granted string
	var created, expires, used int64
	err := rows.Scan(append([]any{&t.ID, &t.Name, &granted, &created, &expires, &used}, more...)...)
	t.Scopes = strings.Fields(granted)
	t.CreatedAt, t.ExpiresAt = time.Unix(created, 0).UTC(), time.Unix(expires, 0).UTC()
	if used != 0 {
		at := time.Unix(used, 0).UTC()
		t.LastUsedAt = &at
	}
	return err
}

func (m *Module) listTokens(ctx context.Context, _ *struct{}) (*tokensOutput, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	out := &tokensOutput{Body: web.List[APIToken]{Items: []APIToken{}}}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var t APIToken
		err := scanToken(rows, &t)
		out.Body.Items = append(out.Body.Items, t)
		return err
	}, "SELECT "+tokenColumns+` FROM {q2ab_api_tokens} t
		WHERE t.userid = ? AND t.expires > ? ORDER BY t.id DESC`, caller.UserID, m.db.Now())
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return out, nil
}

func (m *Module) revokeToken(ctx context.Context, in *tokenIDInput) (*noContent, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	n, err := m.db.Exec(ctx, "DELETE FROM {q2ab_api_tokens} WHERE id = ? AND userid = ?", in.ID, caller.UserID)
	switch {
	case err != nil:
		return nil, fmt.Errorf("revoke a token: %w", err)
	case n == 0:
		return nil, problem.NotFound()
	}
	return &noContent{http.StatusNoContent}, nil
}

// tokenPosition is the place of a token in the list of all, the newest first.
type tokenPosition struct {
	ID int `json:"id"`
}

// Valid reports whether a token can be at this place.
func (p *tokenPosition) Valid() bool { return web.ValidID(p.ID) }

func (m *Module) listAllTokens(ctx context.Context, in *struct{ web.Page }) (*ownedTokensOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	size, condition, args := in.Size(50), "", []any{m.db.Now()}
	if in.Cursor != "" {
		var at tokenPosition
		if err := web.DecodeCursor("tokens", in.Cursor, &at); err != nil {
			return nil, err
		}
		condition, args = " AND t.id < ?", append(args, at.ID)
	}
	list := []OwnedToken{}
	var owners []int
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var t OwnedToken
		var owner int
		err := scanToken(rows, &t.APIToken, &owner)
		list, owners = append(list, t), append(owners, owner)
		return err
	}, "SELECT "+tokenColumns+`, t.userid FROM {q2ab_api_tokens} t
		WHERE t.expires > ?`+condition+" ORDER BY t.id DESC LIMIT ? OFFSET ?",
		append(args, size+1, in.Offset(size))...)
	if err != nil {
		return nil, fmt.Errorf("list all tokens: %w", err)
	}
	out := &ownedTokensOutput{}
	if len(list) > size {
		list = list[:size]
		out.Body.NextCursor = web.EncodeCursor("tokens", &tokenPosition{list[size-1].ID})
	}
	out.Body.Items = list
	if len(list) == 0 {
		return out, nil
	}
	accounts, err := m.Accounts(ctx, "u.userid IN ?", owners)
	for _, a := range accounts {
		for i := range list {
			if owners[i] == a.ID {
				list[i].Owner = *a.Author(o)
			}
		}
	}
	return out, err
}

func (m *Module) revokeAnyToken(ctx context.Context, in *tokenIDInput) (*noContent, error) {
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		var owner int
		var name string
		found, err := tx.Get(ctx, []any{&owner, &name},
			"SELECT userid, name FROM {q2ab_api_tokens} WHERE id = ?"+tx.ForUpdate(), in.ID)
		if err == nil && found {
			_, err = tx.Exec(ctx, "DELETE FROM {q2ab_api_tokens} WHERE id = ?", in.ID)
		}
		switch {
		case err != nil:
			return fmt.Errorf("revoke a token: %w", err)
		case !found:
			return problem.NotFound()
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.User, Subject: strconv.Itoa(owner),
			Before: map[string]any{"token": in.ID, "name": name}})
	})
	return &noContent{http.StatusNoContent}, err
}

// apiToken is what a request's API token may do.
type apiToken struct {
	id     int
	scopes []string
}

// errUnknownToken is the error for an API token that does not exist, or not any more.
var errUnknownToken = errors.New("unknown API token")

// useToken returns the owner of an API token, and notes that it was used.
func (m *Module) useToken(ctx context.Context, token string) (Person, error) {
	var p Person
	var t apiToken
	var granted string
	var expires, used int64
	found, err := m.db.Get(ctx, []any{&t.id, &p.UserID, &granted, &expires, &used},
		"SELECT id, userid, scopes, expires, used FROM {q2ab_api_tokens} WHERE hash = ?", tokenID(token))
	now := m.db.Now()
	switch {
	case err != nil:
		return Person{}, fmt.Errorf("look an API token up: %w", err)
	case !found || expires <= now:
		return Person{}, errUnknownToken
	}
	t.scopes = strings.Fields(granted)
	p.token = &t
	if l := m.settings.TokenLimiter; l != nil {
		if state, ok := l.Take(ctx, "token:"+strconv.Itoa(t.id)); ok && state.Refused {
			seconds := int64(state.Reset / time.Second)
			e := problem.New(problem.CodeRateLimit, seconds)
			e.RetryAfter = int(seconds)
			return Person{}, e
		}
	}
	if used <= now-usedEvery {
		if _, err := m.db.Exec(ctx, "UPDATE {q2ab_api_tokens} SET used = ? WHERE id = ? AND used <= ?", now, t.id,
			now-usedEvery); err != nil {
			return Person{}, fmt.Errorf("note the use of an API token: %w", err)
		}
	}
	return p, nil
}
