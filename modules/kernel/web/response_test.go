package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// TestStream checks that a response let out with Stream is sent while it is written and keeps the handler's
// ETag, and that conditional and range requests work with it.
func TestStream(t *testing.T) {
	s := New(Settings{})
	read := make(chan struct{})
	large := strings.Repeat("0123456789", 10_000)
	s.Router().GET("/large", func(c echo.Context) error {
		c.Response().Header().Set("ETag", `"large"`)
		Stream(c.Response())
		_, err := io.WriteString(c.Response(), large)
		c.Response().Flush()
		select {
		case <-read:
		case <-time.After(10 * time.Second):
			t.Error("nothing went out before all was written")
		}
		if err == nil {
			_, err = io.WriteString(c.Response(), "end")
		}
		return err
	})
	s.Router().GET("/file", func(c echo.Context) error {
		c.Response().Header().Set("ETag", `"file"`)
		Stream(c.Response())
		http.ServeContent(c.Response(), c.Request(), "a.txt", time.Time{}, strings.NewReader(large))
		return nil
	})
	server := httptest.NewServer(s)
	defer server.Close()
	get := func(path string, header ...string) *http.Response {
		r, err := http.NewRequest(http.MethodGet, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if len(header) > 0 {
			r.Header.Set(header[0], header[1])
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	res := get("/large")
	if _, err := io.ReadFull(res.Body, make([]byte, len(large))); err != nil {
		t.Fatal(err)
	}
	close(read)
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "end" ||
		res.Header.Get("ETag") != `"large"` {
		t.Errorf("%q %v %v", rest, err, res.Header)
	}
	for header, status := range map[[2]string]int{
		{"If-None-Match", `"file"`}:  304,
		{"If-None-Match", `"other"`}: 200,
		{"Range", "bytes=1-2"}:       206,
		{"Accept", "*/*"}:            200,
	} {
		if res := get("/file", header[0], header[1]); res.StatusCode != status {
			t.Errorf("%v: %s", header, res.Status)
		}
	}
}
