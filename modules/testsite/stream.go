package testsite

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Stream is a client of /v1/events that reads one event at a time.
type Stream struct {
	lines  chan map[string]string
	cancel context.CancelFunc
}

// OpenStream connects to /v1/events, as a visitor unless one of the headers, which are alternating names and
// values, says otherwise. lastID is the id of the last event received before, or "".
func OpenStream(t *testing.T, s *Site, query, lastID string, header ...string) *Stream {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v1/events"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s %s", res.Status, Text(t, res))
	}
	st := &Stream{lines: make(chan map[string]string, 100), cancel: cancel}
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
	t.Cleanup(st.Stop)
	return st
}

// Next waits for the next event and returns it, or nil if the stream has ended.
func (st *Stream) Next(t *testing.T) map[string]string {
	t.Helper()
	select {
	case e := <-st.lines:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("no event came")
		return nil
	}
}

// Stop ends the connection.
func (st *Stream) Stop() { st.cancel() }
