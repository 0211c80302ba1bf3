// Package auth decides who is calling and what the caller may do, and knows the accounts.
//
// Other modules call CallerOf, Permit and its kin, Authors and UserIDOf; auth knows nothing of questions and answers.
package auth

import (
	"context"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// Verifier finds out who a bearer token belongs to; an error means that the token is not good.
type Verifier func(ctx context.Context, token string) (userID int, err error)

// Module is the auth module.
type Module struct {
	db     *database.DB
	site   *site.Module
	verify Verifier
}

// New returns the module. Without a verifier no token is good, and every caller is an anonymous visitor.
func New(db *database.DB, s *site.Module, verify Verifier) *Module {
	return &Module{db: db, site: s, verify: verify}
}

// Middleware puts the Caller into the request's context. A token that is not good is refused, never ignored.
func (m *Module) Middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		client := web.ClientOf(ctx)
		caller := Caller{IP: client.IP}
		if id, err := strconv.ParseUint(client.Cookie, 10, 64); err == nil && strconv.FormatUint(id, 10) == client.Cookie {
			caller.CookieID = client.Cookie
		}
		if header := c.Request().Header.Get("Authorization"); header != "" {
			scheme, token, _ := strings.Cut(header, " ")
			if m.verify == nil || !strings.EqualFold(scheme, "Bearer") {
				return problem.New("unauthenticated")
			}
			userID, err := m.verify(ctx, strings.TrimSpace(token))
			if err != nil {
				return problem.New("unauthenticated")
			}
			if caller, err = m.caller(ctx, userID, caller); err != nil {
				return err
			}
		}
		c.SetRequest(c.Request().WithContext(WithCaller(ctx, caller)))
		return next(c)
	}
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
