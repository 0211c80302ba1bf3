// Package auth decides who is calling and what the caller may do, and keeps the accounts.
//
// Its public face: New, Register (operations of the API) and Routes (published keys, the migration trigger for emulators);
// CallerOf, Permit and its kin, which other modules ask before they do anything; Authors and the SQL to read them beside posts;
// Listen, by which other modules follow accounts that come and go; CodeToMail for mails; HandleTrigger,
// Migration and ExportUsers for moving to Cognito. auth knows nothing of questions and answers.
//
// Who is calling: tokens of Cognito or of the built-in issuer (issuer.go, sessions.go) are verified by internal/tokens; person.go
// finds the user behind a token of Cognito. What people do with their accounts is one file each: signup.go, signin.go, codes.go
// (confirmation and forgotten passwords), password.go, me.go, delete.go; who may do what to others' accounts is administer.go, and what
// is done edituser.go, levels.go and delete.go.
//
// Against abuse: mailedcodes.go says what a mailed code is good for, guesses.go delays the guessing of
// secrets, attempts.go counts the mails that people cause and what they are told of others' names; all
// beside Q2A's own limits (charge.go).
package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/auth/internal/passwords"
	"38qa.net/backend/modules/auth/internal/tokens"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// Settings of the module; see package config for their meaning.
type Settings struct {
	// Issuer is what the built-in issuer calls itself in tokens.
	Issuer                string
	AccessTTL, RefreshTTL time.Duration
	KeyRotation           time.Duration
	KeySecret             string
	SignInAttempts        int
	// Cognito, if its Issuer is set, takes the place of the built-in issuer.
	Cognito Cognito
	// Captcha says how solved captchas are verified.
	Captcha Captcha
	// Blocked tells whether a text has a word of a list in the form of Q2A's options of blocked words.
	Blocked func(list, text string) bool
	// DropImage deletes an image that nothing uses any more, within a transaction.
	DropImage func(ctx context.Context, tx *database.DB, id string) error
}

// Cognito says how to know the tokens of a user pool.
type Cognito struct {
	// Issuer is https://cognito-idp.REGION.amazonaws.com/POOL; KeysURL is where its keys are, "" for the usual place below it.
	Issuer, KeysURL string
	ClientIDs       []string
	// Endpoint is where Cognito's API is, "" for the host of the issuer.
	Endpoint string
	// GroupLevels are the levels of Q2A that groups of the pool give; none by default.
	GroupLevels map[string]int
	// AliasPool tells that people sign in to the pool by a username or its aliases, the address and the preferred username.
	AliasPool bool
	// TriggersOverHTTP serves the pool's triggers to local emulators.
	TriggersOverHTTP bool
}

// endpoint is the address of Cognito's API.
func (c Cognito) endpoint() string {
	if c.Endpoint != "" {
		return c.Endpoint
	}
	return strings.TrimSuffix(c.Issuer, c.pool())
}

// pool is the id of the user pool, "" where none is configured.
func (c Cognito) pool() string { return c.Issuer[strings.LastIndex(c.Issuer, "/")+1:] }

// Person is whom a token belongs to.
type Person struct {
	UserID int
	// SignedInAt is when the person last showed a password or the like, in Unix seconds.
	SignedInAt int64
	// Level is what groups of the pool give; the user's own counts if it is higher.
	Level int
	// session is the built-in issuer's id of the session, in hexadecimal; "" for the tokens of other issuers.
	session string
}

// family returns the built-in issuer's id of the session as the database holds it, nil without one.
func (p Person) family() []byte {
	family, err := hex.DecodeString(p.session)
	if err != nil {
		return nil
	}
	return family
}

// Verifier finds out who a bearer token belongs to; an error that is no *problem.Error means that the token is not good.
type Verifier func(ctx context.Context, token string) (Person, error)

// Module is the auth module.
type Module struct {
	db        *database.DB
	site      *site.Module
	settings  Settings
	verify    Verifier
	passwords *passwords.Hasher
	keys      *keyring
	listeners []AccountListener
	// people are the users of Cognito's subs, kept for a while.
	people *otter.Cache[string, int]
}

// New returns the module. A verifier, for tests, takes the place of the one that the settings ask for.
func New(db *database.DB, s *site.Module, set Settings, verify Verifier) (*Module, error) {
	m := &Module{db: db, site: s, settings: set, passwords: passwords.New(), keys: newKeyring(db, set.KeySecret, set.KeyRotation)}
	var err error
	if m.people, err = otter.New(&otter.Options[string, int]{MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryWriting[string, int](time.Minute)}); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if m.verify = verify; verify == nil {
		m.verify, err = m.verifier()
	}
	return m, err
}

// verifier is the one for the issuer that the settings name.
func (m *Module) verifier() (Verifier, error) {
	clock := func() time.Time { return time.Unix(m.db.Now(), 0) }
	settings := tokens.Settings{Issuer: m.settings.Issuer, ClientIDs: []string{builtinClient}, Algorithms: []jwa.SignatureAlgorithm{jwa.ES256}, Keys: m.keys, Clock: clock}
	person := builtinPerson
	if c := m.settings.Cognito; c.Issuer != "" {
		url := c.KeysURL
		if url == "" {
			url = strings.TrimSuffix(c.Issuer, "/") + "/.well-known/jwks.json"
		}
		settings = tokens.Settings{Issuer: c.Issuer, ClientIDs: c.ClientIDs, Algorithms: []jwa.SignatureAlgorithm{jwa.RS256}, Keys: tokens.NewRemote(url, http.DefaultClient, clock), Clock: clock}
		person = m.cognitoPerson
	}
	v, err := tokens.New(settings)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return func(ctx context.Context, token string) (Person, error) {
		claims, err := v.Verify(ctx, token)
		switch {
		case errors.Is(err, tokens.ErrKeysUnavailable):
			slog.ErrorContext(ctx, "the keys of the issuer cannot be had", "error", err)
			return Person{}, problem.New("unavailable")
		case err != nil:
			slog.DebugContext(ctx, "token refused", "error", err)
			return Person{}, err
		}
		return person(ctx, token, claims)
	}, nil
}

// Middleware puts the Caller into the request's context. A token that is not good is refused, never ignored.
func (m *Module) Middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		client := web.ClientOf(ctx)
		caller := Caller{IP: client.IP, Secure: client.Secure}
		if id, err := strconv.ParseUint(client.Cookie, 10, 64); err == nil && strconv.FormatUint(id, 10) == client.Cookie {
			caller.CookieID = client.Cookie
		}
		// Emulators of Cognito sign their calls of triggers in AWS's own way, which says nothing of a caller.
		isTrigger := m.settings.Cognito.TriggersOverHTTP && strings.HasPrefix(c.Request().URL.Path, triggerPath)
		if headers := c.Request().Header.Values("Authorization"); len(headers) > 0 && !isTrigger {
			scheme, token, _ := strings.Cut(headers[0], " ")
			if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") {
				return problem.New("unauthenticated")
			}
			person, err := m.verify(ctx, strings.TrimSpace(token))
			if err != nil {
				return refusedToken(err)
			}
			if caller, err = m.caller(ctx, person, caller); err != nil {
				return err
			}
			caller.Level = max(caller.Level, person.Level)
			ctx = context.WithValue(ctx, personKey{}, person)
		}
		c.SetRequest(c.Request().WithContext(WithCaller(ctx, caller)))
		return next(c)
	}
}

// refusedToken is the answer to a token that was not verified: 401 where that is the token's fault.
func refusedToken(err error) error {
	var p *problem.Error
	if errors.As(err, &p) || database.Unavailable(err) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return problem.New("unauthenticated")
}

type personKey struct{}

// personOf is whom the token of the request belongs to; the zero Person without one.
func personOf(ctx context.Context) Person {
	p, _ := ctx.Value(personKey{}).(Person)
	return p
}

// Ready checks that tokens can be signed and verified.
func (m *Module) Ready(ctx context.Context) error {
	if m.settings.Cognito.Issuer != "" {
		return nil // tokens that were seen, and keys that were fetched, go on working while Cognito does not answer
	}
	_, err := m.keys.current(ctx)
	return err
}

// RequireUser is the refusal for anonymous callers of what belongs to an account.
func RequireUser(ctx context.Context) (Caller, error) {
	c := CallerOf(ctx)
	if c.Anonymous() {
		return c, problem.New("login_required")
	}
	return c, nil
}

// RequireAdmin is the refusal for callers who are no administrators, and for those whom the site has blocked.
func RequireAdmin(ctx context.Context) error {
	c, err := RequireUser(ctx)
	switch {
	case err != nil:
		return err
	case c.Level < LevelAdmin:
		return problem.New("permission_level")
	case c.Flags&FlagBlocked != 0:
		return problem.New("user_blocked")
	}
	return nil
}
