package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
)

// Tx runs fn in a transaction during which this process is sure to hold the run, and returns ErrLost
// if it does not hold it any more. So a holder that was thought dead and wakes up later can write
// nothing through Tx.
func (w *Work) Tx(ctx context.Context, fn func(tx *database.DB) error) error {
	return w.m.db.Tx(ctx, func(tx *database.DB) error {
		if err := w.hold(ctx, tx); err != nil {
			return err
		}
		return fn(tx)
	})
}

// hold locks the run's row and returns ErrLost if this process does not hold the run.
func (w *Work) hold(ctx context.Context, tx *database.DB) error {
	var fence int
	found, err := tx.Get(ctx, []any{&fence},
		"SELECT fence FROM {q2ab_job_runs} WHERE id = ? AND status = 'running'"+tx.ForUpdate(), w.run.ID)
	if err != nil {
		return fmt.Errorf("look whether the run is still held: %w", err)
	}
	if !found || fence != w.run.fence {
		return ErrLost
	}
	return nil
}

// Once runs fn like Tx and stores the place that fn returns in the same transaction, so that the
// batch is done exactly once, whenever the process dies. The batch must do all its work in fn and
// return what Once returns.
func (w *Work) Once(
	ctx context.Context, fn func(tx *database.DB) (next int, err error),
) (next int, err error) {
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
		_, err = tx.Exec(ctx, `UPDATE {q2ab_job_runs}
			SET heartbeat = ?, done = ?, total = ?, differences = ?, state = ?, message = ?
			WHERE id = ? AND fence = ?`,
			now, after.Done, after.Total, after.Differences, string(at), after.Message, after.ID, after.fence)
		return err
	})
	w.stored = err == nil
	return next, err
}

// arrive updates the run with what a batch did and the place that it came to.
func (r *Run) arrive(w *Work, next int) {
	r.state.After = next
	if next == 0 {
		r.state.Step++
	}
	r.state.Name = r.job.name(r.state.Step)
	r.note(w)
}
