package limit

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestTurns checks that no more work is done at once than there are turns, that everybody who waits gets a
// turn in the end, and that a caller whose context has ended takes none.
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
