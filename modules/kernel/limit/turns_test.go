package limit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestTurns: no more work at once than there are turns, each gets one in the end, and whoever gives up waiting takes none.
func TestTurns(t *testing.T) {
	turns := NewTurns()
	most := int32(max(1, runtime.GOMAXPROCS(0)/2))
	var working, highest atomic.Int32
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			end, err := turns.Take(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			n := working.Add(1)
			for h := highest.Load(); n > h && !highest.CompareAndSwap(h, n); h = highest.Load() {
			}
			runtime.Gosched()
			working.Add(-1)
			end()
		})
	}
	all.Wait()
	if highest.Load() > most {
		t.Errorf("%d at once, not %d", highest.Load(), most)
	}
	ends := make([]func(), 0, most)
	for range most {
		end, err := turns.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turns.Take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a turn though all are taken, or another error: %v", err)
	}
	for _, end := range ends {
		end()
	}
	if _, err := turns.Take(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTurnsOfOneClient: a client that has enough waiting is refused, whatever others do, until some of it is over.
func TestTurnsOfOneClient(t *testing.T) {
	turns := NewTurns()
	ends := make([]func(), 0, mostOfClient)
	for range mostOfClient {
		if !turns.enter("a") {
			t.Fatal("refused before it has enough")
		}
		ends = append(ends, func() { turns.leave("a") })
	}
	if _, err := turns.TakeFor(t.Context(), "a"); !errors.Is(err, ErrTooManyAtOnce) {
		t.Errorf("one more: %v", err)
	}
	end, err := turns.TakeFor(t.Context(), "b")
	if err != nil {
		t.Errorf("another client: %v", err)
	} else {
		end()
	}
	ends[0]()
	end, err = turns.TakeFor(t.Context(), "a")
	if err != nil {
		t.Fatalf("after one is over: %v", err)
	}
	end()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range cap(turns.taken) {
		if _, err := turns.Take(t.Context()); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := turns.TakeFor(gone, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever gives up: %v", err)
	}
	for _, end := range ends[1:] {
		end()
	}
	if len(turns.clients) > 0 {
		t.Errorf("clients are kept: %v", turns.clients)
	}
}
