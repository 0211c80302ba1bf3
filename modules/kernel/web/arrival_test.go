package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

type textInput struct {
	Body struct {
		Text string `json:"text"`
	}
}

type formInput struct {
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `form:"file" required:"true"`
	}]
}

// receiving returns a server with operations and routes that take bodies of every kind.
func receiving(t *testing.T, patience time.Duration) *httptest.Server {
	t.Helper()
	s := New(Settings{BodyTimeout: patience, Once: sqlite(t), Caller: anyCaller})
	Register(s.API(), huma.Operation{
		OperationID: "text", Method: http.MethodPost, Path: "/text",
	}, func(ctx context.Context, _ *textInput) (*struct{}, error) {
		select { // the client does not count as gone when the time for its body is over
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(2 * patience):
			return nil, nil
		}
	})
	Register(s.API(), huma.Operation{
		OperationID: "form", Method: http.MethodPost, Path: "/form",
	}, func(context.Context, *formInput) (*struct{}, error) {
		return nil, nil
	})
	Register(s.API(), huma.Operation{
		OperationID: "nothing", Method: http.MethodPost, Path: "/nothing",
	}, func(context.Context, *struct{}) (*struct{}, error) {
		return nil, nil
	})
	s.Router().POST("/route", func(c echo.Context) error {
		_, err := c.Request().Body.Read(make([]byte, 100))
		for err == nil {
			_, err = c.Request().Body.Read(make([]byte, 100))
		}
		return err
	})
	return serve(t, s)
}

// sendSlowly sends the head of a request and a part of its body, ends its side of the connection if it is
// told to, and returns the response and its problem.
func sendSlowly(
	t *testing.T, server *httptest.Server, path, header, part string, end bool,
) (*http.Response, Problem) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n%s", path,
		header, part); err != nil {
		t.Fatal(err)
	}
	if end {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(patient)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res, decodeProblem(t, res)
}

// TestSlowBodies checks that a body that does not arrive in time is refused with 408 and the connection
// closed, whoever reads the body, and that this is not logged as an error.
func TestSlowBodies(t *testing.T) {
	server := receiving(t, 100*time.Millisecond)
	form := "Content-Type: multipart/form-data; boundary=x\r\n"
	for name, c := range map[string]struct{ path, header, part string }{
		"JSON":                 {"/text", "Content-Type: application/json\r\nContent-Length: 100\r\n", `{"text": "`},
		"nothing at all":       {"/text", "Content-Type: application/json\r\nContent-Length: 100\r\n", ""},
		"chunked":              {"/text", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", "2\r\n{\"\r\n"},
		"with Idempotency-Key": {"/text", "Content-Type: application/json\r\nContent-Length: 100\r\nIdempotency-Key: key\r\n", `{"text": "`},
		"form":                 {"/form", form + "Content-Length: 1000\r\n", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc"},
		"route":                {"/route", "Content-Length: 100\r\n", "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := captureLog(t)
			res, p := sendSlowly(t, server, c.path, c.header, c.part, false)
			if res.StatusCode != http.StatusRequestTimeout || p.Code != "request_timeout" || !res.Close {
				t.Errorf("%s %+v, closed: %v", res.Status, p, res.Close)
			}
			eventually(t, "a line of the request", func() bool { return len(lines.with(t, "request")) == 1 })
			if all := lines.with(t, ""); len(all) != 1 || all[0]["level"] != "INFO" ||
				all[0]["status"] != 408.0 {
				t.Errorf("logged: %v", all)
			}
		})
	}
}

// TestBrokenBodies checks that a body that ends too early, or is not sent as HTTP demands, is refused with
// 400, and that this is not logged as an error.
func TestBrokenBodies(t *testing.T) {
	server := receiving(t, patient)
	for name, c := range map[string]struct{ path, header, part string }{
		"too short":  {"/text", "Content-Type: application/json\r\nContent-Length: 100\r\n", `{"text": "`},
		"bad chunks": {"/text", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", "zz\r\n"},
		"with key":   {"/text", "Content-Type: application/json\r\nContent-Length: 100\r\nIdempotency-Key: key\r\n", `{"text": "`},
		"route":      {"/route", "Content-Length: 100\r\n", "abc"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := captureLog(t)
			res, p := sendSlowly(t, server, c.path, c.header, c.part, true)
			if res.StatusCode != http.StatusBadRequest || p.Code != "bad_request" {
				t.Errorf("%s %+v", res.Status, p)
			}
			for _, line := range lines.with(t, "") {
				if line["level"] != "INFO" {
					t.Errorf("logged: %v", line)
				}
			}
		})
	}
}

// TestBodyThatNobodyReads checks that the server closes a connection on which a body does not arrive, even
// where no handler reads it.
func TestBodyThatNobodyReads(t *testing.T) {
	server := receiving(t, 100*time.Millisecond)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	if err := conn.SetReadDeadline(time.Now().Add(patient)); err != nil {
		t.Fatal(err)
	}
	for buffer := make([]byte, 1000); err == nil; {
		_, err = conn.Read(buffer)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection stays open")
	}
}

// TestBodyTimeIsForBodies checks that an operation may take longer than the time that its body had to arrive.
func TestBodyTimeIsForBodies(t *testing.T) {
	server := receiving(t, 200*time.Millisecond)
	for name, header := range map[string][]string{
		"plain":    {"Content-Type", "application/json"},
		"with key": {"Content-Type", "application/json", "Idempotency-Key", "key"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := mustSend(t, server, http.MethodPost, "/text",
				`{"text": "x"}`, header...); r.status != http.StatusNoContent {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
}

// TestContentTypeIsRequired checks that an operation that reads a body refuses other or missing content types
// with 415, and that an operation that reads none asks for no Content-Type.
func TestContentTypeIsRequired(t *testing.T) {
	server := receiving(t, time.Millisecond*100)
	for name, c := range map[string]struct {
		path, body, contentType string
		status                  int
	}{
		"none":            {"/text", `{"text": "x"}`, "", 415},
		"JSON":            {"/text", `{"text": "x"}`, "application/json", 204},
		"with charset":    {"/text", `{"text": "x"}`, "application/json; charset=utf-8", 204},
		"text":            {"/text", `{"text": "x"}`, "text/plain", 415},
		"browser's form":  {"/text", `{"text": "x"}`, "application/x-www-form-urlencoded", 415},
		"form without":    {"/form", "--x--", "", 415},
		"nothing to read": {"/nothing", "", "", 204},
		"not read":        {"/nothing", "abc", "", 204},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+c.path,
				strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			res, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != c.status {
				t.Fatal(res.Status)
			}
			if c.status == 415 {
				if p := decodeProblem(t, res); p.Code != "unsupported_media_type" {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// TestProbesAreNotAuthenticated checks that /healthz and /readyz respond to everybody, even to requests with
// a token that is not valid.
func TestProbesAreNotAuthenticated(t *testing.T) {
	s := New(Settings{Authenticate: func(echo.HandlerFunc) echo.HandlerFunc {
		return func(echo.Context) error { return problem.New(problem.CodeUnauthenticated) }
	}})
	server := serve(t, s)
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200, "/problems": 401} {
		if r := mustSend(t, server, http.MethodGet, path, "", "Authorization",
			"Bearer nonsense"); r.status != status {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}
