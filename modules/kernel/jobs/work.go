package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// ErrLost tells that a run was cancelled or taken over by another process.
var ErrLost = errors.New("the run was cancelled or taken over")

// Work takes a run and works on it until it is finished, cancelled or taken over, or the context ends: then it goes on
// later, here or elsewhere. progress, if given, is told of every batch.
func (m *Manager) Work(ctx context.Context, r *Run, progress func(r *Run, w *Work)) error {
	job, err := m.Find(r.Job)
	if err != nil {
		return err
	}
	if err := m.take(ctx, r); err != nil {
		return err
	}
	slog.InfoContext(ctx, "job runs", "job", r.Job, "run", r.ID, "dry_run", r.DryRun, "step", r.state.Step, "after", r.state.After)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go m.renew(ctx, *r, stop)
	err = m.steps(ctx, job, r, progress)
	switch {
	case err == nil:
		r.Status = Done
	case context.Cause(ctx) != nil:
		return m.release(ctx, r, context.Cause(ctx))
	case errors.Is(err, ErrLost):
		return err
	default:
		r.Status, r.Message = Failed, err.Error()
	}
	r.Finished = m.db.Now()
	slog.InfoContext(ctx, "job ended", "job", r.Job, "run", r.ID, "status", r.Status, "done", r.Done, "differences", r.Differences, "seconds", r.Finished-r.Started)
	if storeErr := m.write(ctx, r, "status = ?, finished = ?", r.Status, r.Finished); storeErr != nil {
		return storeErr
	}
	return err
}

// take makes this process the run's holder: the fence moves on, so that one before can write no more.
func (m *Manager) take(ctx context.Context, r *Run) error {
	now := m.db.Now()
	taken, err := m.db.Exec(ctx, "UPDATE {q2ab_job_runs} SET status = 'running', fence = fence + 1, heartbeat = ?, started = CASE WHEN started = 0 THEN ? ELSE started END "+
		"WHERE id = ? AND fence = ? AND (status = 'queued' OR status = 'running' AND heartbeat < ?)", now, now, r.ID, r.fence, now-leaseSeconds)
	if err != nil {
		return fmt.Errorf("take a run: %w", err)
	}
	if taken == 0 {
		return ErrLost
	}
	r.fence++
	r.Status = Running
	if r.Started == 0 {
		r.Started = now
	}
	return nil
}

// release gives a run back that is not finished, so that it goes on at once elsewhere or at the next start.
func (m *Manager) release(ctx context.Context, r *Run, cause error) error {
	if errors.Is(cause, ErrLost) {
		return cause
	}
	_, err := m.db.Exec(context.WithoutCancel(ctx), "UPDATE {q2ab_job_runs} SET status = 'queued' WHERE id = ? AND fence = ? AND status = 'running'", r.ID, r.fence)
	return errors.Join(cause, err)
}

// renew gives signs of life, and stops the work if the run is not this process's any more.
func (m *Manager) renew(ctx context.Context, r Run, stop context.CancelCauseFunc) {
	tick := time.NewTicker(leaseSeconds * time.Second / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := m.sign(ctx, &r); errors.Is(err, ErrLost) {
				stop(err)
				return
			}
		}
	}
}

// sign renews the lease.
func (m *Manager) sign(ctx context.Context, r *Run) error {
	// A second's difference makes a change even where nothing else does: MySQL counts changed rows.
	held, err := m.db.Exec(ctx, "UPDATE {q2ab_job_runs} SET heartbeat = CASE WHEN heartbeat >= ? THEN heartbeat + 1 ELSE ? END WHERE id = ? AND fence = ? AND status = 'running'",
		m.db.Now(), m.db.Now(), r.ID, r.fence)
	if err != nil {
		return fmt.Errorf("renew the lease of a run: %w", err)
	}
	if held == 0 {
		return ErrLost
	}
	return nil
}

// write stores what the holder found out, with a sign of life; ErrLost if it is the holder no more.
func (m *Manager) write(ctx context.Context, r *Run, sets string, args ...any) error {
	at, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	args = append([]any{m.db.Now(), m.db.Now(), r.Done, r.Total, r.Differences, string(at), r.Message}, args...)
	held, err := m.db.Exec(ctx, "UPDATE {q2ab_job_runs} SET heartbeat = CASE WHEN heartbeat >= ? THEN heartbeat + 1 ELSE ? END, done = ?, total = ?, differences = ?, state = ?, message = ?, "+
		sets+" WHERE id = ? AND fence = ? AND status = 'running'", append(args, r.ID, r.fence)...)
	if err != nil {
		return fmt.Errorf("store the progress of a run: %w", err)
	}
	if held == 0 {
		return ErrLost
	}
	return nil
}

// steps works off what is left of the run.
func (m *Manager) steps(ctx context.Context, job Job, r *Run, progress func(*Run, *Work)) error {
	if r.Total == 0 {
		for _, s := range job.Steps {
			n := 1
			if s.Count != nil {
				var err error
				if n, err = s.Count(ctx); err != nil {
					return fmt.Errorf("%s: %w", s.Name, err)
				}
			}
			r.Total += n
		}
	}
	for r.state.Step < len(job.Steps) {
		s := job.Steps[r.state.Step]
		w := &Work{DryRun: r.DryRun, Done: 1}
		next, err := s.Batch(ctx, r.state.After, w)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		r.state.After = next
		if next == 0 {
			r.state.Step++
		}
		r.note(w)
		if err := m.write(ctx, r, "status = 'running'"); err != nil {
			return err
		}
		if progress != nil {
			progress(r, w)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// note adds a batch to what is known of the run.
func (r *Run) note(w *Work) {
	r.Done += w.Done
	r.Total = max(r.Total, r.Done)
	for _, d := range w.Found {
		if r.Differences < keptDifferences {
			r.Message = strings.TrimPrefix(r.Message+"\n"+d.String(), "\n")
		}
		r.Differences++
	}
}
