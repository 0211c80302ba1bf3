// Package background holds what loops that work off a queue beside the requests share: being woken, waiting,
// and bringing the last piece of work to its end when the process is told to stop.
package background

import (
	"context"
	"time"
)

// Wake wakes a loop that waits for work. Only one loop may wait for it.
type Wake chan struct{}

// NewWake returns a Wake that nobody has signalled yet.
func NewWake() Wake { return make(Wake, 1) }

// Signal makes the loop look for work at once. It never blocks, and several signals count as one. It only
// saves time: work that is there must be found without it too.
func (w Wake) Signal() {
	select {
	case w <- struct{}{}:
	default:
	}
}

// Wait waits until the time is over, the context ends or the loop is woken; a nil Wake wakes nobody. It
// reports whether it was woken.
func Wait(ctx context.Context, d time.Duration, w Wake) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// Outlive returns a context that ends after the time longest or, if ctx ends before, the time after later.
// The values of ctx are kept.
func Outlive(ctx context.Context, longest, after time.Duration) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	stop := context.AfterFunc(ctx, func() {
		Wait(own, after, nil)
		cancel()
	})
	return own, func() {
		stop()
		cancel()
	}
}

// Seconds returns a time in whole seconds, rounded up: what waits so long does not come too early.
func Seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
