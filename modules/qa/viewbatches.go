package qa

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// viewsTimeout limits how long it may take to store one batch of views, unless a request stores its own
// view.
const viewsTimeout = 10 * time.Second

// viewBatches stores views of questions. While views of a question are being written, it collects
// further views of that question, and then writes all of them together, in the order in which they
// came. A popular question is therefore written as often as the database manages, and not once for each
// view. Each request still waits until its own view is stored.
type viewBatches struct {
	// write stores views of a question by the addresses of their viewers, in this order.
	write func(ctx context.Context, question int, addresses [][]byte) error

	mu sync.Mutex
	// unowned counts the batches that are written in the background, not by a request itself.
	unowned sync.WaitGroup
	// questions has the questions of which views are being written. The batch holds the views that wait
	// for that; it is nil if there are none.
	questions map[int]*viewBatch
}

// viewBatch is a batch of views that are written together. err is set when done is closed.
type viewBatch struct {
	addresses [][]byte
	done      chan struct{}
	err       error
}

func newViewBatches(write func(ctx context.Context, question int, addresses [][]byte) error) *viewBatches {
	return &viewBatches{write: write, questions: map[int]*viewBatch{}}
}

// add stores a view, alone or with others, and returns when it is stored or ctx ends.
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
	// An address does not count twice in a row.
	if n := len(waiting.addresses); n == 0 || !bytes.Equal(waiting.addresses[n-1], address) {
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

// next starts to write the views of the question that wait. It does so in the background, because the
// request that calls it has its own view stored and need not wait for others.
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

// wait returns when all views that were added are stored. No view may be added any more.
func (v *viewBatches) wait() { v.unowned.Wait() }
