package limit

import (
	"context"
	"runtime"
	"time"
)

// Turns bound how much heavy work is done at once, whatever comes in together, so that all other requests
// keep their share of the processors.
type Turns struct {
	taken chan struct{}
	rest  rest
}

// NewTurns returns turns for half of the processors, at least one. A turn that ended rests, which means that it
// stays taken, for as long again as it was worked in: on one or two processors half of them is too much.
func NewTurns() *Turns {
	return &Turns{taken: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), rest: rest{times: 1, most: 100 * time.Millisecond}}
}

// rest is how long turns rest: some times as long as they were worked in, within bounds.
type rest struct {
	times       int
	least, most time.Duration
}

func (r rest) after(worked time.Duration) time.Duration {
	return max(r.least, min(time.Duration(r.times)*worked, r.most))
}

// Take waits for a turn, and returns what ends it, or the context's error. Turns are given in the order in
// which they are asked for. Nobody waits for the rest of a turn who is not next.
func (t *Turns) Take(ctx context.Context) (end func(), err error) {
	select {
	case t.taken <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	begun := time.Now()
	return func() { time.AfterFunc(t.rest.after(time.Since(begun)), func() { <-t.taken }) }, nil
}
