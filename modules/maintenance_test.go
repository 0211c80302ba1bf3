package modules_test

import (
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules"
	"38qa.net/backend/modules/testsite"
)

// TestMaintenance closes a site over REST, and checks that every operation and every other route answers 503 to
// all but administrators then, from the next request on; but for those that are open in maintenance.
func TestMaintenance(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	closed := func(user int, method, path string) bool {
		res := s.Request(t, method, path, user, "Accept-Language", "ja")
		body := testsite.Text(t, res)
		if res.StatusCode == http.StatusServiceUnavailable &&
			(!strings.Contains(body, `"code":"maintenance"`) || !strings.Contains(body, "メンテナンス中") ||
				res.Header.Get("Retry-After") != "60" ||
				res.Header.Get("Content-Type") != "application/problem+json") {
			t.Errorf("%s %s: %v %s", method, path, res.Header, body)
		}
		return res.StatusCode == http.StatusServiceUnavailable
	}
	set := func(on bool) {
		t.Helper()
		s.Do(t, testsite.AdminHana, "PATCH", "/v1/admin/options", object{"options": object{"site_maintenance": on}})
	}
	site := func() bool {
		return testsite.Get[struct{ Maintenance bool }](t, s, "/v1/site").Maintenance
	}
	if closed(testsite.Visitor, "GET", "/v1/questions") || site() {
		t.Fatal("it is closed before")
	}
	set(true)
	if !site() {
		t.Error("GET /v1/site does not tell that it is closed")
	}
	open := 0
	for _, r := range s.App.Server.Router().Routes() {
		if strings.Contains(r.Path, "*") && !strings.HasPrefix(r.Path, "/feed") || r.Method == http.MethodOptions {
			continue
		}
		path := strings.NewReplacer(":handle", "haru", ":tag", "queen", ":slug", "guide", ":type", "question",
			":kind", "questions", ":period", "month", "*", "qa.rss").Replace(r.Path)
		for _, part := range strings.Split(path, "/") {
			if strings.HasPrefix(part, ":") {
				path = strings.Replace(path, part, "1", 1)
			}
		}
		wantOpen := modules.OpenInMaintenance[r.Method+" "+r.Path] || path == "/healthz" || path == "/readyz"
		if wantOpen {
			open++
		}
		for _, user := range []int{testsite.Visitor, testsite.Haru, testsite.ModKenji} {
			if got := closed(user, r.Method, path); got == wantOpen {
				t.Errorf("%s %s as user %d: closed is %v", r.Method, path, user, got)
			}
		}
		if r.Method == http.MethodGet && path != "/v1/events" && closed(testsite.AdminHana, r.Method, path) {
			t.Errorf("%s is closed to administrators", path)
		}
	}
	if open < 15 {
		t.Errorf("only %d routes are open", open)
	}
	if !closed(testsite.Visitor, "GET", "/no/such/page") || !closed(testsite.Visitor, "GET", "/v1/events") {
		t.Error("what is not there, or event streams, are open")
	}
	token := testsite.Decode[struct{ AccessToken string }](t, s.Send(t, testsite.Visitor, "POST",
		"/v1/auth/sign-in", object{"login": "haru", "password": "haru-pass-123"}))
	if token.AccessToken == "" {
		t.Error("nobody can sign in")
	}
	s.Do(t, testsite.AdminHana, "POST", "/v1/questions/1/answers", object{"content": "Administrators can write."})
	set(false)
	if closed(testsite.Visitor, "GET", "/v1/questions") || site() {
		t.Error("it is closed after")
	}
	if n := s.Scalar(t, `SELECT COUNT(*) FROM {q2ab_audit}
		WHERE kind = 'option' AND subject = 'site_maintenance'`); n != 2 {
		t.Errorf("%d entries in the log of changes", n)
	}
}

// TestOpenInMaintenance checks that what is open in maintenance is there, so that a route with another name does
// not close by the way. The trigger's route is there with emulators of Cognito only.
func TestOpenInMaintenance(t *testing.T) {
	t.Parallel()
	there := map[string]bool{"POST /2015-03-31/functions/:name/invocations": true}
	for _, r := range testsite.New(t).App.Server.Router().Routes() {
		there[r.Method+" "+r.Path] = true
	}
	for route := range modules.OpenInMaintenance {
		if !there[route] {
			t.Errorf("there is no route %s", route)
		}
	}
}

// TestMaintenanceDoesNotStopJobs checks that jobs run while the site is closed.
func TestMaintenanceDoesNotStopJobs(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("REPLACE INTO {options} (title, content) VALUES ('site_maintenance', '1')"))
	if run := testsite.RunJob(t, s.App, "recount"); run.Status != "done" {
		t.Errorf("%+v", run)
	}
}
