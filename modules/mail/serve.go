package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

const (
	// sendTimeout bounds the sending of one mail, finishTimeout what is left of it once the process is told to stop.
	sendTimeout   = 30 * time.Second
	finishTimeout = 5 * time.Second
	// settleTimeout bounds how long a process tries to write down what became of a mail; settleAtEnd when it stops.
	settleTimeout = 30 * time.Second
	settleAtEnd   = 2 * time.Second
	// soon is how long after a sign of something new Serve looks: Handle gives it before the commit.
	soon = 5 * time.Millisecond
	// maxPauses bounds the pause between two tries while the mail server or the database is away, in polls.
	maxPauses = 12
)

// outage is a failure that has nothing to do with the mail: all others would fail too. No attempt of the mail is counted.
type outage struct{ error }

// refused is a refusal for good.
type refused struct{ error }

// gone says why there is no mail to send any more.
type gone string

func (g gone) Error() string { return string(g) }

// Serve sends mails until the context ends; it returns at once when mails are off. Any number of processes may do so on
// one database. A mail that is under way when the context ends is finished if that takes at most five seconds.
func (m *Module) Serve(ctx context.Context) {
	if m.target == nil {
		return
	}
	pause, told := m.settings.Poll, false
	for {
		found, err := m.sendNext(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !told && !database.Unavailable(err): // that is logged once for all
			told = true
			slog.ErrorContext(ctx, "mails cannot be sent; trying again until they can", "error", err)
		case err == nil && told:
			told = false
			slog.InfoContext(ctx, "mails can be sent again")
		}
		switch {
		case err != nil:
			pause = min(max(2*pause, m.settings.Poll), maxPauses*m.settings.Poll)
			wait(ctx, pause, nil)
		case !found:
			pause = min(4*pause, m.settings.Poll)
			if wait(ctx, pause, m.wake) {
				pause = soon
				wait(ctx, soon, nil)
			}
		}
	}
}

// wait waits until the time is over, the context ends or there is a sign; it tells whether that was it.
func wait(ctx context.Context, d time.Duration, sign <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-sign:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// sendNext sends the next mail, if there is one that is due. The error is one that concerns all mails.
func (m *Module) sendNext(ctx context.Context) (found bool, err error) {
	r, err := m.claim(ctx)
	if err != nil || r == nil {
		return false, err
	}
	result := m.send(ctx, r)
	own, cancel := outlive(ctx, settleTimeout, settleAtEnd)
	defer cancel()
	for {
		err := m.settle(own, r, result, ctx.Err() != nil)
		if err == nil || errors.Is(err, errTaken) {
			break
		}
		// It must not be sent again only because the database was away for a moment.
		if wait(own, 200*time.Millisecond, nil); own.Err() != nil {
			return true, fmt.Errorf("write down what became of a mail: %w", err)
		}
	}
	if o := (outage{}); errors.As(result, &o) {
		return true, o.error
	}
	return true, nil
}

// send sends a mail, within the time that it may take.
func (m *Module) send(ctx context.Context, r *row) (err error) {
	ctx, cancel := outlive(ctx, sendTimeout, finishTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // one bad mail must not end the server, nor stop all others
			slog.ErrorContext(ctx, "mail panics", "kind", r.kind, "user", r.userID, "panic", p, "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	msg, err := m.compose(ctx, r)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s-%d", time.Unix(m.db.Now(), 0).UTC().Format("20060102T150405Z"), r.kind, r.id)
	return m.target.send(ctx, msg, name)
}

// settle writes down what became of a mail, and logs it: never with the address.
func (m *Module) settle(ctx context.Context, r *row, result error, stopping bool) error {
	about := slog.With("kind", r.kind, "user", r.userID, "mail", r.id)
	after := func(written error, level slog.Level, message string, more ...any) error {
		switch {
		case errors.Is(written, errTaken):
			about.WarnContext(ctx, "mail was held for too long; another process may have sent it too")
		case written == nil:
			about.Log(ctx, level, message, more...)
		}
		return written
	}
	if result == nil {
		return after(m.remove(ctx, r), slog.LevelInfo, "mail sent")
	}
	if g := gone(""); errors.As(result, &g) {
		return after(m.remove(ctx, r), slog.LevelInfo, "mail not needed any more", "reason", g)
	}
	if errors.As(result, &refused{}) {
		return after(m.remove(ctx, r), slog.LevelWarn, "mail refused", "error", result)
	}
	own := r.created + int64(giveUpAfter/time.Second) - m.db.Now() // what is left of its time, in seconds
	if stopping && own > 0 {
		return after(m.putBack(ctx, r, 0), slog.LevelInfo, "mail left to others: this process stops", "error", result)
	}
	away := errors.As(result, &outage{})
	if away && own > 0 {
		return after(m.putBack(ctx, r, 0), slog.LevelDebug, "mail waits", "error", result)
	}
	next := *r
	next.attempts++
	pause := m.pause(next.attempts)
	if int64(pause/time.Second) >= own {
		return after(m.remove(ctx, r), slog.LevelError, "mail given up", "attempts", next.attempts, "error", result)
	}
	return after(m.putBack(ctx, &next, pause), slog.LevelWarn, "mail not sent; it is tried again", "attempts", next.attempts, "again_in", pause, "error", result)
}

// outlive returns a context that ends after the longest time, or that long after the end of the other.
func outlive(ctx context.Context, longest, after time.Duration) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	stop := context.AfterFunc(ctx, func() {
		wait(own, after, nil)
		cancel()
	})
	return own, func() {
		stop()
		cancel()
	}
}
