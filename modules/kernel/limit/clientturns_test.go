package limit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestClientTurns checks that a client waits for its own turns only, is refused when too many of its requests
// wait, gets a turn again after the turn's rest, and is forgotten when it has nothing under way.
func TestClientTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := NewClientTurns(2, 1)
		take := func(client string) func() {
			t.Helper()
			end, err := turns.Take(t.Context(), client)
			if err != nil {
				t.Fatal(client, err)
			}
			return end
		}
		first, second, other := take("a"), take("a"), take("b")
		var third func()
		go func() { third = take("a") }()
		synctest.Wait()
		if third != nil {
			t.Error("a third turn of two")
		}
		if _, err := turns.Take(t.Context(), "a"); !errors.Is(err, ErrTooManyWaiting) {
			t.Errorf("a second that waits: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
		first()
		time.Sleep(149 * time.Millisecond)
		synctest.Wait()
		if third != nil {
			t.Error("a turn has no rest")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if third == nil {
			t.Fatal("a turn rests for longer than it was worked in")
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := turns.Take(gone, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("one that goes away while it waits: %v", err)
		}
		for _, end := range []func(){second, other, third} {
			end()
		}
		if len(turns.clients) > 0 {
			t.Errorf("clients of whom nothing is done are kept: %v", turns.clients)
		}
		time.Sleep(time.Second)
	})
}
