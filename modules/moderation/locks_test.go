package moderation_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestReviewLocks checks that one moderator at a time holds a lock, that lists show who, that it can be taken
// over and ends by itself, and that decisions are not refused because of it.
func TestReviewLocks(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Now()
		s := testsite.New(t, db, testsite.At(&now))
		consume(t, s)
		for _, c := range []struct {
			path, list string
			id         int
		}{
			{"/v1/admin/posts/280/lock", "/v1/moderation/queue", 280},
			{"/v1/admin/posts/120/lock", "/v1/moderation/flagged", 120},
			{"/v1/admin/users/15/lock", "/v1/moderation/users", testsite.Fuyu},
		} {
			try := func(what string, user int, method, query string, want int, holder string) {
				t.Helper()
				status, body, _ := s.Try(t, user, method, c.path+query, nil)
				if status != want || want == http.StatusConflict && body["code"] != "review_locked" {
					t.Errorf("%s %s: %d %v", c.path, what, status, body)
				}
				got := ""
				if r := reviewOf(t, s, c.list, c.id); r == nil {
					t.Errorf("%s does not list %d", c.list, c.id)
				} else if r.ReviewedBy != nil {
					got = r.ReviewedBy.By.Handle
				}
				testsite.Same(t, c.path+" "+what+": holder", got, holder)
			}
			try("take", testsite.ModKenji, "PUT", "", 200, "mod_kenji")
			try("renew", testsite.ModKenji, "PUT", "", 200, "mod_kenji")
			try("of another", testsite.AdminHana, "PUT", "", 409, "mod_kenji")
			try("give back of another", testsite.AdminHana, "DELETE", "", 409, "mod_kenji")
			try("take over", testsite.AdminHana, "PUT", "?takeOver=true", 200, "admin_hana")
			try("lost", testsite.ModKenji, "PUT", "", 409, "admin_hana")
			try("give back", testsite.AdminHana, "DELETE", "", 204, "")
			try("give back again", testsite.AdminHana, "DELETE", "", 204, "")
			try("take again", testsite.AdminHana, "PUT", "", 200, "admin_hana")
			now = now.Add(5*time.Minute + time.Second)
			if r := reviewOf(t, s, c.list, c.id); r != nil && r.ReviewedBy != nil {
				t.Errorf("%s: the lock does not end", c.path)
			}
			try("after the end", testsite.ModKenji, "PUT", "", 200, "mod_kenji")
		}
		s.Do(t, testsite.AdminHana, "PUT", "/v1/posts/280/approval", object{"approved": true})
		consume(t, s)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_review_locks} WHERE kind = 'post' AND subject = 280"); n != 0 {
			t.Error("a post that was decided about is still looked at")
		}
	})
}

// TestLocksAtOnce checks that of many moderators who take a lock at the same time one gets it.
func TestLocksAtOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		users := []int{testsite.Superbee, testsite.AdminHana, testsite.ModKenji}
		statuses := make([]int, len(users))
		var wait sync.WaitGroup
		for i, user := range users {
			wait.Go(func() { statuses[i], _, _ = s.Try(t, user, "PUT", "/v1/admin/posts/280/lock", nil) })
		}
		wait.Wait()
		got := map[int]int{}
		for _, status := range statuses {
			got[status]++
		}
		if got[http.StatusOK] != 1 || got[http.StatusConflict] != len(users)-1 {
			t.Errorf("%v", statuses)
		}
	})
}

// TestLocksAreForModerators checks that nobody else learns who looks at what.
func TestLocksAreForModerators(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	const post, user = "/v1/admin/posts/1/lock", "/v1/admin/users/15/lock"
	for _, c := range []struct {
		who          int
		path         string
		taken, given int
	}{
		{testsite.Visitor, post, 403, 403}, {testsite.Visitor, user, 403, 403},
		{testsite.Haru, post, 403, 403}, {testsite.Haru, user, 403, 403},
		{testsite.ExpertSato, post, 200, 204}, // the site lets experts approve posts
		{testsite.ExpertSato, user, 403, 403},
	} {
		for method, want := range map[string]int{"PUT": c.taken, "DELETE": c.given} {
			if got, body, _ := s.Try(t, c.who, method, c.path, nil); got != want {
				t.Errorf("%s %s by %d: %d %v", method, c.path, c.who, got, body)
			}
		}
	}
	for path, want := range map[string]int{"/v1/admin/posts/99999/lock": 404, "/v1/admin/users/99999/lock": 404} {
		if got, _, _ := s.Try(t, testsite.ModKenji, "PUT", path, nil); got != want {
			t.Errorf("%s: %d", path, got)
		}
	}
}
