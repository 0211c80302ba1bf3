package limit

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ClientTurns bounds how much work is done for one client at the same time. A client that sends
// hundreds of requests at once has to wait for its own requests, while other clients do not wait for
// it.
type ClientTurns struct {
	// each is the number of turns that a client has, and waiting the number of its requests that may
	// have a turn or wait for one.
	each, waiting int

	mu      sync.Mutex
	clients map[string]*clientTurns
}

// clientTurns holds the turns of one client, while any of its requests waits or is being worked on.
type clientTurns struct {
	*Turns
	requests int
}

var restOfClient = rest{times: 3, least: 5 * time.Millisecond, most: 300 * time.Millisecond}

// ErrTooManyWaiting is returned if the client has the largest allowed number of requests waiting
// already.
var ErrTooManyWaiting = errors.New("too many requests of this client wait for their turn")

// NewClientTurns returns a ClientTurns that lets up to each requests of one client run at the same time, and
// up to waiting more wait. Take refuses any beyond that with ErrTooManyWaiting.
func NewClientTurns(each, waiting int) *ClientTurns {
	return &ClientTurns{each: each, waiting: each + waiting, clients: map[string]*clientTurns{}}
}

// Take waits for one of the client's turns and returns the function that ends it. It returns the
// context's error if the context ends first, or ErrTooManyWaiting.
//
// After it was used, a turn rests for three times as long as it was used, at least 5 ms and at most
// 300 ms. For uses of up to 100 ms, this leaves three quarters of a processor to other clients, even if a
// client sends thousands of requests that are refused at once.
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

// enter counts a request of a client and returns the client's turns, or nil if it has too many
// requests.
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

// leave uncounts a request of a client, and removes the client with its last request.
func (c *ClientTurns) leave(client string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.clients[client]
	if t.requests--; t.requests == 0 {
		delete(c.clients, client)
	}
}
