package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// Tx runs fn in a transaction in which this process is the run's holder from beginning to end; ErrLost if it is not any more. What is
// written so cannot come from a holder that was thought dead and wakes up.
func (w *Work) Tx(ctx context.Context, fn func(tx *database.DB) error) error {
	return w.m.db.Tx(ctx, func(tx *database.DB) error {
		if err := w.hold(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// hold locks the run's row, and finds out whether it is this process's.
func (w *Work) hold(ctx context.Context, tx *database.DB) error {
	var fence int
	found, err := tx.Get(ctx, []any{&fence}, "SELECT fence FROM {q2ab_job_runs} WHERE id = ? AND status = 'running'"+tx.ForUpdate(), w.run.ID)
	if err != nil {
		return fmt.Errorf("look whether the run is still held: %w", err)
	}
	if !found || fence != w.run.fence {
		return ErrLost
	}
	return nil
}

// Once is Tx for a whole batch: the place that fn returns is written down in the same transaction, so that the batch is done exactly once
// whenever the process dies. The batch returns what Once returns.
func (w *Work) Once(ctx context.Context, fn func(tx *database.DB) (next int, err error)) (next int, err error) {
	w.Done = 1
	found, done, summary := w.Found, w.Done, w.Summary
	err = w.Tx(ctx, func(tx *database.DB) error {
		w.Found, w.Done, w.Summary = found, done, summary // it may run again
		if next, err = fn(tx); err != nil {
			return err
		}
		after := *w.run
		after.arrive(w, next)
		at, err := json.Marshal(after.state)
		if err != nil {
			return err
		}
		now, err := w.m.now(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE {q2ab_job_runs} SET heartbeat = ?, done = ?, total = ?, differences = ?, state = ?, message = ? WHERE id = ? AND fence = ?",
			now, after.Done, after.Total, after.Differences, string(at), after.Message, after.ID, after.fence)
		return err
	})
	w.stored = err == nil
	return next, err
}

// arrive moves the run to the place that a batch came to.
func (r *Run) arrive(w *Work, next int) {
	r.state.After = next
	if next == 0 {
		r.state.Step++
	}
	r.state.Name = r.job.name(r.state.Step)
	r.note(w)
}
