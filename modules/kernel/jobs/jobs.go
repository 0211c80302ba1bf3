// Package jobs runs long work in steps: with progress, one process at a time, going on after a crash where it stood.
//
// A run is a row. Whoever works on it holds a lease that it renews; when the holder dies the lease runs out and another
// process takes the run over. Each holder has a number, the fence, that all it writes of the run bears: an earlier holder that
// wakes up later can change nothing of it. The batch that it is in may still be done twice, so batches must bear that.
package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// Job is a kind of long work.
type Job struct {
	// Name is what operators call it by, Summary what it does.
	Name, Summary string
	// Steps are done one after the other.
	Steps []Step
}

// Step is a part of a job, worked off in batches.
type Step struct {
	Name string
	// Count tells how much there is to do, about; nil for steps that are one batch.
	Count func(ctx context.Context) (int, error)
	// Batch does one piece of work after the given place, 0 at first, and returns the place that it came to; 0 when there is
	// nothing left. It is called again with the same place if the process died meanwhile, even if it had done its work.
	Batch func(ctx context.Context, after int, w *Work) (next int, err error)
}

// Work is what a batch is given and tells.
type Work struct {
	// DryRun batches change nothing.
	DryRun bool
	// Done is what the batch has worked off; the batch sets it.
	Done int
	// Found are the differences that the batch met; with Report.
	Found []Difference
}

// Difference is a stored value that is not what it should be.
type Difference struct {
	Table    string `json:"table"`
	Key      string `json:"key"`
	Column   string `json:"column"`
	Stored   string `json:"stored"`
	Computed string `json:"computed"`
}

// String is the difference as a line.
func (d Difference) String() string {
	return fmt.Sprintf("%s %s %s: stored %s, computed %s", d.Table, d.Key, d.Column, d.Stored, d.Computed)
}

// Report tells of a difference if the values do differ, and whether they do.
func (w *Work) Report(table string, key any, column string, stored, computed any) bool {
	s, c := fmt.Sprint(stored), fmt.Sprint(computed)
	if s == c {
		return false
	}
	w.Found = append(w.Found, Difference{table, fmt.Sprint(key), column, s, c})
	return true
}

// States of a run.
const (
	Queued    = "queued"
	Running   = "running"
	Done      = "done"
	Failed    = "failed"
	Cancelled = "cancelled"
)

// Run is one run of a job.
type Run struct {
	ID     int    `json:"id"`
	Job    string `json:"job"`
	Status string `json:"status" enum:"queued,running,done,failed,cancelled"`
	DryRun bool   `json:"dryRun"`
	// Times are in Unix seconds, 0 for not yet.
	Requested int64 `json:"-"`
	Started   int64 `json:"-"`
	Finished  int64 `json:"-"`
	// Done of Total are worked off, about.
	Done        int    `json:"done"`
	Total       int    `json:"total"`
	Differences int    `json:"differences" doc:"How many values were not what they should be"`
	Message     string `json:"message,omitempty" doc:"Why it failed, or the first differences"`

	fence int
	state state
	// held tells that this process has taken the run already.
	held bool
}

// state is where a run stands. Name is that of the step: the next release of the program may have other steps.
type state struct {
	Step  int    `json:"step"`
	Name  string `json:"name"`
	After int    `json:"after"`
}

// leaseSeconds is after how many seconds without a sign a holder counts as dead; signs are given three times as often.
const leaseSeconds = 30

// keptDifferences is how many differences a run remembers.
const keptDifferences = 100

// Manager knows the jobs and their runs.
type Manager struct {
	db   *database.DB
	jobs []Job
	poll time.Duration
}

// New returns a manager of the jobs. Serve looks every poll for runs to take, never if that is 0.
func New(db *database.DB, poll time.Duration, jobs ...Job) *Manager {
	return &Manager{db: db, jobs: jobs, poll: poll}
}

// Jobs are all jobs, in the order in which they were given.
func (m *Manager) Jobs() []Job { return m.jobs }

// Find is the job with the name; not_found if there is none.
func (m *Manager) Find(name string) (Job, error) {
	i := slices.IndexFunc(m.jobs, func(j Job) bool { return j.Name == name })
	if i < 0 {
		return Job{}, problem.NotFound()
	}
	return m.jobs[i], nil
}

const runColumns = "id, name, status, dry_run, requested, started, finished, done, total, differences, message, fence, state"

func (m *Manager) runs(ctx context.Context, db *database.DB, tail string, args ...any) ([]*Run, error) {
	var list []*Run
	err := db.Select(ctx, func(rows *sql.Rows) error {
		r := &Run{}
		var message, at sql.NullString
		if err := rows.Scan(&r.ID, &r.Job, &r.Status, &r.DryRun, &r.Requested, &r.Started, &r.Finished, &r.Done, &r.Total, &r.Differences, &message, &r.fence, &at); err != nil {
			return err
		}
		r.Message = message.String
		if at.Valid {
			if err := json.Unmarshal([]byte(at.String), &r.state); err != nil {
				return err
			}
		}
		list = append(list, r)
		return nil
	}, "SELECT "+runColumns+" FROM {q2ab_job_runs} "+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read the runs of jobs: %w", err)
	}
	return list, nil
}

// History are the latest runs of a job, the newest first.
func (m *Manager) History(ctx context.Context, name string, limit int) ([]*Run, error) {
	return m.runs(ctx, m.db, "WHERE name = ? ORDER BY id DESC LIMIT ?", name, limit)
}

// unfinished is a run that is queued or under way.
const unfinished = "status IN ('queued', 'running')"

// Request queues a run of a job, or returns the one that is not finished yet; not_found if there is no such job.
func (m *Manager) Request(ctx context.Context, name string, dryRun bool) (run *Run, err error) {
	if _, err := m.Find(name); err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		run, err = m.request(ctx, tx, name, dryRun)
		return err
	})
	return run, err
}

// Start is Request for who works on the run at once: unless it is one of the other kind (dry or not), it is taken before any
// server sees it. With ErrLost, which tells that another process works on it, it returns the run too.
func (m *Manager) Start(ctx context.Context, name string, dryRun bool) (run *Run, err error) {
	if _, err := m.Find(name); err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		if run, err = m.request(ctx, tx, name, dryRun); err != nil || run.DryRun != dryRun {
			return err
		}
		return m.take(ctx, tx, run)
	})
	return run, err
}

func (m *Manager) request(ctx context.Context, tx *database.DB, name string, dryRun bool) (*Run, error) {
	for range 2 {
		list, err := m.runs(ctx, tx, "WHERE name = ? AND "+unfinished+" ORDER BY id DESC LIMIT 1"+tx.ForUpdate(), name)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 {
			return list[0], nil
		}
		// The table takes one unfinished run of a name: if somebody else was faster, this does nothing, and theirs is found.
		_, err = tx.Exec(ctx, tx.InsertIgnore()+" {q2ab_job_runs} (name, status, dry_run, requested) VALUES (?, 'queued', ?, ?)", name, dryRun, tx.Now())
		if err != nil {
			return nil, fmt.Errorf("request a run: %w", err)
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

// Cancel ends the unfinished run of a job, if there is one; its holder stops at the next sign that it gives.
func (m *Manager) Cancel(ctx context.Context, name string) error {
	_, err := m.db.Exec(ctx, "UPDATE {q2ab_job_runs} SET status = 'cancelled', finished = ?, fence = fence + 1 WHERE name = ? AND "+unfinished, m.db.Now(), name)
	if err != nil {
		return fmt.Errorf("cancel a run: %w", err)
	}
	return nil
}

// Serve takes queued and abandoned runs until the context ends.
func (m *Manager) Serve(ctx context.Context) {
	if m.poll <= 0 {
		return
	}
	names := make([]string, len(m.jobs))
	for i, j := range m.jobs {
		names[i] = j.Name
	}
	for {
		// Jobs that only another release of the program knows are left to that.
		list, err := m.runs(ctx, m.db, "WHERE name IN ? AND (status = 'queued' OR status = 'running' AND heartbeat < ?) ORDER BY id LIMIT 1", names, m.db.Now()-leaseSeconds)
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "jobs are not looked for", "error", err)
		}
		for _, r := range list {
			if err := m.Work(ctx, r, nil); err != nil && ctx.Err() == nil && !errors.Is(err, ErrLost) {
				slog.ErrorContext(ctx, "job failed", "job", r.Job, "run", r.ID, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(m.poll):
		}
	}
}
