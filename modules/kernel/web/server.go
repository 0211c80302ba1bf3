// Package web is the HTTP side of the application. It combines Echo and Huma with problem details,
// cursors, entity tags, request ids, limits and a graceful stop. Modules register typed operations
// on the API and plain routes on the router.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	echotrace "gopkg.in/DataDog/dd-trace-go.v1/contrib/labstack/echo.v4"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/secret"
)

// Settings are the settings of the server; see package config for their meaning.
type Settings struct {
	// Description is for the OpenAPI document.
	Description    Description
	Listen         string
	PublicURL      string
	RequestTimeout time.Duration
	BodyTimeout    time.Duration
	BodyLimit      int64
	// Allowances replace RequestTimeout and BodyLimit for POST requests to these paths and below.
	Allowances   map[string]Allowance
	DrainDelay   time.Duration
	DrainTimeout time.Duration
	CORSOrigins  []string
	Proxies      []netip.Prefix
	Limiter      *limit.Limiter
	Refusals     *limit.Limiter // of refused writes
	Trace        bool
	// Authenticate is the middleware that puts the caller into the request's context. It runs after
	// the limits and before the operations.
	Authenticate echo.MiddlewareFunc
	// Admit, if set, returns an error for requests that the site does not take now, by their method and the
	// pattern of their route. It runs after Authenticate, and not for health checks.
	Admit func(ctx context.Context, method, route string) error
	// Once, if set, is the database in which responses to requests with an Idempotency-Key are kept.
	// Caller says to whom the keys belong, and Secret, if set, is the secret from which the hashes
	// of requests are made.
	Once   *database.DB
	Caller func(context.Context) IdempotencyCaller
	Secret string
	// Volatile are the fields of JSON bodies whose changes alone make no new version of a response for
	// If-None-Match: numbers that change with each visit.
	Volatile []string
	// Rewrite, if set, changes the URL of a request before it is routed.
	Rewrite func(*url.URL)
	// Ready holds the checks behind /readyz, by the name of what they check.
	Ready map[string]func(context.Context) error
}

// Allowance is how large a request may be and how long it may take.
type Allowance struct {
	// Bytes is the size of the largest allowed body.
	Bytes int64
	// Time is the longest time that the request may take, including the arrival of its body.
	Time time.Duration
}

// allowance returns the limits for a request; own reports whether its path has limits of its own
// (see Settings.Allowances).
func (s Settings) allowance(r *http.Request) (a Allowance, own bool) {
	if r.Method == http.MethodPost {
		for path, a := range s.Allowances {
			if below, ok := strings.CutPrefix(r.URL.Path, path); ok && (below == "" || below[0] == '/') {
				return a, true
			}
		}
	}
	return Allowance{s.BodyLimit, s.RequestTimeout}, false
}

// Server is the HTTP server with everything that the modules registered on it.
type Server struct {
	settings Settings
	echo     *echo.Echo
	api      huma.API
	draining atomic.Bool
	tabulate sync.Once
	methods  *methodTable
	// receiving are the turns for processing uploads.
	receiving turns
	writing   *writeTurns
}

// answerTime is how long a response may take to reach the client.
const answerTime = 30 * time.Second

// maxURI is the length of the longest accepted request target, in bytes. Browsers and proxies have
// similar limits.
const maxURI = 8 << 10

// New returns a server with /healthz, /readyz and the documentation, but without any operations of
// modules.
func New(s Settings) *Server {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = writeError
	trusted := &proxies{networks: s.Proxies}
	e.IPExtractor = trusted.clientIP()
	srv := &Server{settings: s, echo: e, receiving: newTurns(), writing: newWriteTurns()}

	if s.Trace {
		e.Use(echotrace.Middleware(echotrace.WithIgnoreRequest(func(c echo.Context) bool {
			return isProbe(c.Request().URL.Path)
		})), anonymizeSpan)
	}
	e.Use(trusted.identify(s.CORSOrigins), logRequests, recoverPanics, srv.closeWhileDraining, limitAddress,
		securityHeaders, srv.timeout)
	if len(s.CORSOrigins) > 0 {
		e.Use(middleware.CORSWithConfig(middleware.CORSConfig{
			AllowOrigins: s.CORSOrigins,
			AllowMethods: []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
			AllowHeaders: []string{"Authorization", "Content-Type", "If-Match", "If-None-Match",
				"Idempotency-Key", headerRequestID, headerVisitorToken,
				"Last-Event-ID", "Range", // of streams that go on, and of files
				// Tracers in browsers add these to every request.
				"traceparent", "tracestate", "x-datadog-origin", "x-datadog-parent-id",
				"x-datadog-sampling-priority", "x-datadog-trace-id"},
			ExposeHeaders: []string{"ETag", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining",
				"RateLimit-Reset", "Location", "Idempotency-Replayed", "Content-Language", "Deprecation", "Sunset",
				headerRequestID, headerVisitorToken},
			// The refresh token in its cookie, and the cookie of visitors. Nothing else heeds cookies.
			AllowCredentials: true,
			MaxAge:           7200, // the most that Chromium heeds
		}))
	} else {
		e.Use(warnOfOrigins())
	}
	e.Use(conditional(s.Volatile), srv.limitArrival, srv.limitSize, limitRate(s.Limiter), srv.checkMethod)
	if s.Authenticate != nil {
		e.Use(unlessProbe(s.Authenticate))
	}
	if s.Admit != nil {
		e.Use(unlessProbe(srv.admit))
	}
	e.Use(limitRefusals(s.Refusals, srv.refusalKey), srv.takeTurn, takeMatch)
	if s.Once != nil {
		k := &keeper{db: s.Once, caller: s.Caller, secret: secret.New("idempotency", s.Secret)}
		e.Use(k.idempotent)
	}
	srv.api = humaecho.New(e, apiConfig(s.PublicURL, s.Description))
	srv.api.UseMiddleware(decodeParams, strictParams(srv.api), requireContentType(srv.api))
	srv.registerProbes()
	srv.registerDocs()
	return srv
}

// API returns the API on which modules register their operations, with Register.
func (s *Server) API() huma.API { return s.api }

// Router returns the router for everything that is not an operation of the API, such as feeds and
// the old site's addresses.
func (s *Server) Router() *echo.Echo { return s.echo }

// ServeHTTP implements http.Handler; tests call it through httptest. A HEAD request is handled like
// a GET, and net/http leaves out the body because it knows the original method.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		get := *r
		get.Method = http.MethodGet
		r = &get
	}
	if s.settings.Rewrite != nil {
		u := *r.URL
		s.settings.Rewrite(&u)
		if u != *r.URL {
			changed := *r
			changed.URL = &u
			r = &changed
		}
	}
	s.echo.ServeHTTP(w, r)
}

// registerProbes serves /healthz, which reports whether the process runs, and /readyz, which reports
// whether it can handle requests.
func (s *Server) registerProbes() {
	type probeBody struct {
		Status string            `json:"status" enum:"ok,draining,failing" doc:"ok, or why not"`
		Checks map[string]string `json:"checks,omitempty" doc:"What was reached, each ok or failing"`
	}
	type probe struct {
		Status int
		Body   probeBody
	}
	Register(s.api, huma.Operation{
		OperationID: "get-health", Method: http.MethodGet, Path: "/healthz", Summary: "Is the process up?",
		Tags: []string{"Operations"},
	}, func(context.Context, *struct{}) (*probe, error) {
		return &probe{Status: http.StatusOK, Body: probeBody{Status: "ok"}}, nil
	})
	var notReady sync.Map // the checks that failed last time, so that each is logged once
	Register(s.api, huma.Operation{
		OperationID: "get-readiness", Method: http.MethodGet, Path: "/readyz",
		Summary: "Can it answer requests?", Tags: []string{"Operations"},
		Description: "Checks the database and the storage. 503 while something cannot be reached or the process is stopping.",
	}, func(ctx context.Context, _ *struct{}) (*probe, error) {
		p := &probe{Status: http.StatusOK, Body: probeBody{Status: "ok", Checks: map[string]string{}}}
		for name, check := range s.settings.Ready {
			p.Body.Checks[name] = "ok"
			err := check(ctx)
			if err == nil {
				notReady.Delete(name)
				continue
			}
			if _, told := notReady.Swap(name, true); !told {
				slog.WarnContext(ctx, "not ready", "check", name, "error", err)
			}
			p.Status, p.Body.Status, p.Body.Checks[name] = http.StatusServiceUnavailable, "failing", "failing"
		}
		if s.draining.Load() {
			p.Status, p.Body.Status = http.StatusServiceUnavailable, "draining"
		}
		return p, nil
	})
	responses := find(s.api.OpenAPI(), "/readyz", http.MethodGet).Responses
	failing := problemResponse(http.StatusServiceUnavailable)
	failing.Content["application/json"] = responses["200"].Content["application/json"]
	responses["503"] = failing
}

// unlessProbe returns a middleware that applies m to all requests but health checks, because the
// state of the process does not depend on who asks.
func unlessProbe(m echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		checked := m(next)
		return func(c echo.Context) error {
			if isProbe(c.Request().URL.Path) {
				return next(c)
			}
			return checked(c)
		}
	}
}

// admit is a middleware that refuses what the site does not take now.
func (s *Server) admit(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.settings.Admit(c.Request().Context(), c.Request().Method, c.Path()); err != nil {
			return err
		}
		return next(c)
	}
}

func isProbe(path string) bool { return path == "/healthz" || path == "/readyz" }
