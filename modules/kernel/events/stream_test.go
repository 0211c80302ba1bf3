package events

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
)

// testRecheck is the time between two checks of who may have a stream of their own.
const testRecheck = 20 * time.Millisecond

// streamServer serves the event streams of one process, with limits on the time of requests that are far
// shorter than a stream lasts.
func streamServer(t *testing.T, db *database.DB, s StreamSettings) *httptest.Server {
	t.Helper()
	f := NewFollower(db, Settings{Poll: 10 * time.Millisecond})
	t.Cleanup(f.Close)
	app := web.New(web.Settings{RequestTimeout: 300 * time.Millisecond})
	streams := NewStreams(f, s)
	streams.heartbeat, streams.patience = 50*time.Millisecond, 500*time.Millisecond
	streams.recheck = testRecheck
	streams.Register(app.API())
	streams.Routes(app.Router())
	server := httptest.NewUnstartedServer(app)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// stream is a client's end of an event stream.
type stream struct {
	res   *http.Response
	lines *bufio.Scanner
	close func()
}

// message is one event as the client got it.
type message struct {
	id, event string
	data      PublicEvent
	raw       string
}

// listen opens a stream, with the header Last-Event-ID unless lastID is "", and with other headers, which are
// alternating names and values.
func listen(t *testing.T, address, lastID string, header ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	end := func() { cancel(); res.Body.Close() }
	t.Cleanup(end)
	return &stream{res, bufio.NewScanner(res.Body), end}
}

// next reads the next event. It returns false at the end of the stream.
func (s *stream) next(t *testing.T) (message, bool) {
	t.Helper()
	var m message
	for s.lines.Scan() {
		line := s.lines.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "id":
			m.id = value
		case "event":
			m.event = value
		case "data":
			m.raw = value
			if err := json.Unmarshal([]byte(value), &m.data); err != nil {
				t.Fatal(err)
			}
		}
		if line == "" && m.raw != "" {
			return m, true
		}
	}
	return m, false
}

// expect reads as many events as are wanted, and compares the id and the name of each with "id name".
func (s *stream) expect(t *testing.T, want ...string) (last message) {
	t.Helper()
	for _, w := range want {
		m, ok := s.next(t)
		if got := m.id + " " + m.event; !ok || got != w {
			t.Fatalf("event %q, expected %q (%v)", got, w, s.lines.Err())
		}
		last = m
	}
	return last
}

func TestStream(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db, other := s.open(t), s.open(t)
		happen(t, db, 1, 2)
		address := streamServer(t, db, StreamSettings{Limit: 100, PerClient: 100}).URL + "/v1/events"
		all := listen(t, address, "")
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
		} {
			if got := all.res.Header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		all.expect(t, "2 hello")
		time.Sleep(700 * time.Millisecond) // longer than any request may take here
		happen(t, other, 3, 4)
		m := all.expect(t, "3 question", "4 question")
		if m.data.PostID != 4 || m.data.QuestionID != 4 || m.data.Tags[0] != "tag4" ||
			time.Since(m.data.At) > time.Hour || strings.Contains(m.raw, "aki") || m.data.By != nil {
			t.Errorf("data %s", m.raw)
		}
		all.close()
		happen(t, other, 5, 6)

		listen(t, address, "3").expect(t, "4 question", "5 question", "6 question", "6 hello")
		listen(t, address, "6").expect(t, "6 hello")
		listen(t, address+"?question=5", "1").expect(t, "5 question", "6 hello")
		listen(t, address+"?tag=TAG3", "0").expect(t, "3 question", "6 hello")
		listen(t, address+"?question=2&question=6&tag=tag4", "0").
			expect(t, "2 question", "4 question", "6 question", "6 hello")
		listen(t, address+"?category=1", "0").expect(t, "1 question", "3 question", "5 question", "6 hello")
		unnamed := listen(t, address+"?named=false&question=5", "1")
		if m := unnamed.expect(t, "5 "); m.data.What != "question" || m.data.PostID != 5 {
			t.Errorf("without a name: %s", m.raw)
		}
		if m := unnamed.expect(t, "6 "); m.data.What != "hello" {
			t.Errorf("the beginning without a name: %s", m.raw)
		}
		listen(t, address, "7").expect(t, "6 reset", "6 hello") // a place that only another database can have
		only := listen(t, address+"?question=9", "")
		only.expect(t, "6 hello")
		happen(t, db, 8, 9)
		only.expect(t, "8 question")
		if _, err := db.Exec(t.Context(), "DELETE FROM {q2ab_outbox} WHERE seq <= 4"); err != nil {
			t.Fatal(err)
		}
		listen(t, address, "4").expect(t, "5 question", "6 question", "7 question", "8 question", "8 hello")
		gone := listen(t, address, "3")
		gone.expect(t, "8 reset", "8 hello")
		happen(t, db, 10)
		gone.expect(t, "9 question")
		if err := only.lines.Err(); err != nil {
			t.Error(err)
		}
	})
}

// TestReplayObeysStill checks that earlier events are replayed, and matched with filters, as the function
// Still changes them, and that new events are sent as they are.
func TestReplayObeysStill(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		still := func(_ context.Context, before []*Topics) error {
			for _, topics := range before {
				switch topics.PostID {
				case 2:
					*topics = Topics{}
				case 3:
					*topics = Topics{Public: true, What: "hidden", PostID: 3, QuestionID: 3}
				}
			}
			return nil
		}
		address := streamServer(t, db, StreamSettings{Still: still}).URL + "/v1/events"
		happen(t, db, 1, 2, 3)
		replayed := listen(t, address, "0")
		replayed.expect(t, "1 question")
		if m := replayed.expect(t, "3 hidden"); m.data.QuestionID != 3 ||
			len(m.data.Tags)+len(m.data.CategoryIDs) > 0 {
			t.Errorf("replayed as %s", m.raw)
		}
		replayed.expect(t, "3 hello")
		listen(t, address+"?tag=tag3", "0").expect(t, "3 hello")
		listen(t, address+"?question=2", "0").expect(t, "3 hello")
		happen(t, db, 2)
		if m := replayed.expect(t, "4 question"); m.data.PostID != 2 {
			t.Errorf("told as %s", m.raw)
		}
	})
}

func TestStreamRefusals(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		address := streamServer(t, s.open(t), StreamSettings{Limit: 3, PerClient: 2}).URL + "/v1/events"
		for query, want := range map[string]string{
			"?surprise=1": "400 surprise unknown", "?question=x": "422 question not_integer",
			"?question=0": "422 question[0] too_small", "?named=1": "422 named not_in_list",
		} {
			refused(t, address+query, "", want)
		}
		refused(t, address, "12x", "422 Last-Event-ID wrong_form")
		refused(t, address, "99999999999999999999", "422 Last-Event-ID wrong_form")

		first, second := listen(t, address, ""), listen(t, address, "")
		first.expect(t, "0 hello")
		second.expect(t, "0 hello")
		res := listen(t, address, "").res
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
			t.Errorf("a third stream: %s", res.Status)
		}
		first.close()
		eventually(t, "a place is free again", func() bool {
			again := listen(t, address, "")
			defer again.close()
			return again.res.StatusCode == http.StatusOK
		})
		address = streamServer(t, s.open(t), StreamSettings{Limit: 1}).URL + "/v1/events"
		listen(t, address, "").expect(t, "0 hello")
		if res := listen(t, address, "").res; res.StatusCode != http.StatusServiceUnavailable ||
			res.Header.Get("Retry-After") == "" {
			t.Errorf("over the limit of the process: %s", res.Status)
		}
	})
}

// refused expects a problem with one wrong field, given as "status field code".
func refused(t *testing.T, address, lastID, want string) {
	t.Helper()
	var p web.Problem
	if err := json.NewDecoder(listen(t, address, lastID).res.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%d %+v", p.StatusNo, p.Errors); len(p.Errors) != 1 ||
		fmt.Sprintf("%d %s %s", p.StatusNo, p.Errors[0].Field, p.Errors[0].Code) != want {
		t.Errorf("GET %s with %q: %s, expected %s", address, lastID, got, want)
	}
}

// TestHeadOfStream checks that a HEAD request for the stream ends, and leaves no stream open behind it.
func TestHeadOfStream(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		address := streamServer(t, s.open(t), StreamSettings{Limit: 1}).URL + "/v1/events"
		for range 3 {
			eventually(t, "the answer to HEAD", func() bool {
				res, err := http.Head(address)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				if err != nil || len(body) > 0 {
					t.Fatalf("%q, %v", body, err)
				}
				return res.StatusCode == http.StatusOK &&
					res.Header.Get("Content-Type") == "text/event-stream"
			})
		}
	})
}

// TestServerThatStops checks that a server that stops ends its streams at once and in order.
func TestServerThatStops(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		server := streamServer(t, s.open(t), StreamSettings{})
		var streams []*stream
		for range 5 {
			one := listen(t, server.URL+"/v1/events", "")
			one.expect(t, "0 hello")
			streams = append(streams, one)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patient)
		defer cancel()
		if err := server.Config.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		for _, one := range streams {
			if m, ok := one.next(t); ok {
				t.Errorf("after the end: %+v", m)
			}
			if err := one.lines.Err(); err != nil {
				t.Errorf("it did not end in order: %v", err)
			}
		}
	})
}

// TestHeartbeat checks that a stream without events of its own still tells its client the number of the last
// event.
func TestHeartbeat(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		only := listen(t, streamServer(t, db, StreamSettings{}).URL+"/v1/events?question=5", "")
		only.expect(t, "0 hello")
		happen(t, db, 1, 2)
		for only.lines.Scan() && only.lines.Text() != "id: 2" {
			if line := only.lines.Text(); line != "" && line != ":" && line != "id: 0" && line != "id: 1" {
				t.Fatalf("line %q", line)
			}
		}
		if err := only.lines.Err(); err != nil {
			t.Error(err)
		}
	})
}

// TestClientThatDoesNotRead checks that the server drops a client that does not read its stream, and that
// other clients do not wait for it.
func TestClientThatDoesNotRead(t *testing.T) {
	onDatabases(t, func(t *testing.T, s site) {
		db := s.open(t)
		server := streamServer(t, db, StreamSettings{Limit: 2})
		deaf, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		fmt.Fprintf(deaf, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := deaf.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		other := listen(t, server.URL+"/v1/events", "")
		other.lines.Buffer(nil, 1<<20)
		other.expect(t, "0 hello")
		big := about(db, 1)
		big.Topics.Tags = []string{strings.Repeat("x", 200_000)}
		for i := range 60 { // more than the buffers between hold
			if err := db.Tx(t.Context(),
				func(tx *database.DB) error { return Append(t.Context(), tx, big) }); err != nil {
				t.Fatal(err)
			}
			other.expect(t, fmt.Sprintf("%d question", i+1))
		}
		eventually(t, "the place is free again", func() bool {
			again := listen(t, server.URL+"/v1/events", "")
			defer again.close()
			return again.res.StatusCode == http.StatusOK
		})
	})
}
