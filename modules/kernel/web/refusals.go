package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
)

// limitRefusals counts the writes of a client that are refused, and refuses all its writes for a while once they were
// too many: what is refused has been read, decoded and often converted, and leaves no trace in the limits of the site.
// People are counted by their account, visitors by their address.
func limitRefusals(l *limit.Limiter, caller func(c echo.Context) string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if l == nil {
			return next
		}
		return func(c echo.Context) error {
			if m := c.Request().Method; m == http.MethodGet || m == http.MethodHead || m == http.MethodOptions {
				return next(c)
			}
			key := "refused " + caller(c)
			if state, ok := l.Peek(c.Request().Context(), key); ok && state.Remaining <= 0 {
				p := problem.New("rate_limit", int64(state.Reset/time.Second))
				p.RetryAfter = int(state.Reset / time.Second)
				return p
			}
			err := next(c)
			if isRefusal(statusOf(c, err)) {
				l.Take(c.Request().Context(), key)
			}
			return err
		}
	}
}

// isRefusal reports whether a status is the client's own doing. Tokens run out, others may be first, and whoever is
// limited already has been counted.
func isRefusal(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusConflict, http.StatusPreconditionFailed, http.StatusTooManyRequests:
		return false
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// statusOf is the status of a response, or that which an error will get.
func statusOf(c echo.Context, err error) int {
	var p *problem.Error
	var tooLarge *http.MaxBytesError
	var echoError *echo.HTTPError
	switch {
	case err == nil:
		return c.Response().Status
	case errors.As(err, &p):
		return p.Status()
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &echoError):
		return echoError.Code
	}
	return http.StatusInternalServerError
}

// refusalKey returns what tells clients apart: their account, or for visitors their address.
func (s *Server) refusalKey(c echo.Context) string {
	ctx := c.Request().Context()
	if s.settings.Caller != nil {
		return s.settings.Caller(ctx).Client
	}
	return limit.ClientKey(ClientOf(ctx).IP)
}
