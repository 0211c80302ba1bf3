package qa_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// postHistory is a list of what happened to a post.
type postHistory = testsite.List[struct {
	What, Action string
	By           struct{ Handle string }
	Revision     int
}]

// happened returns what the list of a post says, the newest first and page by page.
func happened(t *testing.T, s *testsite.Site, user, id, limit int) string {
	t.Helper()
	var all []string
	cursor := ""
	for {
		page := testsite.GetAs[postHistory](t, s, fmt.Sprintf("/v1/admin/posts/%d/history?limit=%d%s", id, limit, cursor), user)
		for _, e := range page.Items {
			all = append(all, strings.Trim(fmt.Sprint(e.What, " ", e.By.Handle, " ", e.Action), " "))
		}
		if page.NextCursor == "" {
			return strings.Join(all, ", ")
		}
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
	}
}

// TestPostHistory checks that the history of a post has its versions and who decided what about it, once each,
// also after the post is deleted.
func TestPostHistory(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		id := s.Ask(t, testsite.Haru, "What becomes of this question?", 0)
		do := func(user int, method, path string, body any) {
			t.Helper()
			now = now.Add(time.Minute)
			s.Do(t, user, method, path, body)
		}
		post := fmt.Sprintf("/v1/posts/%d/", id)
		question := fmt.Sprintf("/v1/questions/%d", id)
		do(testsite.EditorYuki, "PATCH", question, object{"content": "Edited by an editor, at some length."})
		do(testsite.ModKenji, "PUT", question+"/closure", object{"note": "Enough."})
		do(testsite.ModKenji, "DELETE", question+"/closure", nil)
		do(testsite.ModKenji, "POST", "/v1/admin/posts/actions", object{"action": "hide", "ids": []int{id}})
		do(testsite.EditorYuki, "PUT", post+"visibility", object{"hidden": false})
		do(testsite.Haru, "PUT", post+"visibility", object{"hidden": true})
		want := "hidden haru, reshown editor_yuki set-visibility, hidden mod_kenji moderate-posts, " +
			"reopened mod_kenji reopen-question, closed mod_kenji close-question, edited editor_yuki, created haru"
		for _, limit := range []int{1, 3, 100} {
			testsite.Same(t, fmt.Sprint("pages of ", limit), happened(t, s, testsite.ModKenji, id, limit), want)
		}
		status, _, _ := s.Try(t, testsite.Haru, "GET", "/v1/admin"+strings.TrimPrefix(post, "/v1")+"history", nil)
		testsite.Same(t, "to the author", status, 403)
		testsite.Same(t, "to an editor of its category or not", func() int {
			status, _, _ := s.Try(t, testsite.CatExpert, "GET", "/v1/admin/posts/27/history", nil)
			return status
		}(), 403)
		do(testsite.ModKenji, "DELETE", question, nil)
		testsite.Same(t, "after it is deleted", happened(t, s, testsite.ModKenji, id, 2), "deleted mod_kenji delete-question, "+
			"reshown editor_yuki set-visibility, hidden mod_kenji moderate-posts, reopened mod_kenji reopen-question, closed mod_kenji close-question")
		for _, missing := range []int{4_000_000_000, 182} {
			status, _, _ := s.Try(t, testsite.Superbee, "GET", fmt.Sprintf("/v1/admin/posts/%d/history", missing), nil)
			testsite.Same(t, fmt.Sprint("post ", missing), status, 404)
		}
	})
}

// TestVoters checks who is told of the voters and flaggers of a post, and what.
func TestVoters(t *testing.T) {
	t.Parallel()
	type voters = testsite.List[struct {
		User    struct{ ID int }
		Vote    int
		Flagged bool
	}]
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		for _, id := range []int{1, 120} {
			cursor, got := "", []int{}
			for {
				page := testsite.GetAs[voters](t, s, fmt.Sprintf("/v1/posts/%d/voters?limit=2%s", id, cursor), testsite.AdminHana)
				for _, v := range page.Items {
					got = append(got, v.User.ID)
					flag := map[bool]int{true: 1}[v.Flagged]
					testsite.Same(t, fmt.Sprint("row of ", v.User.ID), s.Scalar(t, `SELECT COUNT(*) FROM {uservotes}
						WHERE postid = ? AND userid = ? AND vote = ? AND flag = ?`, id, v.User.ID, v.Vote, flag), 1)
				}
				if page.NextCursor == "" {
					break
				}
				cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
			}
			testsite.Same(t, fmt.Sprint("voters of ", id), got, s.Numbers(t,
				"SELECT userid FROM {uservotes} WHERE postid = ? AND (vote <> 0 OR flag <> 0) ORDER BY userid", id))
			if len(got) < 2 {
				t.Errorf("%d has only %d", id, len(got))
			}
		}
		for user, want := range map[int]int{testsite.Visitor: 403, testsite.Haru: 403, testsite.ModKenji: 403, testsite.Superbee: 200} {
			status, _, _ := s.Try(t, user, "GET", "/v1/posts/1/voters", nil)
			testsite.Same(t, fmt.Sprint("user ", user), status, want)
		}
		s.SetOptions(t, map[string]string{"permit_view_voters_flaggers": "100"})
		s.App.Site.Forget() // which are cached for a second
		status, _, _ := s.Try(t, testsite.ExpertSato, "GET", "/v1/posts/1/voters", nil)
		testsite.Same(t, "an expert, where experts may", status, 200)
	})
}
