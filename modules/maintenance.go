package modules

import (
	"context"
	"net/http"

	"38qa.net/backend/modules/auth"
)

// openInMaintenance are the routes that answer everybody while the site is closed for maintenance: what tells
// that it is, what administrators need to sign in, and what comes from programs that would not come again.
// As in Question2Answer files are served as well, since browsers load pictures without saying for whom.
var openInMaintenance = map[string]bool{
	"GET /v1/site":                                 true,
	"GET /v1/auth/session":                         true,
	"POST /v1/auth/sign-in":                        true,
	"POST /v1/auth/refresh":                        true,
	"POST /v1/auth/sign-out":                       true,
	"GET /.well-known/jwks.json":                   true,
	"POST /v1/unsubscribe":                         true,
	"POST /v1/mail/notifications/sns":              true,
	"POST /2015-03-31/functions/:name/invocations": true,
	"GET /v1/media/:id":                            true,
	"GET /v1/users/:handle/avatar":                 true,
	"GET /image":                                   true,
	"GET /image/":                                  true,
	"GET /image/:id":                               true,
	"GET /image/:id/:size":                         true,
	"GET /blob":                                    true,
	"GET /blob/":                                   true,
	"GET /blob/:id":                                true,
	"GET /docs":                                    true,
	"GET /docs/start.js":                           true,
	"GET /docs/scalar.js":                          true,
	"GET /docs/LICENSE.txt":                        true,
	"GET /openapi.json":                            true,
	"GET /problems":                                true,
	"GET /problems/:code":                          true,
}

// admit refuses requests while the site is closed for maintenance, but not those of administrators.
func (a *App) admit(ctx context.Context, method, route string) error {
	if openInMaintenance[method+" "+route] || auth.RequireAdmin(ctx) == nil {
		return nil
	}
	closed, err := a.Site.ClosedProblem(ctx)
	if err != nil {
		return err
	}
	if closed != nil {
		return closed
	}
	return nil
}

// mayStream refuses event streams to callers who may not see questions, and while the site is closed for
// maintenance. Streams that are open then end.
func (a *App) mayStream(ctx context.Context) error {
	if err := a.admit(ctx, http.MethodGet, ""); err != nil {
		return err
	}
	return a.mayFollow(ctx)
}
