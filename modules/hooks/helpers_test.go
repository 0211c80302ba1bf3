package hooks

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/outbound/fakedns"
)

// patient is how long a test waits for what has to happen.
const patient = 5 * time.Minute

// ground is the database of a site, which several processes use.
type ground struct {
	url string
	// now is the time on all clocks, in Unix seconds.
	now *atomic.Int64
}

// onDatabases runs a test on SQLite and, where TEST_DATABASE_URL names a server, there too.
func onDatabases(t *testing.T, test func(t *testing.T, p ground)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, url string) {
		p := ground{url, &atomic.Int64{}}
		p.now.Store(1_800_000_000)
		db := p.open(t)
		if err := db.CreateSchema(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, p)
	})
}

// open gives a connection pool of its own, as another process has.
func (p ground) open(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Settings{URL: p.url, Prefix: "qa_", MaxConnections: 8,
		Clock: func() time.Time { return time.Unix(p.now.Load(), 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// process returns a module on a pool of its own, which may call this machine. All posts are public unless the
// settings say otherwise.
func (p ground) process(t *testing.T, change ...func(*Settings)) *Module {
	t.Helper()
	s := Settings{
		AllowHTTP: true, LogFor: 720 * time.Hour, Poll: 20 * time.Millisecond,
		Outbound: outbound.Settings{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}},
		May:      func(context.Context) error { return nil },
		Still:    func(context.Context, []*events.Topics) error { return nil },
		Posts: func(_ context.Context, ids []int) (map[int]Post, error) {
			posts := map[int]Post{}
			for _, id := range ids {
				posts[id] = Post{Title: "巣箱 <b>", Address: fmt.Sprintf("https://qa.example/%d", id)}
			}
			return posts, nil
		},
	}
	for _, c := range change {
		c(&s)
	}
	return New(p.open(t), s)
}

// resolving has a process look names up as the function says.
func resolving(addresses func(name string) []netip.Addr) func(*Settings) {
	return func(s *Settings) { s.Outbound.Resolver = fakedns.Resolver(addresses) }
}

// subscribe makes a webhook for an address and returns its id and keys.
func (m *Module) subscribe(t *testing.T, url string, wanted ...string) (id int, k keys) {
	t.Helper()
	err := m.db.Tx(t.Context(), func(tx *database.DB) error {
		made, err := tx.Insert(t.Context(), `INSERT INTO {q2ab_webhooks}
				(url, description, kinds, enabled, secret, sealed, created, updated)
			VALUES (?, '', ?, 1, '', 0, ?, ?)`, url, stored(wanted), tx.Now(), tx.Now())
		if err != nil {
			return err
		}
		id = int(made)
		s := &subscription{id: id}
		if err := m.setNewKeys(t.Context(), tx, s, 0); err != nil {
			return err
		}
		k, err = m.newestKeys(s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, k
}

// event is a public event as the outbox hands it out.
func event(seq int64, kind string, post int) events.Event {
	return events.Event{Seq: seq, At: 1_800_000_000, Topics: events.Topics{Public: true, What: kind,
		PostID: post, QuestionID: 7, Tags: []string{"queen"}, For: []int{4711}, ActorShown: true}}
}

// handle has a module handle events, each in a transaction of its own.
func (m *Module) handle(t *testing.T, list ...events.Event) {
	t.Helper()
	for _, e := range list {
		if err := m.db.Tx(t.Context(), func(tx *database.DB) error {
			return m.Handle(t.Context(), tx, e)
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// due has a module send what is due now.
func (m *Module) due(t *testing.T) {
	t.Helper()
	if err := m.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// deliveryRow is what a test looks at of a delivery.
type deliveryRow struct {
	state             state
	attempts, status  int
	failure           failure
	due, tried        int64
	messageID, topics string
}

// rows returns the deliveries to a receiver, in their order.
func (m *Module) rows(t *testing.T, webhook int) (list []deliveryRow) {
	t.Helper()
	if err := m.db.Select(t.Context(), func(rows *sql.Rows) error {
		var r deliveryRow
		err := rows.Scan(&r.state, &r.attempts, &r.status, &r.failure, &r.due, &r.tried, &r.messageID, &r.topics)
		list = append(list, r)
		return err
	}, `SELECT state, attempts, status, failure, due, tried, messageid, topics
		FROM {q2ab_deliveries} WHERE webhookid = ? ORDER BY id`, webhook); err != nil {
		t.Fatal(err)
	}
	return list
}

// subscriptionOf returns the webhook with the id.
func (m *Module) subscriptionOf(t *testing.T, id int) *subscription {
	t.Helper()
	s, found, err := m.read(t.Context(), m.db, id)
	if err != nil || !found {
		t.Fatalf("webhook %d: %v, %v", id, found, err)
	}
	return s
}

// received is a request that a receiver got.
type received struct {
	header http.Header
	body   string
}

// sink is a receiver that keeps what it gets.
type sink struct {
	*httptest.Server
	mu   sync.Mutex
	got  []received
	busy atomic.Int32 // requests at this moment
	most atomic.Int32 // and the most of them at once
}

// receive starts a receiver that responds as the function says, or with 204 if that is nil.
func receive(t *testing.T, respond func(w http.ResponseWriter, r *http.Request)) *sink {
	t.Helper()
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.busy.Add(1)
		defer s.busy.Add(-1)
		for old := s.most.Load(); n > old && !s.most.CompareAndSwap(old, n); old = s.most.Load() {
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.got = append(s.got, received{r.Header.Clone(), string(body)})
		s.mu.Unlock()
		if respond == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		respond(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// port returns the port of the receiver, with a colon before it.
func (s *sink) port() string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return ":" + port
}

// requests returns what the receiver got.
func (s *sink) requests() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.got...)
}

// status returns a response with a status.
func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patient); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
