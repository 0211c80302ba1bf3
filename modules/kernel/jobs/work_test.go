package jobs

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// countJob returns a job of the given number of batches, each of which calls work with its number.
func countJob(batches int, work func(n int) error) Job {
	return Job{Name: "count", Summary: "counts", Steps: []Step{{
		Name:  "only",
		Count: func(context.Context) (int, error) { return batches, nil },
		Batch: func(_ context.Context, after int, w *Work) (int, error) {
			w.Done = 1
			if err := work(after); err != nil {
				return 0, err
			}
			if after+1 == batches {
				return 0, nil
			}
			return after + 1, nil
		},
	}}}
}

// TestJobIsTakenOverOnlyFromTheDead checks that a run cannot be taken over while its holder renews its lease;
// that another manager takes it over and finishes it once the lease has run out; and that the old holder, if
// it goes on after that, can change nothing of the run.
func TestJobIsTakenOverOnlyFromTheDead(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, s site) {
		var ahead atomic.Int64
		db := s.openAt(t, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
		inBatch, goOn := make(chan struct{}), make(chan struct{})
		sleeper := New(db, Settings{}, countJob(5, func(n int) error {
			if n == 2 {
				close(inBatch)
				<-goOn
			}
			return nil
		}))
		second := 0
		other := New(db, Settings{}, countJob(5, func(int) error { second++; return nil }))
		ctx := context.Background()
		run, err := sleeper.Start(ctx, "count", Options{})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- sleeper.Work(ctx, run, nil) }()
		<-inBatch
		if _, err := other.Start(ctx, "count", Options{}); !errors.Is(err, ErrLost) {
			t.Errorf("taken from a living holder: %v", err)
		}
		ahead.Store(int64(31 * time.Second)) // longer than the lease
		taken, err := other.Start(ctx, "count", Options{})
		if err != nil {
			t.Fatalf("not taken from a dead holder: %v", err)
		}
		if err := other.Work(ctx, taken, nil); err != nil {
			t.Fatal(err)
		}
		if second != 3 { // the batches 0 and 1 were recorded as done
			t.Errorf("the new holder did %d batches", second)
		}
		close(goOn)
		if err := <-ended; !errors.Is(err, ErrLost) {
			t.Errorf("the old holder: %v", err)
		}
		history, err := other.History(ctx, "count", 10)
		if err != nil || len(history) != 1 || history[0].Status != Done || history[0].Done != 5 {
			t.Errorf("history %+v, %v", history, err)
		}
	})
}

// TestManyBatchesWithinASecond checks that the heartbeat of a run is never ahead of the clock, however many
// batches are done within one second.
func TestManyBatchesWithinASecond(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, s site) {
		now := time.Now()
		db := s.openAt(t, func() time.Time { return now })
		m := New(db, Settings{}, countJob(40, func(int) error { return nil }))
		run, err := m.Start(t.Context(), "count", Options{})
		if err == nil {
			err = m.Work(t.Context(), run, func(*Run, *Work) {
				if at := heartbeat(t, db); at != now.Unix() {
					t.Fatalf("the sign of life is %d s ahead", at-now.Unix())
				}
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

func heartbeat(t *testing.T, db *database.DB) (at int64) {
	t.Helper()
	if _, err := db.Get(t.Context(), []any{&at},
		"SELECT heartbeat FROM {q2ab_job_runs} ORDER BY id DESC LIMIT 1"); err != nil {
		t.Fatal(err)
	}
	return at
}

// TestFailingJob checks that an error or a panic in a batch ends the run as failed, that the history shows
// its message, and that the job can be started again.
func TestFailingJob(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, s site) {
		db := s.openAt(t, nil)
		for name, work := range map[string]func(int) error{
			"an error": func(int) error { return errors.New("the disk is full") },
			"a panic":  func(int) error { panic("the disk is full") },
		} {
			m := New(db, Settings{}, countJob(3, work))
			run, err := m.Start(t.Context(), "count", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Work(t.Context(), run, nil); err == nil {
				t.Errorf("%s ends well", name)
			}
			history, err := m.History(t.Context(), "count", 1)
			if err != nil || history[0].Status != Failed ||
				!strings.Contains(history[0].Message, "the disk is full") {
				t.Errorf("%s: %+v, %v", name, history, err)
			}
		}
	})
}

// TestCancelledJob checks that the holder of a run that was cancelled stops after the batch that it is in.
func TestCancelledJob(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, s site) {
		db := s.openAt(t, nil)
		var m *Manager
		done := 0
		m = New(db, Settings{}, countJob(100, func(n int) error {
			if done++; n == 3 {
				return m.Cancel(context.Background(), "count")
			}
			return nil
		}))
		run, err := m.Start(t.Context(), "count", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Work(t.Context(), run, nil); !errors.Is(err, ErrLost) || done != 4 {
			t.Errorf("%d batches, %v", done, err)
		}
	})
}
