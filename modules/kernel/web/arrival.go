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

// arrival is a request body on its way. It has to arrive before a deadline. If it does not, that is
// the client's fault and not the server's, so the client gets the problem in failure whatever part
// of the program read the body.
type arrival struct {
	io.ReadCloser
	response *echo.Response
	// patience is how long the body may take, counted from when it is first read.
	patience time.Duration
	begun    bool
	complete bool
	// failure is why the rest of the body did not arrive.
	failure *problem.Error
}

// Read implements io.Reader. It sets the connection's read deadline when the body is first read, and
// removes it at the end of the body: net/http regards a client as gone once its connection passes a
// read deadline, even while it only waits for the response.
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
		a.failure = problem.New(problem.CodeRequestTimeout)
	default:
		a.failure = problem.New(problem.CodeBadRequest)
	}
	a.response.Header().Set("Connection", "close") // where the next request begins is unknown
	return n, fmt.Errorf("%w (%w)", a.failure, err)
}

// begin starts the time that the body has to arrive, once.
func (a *arrival) begin() {
	if !a.begun {
		a.begun = true
		a.limit(time.Now().Add(a.patience))
	}
}

// limit sets the connection's read deadline. Connections in tests have none, so errors are ignored.
func (a *arrival) limit(deadline time.Time) {
	_ = http.NewResponseController(a.response).SetReadDeadline(deadline)
}

// arrivalFailure returns why the body of the context's request did not arrive, or nil if it did or
// nobody waited for it.
func arrivalFailure(ctx context.Context) *problem.Error {
	if a, ok := ctx.Value(arrivalKey{}).(*arrival); ok {
		return a.failure
	}
	return nil
}

// limitArrival is a middleware that bounds the time in which a request's body has to arrive.
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
			}
		}()
		return next(c)
	}
}

// requireContentType refuses requests that have a body but no Content-Type, if the operation takes a
// body.
func requireContentType(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r := humaecho.Unwrap(ctx).Request()
		if ctx.Operation().RequestBody == nil || r.ContentLength == 0 || ctx.Header("Content-Type") != "" {
			next(ctx)
			return
		}
		refuse(api, ctx, problem.New(problem.CodeUnsupportedMediaType))
	}
}
