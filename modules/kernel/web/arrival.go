package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// arrivalKey is the context key of a request's arrival.
type arrivalKey struct{}

// arrival is a body on its way. It has until its deadline, and when it does not come that is the client's fault and not
// ours: whatever reads it, the client is told so.
type arrival struct {
	io.ReadCloser
	response *echo.Response
	// patience is how long it may take, from when the first of it is wanted.
	patience time.Duration
	deadline time.Time
	complete bool
	// failure is why no more of it came.
	failure *problem.Error
}

// Read sets the connection's deadline when the first of the body is wanted. At its end there is none any more: the server
// takes a client for gone whose connection passes one, also while it only waits for the response.
func (a *arrival) Read(p []byte) (int, error) {
	a.begin()
	n, err := a.ReadCloser.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		a.complete = true
		a.limit(time.Time{})
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		a.failure = problem.New("request_timeout")
	default:
		a.failure = problem.New("bad_request")
	}
	a.response.Header().Set("Connection", "close") // nobody knows where the next request begins
	return n, fmt.Errorf("%w (%w)", a.failure, err)
}

func (a *arrival) begin() {
	if a.deadline.IsZero() {
		a.deadline = time.Now().Add(a.patience)
		a.limit(a.deadline)
	}
}

// limit sets the connection's deadline for reading; tests have connections without.
func (a *arrival) limit(deadline time.Time) {
	_ = http.NewResponseController(a.response).SetReadDeadline(deadline)
}

// arrivalFailure is why the body of the context's request did not come; nil if it did, or was not waited for.
func arrivalFailure(ctx context.Context) *problem.Error {
	if a, ok := ctx.Value(arrivalKey{}).(*arrival); ok {
		return a.failure
	}
	return nil
}

// limitArrival bounds the time in which the body of a request has to arrive.
func (s *Server) limitArrival(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
			return next(c)
		}
		patience := s.settings.BodyTimeout
		if allowed, own := s.settings.allowance(r); own {
			patience = allowed.Time
		}
		if patience <= 0 {
			return next(c)
		}
		a := &arrival{ReadCloser: r.Body, response: c.Response(), patience: patience}
		r = r.WithContext(context.WithValue(r.Context(), arrivalKey{}, a))
		r.Body = a
		c.SetRequest(r)
		defer func() {
			if !a.complete { // the server reads the rest away, if that comes in time
				a.begin()
				a.limit(a.deadline)
			}
		}()
		return next(c)
	}
}

// requireContentType refuses bodies of which the client does not say what they are, where a body is expected.
func requireContentType(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r := humaecho.Unwrap(ctx).Request()
		if ctx.Operation().RequestBody == nil || r.ContentLength == 0 || ctx.Header("Content-Type") != "" {
			next(ctx)
			return
		}
		refuse(api, ctx, problem.New("unsupported_media_type"))
	}
}
