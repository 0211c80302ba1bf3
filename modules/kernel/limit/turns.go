package limit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// Turns bound how much heavy work is done at once, whatever comes in together, so that all other requests keep their share
// of the processors.
type Turns struct {
	taken chan struct{}

	mu sync.Mutex
	// clients are how many works of each client wait or are being done.
	clients map[string]int
}

// longestRest is how long a turn stays taken, at most, after its work is done.
const longestRest = 100 * time.Millisecond

// mostOfClient is how many works of one client may wait or be done at once: nobody needs more at a time, and whoever has
// as many keeps others from having to wait behind dozens.
const mostOfClient = 4

// ErrTooManyAtOnce says that a client has as many works waiting already as it may have.
var ErrTooManyAtOnce = errors.New("too many works of this client wait for their turn")

// NewTurns returns turns for half of the processors, at least one.
func NewTurns() *Turns {
	return &Turns{taken: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), clients: map[string]int{}}
}

// Take waits for a turn, and returns what ends it, or the context's error. A turn that ended becomes free after as long again
// as it was worked in: on one or two processors half of them is too much. Nobody waits for that who is not next.
func (t *Turns) Take(ctx context.Context) (end func(), err error) {
	select {
	case t.taken <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	begun := time.Now()
	return func() { time.AfterFunc(min(time.Since(begun), longestRest), func() { <-t.taken }) }, nil
}

// TakeFor is Take for a client, which is refused with ErrTooManyAtOnce while enough of its work waits.
func (t *Turns) TakeFor(ctx context.Context, client string) (end func(), err error) {
	if !t.enter(client) {
		return nil, ErrTooManyAtOnce
	}
	done, err := t.Take(ctx)
	if err != nil {
		t.leave(client)
		return nil, err
	}
	return func() {
		t.leave(client)
		done()
	}, nil
}

func (t *Turns) enter(client string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.clients[client] >= mostOfClient {
		return false
	}
	t.clients[client]++
	return true
}

func (t *Turns) leave(client string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.clients[client]--; t.clients[client] <= 0 {
		delete(t.clients, client)
	}
}
