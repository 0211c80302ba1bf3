package jobs

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// clearedAtOnce is about how many rows one transaction of Clear removes.
const clearedAtOnce = 1000

// Clear returns what a step does that removes the rows of a table that meet a condition. moment returns the
// value of the condition's placeholder when the step runs. The rows are removed in small numbers, by the
// column key, so that other transactions do not wait long for them.
func Clear(db *database.DB, table, key, condition string, moment func() int64,
) func(context.Context, int, *Work) (int, error) {
	return func(ctx context.Context, _ int, w *Work) (next int, err error) {
		at := moment()
		var keys []any
		err = db.Select(ctx, database.Append(&keys),
			fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s LIMIT ?", key, table, condition),
			at, clearedAtOnce)
		if w.Done = len(keys); err != nil || len(keys) == 0 {
			return 0, err
		}
		if len(keys) == clearedAtOnce {
			next = 1
		}
		if w.DryRun {
			w.Report(table, "rows", key, len(keys), 0)
			return 0, nil
		}
		err = w.Tx(ctx, func(tx *database.DB) error {
			_, err := tx.Exec(ctx,
				fmt.Sprintf("DELETE FROM %s WHERE %s IN ? AND %s", table, key, condition), keys, at)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("clean up %s: %w", table, err)
		}
		return next, nil
	}
}
