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
}

// longestRest is how long a turn stays taken, at most, after its work is done.
const longestRest = 100 * time.Millisecond

// NewTurns returns turns for half of the processors, at least one.
func NewTurns() *Turns { return newTurns(max(1, runtime.GOMAXPROCS(0)/2)) }

func newTurns(n int) *Turns { return &Turns{taken: make(chan struct{}, n)} }

// Take waits for a turn, and returns what ends it, or the context's error. Turns are given in the order in
// which they are asked for. A turn that ended becomes free after as long again as it was worked in: on one or
// two processors half of them is too much. Nobody waits for that who is not next.
func (t *Turns) Take(ctx context.Context) (end func(), err error) {
	select {
	case t.taken <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	begun := time.Now()
	return func() { time.AfterFunc(min(time.Since(begun), longestRest), func() { <-t.taken }) }, nil
}
