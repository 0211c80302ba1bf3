package modules_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/testsite"
)

var updateExamples = flag.Bool("update-examples", false, "write examples.json anew")

// exampleRequests are better requests for examples than those of operationRules.
var exampleRequests = map[string]struct {
	path string
	body any
}{
	"list-questions":   {"/v1/questions?limit=2&include=excerpt", nil},
	"get-question":     {"/v1/questions/1?include=answers,comments", nil},
	"search-questions": {"/v1/search?q=honey&limit=1&include=excerpt", nil},
	"list-similar":     {"/v1/questions/similar?title=When%20to%20harvest%20honey", nil},
	"suggest-tags":     {"/v1/tags/suggested?title=When%20to%20harvest%20honey", nil},
	"get-ranking":      {"/v1/rankings/all-time?limit=2", nil},
	"create-question": {"", object{"title": "When does one harvest honey?", "format": "markdown",
		"content": "The frames are **nearly** full.", "tags": []string{"honey"}, "categoryId": 3}},
	"create-answer":  {"/v1/questions/1/answers", object{"content": "When two thirds of the cells are sealed.", "format": "plain"}},
	"create-comment": {"/v1/posts/1/comments", object{"content": "How large is the colony?"}},
	"sign-in":        {"", object{"login": "haru", "password": "haru-pass-123"}},
	"sign-up":        {"", object{"handle": "mika", "email": "mika@example.jp", "password": "mitsubachi-2026", "termsAccepted": true}},
	"update-me":      {"", object{"fields": object{"location": "Nagano"}}},
}

// secret are the fields whose values are not shown in examples.
var secret = []string{"accessToken", "idToken", "refreshToken", "secret", "publicKey"}

// TestExamples sends a request to every operation that operationRules has, and checks that the examples in the
// OpenAPI document have the fields of what the server responds with now. With -update-examples it writes them
// anew.
func TestExamples(t *testing.T) {
	t.Parallel()
	shape := testsite.New(t)
	made := map[string]web.Example{}
	for path, item := range shape.App.Server.API().OpenAPI().Paths {
		for method, op := range web.Operations(item) {
			r, ok := operationRules[op.OperationID]
			if !ok || strings.Contains(path, "/titles") && method == http.MethodGet {
				continue
			}
			if better, ok := exampleRequests[op.OperationID]; ok {
				if r.path = better.path; better.body != nil {
					r.body = better.body
				}
			}
			if r.path == "" {
				if r.path = fillPath(path) + requiredParams(op, ""); hasParam(op, "limit") {
					r.path += map[bool]string{true: "&", false: "?"}[strings.Contains(r.path, "?")] + "limit=2"
				}
			}
			made[op.OperationID] = ask(t, method, r)
		}
	}
	if *updateExamples {
		text, err := json.MarshalIndent(made, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("examples.json", append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile("examples.json")
	if err != nil {
		t.Fatal(err)
	}
	var shown map[string]web.Example
	if err := json.Unmarshal(text, &shown); err != nil {
		t.Fatal(err)
	}
	for id, want := range made {
		if got := shown[id]; got.Path != want.Path || got.Status != want.Status ||
			!slices.Equal(fieldsOf(t, got.Response), fieldsOf(t, want.Response)) {
			t.Errorf("the example of %s is old: go test ./modules -run TestExamples -update-examples", id)
		}
	}
	for id := range shown {
		if _, ok := made[id]; !ok {
			t.Errorf("there is an example of %s, which is no operation", id)
		}
	}
}

func hasParam(op *huma.Operation, name string) bool {
	return slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == name })
}

// ask sends the request on a site of its own, where it always is the same time.
func ask(t *testing.T, method string, r rule) web.Example {
	now := time.Date(2026, 11, 28, 9, 30, 0, 0, time.UTC)
	s := testsite.New(t, testsite.At(&now))
	res := s.Send(t, walkers[r.who], method, r.path, r.body)
	out := web.Example{Path: r.path, Status: res.StatusCode}
	if res.StatusCode >= 300 {
		t.Errorf("%s %s: %s", method, r.path, res.Status)
	}
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			t.Fatal(err)
		}
		out.Request = text
	}
	if text := testsite.Text(t, res); strings.Contains(res.Header.Get("Content-Type"), "json") {
		var body any
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatalf("%s %s: %v", method, r.path, err)
		}
		conceal(body)
		masked, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		out.Response = masked
	}
	return out
}

func conceal(body any) {
	if fields, ok := body.(map[string]any); ok {
		for _, name := range secret {
			if fields[name] != nil {
				fields[name] = "…"
			}
		}
	}
}

// fieldsOf returns the names of all fields of a body with their places, in order.
func fieldsOf(t *testing.T, body json.RawMessage) []string {
	t.Helper()
	if len(body) == 0 {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Fatal(err)
	}
	var names []string
	var walk func(at string, value any)
	walk = func(at string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for name, part := range v {
				names = append(names, at+"."+name)
				walk(at+"."+name, part)
			}
		case []any:
			for i, part := range v {
				walk(fmt.Sprint(at, "[", i, "]"), part)
			}
		}
	}
	walk("", value)
	slices.Sort(names)
	return names
}
