package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	gomail "github.com/wneessen/go-mail"

	"38qa.net/backend/modules/kernel/database"
)

const (
	// attemptTimeout is the longest time for sending one mail, and then again for recording the result.
	// Once the process is told to stop, finishTimeout is that for sending, and settleAtEnd for recording.
	attemptTimeout = 30 * time.Second
	finishTimeout  = 5 * time.Second
	settleAtEnd    = 2 * time.Second
	// soon is how long Serve waits after it has been woken: Handle wakes it before the transaction
	// with the new mail is committed.
	soon = 5 * time.Millisecond
	// maxPauses is the longest pause between two attempts while the mail server or the database is
	// down, as a multiple of Settings.Poll.
	maxPauses = 12
)

// outage is an error that does not depend on the mail, so that all other mails would fail too. It
// is not counted as an attempt to send the mail.
type outage struct{ error }

// refused is the error of a mail that the server has refused permanently.
type refused struct {
	error
	// noSuchAddress is the recipient's address if the server says that it does not exist, or "".
	noSuchAddress string
}

// gone is the reason why a mail is not needed any more.
type gone string

func (g gone) Error() string { return string(g) }

// Serve sends mails until the context ends. It returns at once if mails are off. Any number of
// processes may call it on one database. A mail that is being sent when the context ends is
// finished if that takes at most five seconds.
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
		case err != nil && !told && !database.Unavailable(err):
			// An unavailable database is logged elsewhere, once for all modules.
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

// SendDue sends the mails that are due, one after the other, until none is left or the context ends. It
// returns an error that concerns all mails, such as a mail server that is down. It does nothing if mails
// are off.
func (m *Module) SendDue(ctx context.Context) error {
	for found := m.target != nil; found && ctx.Err() == nil; {
		var err error
		if found, err = m.sendNext(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// wait waits until the time is over, the context ends or there is a sign. It reports whether there
// was a sign.
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

// sendNext sends the next mail that is due and reports whether there was one. Its error is one that
// concerns all mails.
func (m *Module) sendNext(ctx context.Context) (found bool, err error) {
	r, err := m.claim(ctx)
	if err != nil || r == nil {
		return false, err
	}
	result := m.send(ctx, r)
	own, cancel := outlive(ctx, settleAtEnd)
	defer cancel()
	for {
		err := m.settle(own, r, result, ctx.Err() != nil)
		if err == nil || errors.Is(err, errTaken) {
			break
		}
		// The result must be recorded even if the database is down for a moment, or the mail would
		// be sent again.
		if wait(own, 200*time.Millisecond, nil); own.Err() != nil {
			return true, fmt.Errorf("write down what became of a mail: %w", err)
		}
	}
	if o := (outage{}); errors.As(result, &o) {
		return true, o.error
	}
	return true, nil
}

// send composes a mail and sends it, within the time allowed for that.
func (m *Module) send(ctx context.Context, r *row) (err error) {
	ctx, cancel := outlive(ctx, finishTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // one bad mail must neither end the process nor stop all others
			slog.ErrorContext(ctx, "mail panics", "kind", r.kind, "user", r.userID,
				"panic", p, "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	msg, err := m.compose(ctx, r)
	if err != nil {
		return err
	}
	if err := m.awaitPlace(ctx, r, recipientOf(msg)); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s-%d", time.Unix(m.db.Now(), 0).UTC().Format("20060102T150405Z"), r.kind, r.id)
	return m.target.send(ctx, msg, name)
}

// settle records and logs the result of sending a mail. The log never contains the address.
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
	if f := (refused{}); errors.As(result, &f) {
		tried := *r
		tried.attempts++
		return after(m.bury(ctx, &tried, &f, result.Error()), slog.LevelWarn, "mail refused", "error", result)
	}
	if until := later(0); errors.As(result, &until) {
		return after(m.postpone(ctx, r, int64(until), int64(until)), slog.LevelDebug, "mail waits for its turn")
	}
	// For how many seconds the mail may still be tried.
	own := max(r.created, r.retried) + int64(giveUpAfter/time.Second) - m.db.Now()
	if stopping && own > 0 {
		return after(m.putBack(ctx, r, 0), slog.LevelInfo, "mail left to others: this process stops",
			"error", result)
	}
	away := errors.As(result, &outage{})
	if away && own > 0 {
		return after(m.putBack(ctx, r, 0), slog.LevelDebug, "mail waits", "error", result)
	}
	next := *r
	next.attempts++
	pause := m.pause(next.attempts)
	if int64(pause/time.Second) >= own {
		return after(m.bury(ctx, &next, nil, result.Error()), slog.LevelError, "mail given up",
			"attempts", next.attempts, "error", result)
	}
	return after(m.putBack(ctx, &next, pause), slog.LevelWarn, "mail not sent; it is tried again",
		"attempts", next.attempts, "again_in", pause, "error", result)
}

// recipientOf returns the address to which a mail goes.
func recipientOf(msg *gomail.Msg) string {
	if to := msg.GetTo(); len(to) > 0 {
		return to[0].Address
	}
	return ""
}

// outlive returns a context that ends after attemptTimeout or, if ctx ends before, the time after later.
// The values of ctx are kept.
func outlive(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptTimeout)
	stop := context.AfterFunc(ctx, func() {
		wait(own, after, nil)
		cancel()
	})
	return own, func() {
		stop()
		cancel()
	}
}
