package events

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// removedAtOnce is how many events one transaction removes at most. It is small so that nobody waits
// for long.
const removedAtOnce = 500

// Prune removes the events that are older than the retention and that all consumers have handled,
// and returns their number. The events that remain have no gap between them. A consumer that makes
// no progress for longer than the retention prevents the removal of its events, and a warning is
// logged; if the consumer is retired for good, its row of {q2ab_consumers} has to be deleted by
// hand.
func Prune(ctx context.Context, db *database.DB, retention time.Duration) (removed int64, err error) {
	last, err := Number(ctx, db) // without a Follower, nothing else does
	if err != nil {
		return 0, err
	}
	passed, slowest := last, ""
	_, err = db.Get(ctx, []any{&slowest, &passed},
		"SELECT name, position FROM {q2ab_consumers} WHERE name <> '' ORDER BY position LIMIT 1")
	if err != nil {
		return 0, fmt.Errorf("remove old events: %w", err)
	}
	cutoff := db.Now() - int64(retention/time.Second)
	for {
		until, n, old, err := oldest(ctx, db, passed, cutoff)
		if err != nil {
			return removed, fmt.Errorf("remove old events: %w", err)
		}
		if old > passed {
			slog.WarnContext(ctx, "old events are kept for a consumer that does not get on",
				"consumer", slowest, "position", passed, "last", last)
		}
		if n == 0 {
			return removed, nil
		}
		var changed int64
		err = db.Tx(ctx, func(tx *database.DB) (err error) {
			changed, err = tx.Exec(ctx, "DELETE FROM {q2ab_outbox} WHERE seq <= ?", until)
			return err
		})
		if err != nil {
			return removed, fmt.Errorf("remove old events: %w", err)
		}
		removed += changed
		if n < removedAtOnce {
			return removed, nil
		}
	}
}

// oldest finds the next n events to remove, up to the place until; it stops at the first event that
// is not older than cutoff or that not all consumers have handled. If it stopped for the second
// reason, old is the place of that event, else 0.
func oldest(
	ctx context.Context, db *database.DB, passed, cutoff int64,
) (until int64, n int, old int64, err error) {
	ended := false
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var seq, at int64
		if err := rows.Scan(&seq, &at); err != nil || ended {
			return err
		}
		switch {
		case at >= cutoff:
			ended = true
		case seq > passed:
			ended, old = true, seq
		default:
			until, n = seq, n+1
		}
		return nil
	}, "SELECT seq, at FROM {q2ab_outbox} WHERE seq > 0 ORDER BY seq LIMIT ?", removedAtOnce)
	return until, n, old, err
}
