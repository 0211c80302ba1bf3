package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

const (
	// grace is how late a run of a job with Missed set to Skip may still begin.
	grace = time.Minute
	// plannedAtOnce bounds how many missed due times one transaction turns into runs.
	plannedAtOnce = 500
	// Finished runs are kept for keptFor, and the latest keptRuns of each job forever.
	keptFor  = 30 * 24 * time.Hour
	keptRuns = 20
)

// now returns the database's time in Unix seconds, so that all processes use one clock.
func (m *Manager) now(ctx context.Context, db *database.DB) (int64, error) { return db.ServerNow(ctx) }

// plan makes runs for all due times of schedules that have come, and returns the next due time.
func (m *Manager) plan(ctx context.Context) (next time.Time, err error) {
	if len(m.schedules) == 0 {
		return time.Time{}, nil
	}
	now, err := m.now(ctx, m.db)
	if err != nil {
		return time.Time{}, err
	}
	planned, err := m.planned(ctx, m.db, "")
	if err != nil {
		return time.Time{}, err
	}
	for _, j := range m.jobs {
		if j.Schedule == "" {
			continue
		}
		p, ok := planned[j.Name]
		if !ok || p.schedule != j.Schedule || m.after(j, p.until).Unix() <= now {
			if err := m.planJob(ctx, j); err != nil {
				return time.Time{}, fmt.Errorf("plan the job %s: %w", j.Name, err)
			}
		}
		if due := m.after(j, now); next.IsZero() || due.Before(next) {
			next = due
		}
	}
	return next, nil
}

// after returns the first due time of a job's schedule after a moment, given in Unix seconds.
func (m *Manager) after(j Job, at int64) time.Time {
	return m.schedules[j.Name].Next(time.Unix(at, 0).In(m.settings.Zone))
}

// plannedUntil says up to when the due times of a schedule have been turned into runs.
type plannedUntil struct {
	schedule string
	until    int64
}

func (m *Manager) planned(
	ctx context.Context, db *database.DB, condition string, args ...any,
) (map[string]plannedUntil, error) {
	list := map[string]plannedUntil{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var name string
		var p plannedUntil
		err := rows.Scan(&name, &p.schedule, &p.until)
		list[name] = p
		return err
	}, "SELECT name, schedule, planned FROM {q2ab_schedules} "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read the schedules: %w", err)
	}
	return list, nil
}

// planJob makes runs for the due times of a job that have come. A job that is new, or whose schedule
// has changed, begins with the next due time.
func (m *Manager) planJob(ctx context.Context, j Job) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		now, err := m.now(ctx, tx)
		if err != nil {
			return err
		}
		fresh, err := tx.Exec(ctx,
			tx.InsertIgnore()+" {q2ab_schedules} (name, schedule, planned) VALUES (?, ?, ?)", j.Name,
			j.Schedule, now)
		if err != nil {
			return err
		}
		if fresh > 0 && j.AtStart {
			if err := m.ask(ctx, tx, j.Name, Options{}); err != nil {
				return err
			}
		}
		planned, err := m.planned(ctx, tx, "WHERE name = ?"+tx.ForUpdate(), j.Name)
		if err != nil {
			return err
		}
		until := planned[j.Name].until
		if planned[j.Name].schedule != j.Schedule {
			until = now
		}
		due, until := m.due(j, until, now)
		if err := m.addDue(ctx, tx, j, due, now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE {q2ab_schedules} SET schedule = ?, planned = ? WHERE name = ?",
			j.Schedule, until, j.Name)
		return err
	})
}

// due returns the due times in the interval after a moment and up to now that are to become runs,
// and the moment up to which all due times are dealt with by that.
func (m *Manager) due(j Job, after, now int64) (list []int64, until int64) {
	until = after
	for at := m.after(j, after); at.Unix() <= now; at = m.after(j, at.Unix()) {
		until = at.Unix()
		switch {
		case j.Missed == CatchUpOnce:
			list = []int64{until}
		case j.Missed == CatchUpEach || until > now-int64(grace/time.Second):
			list = append(list, until)
		}
		if len(list) == plannedAtOnce {
			break
		}
	}
	return list, until
}

// addDue adds runs for the due times. Unless each due time gets its own run, it marks earlier runs
// that still wait as skipped.
func (m *Manager) addDue(ctx context.Context, tx *database.DB, j Job, due []int64, now int64) error {
	if len(due) > 0 && j.Missed != CatchUpEach {
		_, err := tx.Exec(ctx, `UPDATE {q2ab_job_runs}
			SET status = 'skipped', finished = ?
			WHERE name = ? AND status = 'queued' AND due IS NOT NULL`,
			now, j.Name)
		if err != nil {
			return err
		}
	}
	for _, at := range due {
		_, err := tx.Exec(ctx, tx.InsertIgnore()+
			" {q2ab_job_runs} (name, status, dry_run, due, requested) VALUES (?, 'queued', ?, ?, ?)",
			j.Name, false, at, now)
		if err != nil {
			return err
		}
	}
	return nil
}

// prune removes old runs of a job. Their due times do not become runs again, because
// {q2ab_schedules} says that they have been planned.
func (m *Manager) prune(ctx context.Context, name string) error {
	now, err := m.now(ctx, m.db)
	if err != nil {
		return err
	}
	var kept int
	found, err := m.db.Get(ctx, []any{&kept},
		"SELECT id FROM {q2ab_job_runs} WHERE name = ? ORDER BY id DESC LIMIT 1 OFFSET ?", name, keptRuns-1)
	if err == nil && found {
		_, err = m.db.Exec(ctx, `DELETE FROM {q2ab_job_runs}
			WHERE name = ? AND id < ? AND status NOT IN ('queued', 'running') AND finished < ?`,
			name, kept, now-int64(keptFor/time.Second))
	}
	if err != nil {
		return fmt.Errorf("remove old runs: %w", err)
	}
	return nil
}
