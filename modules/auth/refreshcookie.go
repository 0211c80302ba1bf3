package auth

import (
	"context"
	"net/http"
	"time"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// refreshCookieName is the name of the cookie that holds a refresh token. Browsers accept the prefix
// __Host- only from the host itself, by TLS, so that no other host of the domain can plant a token.
const refreshCookieName = "__Host-refresh"

// RefreshChoice is the part of a request that says where a new refresh token goes.
type RefreshChoice struct {
	RefreshCookie bool `json:"refreshCookie,omitempty" doc:"Puts the refresh token into the cookie __Host-refresh, which no script can read, instead of into the response. For pages whose origin belongs to the same site as the API, which send it with credentials: include"`
}

// TokenCookie is the part of a request that may hold a refresh token in a cookie. (Huma sees only exported
// parts of structs.)
type TokenCookie struct {
	Cookie string `cookie:"__Host-refresh" maxLength:"200" doc:"A refresh token that an operation put there. It counts where the body has none, from pages of this origin or of CORS_ORIGINS"`
}

// token returns the refresh token that came with a request, in the body or in the cookie, or "" if none
// came. A cookie is refused from pages of other origins: browsers send it whoever made the page.
func (c TokenCookie) token(ctx context.Context, inBody string) (token string, fromCookie bool, err error) {
	switch {
	case inBody != "" || c.Cookie == "":
		return inBody, false, nil
	case !web.ClientOf(ctx).TrustedOrigin:
		return "", false, problem.New(codeForeignOrigin)
	}
	return c.Cookie, true, nil
}

// newRefreshCookie returns the cookie that holds a refresh token for as long as the token is good. An
// empty token takes the cookie away.
func newRefreshCookie(token string, ttl time.Duration) http.Cookie {
	//nolint:gosec // all three attributes are set
	c := http.Cookie{Name: refreshCookieName, Value: token, Path: "/", MaxAge: int(ttl.Seconds()),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}
