package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
)

// limitRefusals is a middleware that counts a client's refused writes and, once they are too many,
// refuses all of the client's writes for a while. A refused write costs work, because it has been
// read, decoded and often converted, but it does not count towards the site's own limits. Users are
// identified by their account, visitors by their address.
func limitRefusals(l *limit.Limiter, caller func(c echo.Context) string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if l == nil {
			return next
		}
		return func(c echo.Context) error {
			if isRead(c.Request().Method) {
				return next(c)
			}
			key := "refused " + caller(c)
			if state, ok := l.Peek(c.Request().Context(), key); ok && state.Remaining <= 0 {
				p := problem.New(problem.CodeRateLimit, int64(state.Reset/time.Second))
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

// isRead reports whether requests with the method change nothing.
func isRead(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// isRefusal reports whether a status means that the request itself was at fault. 401, 409 and 412 do
// not count, because tokens expire and other users may be faster; 429 does not, because the request
// has been counted already.
func isRefusal(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusConflict, http.StatusPreconditionFailed,
		http.StatusTooManyRequests:
		return false
	}
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// statusOf returns the status of the response, or the status that the error will get.
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

// refusalKey returns the key that identifies a client: its account, or the address of a visitor.
func (s *Server) refusalKey(c echo.Context) string {
	ctx := c.Request().Context()
	if s.settings.Caller != nil {
		return s.settings.Caller(ctx).Client
	}
	return limit.ClientKey(ClientOf(ctx).IP)
}
