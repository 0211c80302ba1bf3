package qa_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// writeStatements returns the statements that a request sends to the database.
func writeStatements(t *testing.T, s *testsite.Site, c call, actor int) []string {
	t.Helper()
	body := ""
	if c.body != nil {
		text, err := json.Marshal(c.body)
		if err != nil {
			t.Fatal(err)
		}
		body = string(text)
	}
	ctx, counter := database.CountStatements(context.Background())
	req, err := http.NewRequestWithContext(ctx, c.method, c.path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", fmt.Sprintf("Bearer test-%d", actor))
	req.RemoteAddr = "198.51.100.77:1234"
	rec := httptest.NewRecorder()
	s.App.Server.ServeHTTP(rec, req)
	if rec.Code >= 300 {
		t.Fatalf("%s %s: %d %s", c.method, c.path, rec.Code, rec.Body.String())
	}
	// Options and categories are read once a second for all requests, so that it is chance whether this
	// request reads them.
	return slices.DeleteFunc(counter.Queries(), func(query string) bool {
		return strings.HasPrefix(query, "SELECT title, content FROM {options}") ||
			strings.HasPrefix(query, "SELECT categoryid, parentid, title, tags, content, qcount, position, "+
				"backpath FROM {categories}")
	})
}

// TestCostOfWrites checks how many statements writes send at most, whatever the size of the thread.
func TestCostOfWrites(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		testsite.Get[any](t, s, "/v1/questions/1") // options and categories are in memory
		check := func(what string, most int, c call, actor int) {
			t.Helper()
			testsite.Get[any](t, s, "/v1/questions/27")
			queries := writeStatements(t, s, c, actor)
			t.Logf("%s: %d statements", what, len(queries))
			if len(queries) > most {
				t.Errorf("%s: %d statements, at most %d expected:\n%s", what, len(queries), most,
					strings.Join(queries, "\n"))
			}
		}
		up, down := map[string]any{"value": 1}, map[string]any{"value": -1}
		check("vote on a question", 15, call{"PUT", "/v1/posts/27/vote", up}, testsite.Lurker)
		check("vote turned round", 15, call{"PUT", "/v1/posts/27/vote", down}, testsite.Lurker)
		check("vote on an answer", 15, call{"PUT", "/v1/posts/16/vote", up}, testsite.Lurker)
		check("vote that makes an answer the best", 15, call{"PUT", "/v1/posts/139/vote", up},
			testsite.Lurker)
		check("vote that makes it so no more", 15, call{"DELETE", "/v1/posts/139/vote", nil}, testsite.Lurker)
		check("vote on a comment", 15, call{"PUT", "/v1/posts/15/vote", up}, testsite.Lurker)
		const content = "巣箱の掃除は春に行うのが良いです。 A Wholly unheardof answerword, to be indexed with the others."
		check("answer with new words", 41, call{"POST", "/v1/questions/27/answers", map[string]any{
			"content": content,
		}}, testsite.Lurker)
		check("answer in a long thread", 40, call{"POST", "/v1/questions/200/answers", map[string]any{
			"content": content + " Again.",
		}}, testsite.Haru)
		check("comment", 40, call{"POST", "/v1/posts/27/comments", map[string]any{
			"content": "Thanks, that helped.",
		}}, testsite.Lurker)
	})
}

// TestIdempotencyKey checks that a request which is sent again with the same key does nothing again and gets
// the same response, also if both come at the same time.
func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		ask := func(key, title string, user int) *http.Response {
			body := fmt.Sprintf(`{"title": %q, "content": "Long enough, surely."}`, title)
			req, err := http.NewRequest(http.MethodPost, s.URL+"/v1/questions", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Idempotency-Key", key)
			if user != 0 {
				req.Header.Set("Authorization", fmt.Sprintf("Bearer test-%d", user))
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { res.Body.Close() })
			return res
		}
		first := ask("key-1", "How do I do things only once?", testsite.Lurker)
		if first.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s", first.Status, testsite.Text(t, first))
		}
		content, location := testsite.Text(t, first), first.Header.Get("Location")
		again := ask("key-1", "How do I do things only once?", testsite.Lurker)
		if again.StatusCode != http.StatusCreated || testsite.Text(t, again) != content ||
			again.Header.Get("Location") != location || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("again: %s %v", again.Status, again.Header)
		}
		other := ask("key-1", "How do I do other things?", testsite.Lurker)
		if other.StatusCode != http.StatusConflict ||
			!strings.Contains(testsite.Text(t, other), "idempotency_conflict") {
			t.Errorf("another body: %s", other.Status)
		}
		bad := ask("bad key", "How do I do other things?", testsite.Lurker)
		if bad.StatusCode != http.StatusBadRequest {
			t.Errorf("bad key: %s", bad.Status)
		}
		if res := ask("key-2", "short", testsite.Lurker); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("refused: %s", res.Status)
		}

		// The process died after the commit, before the response was stored.
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {q2ab_idempotency} SET status = NULL, headers = NULL, body = NULL"); err != nil {
			t.Fatal(err)
		}
		res := ask("key-1", "How do I do things only once?", testsite.Lurker)
		if res.StatusCode != http.StatusCreated || res.Header.Get("Location") != location {
			t.Errorf("after a crash: %s %s %s", res.Status, res.Header.Get("Location"), testsite.Text(t, res))
		}

		var wait sync.WaitGroup
		places := make([]string, 8)
		for i := range places {
			wait.Go(func() {
				places[i] = ask("key-3", "Ten at once, and one of them counts?",
					testsite.Haru).Header.Get("Location")
			})
		}
		wait.Wait()
		for _, p := range places {
			if p == "" || p != places[0] {
				t.Errorf("at once: %v", places)
			}
		}
		anonymous := ask("key-4", "Asked by nobody in particular?", testsite.Visitor)
		cookie := anonymous.Header.Get("Set-Cookie")
		// A caller who knows or guesses the key does not become the visitor.
		repeated := ask("key-4", "Asked by nobody in particular?", testsite.Visitor)
		if !strings.HasPrefix(cookie, "qa_id=") ||
			repeated.Header.Get("Idempotency-Replayed") != "true" || repeated.Header.Get("Set-Cookie") != "" {
			t.Errorf("cookies %q and %q", cookie, repeated.Header.Get("Set-Cookie"))
		}
		var n int
		if _, err := s.App.DB.Get(context.Background(), []any{&n},
			"SELECT COUNT(*) FROM {posts} WHERE postid > 391"); err != nil || n != 3 {
			t.Errorf("%d posts were made, %v", n, err)
		}
	})
}

// TestIfMatch checks that an edit which is meant for another version of the post is refused, and that votes
// and views make no new version.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		_, _, h := s.Try(t, testsite.EditorYuki, "GET", "/v1/questions/27?include=answers", nil)
		tag := h.Get("ETag")
		edit := func(match, content string) int {
			body := strings.NewReader(fmt.Sprintf(`{"content": %q}`, content))
			req, err := http.NewRequest(http.MethodPatch, s.URL+"/v1/questions/27", body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer test-4")
			if match != "" {
				req.Header.Set("If-Match", match)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode == http.StatusOK {
				tag = res.Header.Get("ETag")
			}
			return res.StatusCode
		}
		status, _, _ := s.Try(t, testsite.Lurker, "PUT", "/v1/posts/27/vote", map[string]any{"value": 1})
		if status != http.StatusOK {
			t.Fatalf("vote: %d", status)
		}
		old := tag
		for _, step := range []struct {
			match  string
			status int
		}{{old, 200}, {old, 412}, {`"other.tag"`, 412}, {`"other.tag", ` + `*`, 412}, {"*", 200}, {"", 200}} {
			got := edit(step.match, fmt.Sprintf("新しい本文です。 %s %d", step.match, step.status))
			if got != step.status {
				t.Errorf("If-Match %s: %d, want %d", step.match, got, step.status)
			}
		}
		current := tag
		if got := edit(`"x.y", `+current, "最後の版です。"); got != 200 {
			t.Errorf("one of several: %d", got)
		}
	})
}

// TestRefusals checks that each refusal has its code and changes no row.
func TestRefusals(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		s := testsite.New(t, testsite.On(url))
		before := testsite.ReadTables(t, s.App.DB)
		long := strings.Repeat("長", 13000)
		for _, c := range []struct {
			actor  int
			call   call
			status int
			code   string
		}{
			{testsite.Visitor, call{"PUT", "/v1/posts/1/vote", map[string]any{"value": 1}}, 403, "login_required"},
			{testsite.Spammer99, call{"PUT", "/v1/posts/1/vote", map[string]any{"value": 1}}, 403, "user_blocked"},
			{testsite.Taro, call{"PUT", "/v1/posts/1/vote", map[string]any{"value": 1}}, 403, "own_post"},
			{testsite.Lurker, call{"PUT", "/v1/posts/999999/vote", map[string]any{"value": 1}}, 404, "not_found"},
			{testsite.Lurker, call{"PUT", "/v1/posts/1/vote", map[string]any{"value": 2}}, 422, "validation"},
			{testsite.Lurker, call{"PUT", "/v1/posts/1/vote", map[string]any{"value": 1, "extra": 1}}, 422, "validation"},
			{testsite.Lurker, call{"PUT", "/v1/posts/255/vote", map[string]any{"value": 1}}, 403, "hidden"},
			{testsite.Lurker, call{"PUT", "/v1/posts/380/vote", map[string]any{"value": 1}}, 404, "not_found"}, // it waits for approval
			{testsite.Newbie2, call{"PUT", "/v1/posts/380/vote", map[string]any{"value": 1}}, 403, "queued"},
			{testsite.Lurker, call{"PATCH", "/v1/questions/1", map[string]any{"title": "A title that is long enough"}}, 403, "permission_level"},
			{testsite.Lurker, call{"PUT", "/v1/questions/1/selected-answer", map[string]any{"answerId": 3}}, 403, "permission_level"},
			{testsite.Taro, call{"PUT", "/v1/questions/1/selected-answer", map[string]any{"answerId": 16}}, 422, "validation"},
			{testsite.Lurker, call{"PUT", "/v1/posts/1/visibility", map[string]any{"hidden": true}}, 403, "permission_level"},
			{testsite.Lurker, call{"DELETE", "/v1/questions/1", nil}, 403, "permission_level"},
			{testsite.ModKenji, call{"DELETE", "/v1/questions/1", nil}, 403, "not_hidden"},
			{testsite.ModKenji, call{"PUT", "/v1/posts/1/approval", map[string]any{"approved": true}}, 409, "not_queued"},
			{testsite.Lurker, call{"PUT", "/v1/posts/1/owner", nil}, 403, "not_claimable"},
			{testsite.Taro, call{"PUT", "/v1/posts/1/flag", nil}, 403, "own_post"},
			{testsite.EditorYuki, call{"PUT", "/v1/questions/1/closure", map[string]any{"duplicateOf": 1}}, 422, "validation"},
			{testsite.EditorYuki, call{"PUT", "/v1/questions/1/closure", map[string]any{"duplicateOf": 999999}}, 422, "validation"},
			{testsite.EditorYuki, call{"PUT", "/v1/questions/1/closure", map[string]any{}}, 422, "validation"},
			{testsite.Lurker, call{"POST", "/v1/questions/120/answers", map[string]any{"content": "Too late for this one."}}, 403, "closed"},
			{testsite.Lurker, call{"POST", "/v1/questions", map[string]any{"title": "x", "content": long, "tags": []string{"a b c d e f g"}, "categoryId": 4711, "followsAnswerId": 1, "notify": true, "email": "no"}}, 422, "validation"},
			{testsite.Lurker, call{"POST", "/v1/answers/16/comment", map[string]any{"content": "Turned into a comment."}}, 403, "permission_level"},
			{testsite.Haru, call{"POST", "/v1/admin/jobs/recount/run", map[string]any{}}, 403, "permission_level"},
		} {
			name := fmt.Sprintf("%s %s as %d is %s", c.call.method, c.call.path, c.actor, c.code)
			t.Run(name, func(t *testing.T) {
				status, body, _ := s.Try(t, c.actor, c.call.method, c.call.path, c.call.body)
				if status != c.status || body["code"] != c.code {
					t.Errorf("%d: %s %s → %d %v, want %d %s", c.actor, c.call.method, c.call.path, status,
						body, c.status, c.code)
				}
				if c.call.path == "/v1/questions" {
					if fields := body["errors"].([]any); len(fields) != 6 {
						t.Errorf("not all wrong fields at once: %v", fields)
					}
				}
			})
		}
		if d := testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB))); len(d) > 0 {
			t.Errorf("refusals left traces:\n%s", strings.Join(d, "\n"))
		}
	})
}

// TestHourlyLimits checks that the refusal of an action that was done too often names the action and the time
// until it may be done again.
func TestHourlyLimits(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400+600, 0)
		s := testsite.New(t, db, testsite.At(&now))
		if _, err := s.App.DB.Exec(context.Background(),
			`REPLACE INTO {userlimits} (userid, action, period, count)
				VALUES (17, 'A', 498924, 1000)`); err != nil {
			t.Fatal(err)
		}
		const path = "/v1/questions/27/answers"
		answer := map[string]any{"content": "An answer too many."}
		status, body, h := s.Try(t, testsite.Lurker, "POST", path, answer)
		if status != http.StatusTooManyRequests || body["code"] != "rate_limit" ||
			body["action"] != "answer" || h.Get("Retry-After") != "3000" {
			t.Errorf("%d %v %v", status, body, h)
		}
		now = now.Add(3000 * time.Second)
		if status, body, _ := s.Try(t, testsite.Lurker, "POST", path, answer); status != http.StatusCreated {
			t.Errorf("in the next hour: %d %v", status, body)
		}
	})
}
