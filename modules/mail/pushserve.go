package mail

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/mail/internal/webpush"
)

// pushers is how many pushes a process sends at the same time, so that a push service that is slow keeps
// few others waiting.
const pushers = 8

// ServePushes pushes entries of inboxes to devices until the context ends. It returns at once if nothing
// is pushed. Any number of processes may call it on one database. A push may come twice if a process dies
// while it sends it; the push service then replaces the first by the second, if it is not delivered yet.
func (m *Module) ServePushes(ctx context.Context) {
	if m.push == nil {
		return
	}
	m.workOff(ctx, m.push.wake, func(ctx context.Context) (bool, error) {
		sent, err := m.pushDue(ctx)
		return sent > 0, err
	}, "nothing can be pushed; trying again until it can", "pushes leave again")
}

// SendDuePushes pushes what is due until nothing is left or the context ends. It does nothing if nothing
// is pushed.
func (m *Module) SendDuePushes(ctx context.Context) error {
	for sent := 1; m.push != nil && sent > 0 && ctx.Err() == nil; {
		var err error
		if sent, err = m.pushDue(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pushDue sends the next pushes that are due, and returns how many this process took. Its error is one that
// concerns all pushes.
func (m *Module) pushDue(ctx context.Context) (taken int, err error) {
	list, err := m.duePushes(ctx)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	sender, err := m.pushSender(ctx)
	if err != nil {
		return 0, err
	}
	var next, count atomic.Int64
	var working sync.WaitGroup
	failures := make([]error, min(pushers, len(list)))
	for i := range failures {
		working.Go(func() {
			for n := next.Add(1); n <= int64(len(list)) && ctx.Err() == nil && failures[i] == nil; n = next.Add(1) {
				p := list[n-1]
				taken, err := m.takePush(ctx, p)
				if taken {
					count.Add(1)
					err = m.deliver(ctx, sender, p)
				}
				failures[i] = err
			}
		})
	}
	working.Wait()
	return int(count.Load()), errors.Join(failures...)
}

// pushSender returns what sends pushes in the name of the site.
func (m *Module) pushSender(ctx context.Context) (*webpush.Sender, error) {
	key, err := m.pushKey(ctx)
	if err != nil {
		return nil, err
	}
	contact := m.push.settings.Contact
	if contact == "" {
		o, err := m.site.Options(ctx)
		if err != nil {
			return nil, err
		}
		c, err := m.about(ctx, o, 0)
		if err != nil {
			return nil, err
		}
		contact = "mailto:" + m.sender(o, c).Address
	}
	return webpush.NewSender(m.push.settings.Client, key, contact), nil
}

// deliver sends a push that this process has taken, and records what became of it. Its error is one of the
// database.
func (m *Module) deliver(ctx context.Context, sender *webpush.Sender, p *push) error {
	result := m.sendPush(ctx, sender, p)
	if err := recordResult(ctx, "push", func(own context.Context) error {
		return m.settlePush(own, p, result, ctx.Err() != nil)
	}); err != nil {
		return err
	}
	if o := (outage{}); errors.As(result, &o) {
		return o.error
	}
	return nil
}

// sendPush composes a push and sends it.
func (m *Module) sendPush(ctx context.Context, sender *webpush.Sender, p *push) (err error) {
	ctx, cancel := background.Outlive(ctx, attemptTimeout, finishTimeout)
	defer cancel()
	defer func() {
		if r := recover(); r != nil { // one bad push must not stop all others
			slog.ErrorContext(ctx, "push panics", "push", p.id, "panic", r, "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	if p.device.id == 0 {
		return gone("the device is gone")
	}
	now := m.db.Now()
	if p.device.expires != 0 && p.device.expires <= now {
		return webpush.ErrGone
	}
	left := pushAge - time.Duration(now-p.created)*time.Second
	if left <= 0 {
		return gone("it is too old")
	}
	if pause := m.push.busyFor(p.device.receiver.Host(), now); pause > 0 {
		return busy(pause)
	}
	message, err := m.composePush(ctx, p)
	if err != nil {
		return err
	}
	message.TTL = left
	return sender.Send(ctx, p.device.receiver, message)
}

// busy is for how long a push service still wants to be left alone. It is not counted as an attempt.
type busy time.Duration

func (busy) Error() string { return "the push service wants to be left alone" }

// settlePush records and logs the result of a push. The log never names the endpoint.
func (m *Module) settlePush(ctx context.Context, p *push, result error, stopping bool) error {
	log := slog.With("push", p.id, "user", p.device.userID, "device", p.device.id)
	var later *webpush.LaterError
	var wait busy
	var unneeded gone
	switch {
	case result == nil:
		log.DebugContext(ctx, "pushed")
		_, err := m.finish(ctx, p, false)
		return err
	case errors.As(result, &unneeded):
		log.DebugContext(ctx, "push not needed any more", "reason", unneeded)
		_, err := m.db.Change(ctx, "DELETE FROM {q2ab_pushes} WHERE id = ? AND fence = ?", p.id, p.fence)
		return err
	case errors.Is(result, webpush.ErrGone):
		log.InfoContext(ctx, "device unsubscribed")
		return m.db.Tx(ctx, func(tx *database.DB) error {
			return dropDevices(ctx, tx, []int{int(p.device.id)})
		})
	case errors.As(result, &wait):
		return m.postponePush(ctx, p, p.attempts, time.Duration(wait))
	case errors.As(result, &outage{}), stopping:
		return m.postponePush(ctx, p, p.attempts, 0)
	case errors.As(result, &later):
		attempts := p.attempts + 1
		pause := max(m.pause(attempts), later.After)
		if later.After > 0 {
			m.push.leaveAlone(p.device.receiver.Host(), m.db.Now(), later.After)
		}
		if time.Duration(m.db.Now()-p.created)*time.Second+pause < pushAge {
			log.InfoContext(ctx, "not pushed; it is tried again", "attempts", attempts, "again_in", pause,
				"error", result)
			return m.postponePush(ctx, p, attempts, pause)
		}
	}
	removed, err := m.finish(ctx, p, true)
	if err == nil {
		log.WarnContext(ctx, "push given up", "error", result, "device_removed", removed)
	}
	return err
}
