package events

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// noted is a handler that writes a row for the event into effects.
func noted(ctx context.Context, tx *database.DB, e Event) error {
	_, err := tx.Exec(ctx, "INSERT INTO {effects} (seq, note) VALUES (?, ?)", e.Seq, e.Name)
	return err
}

// inOrder checks that effects has one row for each event from first to last, and no others. It does not look
// at their order, since the table keeps none.
func inOrder(t *testing.T, db *database.DB, first, last int) {
	t.Helper()
	n := count(t, db, "SELECT COUNT(*) FROM {effects}")
	distinct := count(t, db, "SELECT COUNT(DISTINCT seq) FROM {effects} WHERE seq BETWEEN ? AND ?",
		first, last)
	if n != last-first+1 || distinct != n {
		t.Errorf("%d effects of %d events, expected those of %d to %d", n, distinct, first, last)
	}
}

// begin makes the row of a consumer, so that the consumer gets the events that happen from here on.
func begin(t *testing.T, db *database.DB, name string) {
	t.Helper()
	if err := Consume(t.Context(), db, name, noted); err != nil {
		t.Fatal(err)
	}
}

func TestConsumerBeginsWithWhatHappensFromNowOn(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		happen(t, db, 1, 2, 3)
		begin(t, db, "mail")
		happen(t, db, 4, 5)
		begin(t, db, "webhooks")
		for range 2 {
			if err := Consume(t.Context(), db, "mail", noted); err != nil {
				t.Fatal(err)
			}
		}
		inOrder(t, db, 4, 5)
	})
}

// TestConsumersOfManyProcesses checks that one consumer that runs in several processes handles each event
// once, one at a time and in order, while new events are written.
func TestConsumersOfManyProcesses(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		begin(t, db, "mail")
		ctx, stop := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		var working, last atomic.Int64
		for range 3 {
			own := s.open(t)
			f := NewFollower(own, Settings{Poll: 10 * time.Millisecond})
			t.Cleanup(f.Close)
			wait.Go(func() {
				f.Consume(ctx, "mail", func(ctx context.Context, tx *database.DB, e Event) error {
					if working.Add(1) != 1 {
						t.Error("two at work")
					}
					defer working.Add(-1)
					if last.Swap(e.Seq) > e.Seq {
						t.Errorf("event %d came late", e.Seq)
					}
					return noted(ctx, tx, e)
				})
			})
		}
		const n = 150
		for i := range n {
			happen(t, db, i+1)
		}
		eventually(t, "all events handled",
			func() bool { return count(t, db, "SELECT COUNT(*) FROM {effects}") >= n })
		stop()
		wait.Wait()
		inOrder(t, db, 1, n)
	})
}

// TestConsumerThatIsKilled checks that when a process is killed in the middle of a transaction of its
// consumer, the next process does that transaction again, with no effect missing or done twice.
func TestConsumerThatIsKilled(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		begin(t, db, "mail")
		const n = 250 // more than one transaction's
		for i := range n {
			happen(t, db, i+1)
		}
		child := exec.Command(os.Args[0], "-test.run=^TestDyingConsumer$", "-test.timeout=60s")
		child.Env = append(os.Environ(), "EVENTS_TEST_DATABASE="+s.url)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		reached := false
		for !reached && lines.Scan() {
			reached = strings.Contains(lines.Text(), "at event 130")
		}
		if err := child.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		_ = child.Wait() // it was killed
		if !reached {
			t.Fatal("the other process did not get there")
		}
		inOrder(t, db, 1, 100)
		// The database may need a moment to notice that the process is gone.
		eventually(t, "all events handled", func() bool {
			if err := Consume(t.Context(), db, "mail", noted); err != nil {
				t.Fatal(err)
			}
			return count(t, db, "SELECT COUNT(*) FROM {effects}") >= n
		})
		inOrder(t, db, 1, n)
	})
}

// TestDyingConsumer checks nothing: it is the process that TestConsumerThatIsKilled starts and kills.
func TestDyingConsumer(t *testing.T) {
	url := os.Getenv("EVENTS_TEST_DATABASE")
	if url == "" {
		t.Skip("only for TestConsumerThatIsKilled")
	}
	_ = Consume(t.Context(), site{url}.open(t), "mail", func(
		ctx context.Context, tx *database.DB, e Event,
	) error {
		if err := noted(ctx, tx, e); err != nil || e.Seq != 130 {
			return err
		}
		fmt.Println("at event 130")
		select {} // until killed
	})
}

// TestHandlerThatFails checks that the events before one whose handler fails or panics stay done, that this
// event is tried again before any later one, and that after maxAttempts failures the consumer goes on without
// it.
func TestHandlerThatFails(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		begin(t, db, "mail")
		f := NewFollower(db, Settings{Poll: 10 * time.Millisecond})
		f.retry = time.Millisecond
		t.Cleanup(f.Close)
		var tries3, tries5, outside1 atomic.Int64
		go f.Consume(t.Context(), "mail", func(ctx context.Context, tx *database.DB, e Event) error {
			if err := noted(ctx, tx, e); err != nil {
				return err
			}
			switch e.Topics.PostID {
			case 1:
				outside1.Add(1)
			case 3:
				if tries3.Add(1) < 4 {
					panic("not yet")
				}
			case 5:
				tries5.Add(1)
				return errors.New("never")
			}
			return nil
		})
		err := db.Tx(t.Context(), func(tx *database.DB) error {
			return Append(t.Context(), tx, about(tx, 1), about(tx, 2), about(tx, 3), about(tx, 4),
				about(tx, 5), about(tx, 6))
		})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the event after the bad one",
			func() bool { return count(t, db, "SELECT COUNT(*) FROM {effects} WHERE seq = 6") == 1 })
		if n := count(t, db, "SELECT COUNT(*) FROM {effects} WHERE seq = 5"); n != 0 {
			t.Errorf("%d effects of the event that was given up", n)
		}
		if n := count(t, db, "SELECT COUNT(DISTINCT seq) FROM {effects}"); n != 5 ||
			count(t, db, "SELECT COUNT(*) FROM {effects}") != 5 {
			t.Errorf("effects of %d events", n)
		}
		// Event 3 comes once more, with those that were handled before event 5 failed.
		if tries3.Load() != 5 || tries5.Load() != maxAttempts || outside1.Load() != 2 {
			t.Errorf("tried %d and %d times; the first event %d times", tries3.Load(), tries5.Load(),
				outside1.Load())
		}
	})
}
