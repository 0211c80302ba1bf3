package qa_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestQueues checks that the counts are those of Q2A's options, and who is told which.
func TestQueues(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, setting("cache_queuedcount", "7", "cache_flaggedcount", "8", "cache_uapprovecount", "9"))
		hidden := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%HIDDEN'")
		counts := func(user int) string {
			_, body, _ := s.Try(t, user, "GET", "/v1/admin/queues", nil)
			return fmt.Sprint(body["queuedCount"], " ", body["flaggedCount"], " ", body["hiddenCount"], " ",
				body["unapprovedUserCount"])
		}
		all := fmt.Sprint("7 8 ", hidden, " 9")
		testsite.Same(t, "a moderator", counts(testsite.ModKenji), all)
		testsite.Same(t, "an editor", counts(testsite.EditorYuki), fmt.Sprint("7 8 ", hidden, " <nil>"))
		testsite.Same(t, "an editor of a category", counts(testsite.CatExpert), "<nil> <nil> <nil> <nil>")
		for _, user := range []int{testsite.Visitor, testsite.Haru, testsite.TrollX} {
			if status, _, _ := s.Try(t, user, "GET", "/v1/admin/queues", nil); status != http.StatusForbidden {
				t.Errorf("user %d: %d", user, status)
			}
		}
		s.SetOptions(t, map[string]string{"moderate_users": "0", "flagging_of_posts": "0", "cache_queuedcount": "-1"})
		s.App.Site.Forget() // which are cached for a second
		testsite.Same(t, "switched off", counts(testsite.ModKenji), fmt.Sprint("0 <nil> ", hidden, " <nil>"))
		if n := len(s.Statements(t, "/v1/admin/queues", "Authorization", "Bearer "+testsite.Token(3))); n > 3 {
			t.Errorf("%d statements", n)
		}
	})
}

// TestFiltersOfModerationLists checks that the lists can be narrowed by author and category.
func TestFiltersOfModerationLists(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(state("_HIDDEN", "1, 2, 3"),
			"UPDATE {posts} SET flagcount = 1 WHERE postid IN (4, 5)"))
		count := func(query string) int {
			return len(testsite.GetAs[testsite.List[testsite.Activity]](t, s, "/v1/moderation/"+query, testsite.ModKenji).Items)
		}
		hidden := "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%HIDDEN' AND "
		for query, want := range map[string]int{
			"hidden?category=3":             s.Scalar(t, hidden+"(categoryid = 3 OR catidpath1 = 3 OR catidpath2 = 3 OR catidpath3 = 3)"),
			"hidden?author=jose%20miel":     s.Scalar(t, hidden+"userid = 9"),
			"hidden?category=1&type=answer": s.Scalar(t, hidden+"catidpath1 = 1 AND type = 'A_HIDDEN'"),
			"flagged?author=aki":            s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE flagcount > 0 AND type IN ('Q', 'A', 'C') AND userid = 13"),
			"queue?author=newbie2":          s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%QUEUED' AND userid = 28"),
			"queue?author=lurker":           0,
		} {
			testsite.Same(t, query, count(query), want)
		}
		if count("hidden?author=jose%20miel") == 0 || count("flagged?author=aki") == 0 || count("hidden?category=3") < 3 {
			t.Error("a filter finds nothing")
		}
		for query, want := range map[string]string{"hidden?author=nobody-here": "404", "hidden?category=99999": "422",
			"hidden?author=%F0%9F%90%9D": "404"} {
			status, _, _ := s.Try(t, testsite.ModKenji, "GET", "/v1/moderation/"+query, nil)
			testsite.Same(t, query, fmt.Sprint(status), want)
		}
	})
}
