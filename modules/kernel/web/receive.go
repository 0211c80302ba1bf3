package web

import (
	"io"
	"runtime"
	"sync"
)

// turns bound how many large bodies are worked on at once, by half of the processors, so that hundreds of uploads that come together leave the others to
// all other requests. Waiting for the network takes no turn: slow clients keep nobody waiting.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// received is a body whose reader works on it only when it is its turn: from when it gets some of it to when it wants more.
type received struct {
	io.ReadCloser
	turns turns
	// mu guards working: a server may close a body that is being read.
	mu      sync.Mutex
	working bool
	closed  bool
}

// Read gives the turn back, waits for the client, and then for the next turn.
func (r *received) Read(p []byte) (int, error) {
	r.rest()
	n, err := r.ReadCloser.Read(p)
	if n > 0 && err == nil {
		r.turns <- struct{}{}
		r.mu.Lock()
		if r.working = !r.closed; r.closed {
			<-r.turns
		}
		r.mu.Unlock()
	}
	return n, err
}

// Close gives the turn back.
func (r *received) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.rest()
	return r.ReadCloser.Close()
}

func (r *received) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.working {
		r.working = false
		<-r.turns
	}
}
