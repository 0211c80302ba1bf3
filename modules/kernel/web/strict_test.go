package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

type strictInput struct {
	ID    int      `path:"id" minimum:"1"`
	Limit int      `query:"limit" minimum:"1"`
	Text  string   `query:"text"`
	Only  bool     `query:"only"`
	With  []string `query:"with" enum:"a,b"`
}

type strictBody struct {
	Body struct {
		Title string   `json:"title,omitempty" maxLength:"10"`
		Value int      `json:"value,omitempty" enum:"1,-1"`
		Flag  *bool    `json:"flag,omitempty"`
		Tags  []string `json:"tags,omitempty"`
		Part  struct {
			Name string `json:"name,omitempty"`
		} `json:"part,omitempty"`
		More map[string]string `json:"more,omitempty"`
	}
}

// strictServer returns a server with operations of every kind of input, and routes that match every address,
// as those for the old site's addresses do.
func strictServer() *Server {
	s := New(Settings{BodyLimit: 1 << 20})
	fine := func(context.Context, *strictInput) (*struct{}, error) { return &struct{}{}, nil }
	Register(s.API(),
		huma.Operation{OperationID: "get", Method: http.MethodGet, Path: "/v1/things/{id}"}, fine)
	Register(s.API(),
		huma.Operation{OperationID: "drop", Method: http.MethodDelete, Path: "/v1/things/{id}"}, fine)
	Register(s.API(), huma.Operation{OperationID: "other", Method: http.MethodGet, Path: "/v1/things/other"},
		func(context.Context, *struct{}) (*struct{}, error) { return &struct{}{}, nil })
	Register(s.API(), huma.Operation{OperationID: "make", Method: http.MethodPost, Path: "/v1/things",
		Errors: []int{http.StatusForbidden, http.StatusPreconditionFailed}},
		func(context.Context, *strictBody) (*struct{}, error) {
			return nil, problem.New(problem.CodeFeatureOff)
		})
	s.Router().GET("/:any/*", func(echo.Context) error { return problem.NotFound() })
	s.Router().GET("/:any", func(echo.Context) error { return problem.NotFound() })
	return s
}

// TestParametersAreReadStrictly checks which parameters of the path and the query are refused, with which
// field and code, and which are taken.
func TestParametersAreReadStrictly(t *testing.T) {
	s := strictServer()
	for target, want := range map[string]string{
		"7?limit=5&text=x&only=true&with=a,b": "", "7?only=false": "",
		"7?limit=": "limit empty", "7?limit": "limit empty", "7?text=": "text empty", "7?only=": "only empty", "7?with=": "with empty",
		"7?limit=%2B5": "limit not_integer", "7?limit=05": "limit not_integer", "7?limit=5.0": "limit not_integer",
		"7?limit=1e1": "limit not_integer", "7?limit=%205": "limit not_integer", "7?limit=0x5": "limit not_integer",
		"7?limit=99999999999999999999": "limit not_integer", "7?limit=null": "limit not_integer", "7?limit=0": "limit too_small",
		"7?only=1": "only not_boolean", "7?only=T": "only not_boolean", "7?only=True": "only not_boolean", "7?only=yes": "only not_boolean",
		"7?with=a,": "with[1] not_in_list", "7?with=c": "with[0] not_in_list", "7?text=%00": "text bad_encoding",
		"7?text=a&text=b": "text duplicate", "7?what=1": "what unknown", "7?LIMIT=1": "LIMIT unknown",
		"+7": "id not_integer", "07": "id not_integer", "7.0": "id not_integer", "x": "id not_integer", "0": "id too_small",
	} {
		t.Run(target, func(t *testing.T) {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/things/"+target, http.NoBody))
			if got := firstField(t, w); got != want {
				t.Errorf("%d %s: %q, want %q", w.Code, w.Body, got, want)
			}
		})
	}
}

// TestBodiesAreHeldAgainstTheirSchema checks that bodies that do not fit the documented schema are refused
// with 422 and the first wrong field, and that bodies that fit are taken.
func TestBodiesAreHeldAgainstTheirSchema(t *testing.T) {
	s := strictServer()
	for body, want := range map[string]string{
		`{}`: "", `{"title": "x", "value": 1, "flag": true, "tags": ["a"], "part": {"name": "n"}, "more": {"a": "b"}}`: "",
		`{"value": 1.0}`: "", `{"value": -1e0}`: "",
		`null`: "body not_object", `[]`: "body not_object", `"x"`: "body not_object", `1`: "body not_object",
		`{"title": null}`: "title not_text", `{"value": null}`: "value not_integer", `{"flag": null}`: "flag not_boolean",
		`{"tags": null}`: "tags not_array", `{"tags": [null]}`: "tags[0] not_text", `{"part": null}`: "part not_object",
		`{"part": {"name": null}}`: "part.name not_text", `{"more": null}`: "more not_object", `{"more": {"a": null}}`: "more.a not_text",
		`{"value": "1"}`: "value not_integer", `{"value": true}`: "value not_integer", `{"value": 1.5}`: "value not_integer",
		`{"value": 1e400}`: "value not_in_list", `{"value": 2}`: "value not_in_list", `{"flag": 1}`: "flag not_boolean",
		`{"flag": "true"}`: "flag not_boolean", `{"title": 1}`: "title not_text", `{"title": {}}`: "title not_text",
		`{"title": "12345678901"}`: "title too_long", `{"TITLE": "x"}`: "TITLE unknown", `{"what": 1}`: "what unknown",
		`{"part": {"what": 1}}`: "part.what unknown", `{"title": "a", "title": "b"}`: "title duplicate",
		`{"title": "x"} x`: "body wrong_form", `{"title": "x"}{}`: "body wrong_form", `{`: "body wrong_form",
		"{\"title\": \"\xff\"}": "body bad_encoding",
	} {
		t.Run(body, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/v1/things", strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if got := firstField(t, w); got != want {
				t.Errorf("%d %s: %q, want %q", w.Code, w.Body, got, want)
			}
			if want != "" && w.Code != http.StatusUnprocessableEntity {
				t.Errorf("status %d, want 422", w.Code)
			}
		})
	}
}

// firstField returns the name and the code of the first wrong field of a problem, or nothing if it has none.
func firstField(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p Problem
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.Errors) == 0 {
		return ""
	}
	return p.Errors[0].Field + " " + p.Errors[0].Code
}

// TestMethods checks which methods an address answers, that others are refused with 405 and the Allow header,
// and that addresses that do not exist are 404 for every method.
func TestMethods(t *testing.T) {
	s := strictServer()
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/v1/things", http.StatusMethodNotAllowed, "OPTIONS, POST"},
		{http.MethodHead, "/v1/things", http.StatusMethodNotAllowed, "OPTIONS, POST"},
		{http.MethodDelete, "/v1/things", http.StatusMethodNotAllowed, "OPTIONS, POST"},
		{http.MethodTrace, "/v1/things", http.StatusMethodNotAllowed, "OPTIONS, POST"},
		{"BREW", "/v1/things", http.StatusMethodNotAllowed, "OPTIONS, POST"},
		{http.MethodOptions, "/v1/things", http.StatusNoContent, "OPTIONS, POST"},
		{http.MethodPut, "/v1/things/7", http.StatusMethodNotAllowed, "DELETE, GET, HEAD, OPTIONS"},
		{http.MethodDelete, "/v1/things/other", http.StatusMethodNotAllowed, "GET, HEAD, OPTIONS"},
		{http.MethodOptions, "/v1/things/7", http.StatusNoContent, "DELETE, GET, HEAD, OPTIONS"},
		{http.MethodHead, "/v1/things/7", http.StatusNoContent, ""},
		{http.MethodDelete, "/v1/things/7", http.StatusNoContent, ""},
		{http.MethodGet, "/v1/things/other", http.StatusNoContent, ""},
		{http.MethodGet, "/v1/nothing", http.StatusNotFound, ""},
		{http.MethodPost, "/v1/nothing", http.StatusNotFound, ""},
		{http.MethodPost, "/v1/things/7/nothing", http.StatusNotFound, ""},
		{http.MethodGet, "/v1/things/7/nothing", http.StatusNotFound, ""},
		{http.MethodDelete, "/v1/things/7/", http.StatusNotFound, ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(c.method, c.path, http.NoBody))
			if w.Code != c.status || w.Header().Get("Allow") != c.allow {
				t.Errorf("%d, Allow %q; want %d, %q", w.Code, w.Header().Get("Allow"), c.status, c.allow)
			}
			if w.Code == http.StatusMethodNotAllowed &&
				w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("Content-Type %q", w.Header().Get("Content-Type"))
			}
		})
	}
}

// TestDocumentedStatuses checks which statuses and header parameters Register adds to the document of each
// kind of operation.
func TestDocumentedStatuses(t *testing.T) {
	api := strictServer().API().OpenAPI()
	for _, c := range []struct {
		path, method string
		statuses     string
		headers      string
	}{
		{"/v1/things/{id}", http.MethodGet, "204 304 400 401 404 413 414 422 429 500 503", "If-None-Match"},
		{"/v1/things/{id}", http.MethodDelete, "204 400 401 404 413 414 422 429 500 503", ""},
		{"/v1/things", http.MethodPost, "204 400 401 403 408 409 412 413 414 415 422 429 500 503", "Idempotency-Key If-Match"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			op := find(api, c.path, c.method)
			var statuses, headers []string
			for status, response := range op.Responses {
				statuses = append(statuses, status)
				if name := strings.TrimPrefix(response.Ref, "#/components/responses/"); response.Ref != "" &&
					api.Components.Responses[name] == nil {
					t.Errorf("%s refers to %s, which is not there", status, response.Ref)
				}
			}
			for _, p := range op.Parameters {
				if p.In == "header" {
					headers = append(headers, p.Name)
				}
			}
			slices.Sort(statuses)
			slices.Sort(headers)
			if got := strings.Join(statuses, " "); got != c.statuses {
				t.Errorf("statuses %s, want %s", got, c.statuses)
			}
			if got := strings.Join(headers, " "); got != c.headers {
				t.Errorf("headers %s, want %s", got, c.headers)
			}
		})
	}
}

// TestPathParametersAreDecoded checks that an operation gets a name in its path decoded, however the client
// escaped it.
func TestPathParametersAreDecoded(t *testing.T) {
	s := New(Settings{})
	got := ""
	Register(s.API(),
		huma.Operation{OperationID: "named", Method: http.MethodGet, Path: "/v1/named/{name}/part"},
		func(_ context.Context, in *struct {
			Name string `path:"name" maxLength:"8"`
		}) (*struct{}, error) {
			got = in.Name
			return &struct{}{}, nil
		})
	for escaped, want := range map[string]string{
		"a%20b": "a b", "a+b": "a+b", "a%2Bb": "a+b", "a%20b%2Bc": "a b+c", "a%2Fb": "a/b", "a%252Fb": "a%2Fb", "%25": "%", "%2B%25": "+%",
		"%E8%9C%82": "蜂", "%27%E8%9C%82%E8%9C%82%E8%9C%82%27": "'蜂蜂蜂'", "a%2Cb%3Ac%40": "a,b:c@",
	} {
		t.Run(escaped, func(t *testing.T) {
			got = ""
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/named/"+escaped+"/part", http.NoBody))
			if w.Code != http.StatusNoContent || got != want {
				t.Errorf("%d, name %q; want %q", w.Code, got, want)
			}
		})
	}
}
