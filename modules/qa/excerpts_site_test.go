package qa_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

type excerptItem struct {
	ID      int
	Excerpt *struct {
		Text       string
		Highlights []struct{ Start, Length int }
	}
	Can *struct{ Edit bool }
}

type excerptList struct{ Items []excerptItem }

// TestExcerpts checks that lists and searches have excerpts for those who ask for them, and that visitors get
// none where the site does not let them open questions.
func TestExcerpts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		for _, q := range testsite.Get[excerptList](t, s, "/v1/questions?limit=50").Items {
			if q.Excerpt != nil {
				t.Errorf("question %d has an excerpt that nobody asked for", q.ID)
			}
		}
		with := 0
		both := testsite.Get[excerptList](t, s, "/v1/questions?limit=50&include=excerpt&include=permissions")
		for _, q := range both.Items {
			if q.Excerpt == nil || q.Can == nil {
				t.Fatalf("question %d: excerpt %v, permissions %v", q.ID, q.Excerpt, q.Can)
			}
			if len([]rune(q.Excerpt.Text)) > 122 {
				t.Errorf("question %d has the excerpt %q", q.ID, q.Excerpt.Text)
			}
			if q.Excerpt.Text != "" {
				with++
			}
		}
		if with < 20 {
			t.Errorf("only %d questions have a text in their excerpt", with)
		}
		highlighted := 0
		for _, q := range testsite.Get[excerptList](t, s, "/v1/search?q=honey&include=excerpt").Items {
			for _, h := range q.Excerpt.Highlights {
				if word := q.Excerpt.Text; strings.IndexFunc(word, func(r rune) bool { return r > 0xffff }) < 0 {
					at := []rune(word)[h.Start : h.Start+h.Length]
					if !strings.EqualFold(string(at), "honey") {
						t.Errorf("question %d highlights %q", q.ID, string(at))
					}
				}
				highlighted++
			}
		}
		if highlighted == 0 {
			t.Error("no word is highlighted")
		}
	})
	closed := testsite.New(t, setting("permit_view_q_page", "120"))
	for _, q := range testsite.Get[excerptList](t, closed, "/v1/questions?include=excerpt").Items {
		if q.Excerpt != nil {
			t.Errorf("a visitor who may not open question %d gets the excerpt %q", q.ID, q.Excerpt.Text)
		}
	}
}

// TestQuestionsByID checks that ids give the visible ones of the named questions, in the order of the ids, and
// that nothing else may be asked for besides.
func TestQuestionsByID(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(state("_HIDDEN", "14")))
		for _, path := range []string{"ids=27,1,14,3,999999", "ids=27&ids=1&ids=14&ids=3&ids=999999"} {
			var got []int
			for _, q := range testsite.Get[excerptList](t, s, "/v1/questions?"+path).Items {
				got = append(got, q.ID)
			}
			testsite.Same(t, path, got, []int{27, 1}) // 14 is hidden, 3 is an answer
		}
		for _, query := range []string{
			"ids=1&tag=honey", "ids=1&cursor=x", "ids=1&limit=5", "ids=0", "ids=-1", "ids=x",
			"ids=" + strings.Repeat("1,", 100) + "1",
		} {
			if res := s.Request(t, http.MethodGet, "/v1/questions?"+query, testsite.Visitor); res.StatusCode/100 != 4 {
				t.Errorf("%s: %s", query, res.Status)
			}
		}
	})
}

// TestViewsMakeNoNewVersion checks that a view of a question changes neither the version of its thread nor of
// the lists that have it, and that a vote does.
func TestViewsMakeNoNewVersion(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, path := range []string{"/v1/questions?limit=50", "/v1/questions/27"} {
		res := s.Request(t, http.MethodGet, path, testsite.Visitor)
		before := testsite.Text(t, res)
		_, err := s.App.DB.Exec(t.Context(), "UPDATE {posts} SET views = views + 7, hotness = hotness + 3")
		if err != nil {
			t.Fatal(err)
		}
		again := s.Request(t, http.MethodGet, path, testsite.Visitor, "If-None-Match", res.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s after views: %s", path, again.Status)
		}
		if after := testsite.Text(t, s.Request(t, http.MethodGet, path, testsite.Visitor)); after == before {
			t.Errorf("%s has not changed at all", path)
		}
		s.Do(t, testsite.Superbee, "PUT", "/v1/posts/27/vote", object{"value": 1})
		again = s.Request(t, http.MethodGet, path, testsite.Visitor, "If-None-Match", res.Header.Get("ETag"))
		if again.StatusCode != http.StatusOK {
			t.Errorf("%s after a vote: %s", path, again.Status)
		}
		s.Do(t, testsite.Superbee, "DELETE", "/v1/posts/27/vote", nil)
	}
}

// TestSearchFilters checks that a search with filters finds exactly those questions of the search without them
// that the list of questions with the same filters has.
func TestSearchFilters(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		all := func(path string) (ids []int) {
			for cursor := ""; ; {
				page := testsite.Get[struct {
					Items      []struct{ ID int }
					NextCursor string
				}](t, s, path+"&limit=50"+cursor)
				for _, q := range page.Items {
					ids = append(ids, q.ID)
				}
				if page.NextCursor == "" {
					return ids
				}
				cursor = "&cursor=" + page.NextCursor
			}
		}
		found := all("/v1/search?q=honey")
		narrowed := 0
		for _, filter := range []string{
			"tag=honey", "tag=no-such-tag", "category=2", "unanswered=answer", "unanswered=selected", "author=haru",
			"state=closed", "state=open", "state=open&unanswered=selected", "author=%F0%9F%90%9D",
		} {
			listed := all("/v1/questions?" + filter)
			var want []int
			for _, id := range found {
				if slices.Contains(listed, id) {
					want = append(want, id)
				}
			}
			got := all("/v1/search?q=honey&" + filter)
			testsite.Same(t, filter, got, want)
			if len(want) > 0 && len(want) < len(found) {
				narrowed++
			}
		}
		if narrowed < 3 {
			t.Errorf("only %d filters leave some of %d questions", narrowed, len(found))
		}
		res := s.Request(t, http.MethodGet, "/v1/search?q=honey&category=nowhere", testsite.Visitor)
		if res.StatusCode != 422 {
			t.Errorf("no such category: %s", res.Status)
		}
	})
}

// TestAnswersInPages checks that the pages of a thread's answers have each answer once, in the order of the
// whole list, also when the last answer of a page has been hidden meanwhile.
func TestAnswersInPages(t *testing.T) {
	t.Parallel()
	type list struct {
		Items      []struct{ ID int }
		Answers    []struct{ ID int }
		NextCursor string
		// AnswersCursor is that of a question.
		AnswersCursor string
		Total         int
	}
	ids := func(items []struct{ ID int }) (ids []int) {
		for _, a := range items {
			ids = append(ids, a.ID)
		}
		return ids
	}
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		for _, sort := range []string{"", "&sort=votes", "&sort=newest", "&sort=oldest"} {
			path := "/v1/questions/27/answers?limit=1" + sort
			whole := testsite.Get[list](t, s, "/v1/questions/27/answers?include=comments"+sort)
			var got []int
			for cursor := ""; ; {
				page := testsite.Get[list](t, s, path+cursor)
				got = append(got, ids(page.Items)...)
				if page.Total != len(whole.Items) || len(page.Items) != 1 {
					t.Errorf("%s%s: %d of %d", path, cursor, len(page.Items), page.Total)
				}
				if page.NextCursor == "" {
					break
				}
				cursor = "&cursor=" + page.NextCursor
			}
			testsite.Same(t, path, got, ids(whole.Items))
			second := testsite.Get[list](t, s, "/v1/questions/27/answers?limit=2&page=2"+sort)
			testsite.Same(t, "the second page", ids(second.Items), ids(whole.Items)[2:4])
		}
		first := testsite.Get[list](t, s, "/v1/questions/27?include=answers&answerLimit=2")
		rest := testsite.Get[list](t, s, "/v1/questions/27/answers?cursor="+first.AnswersCursor)
		whole := testsite.Get[list](t, s, "/v1/questions/27?include=answers")
		testsite.Same(t, "a thread and the rest of it",
			append(ids(first.Answers), ids(rest.Items)...), ids(whole.Answers))
		if whole.AnswersCursor != "" {
			t.Error("a whole thread says that there is more")
		}
		gone := first.Answers[1].ID
		s.Do(t, testsite.Superbee, http.MethodPut, "/v1/posts/"+itoa(gone)+"/visibility", object{"hidden": true})
		after := testsite.Get[list](t, s, "/v1/questions/27/answers?cursor="+first.AnswersCursor)
		if len(after.Items) < 1 || slices.Contains(ids(first.Answers), after.Items[0].ID) {
			t.Errorf("after one was hidden: %v", ids(after.Items))
		}
		for _, query := range []string{
			"cursor=x", "cursor=" + first.AnswersCursor + "&sort=votes", "cursor=x&page=2", "limit=0",
		} {
			res := s.Request(t, http.MethodGet, "/v1/questions/27/answers?"+query, testsite.Visitor)
			if res.StatusCode/100 != 4 {
				t.Errorf("%s: %s", query, res.Status)
			}
		}
	})
}
