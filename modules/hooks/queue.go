package hooks

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

const (
	// lease is for how long a process holds a receiver. It is longer than a slice with the last sending in it
	// and the note of it (sliceTime, sendTimeout and settleTimeout) by so much that the clocks of the
	// processes may differ by a minute.
	lease = 2 * time.Minute
	// candidates is how many receivers a process reads in order to find one that no other process has taken.
	candidates = 10
)

// state is what has become of a delivery.
type state string

const (
	waiting   state = "waiting"
	delivered state = "delivered"
	// failed is the state of what was given up, and withdrawn of what everybody may not know any more.
	failed    state = "failed"
	withdrawn state = "withdrawn"
)

// Why the server has switched a webhook off.
const (
	reasonGone    = "gone"
	reasonFailing = "failing"
)

// errTaken is the error of a process whose lease of a receiver ran out, so that another process has it, and
// errDeleted that of one whose receiver was deleted meanwhile.
var (
	errTaken   = errors.New("another process has taken the receiver over")
	errDeleted = errors.New("the webhook was deleted")
)

// Handle queues a delivery of the event for each receiver that wants it. Each is queued once even if the same
// event is handled several times.
func (m *Module) Handle(ctx context.Context, tx *database.DB, e events.Event) error {
	if !e.Topics.Public || !slices.Contains(kinds, e.Topics.What) {
		return nil
	}
	var receivers []int
	err := tx.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var wanted string
		err := rows.Scan(&id, &wanted)
		if wanted == "" || slices.Contains(strings.Split(wanted, ","), e.Topics.What) {
			receivers = append(receivers, id)
		}
		return err
	}, "SELECT id, kinds FROM {q2ab_webhooks} WHERE enabled = 1 ORDER BY id")
	if err != nil {
		return fmt.Errorf("read who wants webhooks: %w", err)
	}
	for _, id := range receivers {
		if _, err := add(ctx, tx, id, &e); err != nil {
			return err
		}
	}
	if len(receivers) > 0 {
		m.wake.Signal()
	}
	return nil
}

var _ events.Handler = (*Module)(nil).Handle

// add queues a delivery to a receiver, unless it was queued before, and returns its id. It is a test if the
// event has no place in the order of events.
func add(ctx context.Context, tx *database.DB, webhook int, e *events.Event) (id int64, err error) {
	topics := e.Topics
	topics.For, topics.ActorShown = nil, false // people are not told to receivers
	text, err := json.Marshal(topics)
	if err != nil {
		return 0, fmt.Errorf("queue a webhook: %w", err)
	}
	seq := sql.NullInt64{Int64: e.Seq, Valid: e.Seq > 0}
	id, err = tx.Insert(ctx, tx.InsertIgnore()+` {q2ab_deliveries}
			(webhookid, seq, messageid, kind, at, topics, state, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		webhook, seq, "msg_"+rand.Text(), e.Topics.What, e.At, string(text), string(waiting), tx.Now())
	if err != nil {
		return 0, fmt.Errorf("queue a webhook: %w", err)
	}
	return id, nil
}

// receiver is a receiver that this process holds. The fence is incremented each time a process takes it, so
// that a process which lost it changes nothing.
type receiver struct {
	id, fence int
}

// claim takes, of the receivers that something is due for and that no process holds, the one that has
// waited for longest. It returns nil if there is none.
func (m *Module) claim(ctx context.Context) (*receiver, error) {
	for {
		now := m.db.Now()
		var list []receiver
		err := m.db.Select(ctx, func(rows *sql.Rows) error {
			var r receiver
			err := rows.Scan(&r.id, &r.fence)
			list = append(list, r)
			return err
		}, `SELECT w.id, w.fence
			FROM {q2ab_webhooks} w
			WHERE w.enabled = 1 AND w.locked_until <= ? AND w.paused_until <= ? AND EXISTS (
				SELECT 1 FROM {q2ab_deliveries} d WHERE d.webhookid = w.id AND d.state = ? AND d.due <= ?)
			ORDER BY w.served, w.id LIMIT ?`, now, now, string(waiting), now, candidates)
		if err != nil {
			return nil, fmt.Errorf("look for webhooks to send: %w", err)
		}
		for _, r := range list {
			taken, err := m.db.Change(ctx, `UPDATE {q2ab_webhooks}
				SET locked_until = ?, fence = fence + 1, served = ?
				WHERE id = ? AND fence = ?`, now+int64(lease/time.Second), now, r.id, r.fence)
			if err != nil {
				return nil, fmt.Errorf("take a receiver of webhooks: %w", err)
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

// release lets other processes take the receiver after a pause.
func (m *Module) release(ctx context.Context, r *receiver, pause time.Duration) error {
	until := int64(0)
	if pause > 0 {
		until = m.db.Now() + background.Seconds(pause)
	}
	_, err := m.db.Change(ctx, "UPDATE {q2ab_webhooks} SET locked_until = ? WHERE id = ? AND fence = ?",
		until, r.id, r.fence)
	if err != nil {
		return fmt.Errorf("release a receiver of webhooks: %w", err)
	}
	return nil
}

// queued is a delivery that is due, with what its receiver's address and keys are now.
type queued struct {
	id        int64
	messageID string
	kind      string
	at        int64
	topics    events.Topics
	attempts  int

	url  string
	keys []keys
}

// next returns the delivery that the receiver gets next, or nil if none is due: first those that have not
// been tried, in the order of the events, then those that are due again. It returns errTaken or errDeleted if
// this process does not hold the receiver any more.
func (m *Module) next(ctx context.Context, r *receiver) (*queued, error) {
	now := m.db.Now()
	s, found, err := m.read(ctx, m.db, r.id)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, errDeleted
	case s.fence != r.fence:
		return nil, errTaken
	case !s.enabled || s.pausedUntil > now:
		return nil, nil //nolint:nilnil // an administrator, or the receiver, has stopped it
	}
	var d queued
	var topics string
	found, err = m.db.Get(ctx, []any{&d.id, &d.messageID, &d.kind, &d.at, &topics, &d.attempts},
		`SELECT id, messageid, kind, at, topics, attempts
			FROM {q2ab_deliveries}
			WHERE webhookid = ? AND state = ? AND due <= ?
			ORDER BY due, id LIMIT 1`, r.id, string(waiting), now)
	if err == nil && found {
		err = json.Unmarshal([]byte(topics), &d.topics)
	}
	if err != nil {
		return nil, fmt.Errorf("read the next webhook: %w", err)
	}
	if !found {
		return nil, nil //nolint:nilnil // there is none
	}
	d.url = s.url
	d.keys, err = m.signingKeys(s, now)
	return &d, err
}

// settle notes what became of an attempt, and what follows from it for the webhook. It returns errTaken or
// errDeleted if this process does not hold the receiver any more.
func (m *Module) settle(ctx context.Context, r *receiver, d *queued, o outcome) (v verdict, err error) {
	chance := randv2.Float64()
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		now := tx.Now()
		var fence int
		var failingSince int64
		found, err := tx.Get(ctx, []any{&fence, &failingSince},
			"SELECT fence, failing_since FROM {q2ab_webhooks} WHERE id = ?"+tx.ForUpdate(), r.id)
		if err != nil {
			return err
		}
		switch {
		case !found:
			return errDeleted
		case fence != r.fence:
			return errTaken
		}
		if o.withdrawn {
			_, err := tx.Exec(ctx, "UPDATE {q2ab_deliveries} SET state = ? WHERE id = ?",
				string(withdrawn), d.id)
			return err
		}
		v = judge(o, d.attempts, failingSince, now, chance)
		_, err = tx.Exec(ctx, `UPDATE {q2ab_deliveries}
			SET state = ?, attempts = ?, due = ?, tried = ?, status = ?, milliseconds = ?, failure = ?
			WHERE id = ?`, string(v.state), d.attempts+1, v.due, now, o.status,
			o.took.Milliseconds(), string(o.failure), d.id)
		if err != nil {
			return err
		}
		if v.failingSince != failingSince || v.pausedUntil > 0 {
			if _, err := tx.Exec(ctx,
				"UPDATE {q2ab_webhooks} SET failing_since = ?, paused_until = ? WHERE id = ?",
				v.failingSince, v.pausedUntil, r.id); err != nil {
				return err
			}
		}
		if v.disable == "" {
			return nil
		}
		_, err = tx.Exec(ctx, `UPDATE {q2ab_webhooks}
			SET enabled = 0, disabled_reason = ?, revision = revision + 1, updated = ?
			WHERE id = ?`, v.disable, now, r.id)
		return err
	})
	if err != nil && !errors.Is(err, errTaken) && !errors.Is(err, errDeleted) {
		err = fmt.Errorf("note what became of a webhook: %w", err)
	}
	return v, err
}
