package hooks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
)

const (
	// workers is how many receivers a process sends to at the same time.
	workers = 8
	// sliceTime is for how long a process goes on with one receiver while others may wait.
	sliceTime = 5 * time.Second
	// finishTime is for how long an attempt may go on once the process is told to stop.
	finishTime = 5 * time.Second
	// settleTimeout is for how long a process tries to note what became of an attempt.
	settleTimeout = 15 * time.Second
	// troublePause is for how long a receiver waits after an error that was not its own.
	troublePause = 30 * time.Second
	// soon is how long Serve waits after it has been woken: Handle wakes it before the transaction with the
	// new delivery is committed.
	soon = 5 * time.Millisecond
)

// Serve sends what is due until the context ends. Any number of processes may call it on one database. What
// is being sent when the context ends is finished if that takes at most five seconds, and else sent again
// later.
func (m *Module) Serve(ctx context.Context) {
	var working sync.WaitGroup
	defer working.Wait()
	turns := make(chan struct{}, workers)
	var claims, failures reporter
	pause := m.settings.Poll
	for {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return
		}
		r, err := m.claim(ctx)
		claims.report(ctx, err)
		if r != nil {
			working.Go(func() {
				defer func() { <-turns; m.wake.Signal() }()
				failures.report(ctx, m.work(ctx, r))
			})
			continue
		}
		<-turns
		switch {
		case err != nil:
			background.Wait(ctx, m.settings.Poll, nil)
		case background.Wait(ctx, pause, m.wake):
			pause = soon
			background.Wait(ctx, soon, nil)
		default:
			pause = min(4*pause, m.settings.Poll)
		}
	}
}

// SendDue sends what is due, to one receiver after the other, until nothing is left or the context ends. It
// returns an error that does not come from a receiver.
func (m *Module) SendDue(ctx context.Context) error {
	for ctx.Err() == nil {
		r, err := m.claim(ctx)
		if err != nil || r == nil {
			return err
		}
		if err := m.work(ctx, r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// work sends what is due to a receiver that this process holds, one after the other, and releases it. Its
// error is one that does not come from the receiver.
func (m *Module) work(ctx context.Context, r *receiver) error {
	err := m.slice(ctx, r)
	pause := troublePause
	if err == nil || errors.Is(err, errStopping) {
		pause = 0
	}
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	switch {
	case errors.Is(err, errTaken):
		slog.WarnContext(ctx, "a receiver of webhooks was held for too long; it may get a message twice",
			"webhook", r.id)
		return nil
	case errors.Is(err, errDeleted):
		return nil
	case errors.Is(err, errStopping):
		err = nil
	}
	return errors.Join(err, m.release(own, r, pause))
}

// slice does the work of one process for one receiver.
func (m *Module) slice(ctx context.Context, r *receiver) error {
	for start := time.Now(); ctx.Err() == nil && time.Since(start) < sliceTime; {
		d, err := m.next(ctx, r)
		if err != nil || d == nil {
			return err
		}
		o, err := m.attempt(ctx, d)
		if err != nil {
			return err
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		v, err := m.settle(own, r, d, o)
		cancel()
		if err != nil {
			return err
		}
		tell(ctx, r, d, o, v)
	}
	return nil
}

// attempt sends a delivery, within the time allowed for that. It turns a panic into an error, so that one bad
// message does not end the process.
func (m *Module) attempt(ctx context.Context, d *queued) (o outcome, err error) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(finishTime, cancel) })()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return m.send(own, d)
}

// tell logs what became of an attempt. The log never contains the receiver's address, which may hold secrets.
func tell(ctx context.Context, r *receiver, d *queued, o outcome, v verdict) {
	log := slog.With("webhook", r.id, "delivery", d.id, "kind", d.kind)
	switch {
	case o.withdrawn:
		log.InfoContext(ctx, "webhook not sent: not public any more")
	case v.state == delivered:
		log.DebugContext(ctx, "webhook delivered", "status", o.status, "duration", o.took)
	case v.state == failed:
		log.WarnContext(ctx, "webhook given up", "failure", string(o.failure), "status", o.status,
			"attempts", d.attempts+1)
	default:
		log.InfoContext(ctx, "webhook not delivered; it is tried again", "failure", string(o.failure),
			"status", o.status, "attempts", d.attempts+1)
	}
	if v.disable != "" {
		log.WarnContext(ctx, "webhook switched off", "reason", v.disable)
	}
}

// reporter logs when a failure begins and when it is over, and nothing in between.
type reporter struct {
	mu      sync.Mutex
	failing bool
}

// report takes the result of the latest work.
func (p *reporter) report(ctx context.Context, err error) {
	if ctx.Err() != nil || database.Unavailable(err) { // which is logged elsewhere, once for all modules
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil && !p.failing:
		slog.ErrorContext(ctx, "webhooks cannot be sent; trying again until they can", "error", err)
	case err == nil && p.failing:
		slog.InfoContext(ctx, "webhooks can be sent again")
	}
	p.failing = err != nil
}
