package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/ext"
	"gopkg.in/DataDog/dd-trace-go.v1/ddtrace/tracer"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/kernel/problem"
)

const (
	headerRequestID    = "X-Request-Id"
	headerVisitorToken = "Visitor-Token"
)

// limitAddress is a middleware that refuses addresses that are too long or not valid UTF-8, since no
// client of the API has such addresses.
func limitAddress(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if len(c.Request().RequestURI) > maxURI {
			return problem.New(problem.CodeURITooLong)
		}
		if !cleanText(c.Request().URL.Path) {
			return problem.NotFound() // no address of ours is anything but UTF-8
		}
		return next(c)
	}
}

var languages = language.NewMatcher([]language.Tag{language.English, language.Japanese})

func chosenLanguage(header string) problem.Language {
	if header == "" {
		return problem.English
	}
	if _, i := language.MatchStrings(languages, header); i == 1 {
		return problem.Japanese
	}
	return problem.English
}

// identify returns a middleware that puts the request's id and its Client into the request's context.
// origins are those whose pages may use the API.
func (p *proxies) identify(origins []string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			id := r.Header.Get(headerRequestID)
			if !validRequestID(id) {
				id = rand.Text()
			}
			c.Response().Header().Set(headerRequestID, id)
			p.warnOfProxy(r)
			client := Client{
				UserAgent: r.UserAgent(), Language: chosenLanguage(r.Header.Get("Accept-Language")),
				TrustedOrigin: p.trustedOrigin(r, origins), Secure: p.secure(r), path: r.URL.Path,
			}
			if ip, err := netip.ParseAddr(c.RealIP()); err == nil {
				client.IP = ip.Unmap()
			}
			if token := r.Header.Get(headerVisitorToken); token != "" {
				client.Cookie = token
			} else if cookie, err := r.Cookie("qa_id"); err == nil {
				client.Cookie = cookie.Value
			}
			ctx := observe.WithRequestID(r.Context(), id)
			c.SetRequest(r.WithContext(context.WithValue(ctx, clientKey{}, client)))
			return next(c)
		}
	}
}

// warnOfOrigins returns a middleware that logs, once, that a page of another origin asks, where no origin
// may: the page's developer sees only that the browser refuses.
func warnOfOrigins() echo.MiddlewareFunc {
	var warn sync.Once
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			origin, err := url.Parse(r.Header.Get("Origin"))
			if err == nil && origin.Host != "" && origin.Host != r.Host {
				warn.Do(func() {
					slog.WarnContext(r.Context(), "a page of another origin asks, which browsers refuse it: "+
						"if it is yours, set CORS_ORIGINS", "origin", origin.Scheme+"://"+origin.Host)
				})
			}
			return next(c)
		}
	}
}

func validRequestID(id string) bool {
	return id != "" && len(id) <= 128 &&
		strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:=+/") == ""
}

// logRequests is a middleware that logs one line per request. It leaves out the query and the
// client's address, which are personal data. The status is the one that was sent, or 0 if the
// response was aborted before anything was sent.
func logRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start, aborted := time.Now(), true
		defer func() {
			level := slog.LevelInfo
			if isProbe(c.Request().URL.Path) {
				level = slog.LevelDebug
			}
			route := c.Path()
			if route == "" {
				route = "(none)"
			}
			status, took := c.Response().Status, time.Since(start)
			if aborted && !c.Response().Committed {
				status = 0
			}
			attributes := []any{"method", c.Request().Method, "route", route,
				"status", status, "bytes", c.Response().Size,
				"duration_ms", float64(took.Microseconds()) / 1000}
			if aborted {
				attributes = append(attributes, "aborted", true)
			}
			slog.Log(c.Request().Context(), level, "request", attributes...)
			if level == slog.LevelInfo {
				observe.RequestDuration.Observe(took, c.Request().Method+" "+route, strconv.Itoa(status))
			}
		}()
		if err := next(c); err != nil {
			c.Error(err)
		}
		aborted = false
		return nil
	}
}

// anonymizeSpan is a middleware that takes personal data out of the span of a request: paths have names of
// users, queries have what people search for, and the program of a client narrows down who it is.
func anonymizeSpan(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if span, ok := tracer.SpanFromContext(c.Request().Context()); ok {
			span.SetTag(ext.HTTPURL, c.Path())
			span.SetTag(ext.HTTPUserAgent, "")
		}
		return next(c)
	}
}

// recoverPanics is a middleware that turns a panic into a logged 500 response or, if part of a
// response has been sent already, ends the connection. The process goes on.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares this value itself
				panic(p)
			}
			slog.ErrorContext(c.Request().Context(), "panic", "panic", fmt.Sprint(p),
				"stack", string(debug.Stack()))
			if c.Response().Committed {
				panic(http.ErrAbortHandler)
			}
			err = problem.New(problem.CodeInternal)
		}()
		return next(c)
	}
}

func securityHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		if ClientOf(c.Request().Context()).Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		c.Response().Before(func() {
			if c.Response().Status == http.StatusNoContent { // Huma names a type for operations that may have a body
				h.Del("Content-Type")
			}
		})
		return next(c)
	}
}

// timeout is a middleware that cancels the context of a request that takes too long, and with it the
// statements that are running.
func (s *Server) timeout(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		a, own := s.settings.allowance(c.Request())
		if a.Time <= 0 {
			return next(c)
		}
		if own { // the server's own time-out is for all others
			// tests have connections without deadlines
			_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(a.Time + answerTime))
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), a.Time)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// limitSize is a middleware that refuses bodies over the size limit: before reading if the request
// announces its size, else while reading.
func (s *Server) limitSize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		a, own := s.settings.allowance(r)
		if own && r.Body != nil && r.Body != http.NoBody {
			r.Body = &received{ReadCloser: r.Body, turns: s.receiving}
			defer r.Body.Close() // the server closes the one that it knows
		}
		if a.Bytes > 0 {
			if r.ContentLength > a.Bytes {
				c.Response().Header().Set("Connection", "close")
				return problem.New(problem.CodeBodyTooLarge)
			}
			if r.Body != nil && r.ContentLength != 0 {
				r.Body = http.MaxBytesReader(c.Response(), r.Body, a.Bytes)
			}
		}
		return next(c)
	}
}

// limitRate is a middleware that counts each request against its client's rate and reports in
// RateLimit-* headers what is left.
func limitRate(l *limit.Limiter) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if l == nil {
			return next
		}
		return func(c echo.Context) error {
			if isProbe(c.Request().URL.Path) {
				return next(c)
			}
			ctx := c.Request().Context()
			state, ok := l.Take(ctx, limit.ClientKey(ClientOf(ctx).IP))
			if !ok {
				return next(c)
			}
			seconds := int64(state.Reset / time.Second)
			h := c.Response().Header()
			h.Set("RateLimit-Limit", strconv.FormatInt(state.Limit, 10))
			h.Set("RateLimit-Remaining", strconv.FormatInt(state.Remaining, 10))
			h.Set("RateLimit-Reset", strconv.FormatInt(seconds, 10))
			h.Set("RateLimit-Policy", fmt.Sprintf("%d;w=%d", state.Limit, int64(state.Window/time.Second)))
			if state.Refused {
				p := problem.New(problem.CodeRateLimit, seconds)
				p.RetryAfter = int(seconds)
				return p
			}
			return next(c)
		}
	}
}
