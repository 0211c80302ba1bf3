// Package jobs runs work in the background: by schedule, after events or by request. A job consists
// of steps and reports its progress. Each run is worked on by one process, however many processes
// there are, and after a crash it continues where it stood.
//
// A run is a row of a table. Each due time of a schedule has one row, and the table allows at most
// one run of a job to be under way. The process that works on a run holds a lease, which it renews.
// If the process dies, the lease expires and another process takes the run over. Each holder has a
// number, the fence, which accompanies everything that it writes about the run. An earlier holder
// that wakes up later has an outdated fence: it can neither change the run nor write anything
// through (*Work).Tx and (*Work).Once. All processes use the database's clock.
//
// A job is a value of type Job. Its module makes it in a file of its own, and modules/app.go passes
// it to New; see the example.
package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// Job is a kind of work.
type Job struct {
	// Name is the name by which operators call the job; Summary says what it does.
	Name, Summary string
	// Schedule says when the job runs by itself, as the five fields of cron in the manager's time
	// zone ("0 * * * *" is every hour); "" means never.
	Schedule string
	// Missed says what happens to due times at which no process was running or the previous run was
	// still under way.
	Missed Missed
	// AtStart queues a run when the job is new on the site, so that it does not have to wait for its
	// first due time.
	AtStart bool
	// On lists the events, by Q2A's names, after which the job runs. One run handles all events that
	// come while it waits; events that come while a run is under way are handled by one more run.
	On []string
	// Parameters are the parameters that a run by request accepts.
	Parameters []Parameter
	// Steps are executed one after the other.
	Steps []Step
}

// Missed says what a job does about due times that were missed.
type Missed int

const (
	// CatchUpOnce makes one run, for the latest due time, in place of all that were missed.
	CatchUpOnce Missed = iota
	// CatchUpEach makes a run for each missed due time, the oldest first.
	CatchUpEach
	// Skip makes no run for a missed due time and waits for the next one.
	Skip
)

func (m Missed) String() string { return [...]string{"catch-up-once", "catch-up-each", "skip"}[m] }

// Step is a part of a job, done in batches.
type Step struct {
	Name string
	// Count returns about how much there is to do. It is nil for a step that consists of one batch.
	Count func(ctx context.Context) (int, error)
	// Batch does one piece of the work after the given place, which is 0 at first, and returns the
	// place that it came to, or 0 if nothing is left. If the process dies, Batch is called again
	// with the same place even if it had finished its work, unless it did the work with
	// (*Work).Once.
	Batch func(ctx context.Context, after int, w *Work) (next int, err error)
}

// Work is what a batch receives, and through which it reports what it did.
type Work struct {
	// DryRun says that the batch must change nothing.
	DryRun bool
	// Run is the run's id, which is greater than those of all earlier runs.
	Run int
	// Parameters are the parameters that the run was requested with. Those that were not given are
	// absent.
	Parameters map[string]string
	// Done is how much the batch has done, in the units of Step.Count; the batch sets it.
	Done int
	// Found lists the differences that the batch found; Report adds to it.
	Found []Difference
	// Note is anything else that the batch reports about its progress, in a few words ("12.3 MB/s").
	// It is shown but not stored.
	Note string
	// Summary is the last batch's summary of the whole run; if it is "", the run shows the count and
	// the differences.
	Summary string
	// Memory is what a run keeps in memory from one batch to the next: what the previous batch
	// stored in it. It is nil in the first batch that this process does, also if another process
	// began the run.
	Memory any
	// Due is the due time of the schedule that the run is for, in the schedule's time zone; for
	// other runs it is when they were requested.
	Due time.Time

	m   *Manager
	run *Run
	// stored reports whether Once has already stored up to which position the run has come.
	stored bool
}

// Difference is a stored value that differs from what it should be.
type Difference struct {
	Table    string `json:"table"`
	Key      string `json:"key"`
	Column   string `json:"column"`
	Stored   string `json:"stored"`
	Computed string `json:"computed"`
}

// String returns the difference as one line of text.
func (d Difference) String() string {
	return fmt.Sprintf("%s %s %s: stored %s, computed %s", d.Table, d.Key, d.Column, d.Stored, d.Computed)
}

// Report compares a stored value with the computed one. If they differ it adds the difference to
// Found and returns true.
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
	// Skipped runs were never begun, because a run for a later due time replaced them.
	Skipped = "skipped"
)

// Run is one run of a job.
type Run struct {
	ID     int    `json:"id"`
	Job    string `json:"job"`
	Status string `json:"status" enum:"queued,running,done,failed,cancelled,skipped"`
	DryRun bool   `json:"dryRun"`
	// Parameters are the parameters that the run was requested with.
	Parameters map[string]string `json:"parameters,omitempty" doc:"What it was told when it was asked for"`
	// Due is the due time of the schedule that the run is for, or 0. Requested, Started and Finished
	// are 0 until that has happened. All times are in Unix seconds.
	Due       int64 `json:"-"`
	Requested int64 `json:"-"`
	Started   int64 `json:"-"`
	Finished  int64 `json:"-"`
	// Done is how much of Total has been done; both are approximate.
	Done        int    `json:"done"`
	Total       int    `json:"total"`
	Differences int    `json:"differences" doc:"How many values were not what they should be"`
	Message     string `json:"message,omitempty" doc:"Why it failed, what the job says of its result, or the first differences"`
	Holder      string `json:"holder,omitempty" doc:"Host and process that works on it, or did last"`

	fence int
	// heartbeat is when the holder last gave a sign of life, in Unix seconds; 0 if it gave the run
	// back.
	heartbeat int64
	state     state
	job       Job
	// held reports whether this process has taken the run already.
	held bool
}

// Summary returns the job's own summary of a run that is done, or "" if there is none.
func (r *Run) Summary() string {
	if r.Status != Done || !r.state.Summary {
		return ""
	}
	return r.Message
}

// state is where a run stands. Name is the name of the step, because the next release of the program
// may have other steps. Summary reports whether the run's message is the job's summary rather than a
// list of differences.
type state struct {
	Step    int    `json:"step"`
	Name    string `json:"name"`
	After   int    `json:"after"`
	Summary bool   `json:"summary,omitempty"`
}

// defaultLease is how long after its last sign of life a holder counts as dead. A holder gives a
// sign three times in that time.
const defaultLease = 30 * time.Second

// keptDifferences is how many differences a run remembers.
const keptDifferences = 100

// Settings are the settings of a Manager.
type Settings struct {
	// Zone is the time zone of the schedules; nil means UTC.
	Zone *time.Location
	// Poll is how often Serve looks for runs to take. If it is 0, Serve does nothing.
	Poll time.Duration
	// AtOnce is how many runs, of different jobs, a process works on at the same time; 0 means 2.
	AtOnce int
	// Lease is how long after its holder's last sign of life a run is taken over; 0 means 30
	// seconds.
	Lease time.Duration
}

// Manager manages jobs and their runs.
type Manager struct {
	db        *database.DB
	jobs      []Job
	schedules map[string]cron.Schedule
	settings  Settings
	holder    string
}

// New returns a manager of the given jobs. Like Add, it panics if one of them is not valid.
func New(db *database.DB, s Settings, jobs ...Job) *Manager {
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	s.AtOnce = cmp.Or(s.AtOnce, 2)
	s.Lease = cmp.Or(s.Lease, defaultLease)
	host, _ := os.Hostname()
	m := &Manager{
		db: db, settings: s, schedules: map[string]cron.Schedule{},
		holder: fmt.Sprintf("%s/%d", host, os.Getpid()),
	}
	m.Add(jobs...)
	return m
}

// Add adds jobs. It must not be called after Serve. It panics if a schedule or the name of a
// parameter is not valid, since that is a mistake in the program.
func (m *Manager) Add(jobs ...Job) {
	m.jobs = append(m.jobs, jobs...)
	for _, j := range jobs {
		j.mustName()
		if j.Schedule == "" {
			continue
		}
		schedule, err := cron.ParseStandard(j.Schedule)
		if err != nil {
			panic("jobs: " + j.Name + ": " + err.Error())
		}
		if schedule.Next(time.Now()).IsZero() {
			panic("jobs: " + j.Name + ": " + j.Schedule + " never comes")
		}
		m.schedules[j.Name] = schedule
	}
}

// Jobs returns all jobs in the order in which they were added.
func (m *Manager) Jobs() []Job { return m.jobs }

// Next returns the next due time of the job's schedule, or the zero time if the job has no schedule.
func (m *Manager) Next(name string) time.Time {
	schedule, ok := m.schedules[name]
	if !ok {
		return time.Time{}
	}
	return schedule.Next(time.Unix(m.db.Now(), 0).In(m.settings.Zone))
}

// Find returns the job with the given name, or the problem not_found if there is none.
func (m *Manager) Find(name string) (Job, error) {
	i := slices.IndexFunc(m.jobs, func(j Job) bool { return j.Name == name })
	if i < 0 {
		return Job{}, problem.NotFound()
	}
	return m.jobs[i], nil
}

const runColumns = `id, name, status, dry_run, due, requested, started, finished, done, total, differences,
	message, holder, fence, heartbeat, state, parameters`

func (m *Manager) runs(ctx context.Context, db *database.DB, tail string, args ...any) ([]*Run, error) {
	var list []*Run
	err := db.Select(ctx, func(rows *sql.Rows) error {
		r := &Run{}
		var message, holder, at, parameters sql.NullString
		var due sql.NullInt64
		if err := rows.Scan(&r.ID, &r.Job, &r.Status, &r.DryRun, &due, &r.Requested, &r.Started,
			&r.Finished, &r.Done, &r.Total, &r.Differences,
			&message, &holder, &r.fence, &r.heartbeat, &at, &parameters); err != nil {
			return err
		}
		r.Due, r.Message, r.Holder = due.Int64, message.String, holder.String
		if at.Valid {
			if err := json.Unmarshal([]byte(at.String), &r.state); err != nil {
				return err
			}
		}
		if parameters.Valid {
			if err := json.Unmarshal([]byte(parameters.String), &r.Parameters); err != nil {
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

// History returns the latest runs of a job, newest first, at most limit.
func (m *Manager) History(ctx context.Context, name string, limit int) ([]*Run, error) {
	return m.runs(ctx, m.db, "WHERE name = ? ORDER BY id DESC LIMIT ?", name, limit)
}
