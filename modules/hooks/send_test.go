package hooks

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
)

func TestDelivery(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		m := p.process(t, func(s *Settings) { s.Secret = "seals" })
		all, some := receive(t, nil), receive(t, nil)
		allID, allKeys := m.subscribe(t, all.URL+"/hook?key=1")
		someID, _ := m.subscribe(t, some.URL, "answer", "vote")
		net := 3
		vote := event(4, "vote", 12)
		vote.Topics.NetVotes = &net
		private := event(3, "question", 11)
		private.Topics.Public = false
		m.handle(t, event(1, "question", 10), event(1, "question", 10), event(2, "message", 10), private, vote)
		m.due(t)
		if got := some.requests(); len(got) != 1 || !strings.Contains(got[0].body, `"type":"vote"`) {
			t.Errorf("who wants answers and votes got %v", got)
		}
		if rows := m.rows(t, someID); len(rows) != 1 || rows[0].state != delivered || rows[0].status != 204 {
			t.Errorf("log: %+v", rows)
		}
		got := all.requests()
		if len(got) != 2 {
			t.Fatalf("who wants all got %v", got)
		}
		want := []string{
			`{"type":"question","timestamp":"2027-01-15T08:00:00Z","data":{"postId":10,"questionId":7,` +
				`"title":"巣箱 <b>","url":"https://qa.example/10","tags":["queen"]}}`,
			`{"type":"vote","timestamp":"2027-01-15T08:00:00Z","data":{"postId":12,"questionId":7,` +
				`"title":"巣箱 <b>","url":"https://qa.example/12","tags":["queen"],"netVotes":3}}`}
		for i, r := range got {
			var sent, wanted any
			if err := json.Unmarshal([]byte(r.body), &sent); err != nil {
				t.Fatal(err)
			}
			_ = json.Unmarshal([]byte(want[i]), &wanted)
			if a, b := mustJSON(t, sent), mustJSON(t, wanted); a != b {
				t.Errorf("message %d:\n got %s\nwant %s", i, a, b)
			}
			if err := verifyShared(t, allKeys.secret(), r.header, []byte(r.body)); err != nil {
				t.Errorf("message %d, v1: %v", i, err)
			}
			if !verifyPublic(t, allKeys.publicKey(), r.header, []byte(r.body)) {
				t.Errorf("message %d: no valid signature v1a", i)
			}
			if r.header.Get("webhook-timestamp") != strconv.FormatInt(p.now.Load(), 10) ||
				r.header.Get("content-type") != "application/json" {
				t.Errorf("headers: %v", r.header)
			}
		}
		for _, r := range m.rows(t, allID) {
			if strings.Contains(r.topics, "4711") {
				t.Errorf("the row names people: %s", r.topics)
			}
		}
		var secrets string
		if _, err := m.db.Get(t.Context(), []any{&secrets},
			"SELECT secret FROM {q2ab_webhooks} WHERE id = ?", allID); err != nil ||
			strings.Contains(secrets, string(allKeys.shared)) {
			t.Errorf("the secret lies open, or %v", err)
		}
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFailures sends to receivers that fail in all ways, and follows the retries over a day.
func TestFailures(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		elsewhere := receive(t, nil)
		endless := func(w http.ResponseWriter, _ *http.Request) {
			for range 1000 { // what is not read does not matter
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}
		m := p.process(t, resolving(func(name string) []netip.Addr {
			switch name {
			case "private.example":
				return []netip.Addr{netip.MustParseAddr("10.0.0.1")}
			case "local.example":
				return []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("::1")}
			case "metadata.example":
				return []netip.Addr{netip.MustParseAddr("169.254.169.254")}
			}
			return nil
		}))
		untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
		untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
		untrusted.StartTLS()
		defer untrusted.Close()
		closed := receive(t, nil)
		closed.Close()
		cases := []struct {
			name, url string
			status    int
			failure   failure
		}{
			{"refusing", receive(t, status(http.StatusInternalServerError)).URL, 500, failureRefused},
			{"not found", receive(t, status(http.StatusNotFound)).URL, 404, failureRefused},
			{"redirecting", receive(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, elsewhere.URL, http.StatusPermanentRedirect)
			}).URL, 308, failureRedirect},
			{"breaking off", receive(t, func(http.ResponseWriter, *http.Request) {
				panic(http.ErrAbortHandler)
			}).URL, 0, failureNone},
			{"closed", closed.URL, 0, failureNone},
			{"without TLS", strings.Replace(receive(t, nil).URL, "http:", "https:", 1), 0, failureTLS},
			{"of an unknown authority", untrusted.URL, 0, failureTLS},
			{"unknown", "https://nowhere.example/", 0, failureUnknown},
			{"private", "https://private.example/", 0, failureForbidden},
			{"local", "https://local.example/", 0, failureForbidden},
			{"metadata", "http://metadata.example/latest/meta-data/", 0, failureForbidden},
			{"private by its address", "http://192.168.0.1/", 0, failureForbidden},
		}
		ids := make([]int, len(cases))
		for i, c := range cases {
			ids[i], _ = m.subscribe(t, c.url)
		}
		talking, _ := m.subscribe(t, receive(t, endless).URL)
		m.handle(t, event(1, "question", 10))
		began := p.now.Load()
		for attempt := 1; attempt <= maxAttempts; attempt++ {
			m.due(t)
			next := p.now.Load()
			for i, c := range cases {
				r := m.rows(t, ids[i])[0]
				want := waiting
				if attempt == maxAttempts {
					want = failed
				}
				if r.state != want || r.attempts != attempt || r.status != c.status || r.failure != c.failure {
					t.Fatalf("%s, attempt %d: %+v, want %s %d %q", c.name, attempt, r, want, c.status, c.failure)
				}
				next = max(next, r.due)
			}
			p.now.Store(next)
		}
		if took := time.Duration(p.now.Load()-began) * time.Second; took < 18*time.Hour || took > 28*time.Hour {
			t.Errorf("given up after %s, want about a day", took)
		}
		if r := m.rows(t, talking)[0]; r.state != delivered || r.status != 200 {
			t.Errorf("a receiver that goes on talking: %+v", r)
		}
		if got := elsewhere.requests(); len(got) > 0 {
			t.Errorf("the redirect was followed: %v", got)
		}
		m.due(t)
		if s := m.subscriptionOf(t, ids[0]); !s.enabled || s.failingSince != began {
			t.Errorf("after a day of failures: %+v", s)
		}
	})
}

// TestSilentReceiver sends to a receiver that does not respond.
func TestSilentReceiver(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		m := p.process(t, func(s *Settings) { s.Outbound.Timeout = 200 * time.Millisecond })
		await := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		id, _ := m.subscribe(t, receive(t, await).URL)
		m.handle(t, event(1, "question", 10))
		m.due(t)
		if r := m.rows(t, id)[0]; r.state != waiting || r.attempts != 1 || r.failure != failureTimeout {
			t.Errorf("%+v, want a timeout", r)
		}
	})
}

// TestPlainAddress has a webhook whose address has no TLS, on a server that does not allow that any more.
func TestPlainAddress(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		m := p.process(t, func(s *Settings) { s.AllowHTTP = false })
		s := receive(t, nil)
		id, _ := m.subscribe(t, s.URL)
		m.handle(t, event(1, "question", 10))
		m.due(t)
		if r := m.rows(t, id)[0]; r.failure != failureForbidden || len(s.requests()) > 0 {
			t.Errorf("%+v after %d requests", r, len(s.requests()))
		}
	})
}

// TestRebinding has the name of a receiver change its meaning after the first message.
func TestRebinding(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		var address atomic.Value
		address.Store("127.0.0.1")
		m := p.process(t, resolving(func(string) []netip.Addr {
			return []netip.Addr{netip.MustParseAddr(address.Load().(string))}
		}))
		s := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close") // a connection that is kept goes to the address that was checked
		})
		id, _ := m.subscribe(t, "http://rebinding.example"+s.port()+"/")
		m.handle(t, event(1, "question", 10))
		m.due(t)
		address.Store("127.0.0.2") // the same machine, but not in the networks that may be called
		m.handle(t, event(2, "question", 11))
		m.due(t)
		rows := m.rows(t, id)
		if rows[0].state != delivered || rows[1].failure != failureForbidden || len(s.requests()) != 1 {
			t.Errorf("log %+v after %d requests", rows, len(s.requests()))
		}
	})
}

// TestWishes obeys what receivers say about when and whether to be called.
func TestWishes(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		m := p.process(t)
		var open atomic.Bool
		busy := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			if !open.Load() {
				w.Header().Set("Retry-After", "600")
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		gone := receive(t, status(http.StatusGone))
		busyID, _ := m.subscribe(t, busy.URL)
		goneID, _ := m.subscribe(t, gone.URL)
		m.handle(t, event(1, "question", 10), event(2, "answer", 11))
		m.due(t)
		open.Store(true)
		p.now.Add(599)
		m.due(t)
		if n := len(busy.requests()); n != 1 {
			t.Errorf("%d requests within the time that was asked for, want the first", n)
		}
		p.now.Add(1)
		m.due(t)
		rows := m.rows(t, busyID)
		if len(busy.requests()) != 3 || rows[0].state != delivered || rows[1].state != delivered {
			t.Errorf("afterwards %d requests, %+v", len(busy.requests()), rows)
		}
		m.handle(t, event(3, "answer", 12))
		p.now.Add(3600)
		m.due(t)
		s := m.subscriptionOf(t, goneID)
		rows = m.rows(t, goneID)
		if s.enabled || s.disabledReason != reasonGone || len(gone.requests()) != 1 || len(rows) != 2 ||
			rows[0].state != failed || rows[1].state != waiting {
			t.Errorf("gone: %+v after %d requests, %+v", s, len(gone.requests()), rows)
		}
	})
}

// TestFailingReceiverIsDisabled follows a receiver that fails for five days.
func TestFailingReceiverIsDisabled(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		m := p.process(t)
		s := receive(t, status(http.StatusBadGateway))
		id, _ := m.subscribe(t, s.URL)
		began := p.now.Load()
		for day := range int64(12) {
			p.now.Store(began + day*24*3600)
			if !m.subscriptionOf(t, id).enabled {
				break
			}
			m.handle(t, event(day+1, "question", 10))
			for range 24 * 12 {
				m.due(t)
				p.now.Add(300)
			}
		}
		sub := m.subscriptionOf(t, id)
		took := sub.updated - began
		if sub.enabled || sub.disabledReason != reasonFailing || took < 5*24*3600 || took > 7*24*3600 {
			t.Errorf("%+v after %d s, want it switched off after five days", sub, took)
		}
	})
}

// TestWithdrawal sends nothing of what is not public any more when it is sent.
func TestWithdrawal(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p ground) {
		visible, members := map[int]bool{1: true}, false
		m := p.process(t, func(s *Settings) {
			s.May = func(context.Context) error {
				if members {
					return problem.NotFound()
				}
				return nil
			}
			s.Still = func(_ context.Context, list []*events.Topics) error {
				for _, e := range list {
					if !visible[e.PostID] && e.What != kindHidden {
						*e = events.Topics{}
					}
				}
				return nil
			}
			s.Posts = func(_ context.Context, ids []int) (map[int]Post, error) {
				posts := map[int]Post{}
				for _, id := range ids {
					if visible[id] {
						posts[id] = Post{Title: "secret", Address: "/relative"}
					}
				}
				return posts, nil
			}
		})
		s := receive(t, nil)
		id, _ := m.subscribe(t, s.URL)
		m.handle(t, event(1, "question", 1), event(2, "question", 2), event(3, kindHidden, 2))
		m.due(t)
		members = true
		m.handle(t, event(4, "question", 1))
		m.due(t)
		var states []state
		for _, r := range m.rows(t, id) {
			states = append(states, r.state)
		}
		if len(states) != 4 || states[0] != delivered || states[1] != withdrawn || states[2] != delivered ||
			states[3] != withdrawn {
			t.Errorf("states %v", states)
		}
		got := s.requests()
		if len(got) != 2 || strings.Contains(got[0].body, "relative") ||
			!strings.Contains(got[1].body, `"data":{"postId":2,"questionId":7}`) {
			t.Errorf("sent: %v", got)
		}
	})
}

func mustExec(t *testing.T, m *Module, query string, args ...any) {
	t.Helper()
	if _, err := m.db.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}
