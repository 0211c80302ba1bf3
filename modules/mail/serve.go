package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	gomail "github.com/wneessen/go-mail"

	"38qa.net/backend/modules/kernel/background"
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
	if m.target != nil {
		m.workOff(ctx, m.wake, m.sendNext, "mails cannot be sent; trying again until they can",
			"mails can be sent again")
	}
}

// workOff calls next, which works on a queue, until the context ends: again at once if it has found something,
// else after a pause or when it is woken. It logs when an error of next begins and when it is over, by the
// messages failing and again.
func (m *Module) workOff(ctx context.Context, wake background.Wake,
	next func(context.Context) (found bool, err error), failing, again string,
) {
	pause, told := m.settings.Poll, false
	for {
		found, err := next(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !told && !database.Unavailable(err):
			// An unavailable database is logged elsewhere, once for all modules.
			told = true
			slog.ErrorContext(ctx, failing, "error", err)
		case err == nil && told:
			told = false
			slog.InfoContext(ctx, again)
		}
		switch {
		case err != nil:
			pause = min(max(2*pause, m.settings.Poll), maxPauses*m.settings.Poll)
			background.Wait(ctx, pause, nil)
		case !found:
			pause = min(4*pause, m.settings.Poll)
			if background.Wait(ctx, pause, wake) {
				pause = soon
				background.Wait(ctx, soon, nil)
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

// sendNext sends the next mail that is due and reports whether there was one. Its error is one that
// concerns all mails.
func (m *Module) sendNext(ctx context.Context) (found bool, err error) {
	r, err := m.claim(ctx)
	if err != nil || r == nil {
		return false, err
	}
	result := m.send(ctx, r)
	// Otherwise the mail would be sent again.
	if err := recordResult(ctx, "mail", func(own context.Context) error {
		err := m.settle(own, r, result, ctx.Err() != nil)
		if errors.Is(err, errTaken) {
			return nil
		}
		return err
	}); err != nil {
		return true, err
	}
	if o := (outage{}); errors.As(result, &o) {
		return true, o.error
	}
	return true, nil
}

// recordResult has the result of sending something recorded, even if the database is down for a moment.
func recordResult(ctx context.Context, what string, record func(context.Context) error) error {
	own, cancel := background.Outlive(ctx, attemptTimeout, settleAtEnd)
	defer cancel()
	for {
		err := record(own)
		if err == nil {
			return nil
		}
		if background.Wait(own, 200*time.Millisecond, nil); own.Err() != nil {
			return fmt.Errorf("write down what became of a %s: %w", what, err)
		}
	}
}

// send composes a mail and sends it, within the time allowed for that.
func (m *Module) send(ctx context.Context, r *row) (err error) {
	ctx, cancel := background.Outlive(ctx, attemptTimeout, finishTimeout)
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
