package limit

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ClientTurns bound how much of one client is worked on at once: whoever sends hundreds of requests together
// waits for itself, and others do not wait for it.
type ClientTurns struct {
	// each is how many turns a client has, and waiting how many of its requests may have or wait for one.
	each, waiting int

	mu      sync.Mutex
	clients map[string]*clientTurns
}

// clientTurns are those of a client of whom something waits or is worked on.
type clientTurns struct {
	*Turns
	requests int
}

var restOfClient = rest{times: 3, least: 5 * time.Millisecond, most: 300 * time.Millisecond}

// ErrTooManyWaiting reports that as many requests of a client wait already as may.
var ErrTooManyWaiting = errors.New("too many requests of this client wait for their turn")

// NewClientTurns returns turns of which each client has so many, and for which so many of its requests may wait.
func NewClientTurns(each, waiting int) *ClientTurns {
	return &ClientTurns{each: each, waiting: each + waiting, clients: map[string]*clientTurns{}}
}

// Take waits for a turn of the client, and returns what ends it, the context's error, or ErrTooManyWaiting.
// Turns rest three times as long as they were worked in, 5 ms at least: that leaves the others three quarters of
// a processor for each turn, also where a client sends thousands of requests that are refused at once.
func (c *ClientTurns) Take(ctx context.Context, client string) (end func(), err error) {
	turns := c.enter(client)
	if turns == nil {
		return nil, ErrTooManyWaiting
	}
	done, err := turns.Take(ctx)
	if err != nil {
		c.leave(client)
		return nil, err
	}
	return func() {
		done()
		c.leave(client)
	}, nil
}

// enter counts a request of a client, and returns the client's turns, nil if it has too many requests.
func (c *ClientTurns) enter(client string) *Turns {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.clients[client]
	if t == nil {
		t = &clientTurns{Turns: &Turns{taken: make(chan struct{}, c.each), rest: restOfClient}}
		c.clients[client] = t
	}
	if t.requests >= c.waiting {
		return nil
	}
	t.requests++
	return t.Turns
}

// leave forgets a request, and with the last of them the client.
func (c *ClientTurns) leave(client string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.clients[client]
	if t.requests--; t.requests == 0 {
		delete(c.clients, client)
	}
}
