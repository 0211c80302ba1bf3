package events

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// numberedAtOnce is how many events get their numbers in one transaction.
const numberedAtOnce = 500

// Number gives every committed event without a place the next one, and returns the last place given. Places are
// consecutive, and those given together become visible together: whoever reads on from a place misses no event, however
// late the event was committed.
//
// Any process may call it at any time. One at a time does the work, behind the lock of a row; one that dies leaves the
// work undone as a whole. Without work it is a single read.
func Number(ctx context.Context, db *database.DB) (last int64, err error) {
	var waiting bool
	found, err := db.Get(ctx, []any{&last, &waiting},
		"SELECT position, EXISTS (SELECT 1 FROM {q2ab_outbox} WHERE seq IS NULL) FROM {q2ab_consumers} WHERE name = ''")
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

// numberSome numbers the next events; more tells whether there may be others.
func numberSome(ctx context.Context, tx *database.DB) (last int64, more bool, err error) {
	found, err := tx.Get(ctx, []any{&last}, "SELECT position FROM {q2ab_consumers} WHERE name = ''"+tx.ForUpdate())
	if err != nil || !found {
		return 0, false, missing(err)
	}
	// Without a lock, so that it does not wait for those who are still writing: their events come next time.
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
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_outbox} SET seq = CASE id"+cases.String()+" END WHERE id IN ?", append(args, ids)...); err != nil {
		return 0, false, err
	}
	_, err = tx.Exec(ctx, "UPDATE {q2ab_consumers} SET position = ? WHERE name = ''", last)
	return last, len(ids) == numberedAtOnce, err
}

// missing is the error of a query that did not find the row of the last number: that of the query, if it failed.
func missing(err error) error {
	if err != nil {
		return err
	}
	return errors.New("the row '' of {q2ab_consumers}, which the migrations make, is gone")
}
