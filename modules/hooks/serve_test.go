package hooks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// serve has a module send until stop is called, which waits for the end.
func serve(t *testing.T, m *Module) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Serve(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	return stop
}

// count returns how many deliveries are in a state.
func (m *Module) count(t *testing.T, s state) (n int) {
	t.Helper()
	if _, err := m.db.Get(context.Background(), []any{&n},
		"SELECT COUNT(*) FROM {q2ab_deliveries} WHERE state = ?", string(s)); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestThousandDeliveries has three processes send 250 events to four receivers, of which one is fast, one
// refuses a third of the messages at first, one is slow and one always fails, after processes have taken
// receivers and died. Each message arrives or is given up, and first attempts come in the order of the
// events, one at a time.
func TestThousandDeliveries(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		const events = 250
		fast := receive(t, nil)
		var tried sync.Map
		shaky := receive(t, func(w http.ResponseWriter, r *http.Request) {
			_, again := tried.LoadOrStore(r.Header.Get("webhook-id"), true)
			if !again && strings.Contains("ABCDEFGHIJ", r.Header.Get("webhook-id")[4:5]) {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		let := make(chan struct{}, events)
		slow := receive(t, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-let:
			case <-r.Context().Done():
			}
		})
		failing := receive(t, status(http.StatusTeapot))
		sinks := []*sink{slow, fast, shaky, failing}
		processes := []*Module{p.process(t), p.process(t), p.process(t)}
		first := processes[0]
		for _, s := range sinks {
			first.subscribe(t, s.URL)
		}
		for post := 1; post <= events; post++ {
			first.handle(t, event(int64(post), "question", post))
		}
		for range 20 { // processes that take a receiver and die before they have done anything, or everything
			r, err := first.claim(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r == nil { // all are held by the dead
				p.now.Add(int64(lease.Seconds()) + 1)
				continue
			}
			if d, err := first.next(t.Context(), r); err == nil && d != nil && r.id != 1 {
				if _, err := first.send(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
		}
		p.now.Add(int64(lease.Seconds()) + 1)
		for _, m := range processes {
			serve(t, m)
		}
		// The slow receiver has not responded to anything yet, and holds up nobody else.
		eventually(t, "the fast receiver has got all", func() bool {
			return first.delivered(t, 2) == events
		})
		if n := first.delivered(t, 1); n > 0 {
			t.Errorf("the slow receiver has got %d already", n)
		}
		for range events {
			let <- struct{}{}
		}
		eventually(t, "the slow receiver has got all", func() bool { return first.delivered(t, 1) == events })
		eventually(t, "all is delivered or given up", func() bool {
			first.passTime(t, p)
			return first.count(t, waiting) == 0
		})
		if got, want := first.count(t, delivered), 3*events; got != want {
			t.Errorf("%d delivered, want %d", got, want)
		}
		if got := first.count(t, failed); got != events {
			t.Errorf("%d given up, want %d", got, events)
		}
		for i, s := range sinks {
			if most := s.most.Load(); most != 1 {
				t.Errorf("receiver %d got %d requests at once", i+1, most)
			}
			if err := inOrder(s.requests(), events); err != nil {
				t.Errorf("receiver %d: %v", i+1, err)
			}
		}
		for _, r := range first.rows(t, 4) {
			if r.attempts != maxAttempts {
				t.Errorf("given up after %d attempts, want %d", r.attempts, maxAttempts)
				break
			}
		}
	})
}

// TestKills has three processes send to three receivers and kills one of them 20 times: it loses the database
// from one moment to the next, and with it what it would have noted.
func TestKills(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		const kills, events = 20, 100
		var calls atomic.Int64
		called := func(code int) *sink {
			return receive(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.WriteHeader(code)
			})
		}
		sinks := []*sink{called(http.StatusOK), called(http.StatusAccepted), called(http.StatusTeapot)}
		first := p.process(t)
		for _, s := range sinks {
			first.subscribe(t, s.URL)
		}
		for post := 1; post <= events; post++ {
			first.handle(t, event(int64(post), "question", post))
		}
		for kill := range kills {
			processes := []*Module{p.process(t), p.process(t), p.process(t)}
			var stops []func()
			for _, m := range processes {
				stops = append(stops, serve(t, m))
			}
			before := calls.Load()
			eventually(t, "something is sent", func() bool {
				first.passTime(t, p)
				return calls.Load() > before+2 || first.count(t, waiting) == 0
			})
			processes[kill%3].db.Close()
			for _, stop := range stops {
				stop()
			}
			p.now.Add(int64(lease.Seconds()) + 1)
		}
		serve(t, first)
		eventually(t, "all is delivered or given up", func() bool {
			first.passTime(t, p)
			return first.count(t, waiting) == 0
		})
		if got, want := first.count(t, delivered), 2*events; got != want {
			t.Errorf("%d delivered, want %d", got, want)
		}
		if got := first.count(t, failed); got != events {
			t.Errorf("%d given up, want %d", got, events)
		}
		for i, s := range sinks {
			requests := s.requests()
			if err := inOrder(requests, events); err != nil {
				t.Errorf("receiver %d: %v", i+1, err)
			}
			if i < 2 && len(requests) > events+kills {
				t.Errorf("receiver %d got %d requests for %d events", i+1, len(requests), events)
			}
		}
	})
}

// passTime sets the clock to when something is due again, if nobody sends and nothing is due now.
func (m *Module) passTime(t *testing.T, p ground) {
	t.Helper()
	now := p.now.Load()
	var held int
	var next *int64
	if _, err := m.db.Get(context.Background(), []any{&held, &next}, `SELECT
			(SELECT COUNT(*) FROM {q2ab_webhooks} WHERE locked_until > ?),
			(SELECT MIN(due) FROM {q2ab_deliveries} WHERE state = ?)`, now, string(waiting)); err != nil {
		t.Fatal(err)
	}
	if held == 0 && next != nil && *next > now {
		p.now.Store(*next)
	}
}

// delivered returns how many messages a receiver has got.
func (m *Module) delivered(t *testing.T, webhook int) (n int) {
	t.Helper()
	if _, err := m.db.Get(context.Background(), []any{&n},
		"SELECT COUNT(*) FROM {q2ab_deliveries} WHERE webhookid = ? AND state = ?", webhook,
		string(delivered)); err != nil {
		t.Fatal(err)
	}
	return n
}

// inOrder returns an error unless the first requests of each message came in the order of the posts 1 to n.
func inOrder(requests []received, n int) error {
	var order []int
	seen := map[string]bool{}
	for _, r := range requests {
		id := r.header.Get("webhook-id")
		if seen[id] {
			continue
		}
		seen[id] = true
		_, rest, _ := strings.Cut(r.body, `"postId":`)
		digits, _, _ := strings.Cut(rest, ",")
		post, err := strconv.Atoi(digits)
		if err != nil {
			return err
		}
		order = append(order, post)
	}
	if len(order) != n || !slices.IsSorted(order) {
		return fmt.Errorf("%d messages in the order %v", len(order), order)
	}
	return nil
}

// TestLostReceiver has a process lose a receiver while it sends: it notes nothing then.
func TestLostReceiver(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		one, other := p.process(t), p.process(t)
		s := receive(t, nil)
		id, _ := one.subscribe(t, s.URL)
		one.handle(t, event(1, "question", 10))
		r, err := one.claim(t.Context())
		if err != nil || r == nil {
			t.Fatalf("claim: %v, %v", r, err)
		}
		if again, err := other.claim(t.Context()); err != nil || again != nil {
			t.Errorf("another process takes it too: %v, %v", again, err)
		}
		d, err := one.next(t.Context(), r)
		if err != nil || d == nil {
			t.Fatalf("next: %v, %v", d, err)
		}
		p.now.Add(int64(lease.Seconds()) + 1)
		taken, err := other.claim(t.Context())
		if err != nil || taken == nil {
			t.Fatalf("after the lease: %v, %v", taken, err)
		}
		if _, err := one.settle(t.Context(), r, d, outcome{status: 200}); !errors.Is(err, errTaken) {
			t.Errorf("settle: %v, want %v", err, errTaken)
		}
		if _, err := one.next(t.Context(), r); !errors.Is(err, errTaken) {
			t.Errorf("next: %v, want %v", err, errTaken)
		}
		if err := one.release(t.Context(), r, 0); err != nil {
			t.Error(err)
		}
		if again, err := one.claim(t.Context()); err != nil || again != nil {
			t.Errorf("who lost it has released it: %v, %v", again, err)
		}
		if err := other.work(t.Context(), taken); err != nil {
			t.Fatal(err)
		}
		if rows := one.rows(t, id); rows[0].state != delivered || len(s.requests()) != 1 {
			t.Errorf("%+v after %d requests", rows, len(s.requests()))
		}
	})
}

// TestDeletedWhileSending deletes a webhook while its message is on the way.
func TestDeletedWhileSending(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		m := p.process(t)
		s := receive(t, func(http.ResponseWriter, *http.Request) {
			mustExec(t, m, "DELETE FROM {q2ab_webhooks}")
		})
		id, _ := m.subscribe(t, s.URL)
		m.handle(t, event(1, "question", 10), event(2, "question", 11))
		m.due(t)
		if n := len(s.requests()); n != 1 {
			t.Errorf("%d requests, want the one that was on the way", n)
		}
		if rows := m.rows(t, id); len(rows) != 2 {
			t.Errorf("%+v", rows)
		}
	})
}

// TestStopping stops a process while a receiver does not respond: nothing is noted, and the next process
// sends again at once.
func TestStopping(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		m := p.process(t)
		var calls atomic.Int32
		began := make(chan struct{})
		s := receive(t, func(_ http.ResponseWriter, r *http.Request) {
			if calls.Add(1) == 1 {
				close(began)
				<-r.Context().Done()
			}
		})
		id, _ := m.subscribe(t, s.URL)
		m.handle(t, event(1, "question", 10))
		stop := serve(t, m)
		<-began
		stop()
		if r := m.rows(t, id)[0]; r.state != waiting || r.attempts != 0 {
			t.Errorf("after the stop: %+v", r)
		}
		m.due(t)
		got := s.requests()
		if r := m.rows(t, id)[0]; r.state != delivered || len(got) != 2 ||
			got[0].header.Get("webhook-id") != got[1].header.Get("webhook-id") {
			t.Errorf("afterwards: %+v, %d requests", r, len(got))
		}
	})
}

// TestWrongSecret has a server without the key of the secrets: nothing is sent, and nothing lost.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		right := p.process(t, func(s *Settings) { s.Secret = "right" })
		wrong := p.process(t, func(s *Settings) { s.Secret = "wrong" })
		s := receive(t, nil)
		id, _ := right.subscribe(t, s.URL)
		right.handle(t, event(1, "question", 10))
		if err := wrong.SendDue(t.Context()); err == nil || len(s.requests()) > 0 {
			t.Errorf("with the wrong key: %v, %d requests", err, len(s.requests()))
		}
		if r := right.rows(t, id)[0]; r.state != waiting || r.attempts != 0 {
			t.Errorf("%+v", r)
		}
		p.now.Add(int64(troublePause.Seconds()))
		right.due(t)
		if r := right.rows(t, id)[0]; r.state != delivered {
			t.Errorf("with the right key: %+v", r)
		}
	})
}
