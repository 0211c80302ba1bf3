package mail

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/mail/internal/webpush"
)

const (
	// pushedAtOnce is how many pushes are queued by one statement.
	pushedAtOnce = 500
	// pushesTaken is how many due pushes a process reads in order to find some that no other process has
	// taken.
	pushesTaken = 40
	// pushAge is the age at which a push is given up, by us or by the push service. The entry stays in
	// the inbox.
	pushAge = 24 * time.Hour
	// maxRefusals is how many pushes in a row may be refused or given up before the device is removed.
	maxRefusals = 10
)

// push is an entry of the inbox that waits to be pushed to a device.
type push struct {
	id, entry, seq, created int64
	attempts, fence         int
	// device is that of the push; its id is 0 if it is gone.
	device struct {
		id       int64
		userID   int
		expires  int64
		failures int
		receiver webpush.Receiver
	}
}

// queuePushes queues pushes of the entries that the event with the number seq has made or added to, to the
// devices of those who want such pushes.
func (m *Module) queuePushes(ctx context.Context, tx *database.DB, seq int64) error {
	if m.push == nil {
		return nil
	}
	type target struct {
		entry, device int64
		kind          entryKind
		userID        int
	}
	var targets []target
	var users []int
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var t target
		err := rows.Scan(&t.entry, &t.kind, &t.device, &t.userID)
		targets, users = append(targets, t), append(users, t.userID)
		return err
	}, `SELECT n.id, n.kind, s.id, s.userid
		FROM {q2ab_inbox} n
		JOIN {q2ab_push_subscriptions} s ON s.userid = n.userid
		WHERE n.seq = ?
		ORDER BY n.id, s.id`, seq)
	if err != nil {
		return fmt.Errorf("read to which devices entries are pushed: %w", err)
	}
	if len(targets) == 0 {
		return nil
	}
	wanted, err := choicesOf(ctx, tx, "push", func(c channels) bool { return c.Push }, slices.Compact(users))
	if err != nil {
		return err
	}
	targets = slices.DeleteFunc(targets, func(t target) bool { return !wanted(t.userID, topicOf[t.kind]) })
	for some := range slices.Chunk(targets, pushedAtOnce) {
		var args []any
		for _, t := range some {
			args = append(args, t.device, t.entry, seq, tx.Now(), tx.Now())
		}
		if _, err := tx.Exec(ctx, tx.InsertIgnore()+
			" {q2ab_pushes} (subscriptionid, entryid, seq, created, due) VALUES (?, ?, ?, ?, ?)"+
			strings.Repeat(", (?, ?, ?, ?, ?)", len(some)-1), args...); err != nil {
			return fmt.Errorf("queue pushes: %w", err)
		}
	}
	m.push.wake.Signal()
	return nil
}

// duePushes returns the first pushes that are due and that no process holds.
func (m *Module) duePushes(ctx context.Context) (list []*push, err error) {
	now := m.db.Now()
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		p := &push{}
		d := &p.device
		err := rows.Scan(&p.id, &p.entry, &p.seq, &p.created, &p.attempts, &p.fence, &d.id, &d.userID,
			&d.expires, &d.failures, &d.receiver.Endpoint, &d.receiver.P256dh, &d.receiver.Auth)
		list = append(list, p)
		return err
	}, `SELECT p.id, p.entryid, p.seq, p.created, p.attempts, p.fence, COALESCE(s.id, 0),
			COALESCE(s.userid, 0), COALESCE(s.expires, 0), COALESCE(s.failures, 0),
			COALESCE(s.endpoint, ''), s.p256dh, s.auth
		FROM {q2ab_pushes} p
		LEFT JOIN {q2ab_push_subscriptions} s ON s.id = p.subscriptionid
		WHERE p.due <= ? AND p.locked_until <= ?
		ORDER BY p.due, p.id LIMIT ?`, now, now, pushesTaken)
	if err != nil {
		return nil, fmt.Errorf("look for pushes: %w", err)
	}
	return list, nil
}

// takePush takes a push, unless another process has taken it meanwhile.
func (m *Module) takePush(ctx context.Context, p *push) (taken bool, err error) {
	taken, err = m.db.Change(ctx,
		"UPDATE {q2ab_pushes} SET locked_until = ?, fence = fence + 1 WHERE id = ? AND fence = ?",
		m.db.Now()+int64(lease/time.Second), p.id, p.fence)
	if taken {
		p.fence++
	}
	if err != nil {
		err = fmt.Errorf("take a push: %w", err)
	}
	return taken, err
}

// postponePush releases a push that was attempted so often. Any process may take it again after the pause.
func (m *Module) postponePush(ctx context.Context, p *push, attempts int, pause time.Duration) error {
	due := m.db.Now() + background.Seconds(pause)
	_, err := m.db.Change(ctx,
		"UPDATE {q2ab_pushes} SET due = ?, attempts = ?, locked_until = 0 WHERE id = ? AND fence = ?",
		due, attempts, p.id, p.fence)
	return err
}

// finish removes a push, and records at its device whether it was refused. A device that refuses too often
// is removed, with all that waits for it.
func (m *Module) finish(ctx context.Context, p *push, refused bool) (removed bool, err error) {
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		removed = false // it may run again
		n, err := tx.Exec(ctx, "DELETE FROM {q2ab_pushes} WHERE id = ? AND fence = ?", p.id, p.fence)
		switch {
		case err != nil || n == 0 || p.device.id == 0:
			return err
		case !refused:
			_, err = tx.Exec(ctx, "UPDATE {q2ab_push_subscriptions} SET used = ?, failures = 0 WHERE id = ?",
				tx.Now(), p.device.id)
			return err
		case p.device.failures+1 < maxRefusals:
			_, err = tx.Exec(ctx, "UPDATE {q2ab_push_subscriptions} SET failures = failures + 1 WHERE id = ?",
				p.device.id)
			return err
		}
		removed = true
		return dropDevices(ctx, tx, []int{int(p.device.id)})
	})
	return removed, err
}
