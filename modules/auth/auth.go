// Package auth finds out who is calling and what the caller may do, and keeps the accounts of users.
//
// Other code uses it through these identifiers:
//   - New makes the module; Register adds its operations to the API; Routes adds the published keys
//     and, for emulators of Cognito, the migration trigger.
//   - CallerOf, Permit and the functions related to it are what other modules ask before they do
//     anything.
//   - Authors returns the authors of posts; AuthorJoin, AuthorColumns and AuthorScan read them in the
//     same statement as the posts.
//   - Listen lets other modules follow accounts as they are registered and deleted, and WorkOnAccounts lets
//     them take part in merging and anonymising accounts.
//   - CodeToMail supplies the codes that mails contain.
//   - StreamHolder and MayHoldStreams say who may be told what concerns them, as it happens.
//   - HandleTrigger, Migration and ExportUsers serve the move to Amazon Cognito.
//
// The package knows nothing of questions and answers.
//
// Tokens come from Cognito or from the built-in issuer (issuer.go, sessions.go) and are verified by
// internal/tokens; cognitoperson.go finds the user to whom a token of Cognito belongs. Each thing that
// people do with their own accounts has a file: signup.go, signin.go, codes.go (confirming an address
// and resetting a forgotten password), password.go, me.go and delete.go. The rules for changing the
// accounts of others are in administer.go; the changes themselves are in edituser.go, levels.go,
// delete.go, merge.go and anonymise.go; accountwork.go is the job that does what is long of the last two.
//
// Three files protect against abuse, in addition to the limits of Question2Answer (Q2A) in hourlylimits.go:
// mailedcodes.go decides what a mailed code may be used for, attempts.go delays attempts to guess
// secrets, and hourlycounts.go counts the mails that people cause and how often they learn that a name
// or an address is taken.
package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/auth/internal/passwords"
	"38qa.net/backend/modules/auth/internal/tokens"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// Settings are the settings of the module; package config documents their meaning.
type Settings struct {
	// Issuer is the name of the built-in issuer in its tokens (claim iss).
	Issuer                string
	AccessTTL, RefreshTTL time.Duration
	KeyRotation           time.Duration
	KeySecret             string
	SignInAttempts        int
	// ObeyMutes refuses the answers, comments and messages of users to those who have muted them.
	ObeyMutes bool
	// Cognito replaces the built-in issuer if its Issuer is set.
	Cognito Cognito
	// TokenLimiter counts the requests that come with an API token, each token for itself; nil does not
	// limit them.
	TokenLimiter *limit.Limiter
	// Captcha configures how solved captchas are verified.
	Captcha Captcha
	// Blocked reports whether the text contains a word of the list, which has the form of Q2A's
	// options of blocked words.
	Blocked func(list, text string) bool
	// Cannot returns what the site's rules besides the permissions keep the caller from, or nil.
	Cannot func(ctx context.Context, o *site.Options, c Caller) (*Restrictions, error)
	// EmailProblem returns why nothing is mailed to an address, "bounced" or "complained", or "".
	EmailProblem func(ctx context.Context, address string) (string, error)
	// ScreenSignUp looks at a registration from an address, which may be the zero Addr, with an e-mail address.
	// It returns nil if nothing is suspicious. It may take two seconds; nil looks at none.
	ScreenSignUp func(ctx context.Context, ip netip.Addr, email string) KeepSuspicion
	// DropImage deletes, within a transaction, an image that is no longer used.
	DropImage func(ctx context.Context, tx *database.DB, id string) error
}

// Cognito describes a user pool of Amazon Cognito and how its tokens are recognized.
type Cognito struct {
	// Issuer is https://cognito-idp.REGION.amazonaws.com/POOL. KeysURL is the address of the pool's
	// public keys; if it is "", the usual path below Issuer is used.
	Issuer, KeysURL string
	ClientIDs       []string
	// Endpoint is the address of Cognito's API; if it is "", the host of Issuer is used.
	Endpoint string
	// GroupLevels maps groups of the pool to the levels of Q2A that their members have here. Groups
	// that are not listed give no level.
	GroupLevels map[string]int
	// AliasPool reports whether people sign in to the pool with a username or one of its aliases,
	// which are the e-mail address and the preferred username.
	AliasPool bool
	// TriggersOverHTTP makes the server accept the pool's triggers over HTTP, for local emulators of
	// Cognito.
	TriggersOverHTTP bool
}

// endpoint returns the address of Cognito's API.
func (c Cognito) endpoint() string {
	if c.Endpoint != "" {
		return c.Endpoint
	}
	return strings.TrimSuffix(c.Issuer, c.pool())
}

// pool returns the id of the user pool, "" if none is configured.
func (c Cognito) pool() string { return c.Issuer[strings.LastIndex(c.Issuer, "/")+1:] }

// Person describes the owner of a token.
type Person struct {
	UserID int
	// SignedInAt is when the person last proved who they are, by a password or the like, in Unix
	// seconds.
	SignedInAt int64
	// Level is the highest level that groups of the user pool give the person. The user's own level
	// counts if it is higher.
	Level int
	// session is the built-in issuer's id of the session, in hexadecimal. It is "" for tokens of
	// other issuers.
	session string
	// token is the API token that the request came with, nil without one.
	token *apiToken
}

// family returns the built-in issuer's id of the session in the form that the database holds, nil if
// the token has no session.
func (p Person) family() []byte {
	family, err := hex.DecodeString(p.session)
	if err != nil {
		return nil
	}
	return family
}

// Verifier returns the owner of a bearer token. An error that is not a *problem.Error means that the
// token is not valid.
type Verifier func(ctx context.Context, token string) (Person, error)

// Module is the module auth: it authenticates callers and keeps accounts. It is made with New.
type Module struct {
	db        *database.DB
	site      *site.Module
	settings  Settings
	verify    Verifier
	passwords *passwords.Hasher
	keys      *keyring
	listeners []accountListener
	workSteps []workStep
	jobs      *jobs.Manager
	// people caches the user ids that belong to Cognito's subs, each for one minute.
	people *otter.Cache[string, int]
}

// New returns the module. A verifier that is not nil replaces the one that the settings call for;
// tests use this.
func New(db *database.DB, s *site.Module, set Settings, verify Verifier) (*Module, error) {
	m := &Module{
		db:        db,
		site:      s,
		settings:  set,
		passwords: passwords.New(),
		keys:      newKeyring(db, set.KeySecret, set.KeyRotation),
	}
	var err error
	m.people, err = otter.New(&otter.Options[string, int]{
		MaximumSize:      10_000,
		ExpiryCalculator: otter.ExpiryWriting[string, int](time.Minute),
	})
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if m.verify = verify; verify == nil {
		m.verify, err = m.verifier()
	}
	return m, err
}

// verifier returns the verifier for the issuer that the settings name.
func (m *Module) verifier() (Verifier, error) {
	clock := func() time.Time { return time.Unix(m.db.Now(), 0) }
	settings := tokens.Settings{
		Issuer:     m.settings.Issuer,
		ClientIDs:  []string{builtinClient},
		Algorithms: []jwa.SignatureAlgorithm{jwa.ES256},
		Keys:       m.keys,
		Clock:      clock,
	}
	person := builtinPerson
	if c := m.settings.Cognito; c.Issuer != "" {
		url := c.KeysURL
		if url == "" {
			url = strings.TrimSuffix(c.Issuer, "/") + "/.well-known/jwks.json"
		}
		settings = tokens.Settings{
			Issuer:     c.Issuer,
			ClientIDs:  c.ClientIDs,
			Algorithms: []jwa.SignatureAlgorithm{jwa.RS256},
			Keys:       tokens.NewRemote(url, http.DefaultClient, clock),
			Clock:      clock,
		}
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
			return Person{}, problem.New(problem.CodeUnavailable)
		case err != nil:
			slog.DebugContext(ctx, "token refused", "error", err)
			return Person{}, err
		}
		return person(ctx, token, claims)
	}, nil
}

// Middleware puts the Caller into the context of the request. A request with an invalid token is
// refused; it is never treated as an anonymous one.
func (m *Module) Middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		client := web.ClientOf(ctx)
		caller := Caller{IP: client.IP, Secure: client.Secure}
		if id, err := strconv.ParseUint(client.Cookie, 10, 64); err == nil &&
			strconv.FormatUint(id, 10) == client.Cookie {
			caller.CookieID = client.Cookie
		}
		// Emulators of Cognito sign their calls of triggers with AWS's own scheme in the header
		// Authorization, which does not identify a caller.
		isTrigger := m.settings.Cognito.TriggersOverHTTP &&
			strings.HasPrefix(c.Request().URL.Path, triggerPath)
		headers := c.Request().Header.Values("Authorization")
		ticket := eventTicket(c.Request().URL)
		if len(headers) > 0 && !isTrigger || ticket != "" {
			var person Person
			var err error
			if len(headers) > 0 {
				person, err = m.bearer(ctx, headers)
			} else {
				person, err = m.useTicket(ctx, ticket)
			}
			if err != nil {
				return err
			}
			if t := person.token; t != nil {
				if refused := mayRequest(t.scopes, c.Request().Method, c.Request().URL.Path); refused != nil {
					c.Response().Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope"`)
					return refused
				}
			}
			if caller, err = m.caller(ctx, person, caller); err != nil {
				return err
			}
			caller.Level = max(caller.Level, person.Level)
			if person.token != nil {
				caller = limitedTo(person.token.scopes, caller)
			}
			ctx = context.WithValue(ctx, personKey{}, person)
		}
		c.SetRequest(c.Request().WithContext(WithCaller(ctx, caller)))
		return next(c)
	}
}

// bearer returns the owner of the token in the headers Authorization of a request.
func (m *Module) bearer(ctx context.Context, headers []string) (Person, error) {
	scheme, token, _ := strings.Cut(headers[0], " ")
	if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return Person{}, problem.New(problem.CodeUnauthenticated)
	}
	verify := m.verify
	if token = strings.TrimSpace(token); strings.HasPrefix(token, apiTokenPrefix) {
		verify = m.useToken
	}
	person, err := verify(ctx, token)
	if err != nil {
		return Person{}, refusedToken(err)
	}
	return person, nil
}

// refusedToken returns the error for a token that could not be verified: unauthenticated (401) if the
// token itself is at fault, err if the check could not be made.
func refusedToken(err error) error {
	var p *problem.Error
	if errors.As(err, &p) || database.Unavailable(err) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return problem.New(problem.CodeUnauthenticated)
}

type personKey struct{}

// personOf returns the owner of the request's token, the zero Person if the request has no token.
func personOf(ctx context.Context) Person {
	p, _ := ctx.Value(personKey{}).(Person)
	return p
}

// Ready returns an error if the built-in issuer's tokens cannot be signed and verified now. It does
// not check Cognito.
func (m *Module) Ready(ctx context.Context) error {
	if m.settings.Cognito.Issuer != "" {
		return nil // remembered tokens and fetched keys still work while Cognito does not respond
	}
	_, err := m.keys.current(ctx)
	return err
}

// RequireUser returns the caller, and the error login_required if the caller is not signed in.
func RequireUser(ctx context.Context) (Caller, error) {
	c := CallerOf(ctx)
	if c.Anonymous() {
		return c, problem.New(CodeLoginRequired)
	}
	return c, nil
}

// RequireAdmin returns an error unless the caller is an administrator: login_required for visitors,
// permission_level for users of lower levels, and user_blocked for administrators whom the site has
// blocked.
func RequireAdmin(ctx context.Context) error {
	c, err := RequireUser(ctx)
	switch {
	case err != nil:
		return err
	case c.Level < LevelAdmin:
		return problem.New(CodePermissionLevel)
	case c.Flags&FlagBlocked != 0:
		return problem.New(codeUserBlocked)
	}
	return nil
}

// ForAdmins returns an operation that only administrators may call; others get the error of RequireAdmin.
func ForAdmins[I, O any](do func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return web.Guard(RequireAdmin, do)
}
