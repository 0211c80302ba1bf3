package modules_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestJobsOverREST checks that administrators can start, see and cancel runs of jobs over REST, and that
// nobody else can.
func TestJobsOverREST(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const anonymous, member = testsite.Visitor, testsite.Tanaka
		const moderator, admin = testsite.ModKenji, testsite.AdminHana
		calls := []call{
			{method: "GET", path: "/v1/admin/jobs"},
			{method: "GET", path: "/v1/admin/jobs/recount"},
			{method: "DELETE", path: "/v1/admin/jobs/recount/run"},
			{method: "POST", path: "/v1/admin/jobs/recount/run", body: map[string]any{"dryRun": true}},
		}
		for _, c := range calls {
			for actor, want := range map[int]int{
				anonymous: http.StatusForbidden, member: http.StatusForbidden,
				moderator: http.StatusForbidden,
			} {
				if status, body, _ := s.Try(t, actor, c.method, c.path, c.body); status != want {
					t.Errorf("%s %s as %d: %d %v", c.method, c.path, actor, status, body)
				}
			}
		}
		if status, _, _ := s.Try(t, admin, "POST", "/v1/admin/jobs/nothing/run",
			map[string]any{}); status != http.StatusNotFound {
			t.Errorf("an unknown job: %d", status)
		}
		start := func(dryRun bool) (int, map[string]any) {
			status, body, _ := s.Try(t, admin, "POST", "/v1/admin/jobs/recount/run",
				map[string]any{"dryRun": dryRun})
			return status, body
		}
		status, queued := start(true)
		if status != http.StatusAccepted || queued["status"] != "queued" {
			t.Fatalf("start: %d %v", status, queued)
		}
		if status, again := start(true); status != http.StatusAccepted || again["id"] != queued["id"] {
			t.Errorf("started twice: %d %v", status, again)
		}
		if status, other := start(false); status != http.StatusConflict || other["code"] != "job_running" {
			t.Errorf("started for good meanwhile: %d %v", status, other)
		}
		if status, _, _ := s.Try(t, admin, "DELETE",
			"/v1/admin/jobs/recount/run", nil); status != http.StatusNoContent {
			t.Errorf("cancel: %d", status)
		}
		if status, _ := start(true); status != http.StatusAccepted {
			t.Errorf("start after the cancelled one: %d", status)
		}
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan struct{})
		go func() { s.App.Jobs.Serve(ctx); close(served) }()
		defer func() { stop(); <-served }()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			_, body, _ := s.Try(t, admin, "GET", "/v1/admin/jobs/recount", nil)
			runs, _ := body["runs"].([]any)
			if len(runs) != 2 {
				t.Fatalf("runs: %v", body)
			}
			last, _ := runs[0].(map[string]any)
			if last["status"] == "done" {
				if earlier, _ := runs[1].(map[string]any); last["differences"] != 1.0 ||
					!strings.Contains(last["message"].(string), "cache_unselqcount") ||
					earlier["status"] != "cancelled" {
					t.Errorf("runs: %v", runs)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("it does not end: %v", last)
			}
		}
	})
}
