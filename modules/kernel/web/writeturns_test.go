package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// workshop is a server with operations that take a second; it counts how many of them are at work at once.
type workshop struct {
	*Server
	working, most atomic.Int32
}

func newWorkshop() *workshop {
	w := &workshop{Server: New(Settings{
		BodyLimit: 1 << 20, BodyTimeout: 5 * time.Second, RequestTimeout: 15 * time.Second,
		Allowances: map[string]Allowance{"/v1/uploads": {Bytes: 1 << 20, Time: time.Minute}},
	})}
	work := func(context.Context, *struct {
		Body struct {
			Text string `json:"text,omitempty"`
		}
	}) (*struct{}, error) {
		now := w.working.Add(1)
		defer w.working.Add(-1)
		for most := w.most.Load(); now > most && !w.most.CompareAndSwap(most, now); most = w.most.Load() {
		}
		time.Sleep(time.Second)
		return nil, nil //nolint:nilnil // there is no output
	}
	for _, path := range []string{"/v1/work", "/v1/uploads"} {
		Register(w.API(),
			huma.Operation{OperationID: "post" + path[4:], Method: http.MethodPost, Path: path}, work)
	}
	Register(w.API(), huma.Operation{OperationID: "get", Method: http.MethodGet, Path: "/v1/work"},
		func(context.Context, *struct{}) (*struct{}, error) {
			time.Sleep(time.Second)
			return nil, nil //nolint:nilnil // there is no output
		})
	return w
}

// send sends a request from an address, with a body of size bytes, and returns the response and the seconds
// that it took. In a bubble of package synctest these are exact.
func (w *workshop) send(method, path, address string, size int) (*httptest.ResponseRecorder, float64) {
	return w.sendBody(method, path, address, strings.NewReader(`{"text":"`+strings.Repeat("a", size-11)+`"}`))
}

func (w *workshop) sendBody(
	method, path, address string, body io.Reader,
) (*httptest.ResponseRecorder, float64) {
	r := httptest.NewRequest(method, path, body)
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = address + ":1000"
	begun, response := time.Now(), httptest.NewRecorder()
	w.ServeHTTP(response, r)
	return response, time.Since(begun).Seconds()
}

const small, large = 100, largeBody + 1

// TestWritesOfAClientTakeTurns checks how many writes of one client the server works on at once, by the size
// of their bodies, and that reads, uploads and writes of other clients do not wait.
func TestWritesOfAClientTakeTurns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, address string
		size                  int
		most                  int32
		longest               float64 // seconds that the last of six waits and works
	}{
		"small bodies of one client": {http.MethodPost, "/v1/work", "192.0.2.1", small, 2, 3.6},
		"large bodies of one client": {http.MethodPost, "/v1/work", "192.0.2.1", large, 1, 7.5},
		"bodies of six clients":      {http.MethodPost, "/v1/work", "", small, 6, 1},
		"uploads of one client":      {http.MethodPost, "/v1/uploads", "192.0.2.1", small, 6, 1},
		"reads of one client":        {http.MethodGet, "/v1/work", "192.0.2.1", small, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorkshop()
				var longest float64
				var mu sync.Mutex
				var all sync.WaitGroup
				for _, last := range []string{"1", "2", "3", "4", "5", "6"} {
					address := c.address
					if address == "" {
						address = "192.0.2." + last
					}
					all.Go(func() {
						response, took := w.send(c.method, c.path, address, c.size)
						if response.Code != http.StatusNoContent {
							t.Errorf("%d %s", response.Code, response.Body)
						}
						mu.Lock()
						defer mu.Unlock()
						longest = max(longest, took)
					})
				}
				all.Wait()
				if w.most.Load() != c.most {
					t.Errorf("%d at once, not %d", w.most.Load(), c.most)
				}
				if longest < c.longest-0.1 || longest > c.longest+0.1 {
					t.Errorf("the last took %.1f s, not about %.1f", longest, c.longest)
				}
				time.Sleep(time.Second) // turns rest
			})
		})
	}
}

// unread is a body that fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("a body is read before it is its turn")
	return 0, io.EOF
}

// TestBodiesWaitUnread checks that a body that is large, or of unknown length, is not read before its turn,
// and that its client gets a 429 if the turn takes too long to come.
func TestBodiesWaitUnread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop()
		end, err := w.writing.large.Take(t.Context(), "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		response, took := w.sendBody(http.MethodPost, "/v1/work", "192.0.2.1", unread{t})
		var p Problem
		if err := json.Unmarshal(response.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if response.Code != http.StatusTooManyRequests || p.Code != "rate_limit" ||
			response.Header().Get("Retry-After") != "1" {
			t.Errorf("%d %v %s", response.Code, response.Header(), response.Body)
		}
		if took != longestWait.Seconds() {
			t.Errorf("it waited for %.1f s", took)
		}
		end()
		time.Sleep(time.Second)
		// The length of this body is not known.
		body := io.MultiReader(strings.NewReader(`{"text":`), bytes.NewBufferString(`"a"}`))
		if response, _ := w.sendBody(http.MethodPost, "/v1/work",
			"192.0.2.1", body); response.Code != http.StatusNoContent {
			t.Errorf("when it is its turn: %d %s", response.Code, response.Body)
		}
		time.Sleep(time.Second)
	})
}

// TestRoomForLargeBodies checks that only as many large bodies are in memory at once as there is room for,
// whoever sends them, and that the room is given back.
func TestRoomForLargeBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorkshop()
		if !w.writing.memory.TryAcquire(largeBodies - large) {
			t.Fatal("no room at the start")
		}
		var all sync.WaitGroup
		for _, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
			all.Go(func() {
				if response, _ := w.send(http.MethodPost, "/v1/work",
					address, large); response.Code != http.StatusNoContent {
					t.Errorf("%s: %d %s", address, response.Code, response.Body)
				}
			})
		}
		all.Wait()
		if w.most.Load() != 1 {
			t.Errorf("%d large bodies at once where there is room for one", w.most.Load())
		}
		if !w.writing.memory.TryAcquire(large) {
			t.Error("what was taken is not given back")
		}
		time.Sleep(time.Second)
	})
}
