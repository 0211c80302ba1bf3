package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// scheduled returns a job with the given schedule, each run of which writes a row into effects.
func scheduled(schedule string, missed Missed) Job {
	return Job{Name: "tick", Summary: "leaves an effect", Schedule: schedule, Missed: missed, Steps: []Step{{
		Name: "effect",
		Batch: func(ctx context.Context, _ int, w *Work) (int, error) {
			return w.Once(ctx, func(tx *database.DB) (int, error) {
				_, err := tx.Exec(ctx, "INSERT INTO {effects} (due, note) VALUES (?, 'run')", w.Due.Unix())
				return 0, err
			})
		},
	}}}
}

// clock is a time that tests set.
type clock struct{ unix atomic.Int64 }

func clockAt(t *testing.T, zone, at string) *clock {
	t.Helper()
	c := &clock{}
	c.unix.Store(moment(t, zone, at).Unix())
	return c
}

func (c *clock) now() time.Time { return time.Unix(c.unix.Load(), 0) }

func (c *clock) advance(d time.Duration) { c.unix.Add(int64(d / time.Second)) }

func moment(t *testing.T, zone, at string) time.Time {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	m, err := time.ParseInLocation("2006-01-02 15:04", at, location)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTimesOfSchedules checks that schedules are times in the community's time zone, its daylight saving
// included, and that times at which no server was there are made up for as the job's Missed says.
func TestTimesOfSchedules(t *testing.T) {
	for name, c := range map[string]struct {
		zone, schedule string
		missed         Missed
		after, now     string
		want           []string
	}{
		"midnight in Tokyo":             {"Asia/Tokyo", "0 0 * * *", CatchUpEach, "2026-11-24 08:00", "2026-11-26 09:00", []string{"2026-11-25 00:00", "2026-11-26 00:00"}},
		"the month in Tokyo":            {"Asia/Tokyo", "10 0 1 * *", CatchUpEach, "2026-11-30 23:59", "2026-12-01 00:10", []string{"2026-12-01 00:10"}},
		"not before its time":           {"Asia/Tokyo", "10 0 1 * *", CatchUpEach, "2026-11-30 23:59", "2026-12-01 00:09", nil},
		"one for all that were missed":  {"Asia/Tokyo", "0 * * * *", CatchUpOnce, "2026-11-26 00:30", "2026-11-26 09:59", []string{"2026-11-26 09:00"}},
		"each that was missed":          {"Asia/Tokyo", "0 * * * *", CatchUpEach, "2026-11-26 06:30", "2026-11-26 09:59", []string{"2026-11-26 07:00", "2026-11-26 08:00", "2026-11-26 09:00"}},
		"none that was missed":          {"Asia/Tokyo", "0 * * * *", Skip, "2026-11-26 00:30", "2026-11-26 09:59", nil},
		"late by less than a minute":    {"Asia/Tokyo", "0 * * * *", Skip, "2026-11-26 00:30", "2026-11-26 09:00", []string{"2026-11-26 09:00"}},
		"a day without that hour":       {"Europe/Berlin", "30 2 * * *", CatchUpEach, "2026-03-28 12:00", "2026-03-30 12:00", []string{"2026-03-30 02:30"}},
		"a day with that hour twice":    {"Europe/Berlin", "30 4 * * *", CatchUpEach, "2026-10-24 12:00", "2026-10-26 12:00", []string{"2026-10-25 04:30", "2026-10-26 04:30"}},
		"every hour of a day of 23":     {"Europe/Berlin", "0 0-4 * * *", CatchUpEach, "2026-03-28 23:30", "2026-03-29 04:30", []string{"2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 03:00", "2026-03-29 04:00"}},
		"nothing new within one minute": {"UTC", "* * * * *", CatchUpEach, "2026-03-28 12:00", "2026-03-28 12:00", nil},
	} {
		now, after := moment(t, c.zone, c.now), moment(t, c.zone, c.after)
		j := scheduled(c.schedule, c.missed)
		m := New(nil, Settings{Zone: now.Location()}, j)
		list, until := m.due(j, after.Unix(), now.Unix())
		var got []string
		for _, at := range list {
			got = append(got, time.Unix(at, 0).In(now.Location()).Format("2006-01-02 15:04"))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if again, _ := m.due(j, until, now.Unix()); len(again) > 0 {
			t.Errorf("%s: due again: %v", name, again)
		}
	}
}

// TestScheduleThatNeverComes checks that New panics on a schedule that is not understood, or whose time never
// comes.
func TestScheduleThatNeverComes(t *testing.T) {
	for _, schedule := range []string{"0 0 30 2 *", "nonsense"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is taken for a schedule", schedule)
				}
			}()
			New(nil, Settings{}, scheduled(schedule, Skip))
		}()
	}
}

// TestNewAndChangedSchedules checks that a new job waits for the next time of its schedule, or runs at once
// if it has AtStart, and that a job whose schedule has changed waits for the new schedule's next time.
func TestNewAndChangedSchedules(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		db := s.openAt(t, c.now)
		plan := func(j Job) int {
			t.Helper()
			if _, err := New(db, Settings{}, j).plan(t.Context()); err != nil {
				t.Fatal(err)
			}
			return count(t, db, "SELECT COUNT(*) FROM {q2ab_job_runs} WHERE status = 'queued'")
		}
		hourly := scheduled("0 * * * *", CatchUpEach)
		if n := plan(hourly); n != 0 {
			t.Errorf("new: %d runs", n)
		}
		other := hourly
		other.Name, other.AtStart = "other", true
		for range 2 {
			if n := plan(other); n != 1 {
				t.Errorf("new, at start: %d runs", n)
			}
		}
		c.advance(time.Hour)
		if n := plan(scheduled("45 * * * *", CatchUpEach)); n != 1 {
			t.Errorf("with another schedule: %d runs", n)
		}
		c.advance(20 * time.Minute)
		if n := plan(scheduled("45 * * * *", CatchUpEach)); n != 2 {
			t.Errorf("at the other schedule's time: %d runs", n)
		}
	})
}

// TestManyManagers checks that each time of a schedule is run exactly once, and never two runs at once, while
// several processes look at the schedule at the same moment.
func TestManyManagers(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		const times = 50
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		var active, most atomic.Int32
		job := scheduled("* * * * *", CatchUpEach)
		batch := job.Steps[0].Batch
		job.Steps[0].Batch = func(ctx context.Context, after int, w *Work) (int, error) {
			defer active.Add(-1)
			most.Store(max(most.Load(), active.Add(1)))
			return batch(ctx, after, w)
		}
		ctx, stop := context.WithCancel(t.Context())
		var serving sync.WaitGroup
		db := s.openAt(t, c.now)
		if _, err := New(db, Settings{}, job).plan(ctx); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			// The lease is long because the test's clock leaps.
			m := New(s.openAt(t, c.now), Settings{Poll: 5 * time.Millisecond, Lease: 24 * time.Hour}, job)
			serving.Go(func() { m.Serve(ctx) })
		}
		for i := range times {
			c.advance(time.Minute)
			if i%7 == 0 {
				time.Sleep(20 * time.Millisecond)
			}
		}
		eventually(t, "all times are run", func() bool {
			return count(t, db, "SELECT COUNT(*) FROM {q2ab_job_runs} WHERE status = 'done'") == times
		})
		stop()
		serving.Wait()
		if n, different := count(t, db, "SELECT COUNT(*) FROM {effects}"),
			count(t, db, "SELECT COUNT(DISTINCT due) FROM {effects}"); n != times || different != times {
			t.Errorf("%d effects of %d times, want %d", n, different, times)
		}
		if most.Load() != 1 {
			t.Errorf("%d runs at once", most.Load())
		}
	})
}

// TestFence checks that a holder whose run was taken over can write nothing more when it goes on: neither
// through Tx, nor through Once, nor to the row of the run.
func TestFence(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		asleep, awake := make(chan struct{}), make(chan struct{})
		var tx, once error
		write := func(ctx context.Context, note string) func(tx *database.DB) error {
			return func(tx *database.DB) error {
				_, err := tx.Exec(ctx, "INSERT INTO {effects} (due, note) VALUES (0, ?)", note)
				return err
			}
		}
		job := func(batch func(context.Context, int, *Work) (int, error)) Job {
			return Job{Name: "tick", Steps: []Step{{Name: "only", Batch: batch}}}
		}
		sleeper := New(s.openAt(t, c.now), Settings{}, job(func(
			ctx context.Context, _ int, w *Work,
		) (int, error) {
			close(asleep)
			<-awake
			ctx = context.WithoutCancel(ctx) // as if the holder had not noticed yet that it lost the run
			tx = w.Tx(ctx, write(ctx, "late"))
			_, once = w.Once(ctx, func(tx *database.DB) (int, error) { return 0, write(ctx, "late")(tx) })
			return 0, nil
		}))
		other := New(s.openAt(t, c.now), Settings{}, job(func(
			ctx context.Context, _ int, w *Work,
		) (int, error) {
			return 0, w.Tx(ctx, write(ctx, "in time"))
		}))
		run, err := sleeper.Start(t.Context(), "tick", Options{})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- sleeper.Work(t.Context(), run, nil) }()
		<-asleep
		if _, err := other.Start(t.Context(), "tick", Options{}); !errors.Is(err, ErrLost) {
			t.Errorf("taken from a living holder: %v", err)
		}
		c.advance(31 * time.Second)
		taken, err := other.Start(t.Context(), "tick", Options{})
		if err == nil {
			err = other.Work(t.Context(), taken, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		close(awake)
		if err := <-ended; !errors.Is(err, ErrLost) || !errors.Is(tx, ErrLost) || !errors.Is(once, ErrLost) {
			t.Errorf("the old holder: %v; Tx %v, Once %v", err, tx, once)
		}
		db := s.openAt(t, nil)
		if count(t, db, "SELECT COUNT(*) FROM {effects} WHERE note = 'late'") != 0 ||
			count(t, db, "SELECT COUNT(*) FROM {effects}") != 1 {
			t.Error("the old holder has written")
		}
		if n := count(t, db,
			"SELECT COUNT(*) FROM {q2ab_job_runs} WHERE status = 'done' AND fence = 2"); n != 1 {
			t.Error("the run is not the new holder's")
		}
	})
}

// TestTakenWhereItStands checks that a manager that takes a run over goes on where the run stands at that
// moment, not where it stood when the manager found it, and that a holder that stores something renews its
// lease by that.
func TestTakenWhereItStands(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		db := s.openAt(t, c.now)
		job := Job{
			Name: "tick",
			Steps: []Step{{
				Name: "only", Batch: func(context.Context, int, *Work) (int, error) { return 0, nil },
			}},
		}
		slow, other := New(db, Settings{}, job), New(s.openAt(t, c.now), Settings{}, job)
		run, err := slow.Start(t.Context(), "tick", Options{})
		if err != nil {
			t.Fatal(err)
		}
		run.job = job
		c.advance(31 * time.Second)
		found := func() *Run {
			list, err := other.runs(t.Context(), db, "WHERE id = ?", run.ID)
			if err != nil {
				t.Fatal(err)
			}
			return list[0]
		}
		early, late := found(), found()
		w := &Work{m: slow, run: run}
		if _, err := w.Once(t.Context(), func(*database.DB) (int, error) { return 7, nil }); err != nil {
			t.Fatal(err)
		}
		if err := other.take(t.Context(), db, early); !errors.Is(err, ErrLost) {
			t.Errorf("taken from a holder that has just stored something: %v", err)
		}
		c.advance(31 * time.Second)
		if err := other.take(t.Context(), db, late); err != nil || late.state.After != 7 || late.Done != 1 {
			t.Errorf("taken at %+v, %v", late, err)
		}
	})
}

// TestGoesOnElsewhere checks that a process which is told to stop releases its run, that another process then
// continues the run at once where the first one stopped, and that what Once has done is not done again even if
// the process dies right after it.
func TestGoesOnElsewhere(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		job := func(batch func(ctx context.Context, after int, w *Work) error) Job {
			return Job{Name: "tick", Steps: []Step{{
				Name:  "only",
				Count: func(context.Context) (int, error) { return 5, nil },
				Batch: func(ctx context.Context, after int, w *Work) (int, error) {
					next := (after + 1) % 5
					next, err := w.Once(ctx, func(tx *database.DB) (int, error) {
						_, err := tx.Exec(ctx, "INSERT INTO {effects} (due, note) VALUES (?, 'batch')", after)
						return next, err
					})
					return next, errors.Join(err, batch(ctx, after, w))
				},
			}}}
		}
		ctx, stop := context.WithCancel(t.Context())
		first := New(s.openAt(t, c.now), Settings{}, job(func(_ context.Context, after int, _ *Work) error {
			if after == 1 {
				stop()
			}
			return nil
		}))
		run, err := first.Start(ctx, "tick", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Work(ctx, run, nil); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped: %v", err)
		}
		// The second manager hangs after a commit, as if its process had died, until all is over.
		dead, over := make(chan struct{}), make(chan struct{})
		second := New(s.openAt(t, c.now), Settings{}, job(func(_ context.Context, after int, _ *Work) error {
			if after == 2 {
				close(dead)
				<-over
			}
			return nil
		}))
		if run, err = second.Start(t.Context(), "tick", Options{}); err != nil {
			t.Fatalf("not at once: %v", err)
		}
		ended := make(chan error, 1)
		go func() { ended <- second.Work(t.Context(), run, nil) }()
		<-dead
		c.advance(31 * time.Second)
		third := New(s.openAt(t, c.now), Settings{},
			job(func(context.Context, int, *Work) error { return nil }))
		taken, err := third.Start(t.Context(), "tick", Options{})
		if err == nil {
			err = third.Work(t.Context(), taken, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		close(over)
		if err := <-ended; !errors.Is(err, ErrLost) {
			t.Errorf("the dead one: %v", err)
		}
		db := s.openAt(t, nil)
		if n, different := count(t, db, "SELECT COUNT(*) FROM {effects}"),
			count(t, db, "SELECT COUNT(DISTINCT due) FROM {effects}"); n != 5 || different != 5 {
			t.Errorf("%d effects of %d batches", n, different)
		}
		history, err := third.History(t.Context(), "tick", 5)
		if err != nil || len(history) != 1 || history[0].Status != Done || history[0].Done != 5 {
			t.Errorf("history %+v, %v", history, err)
		}
	})
}

// TestMemoryOfARun checks that each batch finds in Work.Memory what the batch before left there, and that
// each run begins with it empty.
func TestMemoryOfARun(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		var found []any
		m := New(s.openAt(t, c.now), Settings{}, Job{Name: "tick", Steps: []Step{{
			Name: "only",
			Batch: func(_ context.Context, after int, w *Work) (int, error) {
				found = append(found, w.Memory)
				w.Memory = after + 1
				return (after + 1) % 3, nil
			},
		}}})
		for range 2 {
			run, err := m.Start(t.Context(), "tick", Options{})
			if err == nil {
				err = m.Work(t.Context(), run, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if want := []any{nil, 1, 2, nil, 1, 2}; !slices.Equal(found, want) {
			t.Errorf("%v, not %v", found, want)
		}
	})
}

// TestRunsAfterEvents checks that events that the job listens to lead to one run while none has begun, to one
// more while one is under way, and that other events lead to none.
func TestRunsAfterEvents(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.openAt(t, nil)
		m := New(db, Settings{}, Job{
			Name: "tick", On: []string{"q_post"},
			Steps: []Step{{
				Name: "only", Batch: func(context.Context, int, *Work) (int, error) { return 0, nil },
			}},
		})
		happens := func(name string) {
			t.Helper()
			err := db.Tx(t.Context(), func(tx *database.DB) error {
				return m.HandleEvent(t.Context(), tx, events.Event{Name: name})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		want := func(what string, queued, running int) {
			t.Helper()
			if q, r := count(t, db, "SELECT COUNT(*) FROM {q2ab_job_runs} WHERE status = 'queued'"),
				count(t, db, "SELECT COUNT(*) FROM {q2ab_job_runs} WHERE status = 'running'"); q != queued ||
				r != running {
				t.Errorf("%s: %d wait and %d run, want %d and %d", what, q, r, queued, running)
			}
		}
		happens("a_post")
		want("another event", 0, 0)
		happens("q_post")
		happens("q_post")
		want("two events", 1, 0)
		run, err := m.takeOne(t.Context(), []string{"tick"})
		if err != nil || run == nil {
			t.Fatal(run, err)
		}
		happens("q_post")
		happens("q_post")
		want("while it runs", 1, 1)
		if again, err := m.takeOne(t.Context(), []string{"tick"}); err != nil || again != nil {
			t.Errorf("taken while one runs: %+v, %v", again, err)
		}
		if err := m.Work(t.Context(), run, nil); err != nil {
			t.Fatal(err)
		}
		if again, err := m.takeOne(t.Context(), []string{"tick"}); err != nil || again == nil {
			t.Errorf("not taken after that: %v", err)
		}
	})
}

// TestOldRunsGo checks that the history keeps the runs of the last 30 days and the latest runs, and that
// older ones are removed.
func TestOldRunsGo(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		db := s.openAt(t, c.now)
		m := New(db, Settings{}, scheduled("0 * * * *", CatchUpEach))
		now := c.now().Unix()
		for i := range int64(40) {
			finished := now - 40*24*3600 + i
			if i >= 35 {
				finished = now
			}
			_, err := db.Exec(t.Context(),
				`INSERT INTO {q2ab_job_runs} (name, status, dry_run, due, requested, finished)
					VALUES ('tick', 'done', 0, ?, 1, ?)`,
				finished, finished+i)
			if err != nil {
				t.Fatal(err)
			}
			if i >= 35 {
				now += 3600
			}
		}
		if err := m.prune(t.Context(), "tick"); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, "SELECT COUNT(*) FROM {q2ab_job_runs}"); n != keptRuns {
			t.Errorf("%d are left", n)
		}
	})
}

// ExampleJob shows all that a new job needs. It stands in a file of its module, and modules/app.go passes it
// to New.
func ExampleJob() {
	greet := Job{
		Name: "greet", Summary: "greets everybody",
		Schedule: "0 8 * * *", Missed: Skip, // at eight in the morning or not at all
		Steps: []Step{{
			Name:  "people",
			Count: func(context.Context) (int, error) { return 2, nil },
			Batch: func(_ context.Context, after int, w *Work) (next int, err error) {
				people := []string{"haru", "aki"}
				w.Done = 1
				if !w.DryRun {
					fmt.Println("hello,", people[after])
				}
				return (after + 1) % len(people), nil
			},
		}},
	}
	for after := 0; ; {
		if after, _ = greet.Steps[0].Batch(context.Background(), after, &Work{}); after == 0 {
			break
		}
	}
	// Output:
	// hello, haru
	// hello, aki
}

// TestAwait checks that Await takes a run over as soon as the lease of its dead holder has run out, and gives
// up if the holder lives, the context ends, or the run was asked for with other parameters.
func TestAwait(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		c := clockAt(t, "UTC", "2026-11-26 10:30")
		job := Job{
			Name: "tick", Parameters: []Parameter{{Name: "verify", Flag: true}},
			Steps: []Step{{
				Name: "only", Batch: func(context.Context, int, *Work) (int, error) { return 0, nil },
			}},
		}
		settings := Settings{Lease: 3 * time.Second}
		first, second := New(s.openAt(t, c.now), settings, job), New(s.openAt(t, c.now), settings, job)
		run, err := first.Start(t.Context(), "tick", Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = second.Await(t.Context(), "tick", Options{}, func(r *Run) {
			c.advance(2 * time.Second)
			if err := first.sign(t.Context(), run); err != nil || r.ID != run.ID {
				t.Errorf("run %d, %v", r.ID, err)
			}
		})
		if !errors.Is(err, ErrLost) {
			t.Errorf("the holder lives: %v", err)
		}
		stopped, stop := context.WithCancel(t.Context())
		if _, err := second.Await(stopped, "tick", Options{},
			func(*Run) { stop() }); !errors.Is(err, context.Canceled) {
			t.Errorf("told to stop: %v", err)
		}
		if other, err := second.Await(t.Context(), "tick",
			Options{Parameters: map[string]string{"verify": "true"}}, nil); err != nil || other.ID != run.ID {
			t.Errorf("asked for otherwise: %v", err)
		}
		taken, err := second.Await(t.Context(), "tick", Options{}, func(*Run) { c.advance(4 * time.Second) })
		if err != nil || taken.ID != run.ID || taken.fence != run.fence+1 {
			t.Fatalf("the holder is dead: %+v, %v", taken, err)
		}
		if err := second.Work(t.Context(), taken, nil); err != nil {
			t.Error(err)
		}
	})
}
