package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/observe"
)

// writeTimeout bounds how long a process that has been told to stop waits for the run's state to be
// written.
const writeTimeout = 5 * time.Second

// ErrLost is returned if a run was cancelled or taken over by another process.
var ErrLost = errors.New("the run was cancelled or taken over")

// Work takes a run and works on it until it is finished. It returns ErrLost if the run was cancelled
// or taken over, and the context's error if the context ended; the run then continues later, here or
// in another process. It calls progress, if not nil, after every batch.
func (m *Manager) Work(ctx context.Context, r *Run, progress func(r *Run, w *Work)) error {
	job, err := m.Find(r.Job)
	if err != nil {
		return err
	}
	r.job = job
	if err := m.take(ctx, m.db, r); err != nil {
		return err
	}
	r.held = false
	slog.InfoContext(ctx, "job runs", "job", r.Job, "run", r.ID, "due", r.Due, "dry_run", r.DryRun,
		"parameters", r.Parameters, "step", r.state.Step, "after", r.state.After)
	ctx, span := observe.StartSpan(ctx, "job.run", r.Job, "run", r.ID, "due", r.Due, "dry_run", r.DryRun)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var renewing sync.WaitGroup
	held := *r // r moves on
	renewing.Go(func() { m.renew(ctx, held, stop) })
	err = safely(ctx, func() error { return m.steps(ctx, r, progress) })
	cause := context.Cause(ctx)
	stop(nil)
	renewing.Wait()
	switch {
	case err == nil:
		err = m.finish(ctx, r, Done)
	case cause != nil:
		err = m.release(ctx, r, cause)
	case !errors.Is(err, ErrLost):
		r.Message = err.Error()
		err = errors.Join(err, m.finish(ctx, r, Failed))
	}
	span.End(r.Status, err)
	return err
}

// finish stores how a run ended, logs it and sends its metrics.
func (m *Manager) finish(ctx context.Context, r *Run, status string) error {
	r.Status = status
	ctx = context.WithoutCancel(ctx)
	now, err := m.now(ctx, m.db)
	if err != nil {
		return err
	}
	r.Finished = now
	if err := m.write(ctx, r, "status = ?, finished = ?", r.Status, r.Finished); err != nil {
		return err
	}
	slog.InfoContext(ctx, "job ended", "job", r.Job, "run", r.ID, "status", r.Status, "done", r.Done,
		"differences", r.Differences, "seconds", r.Finished-r.Started)
	observe.JobDuration.Observe(time.Duration(r.Finished-r.Started)*time.Second, r.Job, r.Status)
	if r.Due > 0 {
		observe.JobLateness.Observe(time.Duration(max(0, r.Started-r.Due))*time.Second, r.Job)
	}
	return nil
}

// safely calls work and turns a panic into an error: a job that panics must not end the server that
// works on it, and then the next server.
func safely(ctx context.Context, work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(ctx, "job panics", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return work()
}

func (m *Manager) leaseSeconds() int64 { return int64(m.settings.Lease / time.Second) }

// take makes this process the run's holder. It increments the fence, so that an earlier holder can
// write nothing more. It returns ErrLost if another process holds the run or works on another run of
// the job.
func (m *Manager) take(ctx context.Context, db *database.DB, r *Run) error {
	if r.held {
		return nil
	}
	now, err := m.now(ctx, db)
	if err != nil {
		return err
	}
	taken, err := db.Exec(ctx,
		`UPDATE {q2ab_job_runs}
			SET status = 'running', fence = fence + 1, heartbeat = ?, holder = ?,
				started = CASE WHEN started = 0 THEN ? ELSE started END
			WHERE id = ? AND fence = ? AND (status = 'queued' OR status = 'running' AND heartbeat < ?)`,
		now, m.holder, now, r.ID, r.fence, now-m.leaseSeconds())
	if database.DuplicateKey(err) {
		return ErrLost
	}
	if err != nil {
		return fmt.Errorf("take a run: %w", err)
	}
	if taken == 0 {
		return ErrLost
	}
	// Since the run was read, its former holder may have made progress through Once. Only now is it
	// unable to.
	list, err := m.runs(ctx, db, "WHERE id = ?", r.ID)
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].fence != r.fence+1 {
		return ErrLost
	}
	list[0].job, list[0].held = r.job, true
	*r = *list[0]
	return nil
}

// release gives back a run that is not finished, so that another process, or this one after a
// restart, can continue it at once. It does so by making the lease look expired.
func (m *Manager) release(ctx context.Context, r *Run, cause error) error {
	if errors.Is(cause, ErrLost) {
		return cause
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer done()
	_, err := m.db.Exec(ctx,
		"UPDATE {q2ab_job_runs} SET heartbeat = 0 WHERE id = ? AND fence = ? AND status = 'running'",
		r.ID, r.fence)
	slog.InfoContext(ctx, "job is given back", "job", r.Job, "run", r.ID, "done", r.Done)
	return errors.Join(cause, err)
}

// renew renews the lease regularly, and stops the work if this process does not hold the run any
// more.
func (m *Manager) renew(ctx context.Context, r Run, stop context.CancelCauseFunc) {
	tick := time.NewTicker(m.settings.Lease / 3)
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

// sign renews the lease once.
func (m *Manager) sign(ctx context.Context, r *Run) error {
	now, err := m.now(ctx, m.db)
	if err != nil {
		return err
	}
	return m.set(ctx, r, "heartbeat = ?", now)
}

// write stores the run's progress together with a sign of life. It returns ErrLost if this process
// does not hold the run any more. It works even if the context has ended, so that what a batch has
// repaired is not missing from the run's report.
func (m *Manager) write(ctx context.Context, r *Run, sets string, args ...any) error {
	at, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer done()
	now, err := m.now(ctx, m.db)
	if err != nil {
		return err
	}
	args = append([]any{now, r.Done, r.Total, r.Differences, string(at), r.Message}, args...)
	return m.set(ctx, r, "heartbeat = ?, done = ?, total = ?, differences = ?, state = ?, message = ?, "+sets,
		args...)
}

// set updates columns of a run, and returns ErrLost if this process does not hold it.
func (m *Manager) set(ctx context.Context, r *Run, sets string, args ...any) error {
	changed, err := m.db.Exec(ctx,
		"UPDATE {q2ab_job_runs} SET "+sets+" WHERE id = ? AND fence = ? AND status = 'running'",
		append(args, r.ID, r.fence)...)
	if err != nil {
		return fmt.Errorf("write the state of a run: %w", err)
	}
	if changed > 0 {
		return nil
	}
	// MySQL counts only the rows that an UPDATE changes, and within the same second there may be no
	// change.
	var n int
	held, err := m.db.Get(ctx, []any{&n},
		"SELECT 1 FROM {q2ab_job_runs} WHERE id = ? AND fence = ? AND status = 'running'", r.ID, r.fence)
	if err != nil {
		return fmt.Errorf("read the state of a run: %w", err)
	}
	if !held {
		return ErrLost
	}
	return nil
}

// steps does what is left of the run.
func (m *Manager) steps(ctx context.Context, r *Run, progress func(*Run, *Work)) error {
	job := r.job
	if err := job.check(r.Parameters); err != nil {
		return err // another release of the program was asked; this one would leave out what it does not know
	}
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
	if at := r.state; at.Step > len(job.Steps) || at != (state{}) && job.name(at.Step) != at.Name {
		r.state = state{} // the steps are others now
	}
	var memory any
	for r.state.Step < len(job.Steps) {
		s := job.Steps[r.state.Step]
		w := &Work{
			DryRun: r.DryRun, Run: r.ID, Parameters: r.Parameters, Done: 1, Memory: memory,
			Due: m.dueTime(r), m: m, run: r,
		}
		next, err := s.Batch(ctx, r.state.After, w)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		memory = w.Memory
		r.arrive(w, next)
		if !w.stored {
			if err := m.write(ctx, r, "status = 'running'"); err != nil {
				return err
			}
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

// dueTime returns the value of Work.Due.
func (m *Manager) dueTime(r *Run) time.Time {
	return time.Unix(cmp.Or(r.Due, r.Requested), 0).In(m.settings.Zone)
}

// name returns the name of a step, or "" for the place after the last step.
func (j Job) name(step int) string {
	if step == len(j.Steps) {
		return ""
	}
	return j.Steps[step].Name
}

// note adds what a batch reported to the run.
func (r *Run) note(w *Work) {
	r.Done += w.Done
	r.Total = max(r.Total, r.Done)
	for _, d := range w.Found {
		if r.Differences < keptDifferences {
			r.Message = strings.TrimPrefix(r.Message+"\n"+d.String(), "\n")
		}
		r.Differences++
	}
	if w.Summary != "" {
		r.Message, r.state.Summary = w.Summary, true
	}
}
