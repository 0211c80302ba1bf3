package limit

import (
	"context"
	"runtime"
	"time"
)

// Turns bounds how much heavy work is done at the same time, however many requests for it come
// together, so that all other requests keep their share of the processors.
type Turns struct {
	taken chan struct{}
	rest  rest
}

// NewTurns returns turns for half of the processors, at least one. A turn that has ended rests, that
// is, it stays taken, for as long again as it was used, at most 100 ms: with one or two processors,
// a turn that was used all the time would take too much.
func NewTurns() *Turns {
	return &Turns{
		taken: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		rest:  rest{times: 1, most: 100 * time.Millisecond},
	}
}

// rest says how long a turn rests after it was used: a multiple of the time of use, within bounds.
type rest struct {
	times       int
	least, most time.Duration
}

func (r rest) after(worked time.Duration) time.Duration {
	return max(r.least, min(time.Duration(r.times)*worked, r.most))
}

// Take waits for a turn and returns the function that ends it, or the context's error. Turns are
// given in the order in which they are requested. Ending a turn returns at once: only the next
// caller waits while the turn rests.
func (t *Turns) Take(ctx context.Context) (end func(), err error) {
	select {
	case t.taken <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	begun := time.Now()
	return func() { time.AfterFunc(t.rest.after(time.Since(begun)), func() { <-t.taken }) }, nil
}
