package qa

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// viewsTimeout bounds how long one writing of views may take that no request does by itself.
const viewsTimeout = 10 * time.Second

// viewBatches gathers the views of a question that come while others of it are being written: they are written together after that, in
// the order in which they came. A question that many look at is so written as often as the database manages, not as often as it is looked at,
// and every request still is answered when its view is stored.
type viewBatches struct {
	// write stores addresses of viewers of a question, in order.
	write func(ctx context.Context, question int, addresses [][]byte) error

	mu sync.Mutex
	// unowned are writings of which no request waits for the end of all.
	unowned   sync.WaitGroup
	questions map[int]*viewBatch // where views are being written; the batch is what waits for that, nil for nothing
}

// viewBatch are views that are written together; err is there once done is closed.
type viewBatch struct {
	addresses [][]byte
	done      chan struct{}
	err       error
}

func newViewBatches(write func(ctx context.Context, question int, addresses [][]byte) error) *viewBatches {
	return &viewBatches{write: write, questions: map[int]*viewBatch{}}
}

// add stores a view, alone or with others, and returns when that is done.
func (v *viewBatches) add(ctx context.Context, question int, address []byte) error {
	v.mu.Lock()
	waiting, writing := v.questions[question]
	if !writing {
		v.questions[question] = nil
		v.mu.Unlock()
		defer v.next(ctx, question)
		return v.write(ctx, question, [][]byte{address})
	}
	if waiting == nil {
		waiting = &viewBatch{done: make(chan struct{})}
		v.questions[question] = waiting
	}
	if n := len(waiting.addresses); n == 0 || !bytes.Equal(waiting.addresses[n-1], address) { // not twice in a row
		waiting.addresses = append(waiting.addresses, address)
	}
	v.mu.Unlock()
	select {
	case <-waiting.done:
		return waiting.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next has what waits written, without keeping the request whose own view is stored.
func (v *viewBatches) next(ctx context.Context, question int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	b := v.questions[question]
	if b == nil {
		delete(v.questions, question)
		return
	}
	v.questions[question] = nil
	v.unowned.Go(func() {
		ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), viewsTimeout)
		defer stop()
		b.err = v.write(ctx, question, b.addresses)
		close(b.done)
		v.next(ctx, question)
	})
}

// wait returns when all that was added is stored; nothing may be added any more.
func (v *viewBatches) wait() { v.unowned.Wait() }
