package jobs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// Serve makes runs for the due times of schedules, and works on runs that wait or whose holder died,
// until the context ends. Then it gives back the runs that it works on and returns as soon as their
// current batches have ended.
func (m *Manager) Serve(ctx context.Context) {
	if m.settings.Poll <= 0 {
		return
	}
	var working sync.WaitGroup
	defer working.Wait()
	free := make(chan struct{}, m.settings.AtOnce)
	ended := make(chan struct{}, 1)
	for {
		next, err := m.plan(ctx)
		if err == nil {
			err = m.takeSome(ctx, free, func(r *Run) {
				working.Go(func() {
					defer func() {
						<-free
						select {
						case ended <- struct{}{}:
						default:
						}
					}()
					m.workOn(ctx, r)
				})
			})
		}
		if err != nil && ctx.Err() == nil && !database.Unavailable(err) {
			slog.WarnContext(ctx, "jobs are not looked for", "error", err)
		}
		pause := m.settings.Poll
		if !next.IsZero() {
			pause = min(pause, max(time.Duration(next.Unix()-m.db.Now())*time.Second, time.Second/5))
		}
		select {
		case <-ctx.Done():
			return
		case <-ended: // the job may have more to do
		case <-time.After(pause):
		}
	}
}

// WorkOff makes runs for the due times of schedules that have come, and works on all runs that wait or
// whose holder died, one after the other. It returns when none is left, or the context's error when the
// context ends; then the run under way is given back. A run that fails is recorded as failed and does
// not end WorkOff.
func (m *Manager) WorkOff(ctx context.Context) error {
	if _, err := m.plan(ctx); err != nil {
		return err
	}
	for {
		r, err := m.takeOne(ctx, m.names())
		if err != nil || r == nil {
			return err
		}
		if m.workOn(ctx, r); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// names returns the names of all jobs. Jobs that only another release of the program has are left to
// its processes.
func (m *Manager) names() []string {
	names := make([]string, len(m.jobs))
	for i, j := range m.jobs {
		names[i] = j.Name
	}
	return names
}

// takeSome takes runs until all places are taken or no run is left, and calls begin for each.
func (m *Manager) takeSome(ctx context.Context, free chan struct{}, begin func(*Run)) error {
	names := m.names()
	for ctx.Err() == nil {
		select {
		case free <- struct{}{}:
		default:
			return nil
		}
		r, err := m.takeOne(ctx, names)
		if err != nil || r == nil {
			<-free
			return err
		}
		begin(r)
	}
	return nil
}

// takeOne takes a run whose lease has expired, or else the run that has waited longest, of a job
// that has no run under way. It returns nil if there is none.
func (m *Manager) takeOne(ctx context.Context, names []string) (*Run, error) {
	now, err := m.now(ctx, m.db)
	if err != nil {
		return nil, err
	}
	list, err := m.runs(ctx, m.db,
		`r
			WHERE name IN ? AND (status = 'running' AND heartbeat < ? OR status = 'queued' AND NOT EXISTS
				(SELECT 1 FROM {q2ab_job_runs} o WHERE o.name = r.name AND o.status = 'running'))
			ORDER BY CASE status WHEN 'running' THEN 0 ELSE 1 END, COALESCE(due, requested), id
			LIMIT 10`,
		names, now-m.leaseSeconds())
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		switch err := m.take(ctx, m.db, r); {
		case err == nil:
			return r, nil
		case !errors.Is(err, ErrLost): // otherwise somebody else was faster
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // nothing to do is not an error
}

func (m *Manager) workOn(ctx context.Context, r *Run) {
	if err := m.Work(ctx, r, nil); err != nil && ctx.Err() == nil && !errors.Is(err, ErrLost) {
		slog.ErrorContext(ctx, "job failed", "job", r.Job, "run", r.ID, "error", err)
	}
	if ctx.Err() == nil {
		if err := m.prune(ctx, r.Job); err != nil {
			slog.WarnContext(ctx, "old runs are not removed", "job", r.Job, "error", err)
		}
	}
}
