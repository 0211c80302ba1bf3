package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/database"
)

// panicking returns a server whose operations and routes panic or fail in every way.
func panicking(t *testing.T, db *database.DB) *httptest.Server {
	t.Helper()
	s := New(Settings{Once: db, Caller: anyCaller})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		Register(s.API(), huma.Operation{
			OperationID: method, Method: method, Path: "/operation",
		}, func(context.Context, *struct{}) (*struct{}, error) {
			panic("operation")
		})
	}
	Register(s.API(), huma.Operation{
		OperationID: "tx", Method: http.MethodPost, Path: "/transaction",
	}, func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		_, err := Once(ctx, db, func(tx *database.DB) (int, error) {
			if _, err := tx.Exec(ctx, "INSERT INTO {effects} (note) VALUES ('written')"); err != nil {
				return 0, err
			}
			panic("transaction")
		})
		return nil, err
	})
	for path, handle := range map[string]echo.HandlerFunc{
		"/route": func(echo.Context) error { panic("route") },
		"/written": func(c echo.Context) error {
			c.SetCookie(&http.Cookie{Name: "qa_id", Value: "1"})
			c.Response().Header().Set("ETag", `"secret"`)
			_ = c.String(http.StatusCreated, "half of a secret")
			panic("after writing")
		},
		"/failed": func(c echo.Context) error {
			_ = c.String(http.StatusCreated, "half of a secret")
			return errors.New("after writing")
		},
		"/let-out": func(c echo.Context) error {
			Stream(c.Response())
			panic("before the first byte")
		},
		"/stream": func(c echo.Context) error {
			_, _ = io.WriteString(c.Response(), "begun")
			c.Response().Flush()
			panic("in a stream")
		},
		"/flushed": func(c echo.Context) error {
			c.Response().Flush()
			panic("after an empty flush")
		},
		"/failed-stream": func(c echo.Context) error {
			_, _ = io.WriteString(c.Response(), "begun")
			c.Response().Flush()
			return errors.New("in a stream")
		},
		"/abort": func(echo.Context) error { panic(http.ErrAbortHandler) },
		"/fine":  func(c echo.Context) error { return c.String(http.StatusOK, "fine") },
	} {
		s.Router().GET(path, handle)
		s.Router().POST(path, handle)
	}
	return serve(t, s)
}

// TestPanicsAreProblems checks that a client gets a problem with status 500 and nothing else, whatever the
// handler had written before it panicked or failed; that the log has the same status; and that nothing of
// what was written is stored or sent later.
func TestPanicsAreProblems(t *testing.T) {
	db := sqlite(t)
	server := panicking(t, db)
	for _, path := range []string{"/operation", "/transaction", "/route", "/written", "/failed", "/let-out"} {
		for _, request := range [][]string{
			{http.MethodGet}, {http.MethodHead}, {http.MethodPost},
			{http.MethodPost, "Idempotency-Key", "key" + path[1:]},
		} {
			method, header := request[0], request[1:]
			if path == "/transaction" && method != http.MethodPost {
				continue
			}
			t.Run(strings.Join(append([]string{method, path}, header...), " "), func(t *testing.T) {
				lines := captureLog(t)
				for range 2 { // a retry goes the same way
					r := mustSend(t, server, method, path, "", header...)
					if r.status != http.StatusInternalServerError ||
						method != http.MethodHead && r.code() != "internal" ||
						r.header.Get("Content-Type") != "application/problem+json" {
						t.Errorf("%d %v %s", r.status, r.header, r.body)
					}
					if r.header.Get("ETag")+r.header.Get("Set-Cookie") != "" ||
						strings.Contains(r.body, "secret") {
						t.Errorf("something of the response is left: %v %s", r.header, r.body)
					}
					if r := mustSend(t, server, http.MethodGet, "/fine", ""); r.status != http.StatusOK ||
						r.body != "fine" {
						t.Errorf("the next request: %d %s", r.status, r.body)
					}
				}
				for _, line := range lines.with(t, "request") {
					if route, status := line["route"], line["status"]; route == path && status != 500.0 {
						t.Errorf("logged: %v", line)
					}
				}
			})
		}
	}
	for table, query := range map[string]string{
		"effects":        "SELECT COUNT(*) FROM {effects}",
		"kept responses": "SELECT COUNT(*) FROM {q2ab_idempotency}",
	} {
		var n int
		if _, err := db.Get(t.Context(), []any{&n}, query); err != nil || n != 0 {
			t.Errorf("%s: %d rows, %v", table, n, err)
		}
	}
}

// TestPanicsInStreams checks that a response of which the client already has a part is cut off when its
// handler panics or fails, so that the client does not take the part for the whole.
func TestPanicsInStreams(t *testing.T) {
	server := panicking(t, sqlite(t))
	for path, begun := range map[string]string{
		"/stream": "begun", "/flushed": "", "/failed-stream": "begun",
	} {
		for _, header := range [][]string{nil, {"Idempotency-Key", "key-1"}} {
			t.Run(strings.Join(append([]string{path}, header...), " "), func(t *testing.T) {
				lines := captureLog(t)
				r := mustSend(t, server, http.MethodPost, path, "", header...)
				if r.status != http.StatusOK || r.body != begun || r.err == nil {
					t.Errorf("%d %q, and then %v", r.status, r.body, r.err)
				}
				eventually(t, "a line of the request",
					func() bool { return len(lines.with(t, "request")) == 1 })
				if line := lines.with(t, "request")[0]; line["status"] != 200.0 || line["aborted"] != true {
					t.Errorf("logged: %v", line)
				}
			})
		}
	}
}

// TestAbortedHandlers checks that a handler that panics with http.ErrAbortHandler ends the connection without
// a response, and that this is not logged as a panic.
func TestAbortedHandlers(t *testing.T) {
	server := panicking(t, sqlite(t))
	lines := captureLog(t)
	if r, err := send(t, server, http.MethodPost, "/abort", ""); err == nil {
		t.Errorf("%d %s", r.status, r.body)
	}
	eventually(t, "a line of the request", func() bool { return len(lines.with(t, "request")) == 1 })
	if line := lines.with(t, "request")[0]; line["status"] != 0.0 || line["aborted"] != true {
		t.Errorf("logged: %v", line)
	}
	if found := lines.with(t, "panic"); len(found) != 0 {
		t.Errorf("logged: %v", found)
	}
}

// TestLoggedStatus checks that the log has the status that was sent, also where that is a 304 in place of
// what the handler wrote.
func TestLoggedStatus(t *testing.T) {
	server := panicking(t, sqlite(t))
	tag := mustSend(t, server, http.MethodGet, "/fine", "").header.Get("ETag")
	lines := captureLog(t)
	if r := mustSend(t, server, http.MethodGet, "/fine", "",
		"If-None-Match", tag); r.status != http.StatusNotModified {
		t.Fatal(r.status)
	}
	eventually(t, "a line of the request", func() bool { return len(lines.with(t, "request")) == 1 })
	if line := lines.with(t, "request")[0]; line["status"] != 304.0 || line["bytes"] != 0.0 {
		t.Errorf("logged: %v", line)
	}
}
