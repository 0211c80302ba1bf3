package modules_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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
	t.Parallel()
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

// TestReplayObeysTodaysVisibility: of what has been hidden, queued or deleted since, a client that comes back is told no more
// than that it was hidden, and not by its tag.
func TestReplayObeysTodaysVisibility(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, fresh func(t *testing.T) string) {
		r := &replayer{testSite: openSite(t, fresh(t), nil)}
		ask := func(title, tag string) int {
			return r.done(t, 16, "POST", "/v1/questions", object{"title": title, "content": "To be seen in a stream: " + title, "tags": []string{tag}})
		}
		stays, hidden := ask("A question that stays", "tag-that-stays"), ask("A question that is hidden", "tag-of-hidden")
		queued, gone := ask("A question that is queued", "tag-of-queued"), ask("A question that is deleted", "tag-of-deleted")
		below := r.answered(t, 17, hidden)
		r.hide(t, hidden)
		r.hide(t, gone)
		r.done(t, 3, "DELETE", fmt.Sprintf("/v1/questions/%d", gone), nil)
		alter(t, r.testSite, "UPDATE {users} SET level = 0, flags = 0 WHERE userid = 16")
		r.done(t, 16, "PATCH", fmt.Sprintf("/v1/questions/%d", queued), object{"content": "Edited, so that it waits for approval."})

		isShown := false
		replayed := func(query string) (told []string) {
			t.Helper()
			st := openStream(t, r.testSite, query, "0")
			for {
				e := st.next(t)
				if e == nil || e["event"] == "hello" {
					st.stop()
					return told
				}
				if !isShown && e["event"] == "hidden" && (strings.Contains(e["data"], "tag") || strings.Contains(e["data"], "categor")) {
					t.Errorf("%s%s tells more than that it was hidden", query, e["data"])
				}
				var data struct{ PostID int }
				if err := json.Unmarshal([]byte(e["data"]), &data); err != nil {
					t.Fatal(err)
				}
				told = append(told, fmt.Sprint(e["event"], " ", data.PostID))
			}
		}
		same(t, "all", replayed(""), []string{fmt.Sprint("question ", stays), fmt.Sprint("hidden ", hidden), fmt.Sprint("hidden ", gone)})
		same(t, "of a tag that stays", replayed("?tag=tag-that-stays"), []string{fmt.Sprint("question ", stays)})
		for _, query := range []string{"?tag=tag-of-hidden", "?tag=tag-of-queued", "?tag=tag-of-deleted", fmt.Sprint("?question=", queued)} {
			if told := replayed(query); len(told) > 0 {
				t.Errorf("%s is told %v", query, told)
			}
		}
		same(t, "of the hidden question", replayed(fmt.Sprint("?question=", hidden)), []string{fmt.Sprint("hidden ", hidden)})
		r.done(t, 3, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", hidden), object{"hidden": false})
		isShown = true
		if told := replayed("?tag=tag-of-hidden"); !slices.Contains(told, fmt.Sprint("answer ", below)) || len(told) != 4 {
			t.Errorf("after it is shown again: %v", told)
		}
	})
}
