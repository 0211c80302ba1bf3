// Package jobs runs work in the background: by schedule, after events or by request, in steps with progress, each run in one process
// however many there are, going on after a crash where it stood.
//
// A run is a row. A time of a schedule has one row, and the table lets one run of a job be under way at most. Whoever works on it holds a
// lease that it renews; when the holder dies the lease runs out and another process takes the run over. Each holder has a number, the fence,
// that all it writes of the run bears: an earlier holder that wakes up later can change nothing of it, nor write anything through
// (*Work).Tx and (*Work).Once. All processes go by the database's clock.
//
// A job is one value, which its module makes in a file of its own and modules/app.go gives to New; see the example.
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
	// Name is what operators call it by, Summary what it does.
	Name, Summary string
	// Schedule says when it runs by itself, as the five fields of cron in the manager's time zone ("0 * * * *": every hour); "" for never.
	Schedule string
	// Missed says what becomes of times at which no process was there, or the run before was still under way.
	Missed Missed
	// AtStart asks for a run when the job is new on the site, so that its first time need not be waited for.
	AtStart bool
	// On are the events, by Q2A's names, after which it runs. Events that come while a run waits are all seen to by that one, and those that
	// come while one is under way by one more.
	On []string
	// Parameters are what a run by request can be told.
	Parameters []Parameter
	// Steps are done one after the other.
	Steps []Step
}

// Missed is what becomes of times that were missed.
type Missed int

const (
	// CatchUpOnce makes one run, for the latest of them, stand for all.
	CatchUpOnce Missed = iota
	// CatchUpEach makes up for each, the oldest first.
	CatchUpEach
	// Skip waits for the next time.
	Skip
)

func (m Missed) String() string { return [...]string{"catch-up-once", "catch-up-each", "skip"}[m] }

// Step is a part of a job, worked off in batches.
type Step struct {
	Name string
	// Count tells how much there is to do, about; nil for steps that are one batch.
	Count func(ctx context.Context) (int, error)
	// Batch does one piece of work after the given place, 0 at first, and returns the place that it came to; 0 when there is
	// nothing left. It is called again with the same place if the process died meanwhile, even if it had done its work, unless it did that
	// with (*Work).Once.
	Batch func(ctx context.Context, after int, w *Work) (next int, err error)
}

// Work is what a batch is given and tells.
type Work struct {
	// DryRun batches change nothing.
	DryRun bool
	// Run is the run's id, greater than those of all runs before.
	Run int
	// Parameters are those that the run was asked for with; what was not given is absent.
	Parameters map[string]string
	// Done is what the batch has worked off; the batch sets it.
	Done int
	// Found are the differences that the batch met; with Report.
	Found []Difference
	// Note is what else the batch has to say of its progress, in a few words ("12.3 MB/s"); it is shown, and not kept.
	Note string
	// Summary is what the last batch has to say of the whole run; "" leaves it at the count and the differences.
	Summary string
	// Memory is what a run keeps in memory from one batch to the next: what the batch before has left in it, nil in the
	// first one of this process, also of a run that another process began.
	Memory any
	// Due is the time of the schedule that the run stands for, in its zone; of other runs when they were asked for.
	Due time.Time

	m   *Manager
	run *Run
	// stored tells that Once has written down the place that the batch came to.
	stored bool
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
	// Skipped runs were never begun: a later time of the schedule stands for them.
	Skipped = "skipped"
)

// Run is one run of a job.
type Run struct {
	ID     int    `json:"id"`
	Job    string `json:"job"`
	Status string `json:"status" enum:"queued,running,done,failed,cancelled,skipped"`
	DryRun bool   `json:"dryRun"`
	// Parameters are those that it was asked for with.
	Parameters map[string]string `json:"parameters,omitempty" doc:"What it was told when it was asked for"`
	// Due is the time of the schedule that it stands for, 0 for none. All times are in Unix seconds, 0 for not yet.
	Due       int64 `json:"-"`
	Requested int64 `json:"-"`
	Started   int64 `json:"-"`
	Finished  int64 `json:"-"`
	// Done of Total are worked off, about.
	Done        int    `json:"done"`
	Total       int    `json:"total"`
	Differences int    `json:"differences" doc:"How many values were not what they should be"`
	Message     string `json:"message,omitempty" doc:"Why it failed, what the job says of its result, or the first differences"`
	Holder      string `json:"holder,omitempty" doc:"Host and process that works on it, or did last"`

	fence int
	// heartbeat is when the holder last gave a sign, in Unix seconds; 0 if it gave the run back.
	heartbeat int64
	state     state
	job       Job
	// held tells that this process has taken the run already.
	held bool
}

// Summary is what a job says itself of a run that is done; "" if it says nothing.
func (r *Run) Summary() string {
	if r.Status != Done || !r.state.Summary {
		return ""
	}
	return r.Message
}

// state is where a run stands. Name is that of the step: the next release of the program may have other steps. Summary tells that the message is
// the job's, and no list of differences.
type state struct {
	Step    int    `json:"step"`
	Name    string `json:"name"`
	After   int    `json:"after"`
	Summary bool   `json:"summary,omitempty"`
}

// defaultLease is after what time without a sign a holder counts as dead; signs are given three times as often.
const defaultLease = 30 * time.Second

// keptDifferences is how many differences a run remembers.
const keptDifferences = 100

// Settings of a Manager.
type Settings struct {
	// Zone is where schedules are; nil is UTC.
	Zone *time.Location
	// Poll is how often Serve looks for runs to take; never if it is 0.
	Poll time.Duration
	// AtOnce is how many runs, of different jobs, one process works on at once; 0 means 2.
	AtOnce int
	// Lease is after what time without a sign of its holder a run is taken over; 0 means 30 seconds.
	Lease time.Duration
}

// Manager knows the jobs and their runs.
type Manager struct {
	db        *database.DB
	jobs      []Job
	schedules map[string]cron.Schedule
	settings  Settings
	holder    string
}

// New returns a manager of the jobs; see Add.
func New(db *database.DB, s Settings, jobs ...Job) *Manager {
	if s.Zone == nil {
		s.Zone = time.UTC
	}
	s.AtOnce = cmp.Or(s.AtOnce, 2)
	s.Lease = cmp.Or(s.Lease, defaultLease)
	host, _ := os.Hostname()
	m := &Manager{db: db, settings: s, schedules: map[string]cron.Schedule{}, holder: fmt.Sprintf("%s/%d", host, os.Getpid())}
	m.Add(jobs...)
	return m
}

// Add adds jobs, before the manager serves. It panics if a schedule or the name of a parameter is none: that is a
// mistake in the program.
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

// Jobs are all jobs, in the order in which they were given.
func (m *Manager) Jobs() []Job { return m.jobs }

// Next is when a job runs next by its schedule; the zero time if it has none.
func (m *Manager) Next(name string) time.Time {
	schedule, ok := m.schedules[name]
	if !ok {
		return time.Time{}
	}
	return schedule.Next(time.Unix(m.db.Now(), 0).In(m.settings.Zone))
}

// Find is the job with the name; not_found if there is none.
func (m *Manager) Find(name string) (Job, error) {
	i := slices.IndexFunc(m.jobs, func(j Job) bool { return j.Name == name })
	if i < 0 {
		return Job{}, problem.NotFound()
	}
	return m.jobs[i], nil
}

const runColumns = "id, name, status, dry_run, due, requested, started, finished, done, total, differences, message, holder, fence, heartbeat, state, parameters"

func (m *Manager) runs(ctx context.Context, db *database.DB, tail string, args ...any) ([]*Run, error) {
	var list []*Run
	err := db.Select(ctx, func(rows *sql.Rows) error {
		r := &Run{}
		var message, holder, at, parameters sql.NullString
		var due sql.NullInt64
		if err := rows.Scan(&r.ID, &r.Job, &r.Status, &r.DryRun, &due, &r.Requested, &r.Started, &r.Finished, &r.Done, &r.Total, &r.Differences,
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

// History are the latest runs of a job, the newest first.
func (m *Manager) History(ctx context.Context, name string, limit int) ([]*Run, error) {
	return m.runs(ctx, m.db, "WHERE name = ? ORDER BY id DESC LIMIT ?", name, limit)
}
