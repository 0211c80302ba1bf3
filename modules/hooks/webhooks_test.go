package hooks_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

const path = "/v1/admin/webhooks"

// local lets webhooks reach receivers of tests, on this machine.
var local = testsite.Config(func(c *config.Config) {
	c.WebhooksHTTP, c.WebhookNetworks, c.KeySecret = true, []string{"127.0.0.1/32"}, "seals"
})

// object is a JSON object.
type object = map[string]any

// sink is a receiver that keeps what it gets.
type sink struct {
	url string
	mu  sync.Mutex
	got []message
}

type message struct {
	header http.Header
	body   []byte
}

func receive(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, message{r.Header.Clone(), body})
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// take returns what has come since the last time.
func (s *sink) take() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

// workOff hands out events and sends what is due.
func workOff(t *testing.T, s *testsite.Site) {
	t.Helper()
	if err := s.App.WorkOff(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// call sends a request of an administrator and returns the response, which must have the status.
func call(t *testing.T, s *testsite.Site, method, path string, body any, want int, header ...string) (
	object, http.Header,
) {
	t.Helper()
	status, answer, received := s.Try(t, testsite.AdminHana, method, path, body, header...)
	if status != want {
		t.Fatalf("%s %s: %d %v, want %d", method, path, status, answer, want)
	}
	return answer, received
}

// valid reports whether a message is signed by a secret.
func (m message) valid(t *testing.T, secret any) bool {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(fmt.Sprint(secret))
	if err != nil {
		t.Fatal(err)
	}
	return w.VerifyIgnoringTimestamp(m.body, m.header) == nil
}

func TestWebhooksOverREST(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		for address, code := range map[string]string{
			"http://hooks.example/": "no_receiver", "https://127.0.0.1/": "no_receiver", "hooks": "no_receiver",
			"": "too_short", "https://hooks.example/" + strings.Repeat("x", 2000): "too_long",
		} {
			for _, request := range []struct{ method, path string }{{"POST", path}, {"PATCH", path + "/1"}} {
				answer, _ := call(t, s, request.method, request.path, object{"url": address}, 422)
				if text := fmt.Sprint(answer["errors"]); !strings.Contains(text, "code:"+code) ||
					!strings.Contains(text, "field:url") {
					t.Errorf("%s with %.40q: %v, want %s", request.method, address, answer, code)
				}
			}
		}
		call(t, s, "POST", path, object{"url": "https://hooks.example/", "kinds": []string{"message"}}, 422)
		call(t, s, "GET", path+"/1", nil, 404)
		call(t, s, "PATCH", path+"/1", object{"enabled": false}, 404)

		body := object{"url": "https://hooks.example/q2a?key=1", "description": "蜂の箱",
			"kinds": []string{"vote", "question", "vote"}}
		made, header := call(t, s, "POST", path, body, 201, "Idempotency-Key", "one")
		again, _ := call(t, s, "POST", path, body, 201, "Idempotency-Key", "one")
		if made["id"] != again["id"] || made["secret"] != again["secret"] ||
			!strings.HasPrefix(fmt.Sprint(made["secret"]), "whsec_") || header.Get("Cache-Control") != "no-store" {
			t.Errorf("made %v, again %v", made, again)
		}
		one := fmt.Sprintf("%s/%v", path, made["id"])
		got, header := call(t, s, "GET", one, nil, 200)
		if got["secret"] != nil || fmt.Sprint(got["kinds"]) != "[question vote]" || got["enabled"] != true ||
			got["publicKey"] != made["publicKey"] || got["description"] != "蜂の箱" {
			t.Errorf("get: %v", got)
		}
		list, _ := call(t, s, "GET", path, nil, 200)
		if items, _ := list["items"].([]any); len(items) != 1 || strings.Contains(fmt.Sprint(list), "whsec_") {
			t.Errorf("list: %v", list)
		}
		tag := header.Get("ETag")
		changed, header := call(t, s, "PATCH", one, object{"enabled": false, "kinds": []string{}}, 200,
			"If-Match", tag)
		if changed["enabled"] != false || fmt.Sprint(changed["kinds"]) != "[]" || changed["url"] != made["url"] {
			t.Errorf("changed: %v", changed)
		}
		for _, r := range []struct{ method, path string }{
			{"PATCH", one}, {"DELETE", one}, {"POST", one + "/rotate-secret"}} {
			answer, _ := call(t, s, r.method, r.path, object{}, 412, "If-Match", tag)
			if answer["code"] != "precondition_failed" {
				t.Errorf("%s %s by who does not know the change: %v", r.method, r.path, answer)
			}
		}
		for _, what := range []string{"/test", "/deliveries/1/replay"} {
			if answer, _ := call(t, s, "POST", one+what, nil, 409); answer["code"] != "webhook_disabled" {
				t.Errorf("%s while it is switched off: %v", what, answer)
			}
		}
		call(t, s, "DELETE", one, nil, 204, "If-Match", header.Get("ETag"))
		call(t, s, "DELETE", one, nil, 404)
		for i := range 100 {
			call(t, s, "POST", path, object{"url": fmt.Sprintf("https://hooks.example/%d", i)}, 201)
		}
		answer, _ := call(t, s, "POST", path, object{"url": "https://hooks.example/"}, 409)
		if answer["code"] != "too_many_webhooks" {
			t.Errorf("one too many: %v", answer)
		}
	})
}

// TestWebhooksFromPostToReceiver posts questions and follows what a receiver is told of them.
func TestWebhooksFromPostToReceiver(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Now().Truncate(time.Hour).Add(5 * time.Minute)
		s := testsite.New(t, db, testsite.At(&now), local)
		workOff(t, s) // consumers begin with what happens from now on
		receiver := receive(t)
		made, _ := call(t, s, "POST", path,
			object{"url": receiver.url, "kinds": []string{"question", "hidden"}}, 201)
		one := fmt.Sprintf("%s/%v", path, made["id"])
		ask := func(title string) int {
			return s.Do(t, testsite.Haru, "POST", "/v1/questions",
				object{"title": title, "content": "That is to be seen.", "categoryId": 1, "tags": []string{"queen"}})
		}
		seen := ask("Who is told of this question?")
		workOff(t, s)
		got := receiver.take()
		if len(got) != 1 || !got[0].valid(t, made["secret"]) ||
			!strings.Contains(string(got[0].body),
				fmt.Sprintf(`"postId":%d,"questionId":%d,"title":"Who is told`, seen, seen)) ||
			strings.Contains(string(got[0].body), "haru") {
			t.Fatalf("told: %s", got)
		}
		id := got[0].header.Get("webhook-id")

		hidden := ask("Who is told of a hidden question?")
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", hidden), object{"hidden": true})
		workOff(t, s)
		got = receiver.take()
		if len(got) != 1 || !strings.Contains(string(got[0].body), `"type":"hidden"`) ||
			strings.Contains(string(got[0].body), "title") {
			t.Errorf("told of what was hidden: %s", got)
		}

		list, _ := call(t, s, "GET", one+"/deliveries?limit=2", nil, 200)
		items, _ := list["items"].([]any)
		if len(items) != 2 || items[1].(object)["state"] != "withdrawn" ||
			items[0].(object)["state"] != "delivered" {
			t.Fatalf("log: %v", list)
		}
		rest, _ := call(t, s, "GET",
			fmt.Sprintf("%s/deliveries?limit=2&cursor=%v", one, list["nextCursor"]), nil, 200)
		items, _ = rest["items"].([]any)
		if len(items) != 1 || rest["nextCursor"] != nil {
			t.Fatalf("the rest of the log: %v", rest)
		}
		first := items[0].(object)
		if first["messageId"] != id || first["responseStatus"] != 200.0 || first["attempts"] != 1.0 ||
			first["kind"] != "question" || first["postId"] != float64(seen) || first["nextAttemptAt"] != nil ||
			first["lastAttemptAt"] == nil {
			t.Errorf("log: %v", first)
		}

		rotated, _ := call(t, s, "POST", one+"/rotate-secret", object{"overlapHours": 2}, 200)
		if rotated["secret"] == made["secret"] || rotated["previousSecretUntil"] == nil {
			t.Errorf("rotated: %v", rotated)
		}
		replay := fmt.Sprintf("%s/deliveries/%v/replay", one, first["id"])
		again, _ := call(t, s, "POST", replay, nil, 202)
		if again["state"] != "waiting" || again["nextAttemptAt"] == nil {
			t.Errorf("replay: %v", again)
		}
		call(t, s, "POST", fmt.Sprintf("%s/deliveries/%d/replay", one, 999), nil, 404)
		workOff(t, s)
		got = receiver.take()
		if len(got) != 1 || got[0].header.Get("webhook-id") != id || !got[0].valid(t, made["secret"]) ||
			!got[0].valid(t, rotated["secret"]) {
			t.Errorf("replayed: %s", got)
		}
		now = now.Add(2 * time.Hour)
		test, _ := call(t, s, "POST", one+"/test", nil, 202)
		if test["kind"] != "test" || test["postId"] != nil {
			t.Errorf("test: %v", test)
		}
		workOff(t, s)
		got = receiver.take()
		if len(got) != 1 || got[0].valid(t, made["secret"]) || !got[0].valid(t, rotated["secret"]) ||
			!strings.Contains(string(got[0].body), `"type":"test"`) {
			t.Errorf("after the overlap: %s", got)
		}
		cleanUp(t, s)
		var old int
		if _, err := s.App.DB.Get(t.Context(), []any{&old},
			"SELECT COUNT(*) FROM {q2ab_webhooks} WHERE old_secret IS NOT NULL"); err != nil || old != 0 {
			t.Errorf("%d old secrets are kept, %v", old, err)
		}
		if n := deliveries(t, s); n != 4 {
			t.Errorf("%d deliveries in the log, want 4", n)
		}
		now = now.Add(719 * time.Hour) // all but the test are older than 30 days
		cleanUp(t, s)
		if n := deliveries(t, s); n != 1 {
			t.Errorf("after 30 days %d deliveries in the log, want the test", n)
		}
		call(t, s, "DELETE", one, nil, 204)
		cleanUp(t, s)
		if n := deliveries(t, s); n != 0 {
			t.Errorf("of a deleted webhook %d deliveries are left", n)
		}
	})
}

// cleanUp runs the job that removes what is not needed.
func cleanUp(t *testing.T, s *testsite.Site) {
	t.Helper()
	run, err := s.App.Jobs.Start(t.Context(), "webhooks", jobs.Options{})
	if err == nil {
		err = s.App.Jobs.Work(t.Context(), run, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func deliveries(t *testing.T, s *testsite.Site) (n int) {
	t.Helper()
	if _, err := s.App.DB.Get(context.Background(), []any{&n},
		"SELECT COUNT(*) FROM {q2ab_deliveries}"); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWebhooksInTheDocument checks that the OpenAPI document describes the messages.
func TestWebhooksInTheDocument(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	doc := testsite.Get[struct {
		Webhooks   map[string]struct{ Post struct{ RequestBody object } }
		Components struct{ Schemas map[string]object }
	}](t, s, "/openapi.json")
	words, _ := doc.Components.Schemas["WebhookMessageKind"]["enum"].([]any)
	if len(words) < 10 || len(words) != len(doc.Webhooks) {
		t.Errorf("%d kinds of messages, and %d webhooks", len(words), len(doc.Webhooks))
	}
	for _, word := range words {
		body := fmt.Sprint(doc.Webhooks[fmt.Sprint(word)].Post.RequestBody)
		if !strings.Contains(body, "WebhookMessage") {
			t.Errorf("%v: %v", word, body)
		}
	}
	if doc.Components.Schemas["WebhookMessage"] == nil || doc.Components.Schemas["WebhookData"] == nil {
		t.Error("the schema of messages is missing")
	}
}

// TestWebhooksAreForAdministrators tries every operation on webhooks as somebody below administrators.
func TestWebhooksAreForAdministrators(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, local)
	made, _ := call(t, s, "POST", path, object{"url": "https://hooks.example/"}, 201)
	one := fmt.Sprintf("%s/%v", path, made["id"])
	sent, _ := call(t, s, "POST", one+"/test", nil, 202)
	operations := []struct {
		method, path string
		body         any
		status       int // for administrators
	}{
		{"GET", path, nil, 200}, {"POST", path, object{"url": "https://other.example/"}, 201},
		{"GET", one, nil, 200}, {"PATCH", one, object{"description": "mine"}, 200},
		{"POST", one + "/rotate-secret", nil, 200}, {"GET", one + "/deliveries", nil, 200},
		{"POST", fmt.Sprintf("%s/deliveries/%v/replay", one, sent["id"]), nil, 202},
		{"POST", one + "/test", nil, 202}, {"DELETE", one, nil, 204},
	}
	for _, who := range []int{testsite.Visitor, testsite.Haru, testsite.ModKenji} {
		for _, op := range operations {
			if status, answer, _ := s.Try(t, who, op.method, op.path, op.body); status != 403 {
				t.Errorf("%s %s as %d: %d %v", op.method, op.path, who, status, answer)
			}
		}
	}
	for _, op := range operations {
		call(t, s, op.method, op.path, op.body, op.status)
	}
}
