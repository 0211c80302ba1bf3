package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
)

// notAllowed is a code such as modules define.
var notAllowed = problem.Define("not_allowed", http.StatusForbidden, problem.Text("Not allowed", ""),
	problem.Text("", ""))

// TestRefusedWritesAreLimited checks that after a number of refused writes all further writes of the client
// are refused for a while, while reads and other clients are not, and that refusals that are not the client's
// fault do not count.
func TestRefusedWritesAreLimited(t *testing.T) {
	const most = 3
	site := func(t *testing.T) func(method, path, body, from string) *httptest.ResponseRecorder {
		l, err := limit.New("3-H", "", false)
		if err != nil {
			t.Fatal(err)
		}
		s := New(Settings{BodyLimit: 100, Refusals: l, Caller: func(ctx context.Context) IdempotencyCaller {
			user := ClientOf(ctx).UserAgent
			if !strings.HasPrefix(user, "user ") {
				user = limit.ClientKey(ClientOf(ctx).IP)
			}
			return IdempotencyCaller{Space: user, Client: user}
		}})
		type input struct {
			Body struct {
				Code string `json:"code,omitempty"`
			}
		}
		for _, method := range []string{http.MethodPost, http.MethodPatch} {
			Register(s.API(), huma.Operation{
				OperationID: method, Method: method, Path: "/try", DefaultStatus: http.StatusNoContent,
			}, func(_ context.Context, in *input) (*struct{}, error) {
				if in.Body.Code == "" {
					return nil, nil
				}
				for _, code := range []problem.Code{
					notAllowed, problem.CodeNotFound, problem.CodeValidation, problem.CodeUnauthenticated,
					problem.CodePreconditionFailed, problem.CodeUnavailable,
				} {
					if code.String() == in.Body.Code {
						return nil, problem.New(code)
					}
				}
				return nil, errors.New("no such code")
			})
		}
		Register(s.API(), huma.Operation{
			OperationID: "read", Method: http.MethodGet, Path: "/try",
		}, func(context.Context, *struct{}) (*struct{}, error) {
			return nil, problem.NotFound()
		})
		return func(method, path, body, from string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(method, path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			if name, ok := strings.CutPrefix(from, "user "); ok {
				r.Header.Set("User-Agent", "user "+name)
			} else {
				r.RemoteAddr = from + ":1234"
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
	}
	const right = `{}`
	for name, c := range map[string]struct {
		method, body string
		counts       bool
	}{
		"an unknown field":        {http.MethodPost, `{"x":1}`, true},
		"no JSON":                 {http.MethodPost, `{`, true},
		"a length not even read":  {http.MethodPost, `{"code":"` + strings.Repeat("x", 200) + `"}`, false},
		"something not allowed":   {http.MethodPatch, `{"code":"not_allowed"}`, true},
		"something not there":     {http.MethodPatch, `{"code":"not_found"}`, true},
		"wrong input":             {http.MethodPost, `{"code":"validation"}`, true},
		"a token that ran out":    {http.MethodPost, `{"code":"unauthenticated"}`, false},
		"somebody else was first": {http.MethodPatch, `{"code":"precondition_failed"}`, false},
		"a failure of the server": {http.MethodPost, `{"code":"unavailable"}`, false},
		"what is right":           {http.MethodPost, right, false},
		"reads":                   {http.MethodGet, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			send := site(t)
			for range most {
				if w := send(c.method, "/try", c.body, "192.0.2.1"); w.Code == http.StatusTooManyRequests {
					t.Fatalf("refused before: %s", w.Body)
				}
			}
			w := send(http.MethodPost, "/try", right, "192.0.2.1")
			if limited := w.Code == http.StatusTooManyRequests; limited != c.counts {
				t.Errorf("then a right one: %d", w.Code)
			}
			if c.counts && w.Header().Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			if w := send(http.MethodPost, "/try", right, "192.0.2.2"); w.Code != http.StatusNoContent {
				t.Errorf("another client: %d", w.Code)
			}
			if w := send(http.MethodGet, "/try", "", "192.0.2.1"); w.Code != http.StatusNotFound {
				t.Errorf("a read: %d", w.Code)
			}
		})
	}
	t.Run("people count by account", func(t *testing.T) {
		send := site(t)
		for range most {
			send(http.MethodPost, "/try", `{"x":1}`, "user 7")
		}
		for from, want := range map[string]int{
			"user 7":    http.StatusTooManyRequests,
			"user 8":    http.StatusNoContent,
			"192.0.2.1": http.StatusNoContent,
		} {
			if w := send(http.MethodPost, "/try", right, from); w.Code != want {
				t.Errorf("%s: %d, not %d", from, w.Code, want)
			}
		}
	})
}
