package web

import (
	"io"
	"runtime"
	"sync"
)

// turns bounds how many large bodies are processed at the same time, by half the number of
// processors, so that hundreds of uploads that come together leave the other half to all other
// requests. Waiting for the network takes no turn, so slow clients keep nobody waiting.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// received is a body that holds a turn while its reader processes data: from the moment in which
// Read returns some until the next call of Read.
type received struct {
	io.ReadCloser
	turns turns
	// mu guards the fields below, because a server may close a body while it is being read.
	mu      sync.Mutex
	working bool
	closed  bool
}

// Read implements io.Reader. It gives the turn back, waits for data from the client, and then for
// the next turn.
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

// Close gives the turn back and closes the body.
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
