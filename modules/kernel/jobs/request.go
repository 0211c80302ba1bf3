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

// Request queues a run of a job, or returns one that was asked for or is under way and is not finished yet, even if it does not match the
// options; not_found if there is no such job, and validation if it cannot be told that.
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

// Start is Request for who works on the run at once: unless it does not match the options, it is taken before any
// server sees it. With ErrLost, which tells that another process works on it, it returns the run too.
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

// Await is Start for who can wait: if the holder gives no sign any more, the run is taken over as soon as its lease has run out. held, if given, is
// told of the run that is waited for. ErrLost, with the run, tells that its holder lives, or has just ended it.
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

// check finds out whether there is such a job, and whether it can be asked for so.
func (m *Manager) check(name string, o Options) error {
	j, err := m.Find(name)
	if err != nil {
		return err
	}
	return j.check(o.Parameters)
}

func (m *Manager) request(ctx context.Context, tx *database.DB, name string, o Options) (*Run, error) {
	for range 2 {
		list, err := m.runs(ctx, tx, "WHERE name = ? AND (status = 'running' OR status = 'queued' AND due IS NULL) ORDER BY status DESC, id LIMIT 1"+tx.ForUpdate(), name)
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

// ask queues a run unless one waits already: of a name the table takes one dry or not, and one with parameters or without, so that what an
// event asks for is not lost to a run that was told something else.
func (m *Manager) ask(ctx context.Context, tx *database.DB, name string, o Options) error {
	parameters, err := o.column()
	if err != nil {
		return err
	}
	now, err := m.now(ctx, tx)
	if err == nil {
		_, err = tx.Exec(ctx, tx.InsertIgnore()+" {q2ab_job_runs} (name, status, dry_run, parameters, requested) VALUES (?, 'queued', ?, ?, ?)", name, o.DryRun, parameters, now)
	}
	if err != nil {
		return fmt.Errorf("request a run: %w", err)
	}
	return nil
}

// HandleEvent asks for runs of the jobs that an event is to be followed by; it is a handler of the outbox.
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

// Cancel ends what is under way of a job and what waits, but for later times of its schedule; the holder stops at the next sign that it gives.
func (m *Manager) Cancel(ctx context.Context, name string) error {
	now, err := m.now(ctx, m.db)
	if err == nil {
		_, err = m.db.Exec(ctx, "UPDATE {q2ab_job_runs} SET status = 'cancelled', finished = ?, fence = fence + 1 WHERE name = ? AND status IN ('queued', 'running')", now, name)
	}
	if err != nil {
		return fmt.Errorf("cancel a run: %w", err)
	}
	return nil
}
