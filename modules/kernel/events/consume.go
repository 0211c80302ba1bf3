package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// Handler acts on an event. What it writes through tx is done exactly once. Any other effect may be
// repeated after a failure or the death of the process, so it must be safe to repeat. A Handler
// should return within milliseconds, because others wait for its transaction (in SQLite all
// writers): it is better to note slow work down in a table than to do it here.
type Handler func(ctx context.Context, tx *database.DB, e Event) error

const (
	// handledAtOnce is how many events a consumer handles in one transaction, at most.
	handledAtOnce = 100
	// handledFor is how long a transaction may last before the consumer commits it and goes on in
	// another one.
	handledFor = time.Second
	// maxAttempts is how often a process tries an event before the consumer skips it. With the
	// pauses in between this takes about six minutes.
	maxAttempts = 10
	// firstRetry is the pause after the first failure; each further one is twice as long, up to lastRetry.
	firstRetry = time.Second
	lastRetry  = 2 * time.Minute
)

// errElsewhere means that another process is handling events for the same consumer.
var errElsewhere = errors.New("another process is at work for this consumer")

// Consume handles, in order, all events that the consumer with the given name has not handled yet.
// It returns when there are none left or when another process is handling them. (*Follower).Consume
// also waits for later events.
//
// A new consumer begins with events that happen from now on. The consumer's position is updated in
// the transaction in which the handler works. If the handler fails, the events before the failed one
// are done and Consume returns the error; the next call tries the failed event again.
func Consume(ctx context.Context, db *database.DB, name string, handle Handler) error {
	if _, err := Number(ctx, db); err != nil {
		return err
	}
	c := newConsumer(db, name, handle)
	if err := c.catchUp(ctx); !errors.Is(err, errElsewhere) {
		return err
	}
	return nil
}

// consumer is this process's part in handling the events for a name.
type consumer struct {
	db     *database.DB
	name   string
	handle Handler
	limit  int // of events in the next transaction
	// failed is the Seq of the event whose handling failed last, and attempts how often it has
	// failed.
	failed   int64
	attempts int
}

func newConsumer(db *database.DB, name string, handle Handler) *consumer {
	if name == "" {
		panic("events: a consumer needs a name") // '' is the row of Number
	}
	return &consumer{db: db, name: name, handle: handle, limit: handledAtOnce}
}

// catchUp handles all events that there are.
func (c *consumer) catchUp(ctx context.Context) error {
	for {
		behind, err := c.behind(ctx)
		if err != nil || !behind {
			return err
		}
		if err := c.batch(ctx); err != nil {
			return err
		}
	}
}

// behind reports, without locking anything, whether there are events to handle. It makes the
// consumer's row if there is none.
func (c *consumer) behind(ctx context.Context) (bool, error) {
	const query = `SELECT c.position < n.position
		FROM {q2ab_consumers} c
		JOIN {q2ab_consumers} n ON n.name = ''
		WHERE c.name = ?`
	var behind bool
	found, err := c.db.Get(ctx, []any{&behind}, query, c.name)
	if err == nil && !found {
		_, err = c.db.Exec(ctx, c.db.InsertIgnore()+
			" {q2ab_consumers} (name, position) SELECT ?, position FROM {q2ab_consumers} WHERE name = ''",
			c.name)
	}
	if err != nil {
		return false, fmt.Errorf("consumer %s: %w", c.name, err)
	}
	return behind, nil
}

// batch handles the next events in one transaction.
func (c *consumer) batch(ctx context.Context) error {
	var done int
	var failed int64
	var skipped *Event
	err := c.db.Tx(ctx, func(tx *database.DB) error {
		done, failed, skipped = 0, 0, nil // it may run again
		var position int64
		found, err := tx.Get(ctx, []any{&position},
			"SELECT position FROM {q2ab_consumers} WHERE name = ?"+skipLocked(tx), c.name)
		if err != nil {
			return err
		}
		if !found {
			return errElsewhere
		}
		list, err := Read(ctx, tx, position, c.limit)
		if err != nil {
			return err
		}
		start := time.Now()
		for i := range list {
			e := &list[i]
			if e.Seq == c.failed && c.attempts >= maxAttempts {
				skipped = e
			} else if err := c.try(ctx, tx, *e); err != nil {
				failed = e.Seq
				return fmt.Errorf("event %d (%s): %w", e.Seq, e.Name, err)
			}
			done++
			position = e.Seq
			if time.Since(start) > handledFor {
				break
			}
		}
		_, err = tx.Exec(ctx, "UPDATE {q2ab_consumers} SET position = ? WHERE name = ?", position, c.name)
		return err
	})
	c.limit = handledAtOnce
	switch {
	case errors.Is(err, errElsewhere):
		return err
	case err == nil:
		if skipped != nil {
			slog.ErrorContext(ctx, "event given up", "consumer", c.name, "seq", skipped.Seq,
				"event", skipped.Name, "attempts", c.attempts)
		}
		return nil
	case failed == 0 || ctx.Err() != nil || database.Unavailable(err): // not the handler's fault
		return fmt.Errorf("consumer %s: %w", c.name, err)
	}
	if c.failed != failed {
		c.failed, c.attempts = failed, 0
	}
	c.attempts++
	if done > 0 { // next, only those before the failed event, which then comes first
		c.limit = done
		slog.WarnContext(ctx, "event not handled; it comes again", "consumer", c.name,
			"attempts", c.attempts, "error", err)
		return nil
	}
	return fmt.Errorf("consumer %s: %w", c.name, err)
}

// try calls the handler and turns a panic into an error.
func (c *consumer) try(ctx context.Context, tx *database.DB, e Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.handle(ctx, tx, e)
}

// skipLocked returns the SQL to put at the end of a query so that it locks the rows that it reads
// and leaves out those that another transaction has locked.
func skipLocked(tx *database.DB) string {
	if tx.Dialect() == database.MySQL {
		return tx.ForUpdate() + " SKIP LOCKED"
	}
	return tx.ForUpdate()
}

// pause returns how long to wait after the latest failure, given the pause after the first one.
func (c *consumer) pause(first time.Duration) time.Duration {
	return min(first<<max(c.attempts-1, 0), lastRetry)
}
