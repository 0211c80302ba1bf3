package events

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// numberedAtOnce is how many events are numbered in one transaction at most.
const numberedAtOnce = 500

// Number gives every committed event that has none the next place in the order of all events
// (Event.Seq), and returns the last place given. Places are consecutive, and those given together
// become visible together, so a reader that goes on from a place misses no event, however late the
// event was committed.
//
// Any process may call Number at any time. A row lock lets one process work at a time; if it dies,
// all of its work is rolled back. If there is nothing to number, Number runs a single query.
func Number(ctx context.Context, db *database.DB) (last int64, err error) {
	var waiting bool
	found, err := db.Get(ctx, []any{&last, &waiting},
		`SELECT position, EXISTS (SELECT 1 FROM {q2ab_outbox} WHERE seq IS NULL)
			FROM {q2ab_consumers}
			WHERE name = ''`)
	if err != nil || !found {
		return 0, missing(err)
	}
	for waiting {
		err := db.Tx(ctx, func(tx *database.DB) (err error) {
			last, waiting, err = numberSome(ctx, tx)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("number events: %w", err)
		}
	}
	return last, nil
}

// numberSome numbers the next events; more reports whether there may be others.
func numberSome(ctx context.Context, tx *database.DB) (last int64, more bool, err error) {
	found, err := tx.Get(ctx, []any{&last},
		"SELECT position FROM {q2ab_consumers} WHERE name = ''"+tx.ForUpdate())
	if err != nil || !found {
		return 0, false, missing(err)
	}
	// This query takes no lock, so that it does not wait for transactions that are still open: their
	// events are numbered next time.
	var ids []int64
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT id FROM {q2ab_outbox} WHERE seq IS NULL ORDER BY id LIMIT ?", numberedAtOnce)
	if err != nil || len(ids) == 0 {
		return last, false, err
	}
	var cases strings.Builder
	args := make([]any, 0, 2*len(ids)+1)
	for _, id := range ids {
		last++
		cases.WriteString(" WHEN ? THEN ?")
		args = append(args, id, last)
	}
	if _, err := tx.Exec(ctx,
		"UPDATE {q2ab_outbox} SET seq = CASE id"+cases.String()+" END WHERE id IN ?",
		append(args, ids)...); err != nil {
		return 0, false, err
	}
	_, err = tx.Exec(ctx, "UPDATE {q2ab_consumers} SET position = ? WHERE name = ''", last)
	return last, len(ids) == numberedAtOnce, err
}

// missing returns the error of a query that did not find the row with the last number: err if the
// query failed, else an error that says that the row is gone.
func missing(err error) error {
	if err != nil {
		return err
	}
	return errors.New("the row '' of {q2ab_consumers}, which the migrations make, is gone")
}
