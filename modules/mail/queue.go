package mail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

const (
	// lease is for how long a process holds a mail that it has taken. It outlasts the longest sending (sendTimeout and
	// settleTimeout), and by so much that clocks of the tasks may differ by a minute.
	lease = 2 * time.Minute
	// firstRetry is the pause after the first failure; each further one is twice as long, up to lastRetry.
	firstRetry = 30 * time.Second
	lastRetry  = time.Hour
	// giveUpAfter is the age at which a mail that still fails is given up.
	giveUpAfter = 24 * time.Hour
	// candidates is how many mails a process looks at to find one that no other has taken.
	candidates = 10
)

// errTaken says that another process took the mail over after the lease had run out.
var errTaken = errors.New("another process has taken the mail over")

// queued is a mail that waits. UserID is 0 for one to the site's own address.
type queued struct {
	kind   string
	userID int
}

// row is a mail of the queue that this process holds.
type row struct {
	queued
	id, seq  int64
	created  int64
	attempts int
	fence    int
}

// add queues a mail that follows from the event with that place.
func add(ctx context.Context, tx *database.DB, seq int64, q queued) error {
	if seq <= 0 {
		return fmt.Errorf("queue mail %s: the event has no place in the order yet", q.kind)
	}
	now := tx.Now()
	_, err := tx.Exec(ctx, tx.InsertIgnore()+" {q2ab_mail} (seq, kind, userid, created, due) VALUES (?, ?, ?, ?, ?)", seq, q.kind, q.userID, now, now)
	if err != nil {
		return fmt.Errorf("queue mail %s: %w", q.kind, err)
	}
	return nil
}

// claim takes the mail that has been due for longest and that nobody holds; nil if there is none.
func (m *Module) claim(ctx context.Context) (*row, error) {
	for {
		list, err := m.due(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for mails to send: %w", err)
		}
		for _, r := range list {
			taken, err := m.change(ctx, "UPDATE {q2ab_mail} SET locked_until = ?, fence = fence + 1 WHERE id = ? AND fence = ?",
				m.db.Now()+int64(lease/time.Second), r.id, r.fence)
			if err != nil {
				return nil, fmt.Errorf("take a mail: %w", err)
			}
			if taken {
				r.fence++
				return &r, nil
			}
		}
		if len(list) < candidates {
			return nil, nil //nolint:nilnil // there is none
		}
	}
}

func (m *Module) due(ctx context.Context) (list []row, err error) {
	now := m.db.Now()
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.id, &r.seq, &r.kind, &r.userID, &r.created, &r.attempts, &r.fence)
		list = append(list, r)
		return err
	}, "SELECT id, seq, kind, userid, created, attempts, fence FROM {q2ab_mail} WHERE due <= ? AND locked_until <= ? ORDER BY due, id LIMIT ?",
		now, now, candidates)
	return list, err
}

// remove takes a mail that is done with out of the queue.
func (m *Module) remove(ctx context.Context, r *row) error {
	return m.held(m.change(ctx, "DELETE FROM {q2ab_mail} WHERE id = ? AND fence = ?", r.id, r.fence))
}

// putBack leaves a mail to whoever looks next, at the earliest after the pause.
func (m *Module) putBack(ctx context.Context, r *row, pause time.Duration) error {
	due := m.db.Now() + int64((pause+time.Second-1)/time.Second)
	return m.held(m.change(ctx, "UPDATE {q2ab_mail} SET due = ?, attempts = ?, locked_until = 0 WHERE id = ? AND fence = ?", due, r.attempts, r.id, r.fence))
}

func (m *Module) held(changed bool, err error) error {
	if err == nil && !changed {
		return errTaken
	}
	return err
}

// change runs a statement in a transaction of its own, for the sake of its repetition after a deadlock.
func (m *Module) change(ctx context.Context, query string, args ...any) (changed bool, err error) {
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		n, err := tx.Exec(ctx, query, args...)
		changed = n > 0
		return err
	})
	return changed, err
}

// pause is how long a mail rests after so many failures.
func (m *Module) pause(failures int) time.Duration {
	return min(m.retry<<min(failures-1, 12), lastRetry)
}
