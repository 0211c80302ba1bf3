package modules_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// stream follows /v1/events and hands over one event at a time.
type stream struct {
	lines chan map[string]string
	stop  context.CancelFunc
}

func openStream(t *testing.T, s *testSite, query, lastID string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/v1/events"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %s", res.Status, text(t, res))
	}
	st := &stream{lines: make(chan map[string]string, 100), stop: cancel}
	go func() {
		defer close(st.lines)
		defer res.Body.Close()
		event := map[string]string{}
		for scanner := bufio.NewScanner(res.Body); scanner.Scan(); {
			name, value, found := strings.Cut(scanner.Text(), ": ")
			switch {
			case found && name != "":
				event[name] = value
			case scanner.Text() == "":
				if event["data"] != "" { // as an EventSource hands over
					st.lines <- event
				}
				event = map[string]string{}
			}
		}
	}()
	t.Cleanup(cancel)
	return st
}

// next is the next event; nil when the stream ended.
func (st *stream) next(t *testing.T) map[string]string {
	t.Helper()
	select {
	case e := <-st.lines:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("no event came")
		return nil
	}
}

// TestEventStream: what one task writes, the clients of another are told, each what it asked for, and after an interruption too.
func TestEventStream(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, fresh func(t *testing.T) string) {
		url := fresh(t)
		writer, reader := openSite(t, url, nil), openSite(t, url, nil) // two tasks on one database
		all := openStream(t, reader, "", "")
		hello := all.next(t)
		if hello["event"] != "hello" || hello["id"] != "0" {
			t.Fatalf("first event %v", hello)
		}
		question := openStream(t, reader, "?question=27", "")
		question.next(t)
		r := &replayer{testSite: writer}
		for _, c := range []call{
			{"PUT", "/v1/posts/46/vote", map[string]any{"value": 1}},
			{"PUT", "/v1/posts/27/vote", map[string]any{"value": -1}},
			{"POST", "/v1/questions/27/answers", map[string]any{"content": "An answer that streams."}},
			{"PUT", "/v1/posts/27/flag", nil}, // nobody's business
			{"POST", "/v1/posts/27/comments", map[string]any{"content": "A comment that streams."}},
		} {
			if res := r.send(t, c, 17, "", ""); res.StatusCode >= 300 {
				t.Fatalf("%s %s: %s", c.method, c.path, text(t, res))
			}
		}
		var ids []string
		for _, want := range []string{"vote", "vote", "answer", "comment"} {
			e := all.next(t)
			if e["event"] != want || strings.Contains(e["data"], "17") && strings.Contains(e["data"], "user") {
				t.Errorf("event %v, want %s", e, want)
			}
			ids = append(ids, e["id"])
		}
		for _, want := range []string{"vote", "answer", "comment"} {
			if e := question.next(t); e["event"] != want || !strings.Contains(e["data"], `"questionId":27`) {
				t.Errorf("of the question: %v, want %s", e, want)
			}
		}
		again := openStream(t, reader, "", ids[1])
		for _, want := range []string{"answer", "comment"} {
			if e := again.next(t); e["event"] != want {
				t.Errorf("after coming back: %v, want %s", e, want)
			}
		}
		if e := openStream(t, reader, "", "9999").next(t); e["event"] != "reset" {
			t.Errorf("with an id of the future: %v", e)
		}
		if res := reader.request(t, http.MethodHead, "/v1/events", 0); res.StatusCode != http.StatusOK {
			t.Errorf("HEAD: %s", res.Status)
		}
		if res := reader.request(t, http.MethodGet, "/v1/events?question=x", 0); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("bad query: %s", res.Status)
		}
		reader.app.Events.Close()
		if e := all.next(t); e != nil {
			t.Errorf("after the stop: %v", e)
		}
	})
}
