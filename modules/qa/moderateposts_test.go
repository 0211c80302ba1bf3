package qa_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// outcomes is the response to a request about many posts.
type outcomes = testsite.List[struct {
	ID        int
	Done      bool
	State     string
	FlagCount *int
	Problem   *struct {
		Code   string
		Status int
		Detail string
	}
}]

// moderatePosts sends a request about many posts, and returns what became of each: its state, or the code of
// the problem.
func moderatePosts(
	t *testing.T, s *testsite.Site, user int, action string, ids []int, header ...string,
) (string, *http.Response) {
	t.Helper()
	res := s.Send(t, user, "POST", "/v1/admin/posts/actions", object{"action": action, "ids": ids}, header...)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s %v by %d: %d %s", action, ids, user, res.StatusCode, testsite.Text(t, res))
	}
	list := testsite.Decode[outcomes](t, res)
	var all []string
	for i, o := range list.Items {
		if o.ID != ids[i] || o.Done == (o.Problem != nil) {
			t.Errorf("item %d: %+v", i, o)
		}
		switch {
		case o.Problem != nil:
			all = append(all, o.Problem.Code)
		case o.State == "":
			all = append(all, "gone")
		default:
			all = append(all, o.State)
		}
	}
	if len(all) != len(ids) {
		t.Errorf("%d items for %d posts", len(all), len(ids))
	}
	return strings.Join(all, " "), res
}

// typesOf returns the types of the rows of posts, in the order of their ids; those that are gone are left out.
func typesOf(t *testing.T, s *testsite.Site, ids ...int) string {
	t.Helper()
	var types []string
	for _, id := range ids {
		var kind string
		if _, err := s.App.DB.Get(t.Context(), []any{&kind}, "SELECT type FROM {posts} WHERE postid = ?",
			id); err != nil {
			t.Fatal(err)
		}
		types = append(types, kind)
	}
	return strings.Join(types, " ")
}

// TestModeratePosts checks that each post of a request is judged by its own rules, whatever becomes of the
// others, and that all rows are those that requests for single posts leave.
func TestModeratePosts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		const nobodys = 4_000_000_000
		s := testsite.New(t, db, testsite.After(state("_HIDDEN", "3")))
		for _, c := range []struct {
			action string
			ids    []int
			want   string
		}{
			{"approve", []int{280, 1, nobodys}, "visible not_queued not_found"},
			{"hide", []int{280, nobodys, 27, 3}, "hidden not_found hidden hidden"},
			{"delete", []int{16, 27, 255}, "not_hidden has_replies gone"},
			{"reshow", []int{27, 255, 280, 16}, "visible not_found visible visible"},
			{"reject", []int{27, 280}, "not_queued not_queued"},
			{"clear-flags", []int{120, 27, nobodys}, "visible visible not_found"},
		} {
			got, _ := moderatePosts(t, s, testsite.ModKenji, c.action, c.ids)
			testsite.Same(t, c.action, got, c.want)
		}
		if got := typesOf(t, s, 280, 27, 255, 120); strings.Contains(got, "_") {
			t.Errorf("types afterwards: %s", got)
		}
		testsite.Same(t, "flags", s.Scalar(t, "SELECT flagcount FROM {posts} WHERE postid = 120"), 0)
		testsite.Same(t, "what the log has", s.Scalar(t,
			"SELECT COUNT(*) FROM {q2ab_audit} WHERE kind = 'post' AND action = 'moderate-posts' AND byuserid = ?",
			testsite.ModKenji), 7)
	})
}

// TestModeratePostsLikeSingly checks that a request about many posts leaves the same rows as the requests for
// each, apart from what is kept of the requests themselves.
func TestModeratePostsLikeSingly(t *testing.T) {
	t.Parallel()
	for action, single := range map[string]func(id int) call{
		"hide": func(id int) call {
			return call{"PUT", fmt.Sprintf("/v1/posts/%d/visibility", id), object{"hidden": true}}
		},
		"approve": func(id int) call {
			return call{"PUT", fmt.Sprintf("/v1/posts/%d/approval", id), object{"approved": true}}
		},
		"reject": func(id int) call {
			return call{"PUT", fmt.Sprintf("/v1/posts/%d/approval", id), object{"approved": false}}
		},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			now := time.Unix(1796126400, 0)
			one, many := testsite.New(t, testsite.At(&now)), testsite.New(t, testsite.At(&now))
			ids := one.Numbers(t, "SELECT postid FROM {posts} WHERE type LIKE '%\\_QUEUED' ESCAPE '\\' ORDER BY postid")
			if action == "hide" {
				ids = []int{1, 16, 15, 139}
			}
			if len(ids) < 3 {
				t.Fatalf("only %v", ids)
			}
			for _, id := range ids {
				c := single(id)
				one.Do(t, testsite.ModKenji, c.method, c.path, c.body)
			}
			moderatePosts(t, many, testsite.ModKenji, action, ids)
			diff := testsite.ReadTables(t, one.App.DB).Diff(testsite.ReadTables(t, many.App.DB))
			if wrong := testsite.Describe(testsite.Difference{}, diff); len(wrong) > 0 {
				t.Errorf("%v", wrong)
			}
		})
	}
}

// TestModeratePostsAgain checks that a request with an Idempotency-Key can be sent again after it was cut off,
// and does only what was not done.
func TestModeratePostsAgain(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		key := []string{"Idempotency-Key", "hide-them"}
		ids := []int{280, 27, 1}
		first, _ := moderatePosts(t, s, testsite.ModKenji, "approve", ids, key...)
		testsite.Same(t, "first", first, "visible not_queued not_queued")
		again, res := moderatePosts(t, s, testsite.ModKenji, "approve", ids, key...)
		testsite.Same(t, "again", again, first)
		testsite.Same(t, "replayed", res.Header.Get("Idempotency-Replayed"), "true")

		// As if the process had died before the response: what was refused is judged anew, what was done is not
		// done again, though it would be refused now.
		s.Exec(t, "UPDATE {q2ab_idempotency} SET status = NULL, headers = NULL, body = NULL")
		s.Exec(t, "UPDATE {posts} SET type = 'Q_QUEUED' WHERE postid = 1")
		before := published(t, s, "q_approve") + published(t, s, "a_approve") + published(t, s, "c_approve")
		again, _ = moderatePosts(t, s, testsite.ModKenji, "approve", ids, key...)
		testsite.Same(t, "after a crash", again, "visible not_queued visible")
		testsite.Same(t, "approved again", published(t, s, "q_approve")+published(t, s, "a_approve")+
			published(t, s, "c_approve")-before, 1)

		status, body, _ := s.Try(t, testsite.ModKenji, "POST", "/v1/admin/posts/actions",
			object{"action": "hide", "ids": ids}, key...)
		testsite.Same(t, "another request", fmt.Sprint(status, body["code"]), "409idempotency_conflict")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_idempotency}"); n != 3 {
			t.Errorf("%d rows are kept, for a request and the two posts with which something was done", n)
		}
	})
}

// TestWhoModeratesPosts checks who may send requests about many posts, that moderators of a category are
// refused what is not theirs, and what is wrong with requests.
func TestWhoModeratesPosts(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	ask := func(user int, body any) string {
		status, answer, _ := s.Try(t, user, "POST", "/v1/admin/posts/actions", body)
		if answer["errors"] == nil {
			return fmt.Sprint(status, " ", answer["code"])
		}
		return fmt.Sprint(status, " ", answer["code"], " ", fieldOf(answer))
	}
	hide := object{"action": "hide", "ids": []int{27}}
	for _, c := range []struct {
		user int
		body any
		want string
	}{
		{testsite.Visitor, hide, "403 login_required"}, {testsite.Haru, hide, "403 permission_level"},
		{testsite.TrollX, hide, "403 permission_level"},
		{testsite.ModKenji, object{"action": "burn", "ids": []int{27}}, "422 validation action: not_in_list"},
		{testsite.ModKenji, object{"action": "hide", "ids": []int{}}, "422 validation ids: too_few"},
		{testsite.ModKenji, object{"action": "hide", "ids": make([]int, 101)}, ""},
		{testsite.ModKenji, object{"action": "hide", "ids": []int{27, 1, 27}}, "422 validation ids: duplicate"},
		{testsite.ModKenji, object{"action": "hide", "ids": []int{0}}, "422 validation ids[0]: too_small"},
		{testsite.ModKenji, object{"action": "hide", "ids": []any{"27"}}, "422 validation ids[0]: not_integer"},
	} {
		got := ask(c.user, c.body)
		if c.want == "" {
			if !strings.HasPrefix(got, "422 validation") {
				t.Errorf("%v: %s", c.body, got)
			}
			continue
		}
		testsite.Same(t, fmt.Sprint(c.user, c.body), got, c.want)
	}
	testsite.Same(t, "nothing was done", typesOf(t, s, 27), "Q")

	const inCategory = "(COALESCE(categoryid, 0) = 3 OR COALESCE(catidpath1, 0) = 3 OR COALESCE(catidpath2, 0) = 3)"
	const of = "SELECT MIN(postid) FROM {posts} WHERE type = 'Q' AND userid <> 19 AND "
	here, elsewhere := s.Scalar(t, of+inCategory), s.Scalar(t, of+"NOT "+inCategory+" AND categoryid <> 11")
	got, _ := moderatePosts(t, s, testsite.CatExpert, "hide", []int{elsewhere, here})
	testsite.Same(t, "an editor of category 3", got, "permission_level hidden")
	got, res := moderatePosts(t, s, testsite.CatExpert, "hide", []int{elsewhere}, "Accept-Language", "ja")
	testsite.Same(t, "again", got, "permission_level")
	if res.StatusCode != http.StatusOK {
		t.Errorf("%d", res.StatusCode)
	}
}

// TestModeratorsAtTheSameTime checks that two moderators who approve the same posts at the same time approve
// each once.
func TestModeratorsAtTheSameTime(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		ids := s.Numbers(t, "SELECT postid FROM {posts} WHERE type IN ('Q_QUEUED', 'A_QUEUED', 'C_QUEUED')")
		results := make(chan string, 2)
		for _, user := range []int{testsite.ModKenji, testsite.AdminHana} {
			go func() {
				got, _ := moderatePosts(t, s, user, "approve", ids)
				results <- got
			}()
		}
		both := <-results + " " + <-results
		testsite.Same(t, "approved", strings.Count(both, "visible"), len(ids))
		testsite.Same(t, "refused to the second", strings.Count(both, "not_queued"), len(ids))
		testsite.Same(t, "queued", s.Scalar(t,
			"SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = 'cache_queuedcount'"), 0)
	})
}
