package main

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// fault is something that goes wrong. happen brings it about and sets it right again.
type fault struct {
	name, text string
	happen     func(ctx context.Context, w *world) error
	// spared says that no client may notice anything at all.
	spared bool
}

// faults are all faults, in the order in which they are tried.
func faults(s settings) []fault {
	during := func(d time.Duration, begin, end func(w *world) error) func(context.Context, *world) error {
		return func(ctx context.Context, w *world) error {
			if err := begin(w); err != nil {
				return err
			}
			if err := sleep(ctx, d); err != nil {
				return err
			}
			return end(w)
		}
	}
	away := func(which func(*world) *proxy, m mode) func(context.Context, *world) error {
		return during(10*time.Second,
			func(w *world) error { which(w).set(m); return nil },
			func(w *world) error { which(w).set(pass); return nil })
	}
	return []fault{
		{"nothing", "nothing", func(ctx context.Context, _ *world) error { return sleep(ctx, 5*time.Second) }, true},
		{"update", fmt.Sprintf("%d rolling updates", s.updates), func(ctx context.Context, w *world) error {
			for range s.updates {
				if err := w.update(ctx); err != nil {
					return err
				}
			}
			return nil
		}, true},
		{"kill", "kill -9 of a task, which is replaced", func(ctx context.Context, w *world) error {
			return w.kill(ctx, 0)
		}, false},
		{"restart", "the database is restarted", func(ctx context.Context, w *world) error {
			if err := w.primary.stop(syscall.SIGTERM); err != nil {
				return err
			}
			return w.primary.start(ctx)
		}, false},
		{"crash", "kill -9 of the database, which is restarted", func(ctx context.Context, w *world) error {
			if err := w.primary.stop(syscall.SIGKILL); err != nil {
				return err
			}
			return w.primary.start(ctx)
		}, false},
		{"pause", "the database stands still for 8 s (SIGSTOP)", during(8*time.Second,
			func(w *world) error { return w.primary.signal(syscall.SIGSTOP) },
			func(w *world) error { return w.primary.signal(syscall.SIGCONT) }), false},
		{"connections", "the database takes no more connections for 8 s", func(ctx context.Context, w *world) error {
			return w.exhaust(ctx, 8*time.Second)
		}, false},
		{"network", "the database is 10 ms away for 10 s", during(10*time.Second,
			func(w *world) error { w.database.slow(5 * time.Millisecond); return nil },
			func(w *world) error { w.database.slow(0); return nil }), false},
		{"cut", "no packets to the database for 8 s", during(8*time.Second,
			func(w *world) error { w.database.set(hang); return nil },
			func(w *world) error { w.database.set(refuse); w.database.set(pass); return nil }), false},
		{"redis-away", "Redis is away", away(func(w *world) *proxy { return w.redis }, refuse), true},
		{"redis-hangs", "Redis hangs", away(func(w *world) *proxy { return w.redis }, hang), true},
		{"store-hangs", "the store of images hangs", away(func(w *world) *proxy { return w.store }, hang), true},
		{"mail-hangs", "the mail server hangs", away(func(w *world) *proxy { return w.mail }, hang), true},
		{"agent-hangs", "the Datadog agent hangs", away(func(w *world) *proxy { return w.agent }, hang), true},
		{"failover", "failover to the replica", func(ctx context.Context, w *world) error {
			return w.failOver(ctx)
		}, false},
	}
}
