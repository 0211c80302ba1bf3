package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
)

// patient is how long a test waits for something before it fails.
const patient = 30 * time.Second

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

// migrated opens a database, makes this backend's tables and the table effects, into which the tests'
// operations write.
func migrated(t *testing.T, url string) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), database.Settings{URL: url, Prefix: "qa_", MaxConnections: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), "CREATE TABLE {effects} (note VARCHAR(100) NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	return db
}

func sqlite(t *testing.T) *database.DB {
	t.Helper()
	return migrated(t, databasetest.SQLite(t))
}

// logLines collects the lines of the log.
type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// with returns the lines with the message, or all lines if it is empty.
func (l *logLines) with(t *testing.T, message string) (found []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range strings.Lines(l.text.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if message == "" || line["msg"] == message {
			found = append(found, line)
		}
	}
	return found
}

// captureLog returns the lines that will be logged during the test.
func captureLog(t *testing.T) *logLines {
	t.Helper()
	lines, before := &logLines{}, slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(lines, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return lines
}

// reply is what came back for a request.
type reply struct {
	status int
	header http.Header
	body   string
	// err is the error of reading the body.
	err error
}

// code returns the code of a problem.
func (r reply) code() string {
	var p Problem
	_ = json.Unmarshal([]byte(r.body), &p) // no problem, no code
	return p.Code
}

// send sends a request; headers are names and values by turns.
func send(t *testing.T, server *httptest.Server, method, path, body string, header ...string) (reply, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := server.Client().Do(r)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(text), err}, nil
}

// mustSend is send for requests that have to be answered.
func mustSend(t *testing.T, server *httptest.Server, method, path, body string, header ...string) reply {
	t.Helper()
	r, err := send(t, server, method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// serve starts the server on a port of this machine.
func serve(t *testing.T, s *Server) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server
}

func decodeProblem(t *testing.T, res *http.Response) (p Problem) {
	t.Helper()
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p
}

// anyCaller is the caller of all requests, for tests that do not tell callers apart.
func anyCaller(context.Context) IdempotencyCaller { return IdempotencyCaller{} }
