package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// Request queues a run of a job and returns it. If a run of the job is under way, or one that was
// requested or caused by an event still waits, Request returns that run instead, even if it does not
// match the options. It returns the problem not_found if there is no such job, and validation if the
// job does not accept the parameters.
func (m *Manager) Request(ctx context.Context, name string, o Options) (run *Run, err error) {
	if err := m.check(name, o); err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		run, err = m.request(ctx, tx, name, o)
		return err
	})
	return run, err
}

// Queue queues a run of a job in the transaction that makes it necessary, so that it is neither lost nor run
// in vain. The run comes after the one that is under way, which may have passed what changes now. If a run
// waits already, Queue does nothing.
func (m *Manager) Queue(ctx context.Context, tx *database.DB, name string) error {
	if _, err := m.Find(name); err != nil {
		return err
	}
	return m.ask(ctx, tx, name, Options{})
}

// Start is like Request, for callers that work on the run themselves: it takes the run before any
// server can, unless the run does not match the options. If another process works on the run, Start
// returns the run together with ErrLost.
func (m *Manager) Start(ctx context.Context, name string, o Options) (run *Run, err error) {
	if err := m.check(name, o); err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		if run, err = m.request(ctx, tx, name, o); err != nil || !run.Matches(o) {
			return err
		}
		return m.take(ctx, tx, run)
	})
	return run, err
}

// Await is like Start, for callers that can wait: if another process holds the run but gives no more
// signs of life, Await takes the run over as soon as the lease has expired. It calls held, if not
// nil, with the run that it waits for. It returns the run with ErrLost if the holder is alive or has
// just ended the run.
func (m *Manager) Await(ctx context.Context, name string, o Options, held func(*Run)) (*Run, error) {
	run, err := m.Start(ctx, name, o)
	if !errors.Is(err, ErrLost) {
		return run, err
	}
	if held != nil {
		held(run)
	}
	for {
		select {
		case <-ctx.Done():
			return run, ctx.Err()
		case <-time.After(m.settings.Lease / 30):
		}
		now, err := m.runs(ctx, m.db, "WHERE id = ?", run.ID)
		if err != nil {
			return run, err
		}
		if len(now) == 0 || now[0].Status != Running || now[0].heartbeat > run.heartbeat {
			return run, ErrLost
		}
		if taken, err := m.Start(ctx, name, o); !errors.Is(err, ErrLost) {
			return taken, err
		}
	}
}

// check returns an error if there is no such job or the job does not accept the parameters.
func (m *Manager) check(name string, o Options) error {
	j, err := m.Find(name)
	if err != nil {
		return err
	}
	return j.check(o.Parameters)
}

func (m *Manager) request(ctx context.Context, tx *database.DB, name string, o Options) (*Run, error) {
	for range 2 {
		list, err := m.runs(ctx, tx,
			`WHERE name = ? AND (status = 'running' OR status = 'queued' AND due IS NULL)
				ORDER BY status DESC, id
				LIMIT 1`+tx.ForUpdate(),
			name)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			return list[0], nil
		}
		// If somebody else was faster, this does nothing, and theirs is found.
		if err := m.ask(ctx, tx, name, o); err != nil {
			return nil, err
		}
	}
	list, err := m.runs(ctx, tx, "WHERE name = ? ORDER BY id DESC LIMIT 1"+tx.ForUpdate(), name)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("request a run of %s: it is not there", name)
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// ask queues a run unless the table has such a run waiting already. For each job it allows one dry
// and one real run, each with and without parameters, so that a run for an event is not lost because
// a run with other parameters waits.
func (m *Manager) ask(ctx context.Context, tx *database.DB, name string, o Options) error {
	parameters, err := o.column()
	if err != nil {
		return err
	}
	now, err := m.now(ctx, tx)
	if err == nil {
		_, err = tx.Exec(ctx, tx.InsertIgnore()+
			" {q2ab_job_runs} (name, status, dry_run, parameters, requested) VALUES (?, 'queued', ?, ?, ?)",
			name, o.DryRun, parameters, now)
	}
	if err != nil {
		return fmt.Errorf("request a run: %w", err)
	}
	return nil
}

// HandleEvent queues runs of the jobs that are to follow the event. It is an events.Handler.
func (m *Manager) HandleEvent(ctx context.Context, tx *database.DB, e events.Event) error {
	for _, j := range m.jobs {
		if slices.Contains(j.On, e.Name) {
			if err := m.ask(ctx, tx, j.Name, Options{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Cancel cancels the job's run that is under way and those that wait; later due times of its
// schedule are not affected. The holder of the run stops at its next sign of life.
func (m *Manager) Cancel(ctx context.Context, name string) error { return m.cancel(ctx, m.db, name) }

func (m *Manager) cancel(ctx context.Context, db *database.DB, name string) error {
	now, err := m.now(ctx, db)
	if err == nil {
		_, err = db.Exec(ctx, `UPDATE {q2ab_job_runs}
			SET status = 'cancelled', finished = ?, fence = fence + 1
			WHERE name = ? AND status IN ('queued', 'running')`,
			now, name)
	}
	if err != nil {
		return fmt.Errorf("cancel a run: %w", err)
	}
	return nil
}
