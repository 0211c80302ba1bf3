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
	// writesOfClient is how many requests of one client that write are worked on at once. A person has one
	// at a time; a page that saves several things waits some milliseconds more.
	writesOfClient = 2
	// largeOfClient is how many large bodies of one client are received and worked on at once.
	largeOfClient = 1
	// writesWaiting is how many more of them may wait. A request that waits costs some kilobytes of memory
	// and no processor; one that is refused is sent again at once by those who attack.
	writesWaiting = 512
	// largeBody is from how many bytes on a body is only read when it is its turn. Most posts are smaller.
	largeBody = 16 << 10
	// largeBodies is how many bytes of large bodies are in memory at once.
	largeBodies = 32 << 20
	// longestWait is how long a request waits for its turn.
	longestWait = 10 * time.Second
	// pauseOfWaiting is after how many seconds a client may try again that had too many requests waiting.
	pauseOfWaiting = 1
)

// writeTurns give those who write their turns. What is decoded, converted, hashed and looked up for a request
// costs up to a tenth of a second, also if it is refused then.
type writeTurns struct {
	// work is what is done for a request of which all has arrived; large is the arrival of a large body.
	work, large *limit.ClientTurns
	memory      *semaphore.Weighted
}

func newWriteTurns() *writeTurns {
	return &writeTurns{work: limit.NewClientTurns(writesOfClient, writesWaiting),
		large: limit.NewClientTurns(largeOfClient, writesWaiting), memory: semaphore.NewWeighted(largeBodies)}
}

// takeTurn is a middleware that lets those who write wait for their turn. Uploads have turns of their own.
func (s *Server) takeTurn(next echo.HandlerFunc) echo.HandlerFunc {
	t := s.writing
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
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

// receive reads the body of a request; a large one when it is its turn, and there is room for it. It returns
// what ends that turn.
func (t *writeTurns) receive(ctx context.Context, r *http.Request, client string, most int64) (release func(), err error) {
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

// admit waits for the turn of a large body of a client. A size below 0 is unknown.
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

// refusedTurn returns the problem of a client that has too many requests waiting, or one that waited too long.
// An error of another kind, and that of the request's own context, is returned as it is.
func refusedTurn(ctx context.Context, err error) error {
	tooLong := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
	if !tooLong && !errors.Is(err, limit.ErrTooManyWaiting) {
		return err
	}
	p := problem.New("rate_limit", pauseOfWaiting)
	p.RetryAfter = pauseOfWaiting
	return p
}
