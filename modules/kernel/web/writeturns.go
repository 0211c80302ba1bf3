package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/semaphore"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
)

const (
	// writesOfClient is how many writing requests of one client are processed at the same time. A
	// person usually has one; a page that saves several things waits some milliseconds more.
	writesOfClient = 2
	// largeOfClient is how many large bodies of one client are received and processed at the same
	// time.
	largeOfClient = 1
	// writesWaiting is how many more requests of a client may wait. A waiting request costs some
	// kilobytes of memory and no processor time, whereas attackers repeat a refused one at once.
	writesWaiting = 512
	// largeBody is the size, in bytes, above which a body is read only when the client has a turn
	// for it. Most posts are smaller.
	largeBody = 16 << 10
	// largeBodies is how many bytes of large bodies are in memory at the same time.
	largeBodies = 32 << 20
	// longestWait is how long a request waits for its turn.
	longestWait = 10 * time.Second
	// pauseOfWaiting is after how many seconds a client may try again after it had too many requests
	// waiting.
	pauseOfWaiting = 1
)

// writeTurns gives turns to writing requests. Decoding, converting, hashing and looking things up
// for one request takes up to a tenth of a second, even if the request is refused in the end.
type writeTurns struct {
	// work has the turns for processing requests that have arrived completely, and large those for
	// receiving large bodies.
	work, large *limit.ClientTurns
	memory      *semaphore.Weighted
}

func newWriteTurns() *writeTurns {
	return &writeTurns{work: limit.NewClientTurns(writesOfClient, writesWaiting),
		large: limit.NewClientTurns(largeOfClient, writesWaiting), memory: semaphore.NewWeighted(largeBodies)}
}

// takeTurn is a middleware that makes writing requests wait for their turn. Uploads have turns of
// their own; see limitSize.
func (s *Server) takeTurn(next echo.HandlerFunc) echo.HandlerFunc {
	t := s.writing
	return func(c echo.Context) error {
		r := c.Request()
		if isRead(r.Method) {
			return next(c)
		}
		if _, own := s.settings.allowance(r); own {
			return next(c)
		}
		client := s.refusalKey(c)
		waiting, stop := context.WithTimeout(r.Context(), longestWait)
		defer stop()
		if r.ContentLength != 0 && r.Body != nil && r.Body != http.NoBody {
			release, err := t.receive(waiting, r, client, s.settings.BodyLimit)
			if err != nil {
				return refusedTurn(r.Context(), err)
			}
			defer release()
		}
		end, err := t.work.Take(waiting, client)
		if err != nil {
			return refusedTurn(r.Context(), err)
		}
		defer end()
		return next(c)
	}
}

// receive reads the body of a request into memory. A large body first waits for the client's turn
// and for room in memory. release ends that turn.
func (t *writeTurns) receive(
	ctx context.Context, r *http.Request, client string, most int64,
) (release func(), err error) {
	release = func() {}
	if size := r.ContentLength; size < 0 || size > largeBody {
		if release, err = t.admit(ctx, client, size, most); err != nil {
			return nil, err
		}
	}
	body := bytes.NewBuffer(make([]byte, 0, max(0, r.ContentLength)+bytes.MinRead))
	if _, err := body.ReadFrom(r.Body); err != nil {
		release()
		return nil, err
	}
	r.Body = io.NopCloser(body)
	return release, nil
}

// admit waits for the client's turn for a large body and for room in memory. A negative size means
// that it is not known.
func (t *writeTurns) admit(ctx context.Context, client string, size, most int64) (release func(), err error) {
	if size < 0 {
		size = most
	}
	size = min(size, largeBodies)
	end, err := t.large.Take(ctx, client)
	if err != nil {
		return nil, err
	}
	if err := t.memory.Acquire(ctx, size); err != nil {
		end()
		return nil, err
	}
	return func() {
		t.memory.Release(size)
		end()
	}, nil
}

// refusedTurn returns the problem rate_limit if the client has too many requests waiting or this one
// has waited too long. Any other error, including that of the request's own context, is returned
// unchanged.
func refusedTurn(ctx context.Context, err error) error {
	tooLong := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	if !tooLong && !errors.Is(err, limit.ErrTooManyWaiting) {
		return err
	}
	p := problem.New(problem.CodeRateLimit, pauseOfWaiting)
	p.RetryAfter = pauseOfWaiting
	return p
}
