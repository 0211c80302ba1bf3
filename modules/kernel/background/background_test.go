package background_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"38qa.net/backend/modules/kernel/background"
)

// TestWait checks what ends a wait, and that several signals wake once.
func TestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wake := background.NewWake()
		wake.Signal()
		wake.Signal()
		begin := time.Now()
		if !background.Wait(t.Context(), time.Hour, wake) || time.Since(begin) != 0 {
			t.Errorf("not woken, or after %v", time.Since(begin))
		}
		if background.Wait(t.Context(), time.Hour, wake) || time.Since(begin) != time.Hour {
			t.Errorf("woken twice, or after %v", time.Since(begin))
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if background.Wait(ended, time.Hour, nil) || time.Since(begin) != time.Hour {
			t.Errorf("woken by the end, or after %v", time.Since(begin))
		}
	})
}

// TestOutlive checks how long a context lives on after that which it outlives, and for how long at most.
func TestOutlive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ stopAfter, want time.Duration }{
		"never stopped":       {time.Hour, 30 * time.Second},
		"stopped at once":     {0, 5 * time.Second},
		"stopped on the way":  {10 * time.Second, 15 * time.Second},
		"stopped near an end": {28 * time.Second, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithTimeout(t.Context(), c.stopAfter)
				defer stop()
				own, cancel := background.Outlive(ctx, 30*time.Second, 5*time.Second)
				defer cancel()
				begin := time.Now()
				<-own.Done()
				if got := time.Since(begin); got != c.want {
					t.Errorf("%v, want %v", got, c.want)
				}
			})
		})
	}
}

// TestSeconds checks that times are rounded up.
func TestSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int64{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, time.Minute: 60} {
		if got := background.Seconds(d); got != want {
			t.Errorf("%v: %d, want %d", d, got, want)
		}
	}
}
