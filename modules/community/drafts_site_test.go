package community_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

const (
	questionKey = "q2a_as_question_0000"
	draftsPath  = "/v1/me/drafts"
)

// meta returns what a user has under a key in Q2A's table, "" for nothing.
func meta(t *testing.T, s *testsite.Site, user int, key string) (content string) {
	t.Helper()
	if _, err := s.App.DB.Get(t.Context(), []any{&content},
		"SELECT content FROM {usermetas} WHERE userid = ? AND title = ?", user, key); err != nil {
		t.Fatal(err)
	}
	return content
}

// php writes a draft as the plugin q2a-auto-save does.
func php(t *testing.T, s *testsite.Site, user int, key, content string) {
	t.Helper()
	s.Exec(t, "INSERT INTO {usermetas} (userid, title, content) VALUES (?, ?, ?)"+
		s.App.DB.Overwrite("userid, title", "content"), user, key,
		`{"name":"a_content","title":"","content":"`+content+`"}`)
}

// contentOf returns the content of a draft, "" for none.
func contentOf(t *testing.T, s *testsite.Site, user int, path string) string {
	t.Helper()
	status, body, _ := s.Try(t, user, "GET", draftsPath+path, nil)
	if status != http.StatusOK && status != http.StatusNotFound {
		t.Fatalf("%s: %d %v", path, status, body)
	}
	content, _ := body["content"].(string)
	return content
}

// TestDrafts checks that a draft comes back as it was sent, to its owner alone, in the table of the plugin
// where that has it, and that it is gone when it is thrown away.
func TestDrafts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const markup = `<p onclick="x()">蜂🐝 </p><script>1</script>`
		for _, path := range []string{"/question/0", "/answer/1", "/comment/16", "/message/16"} {
			for _, method := range []string{"GET", "DELETE"} {
				refused(t, s, testsite.Aki, method, draftsPath+path, http.StatusNotFound, "not_found")
				refused(t, s, testsite.Visitor, method, draftsPath+path, http.StatusForbidden, "login_required")
			}
			s.Do(t, testsite.Aki, "PUT", draftsPath+path, object{"title": "T", "content": markup,
				"tags": []string{"a", "b"}, "categoryId": 3})
			got := testsite.GetAs[object](t, s, draftsPath+path, testsite.Aki)
			if got["content"] != markup || got["title"] != "T" || fmt.Sprint(got["tags"]) != "[a b]" ||
				got["categoryId"] != 3.0 || got["savedAt"] == nil {
				t.Errorf("%s: %v", path, got)
			}
			refused(t, s, testsite.Superbee, "GET", draftsPath+path, http.StatusNotFound, "not_found")
			refused(t, s, testsite.Superbee, "DELETE", draftsPath+path, http.StatusNotFound, "not_found")
		}
		testsite.Same(t, "the question for PHP", meta(t, s, testsite.Aki, questionKey),
			`{"name":"content","title":"T","content":"<p onclick=\"x()\">蜂 <\/p><script>1<\/script>"}`)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {usermetas} WHERE title LIKE 'q2a_as_%'"); n != 2 {
			t.Errorf("%d drafts for PHP", n)
		}
		list := testsite.GetAs[testsite.List[struct{ Kind, Excerpt string }]](t, s, draftsPath, testsite.Aki)
		if len(list.Items) != 4 || strings.Contains(list.Items[0].Excerpt, "<") {
			t.Errorf("list %v", list)
		}
		for _, path := range []string{"/question/0", "/answer/1", "/comment/16", "/message/16"} {
			s.Do(t, testsite.Aki, "DELETE", draftsPath+path, nil)
			refused(t, s, testsite.Aki, "GET", draftsPath+path, http.StatusNotFound, "not_found")
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {usermetas} WHERE title LIKE 'q2a_as_%'"); n != 0 {
			t.Errorf("%d drafts for PHP after they were thrown away", n)
		}
	})
}

// TestDraftsRefused checks what cannot be a draft, and what cannot be one's own.
func TestDraftsRefused(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for path, want := range map[string]string{
		"/question/1": "id too_large", "/answer/0": "id too_small", "/message/0": "id too_small",
		"/blog/0": "kind not_in_list", "/diary/1": "kind not_in_list",
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			var body any
			if method == "PUT" {
				body = object{"content": "a"}
			}
			status, answer, _ := s.Try(t, testsite.Aki, method, draftsPath+path, body)
			field, _ := answer["errors"].([]any)
			if status != http.StatusUnprocessableEntity || len(field) != 1 ||
				fmt.Sprint(field[0].(object)["field"], " ", field[0].(object)["code"]) != want {
				t.Errorf("%s %s: %d %v, want %s", method, path, status, answer, want)
			}
		}
	}
	for path, body := range map[string]object{ // 255 is hidden, and 13 is Aki
		"/answer/999999": {"content": "a"}, "/answer/255": {"content": "a"}, "/comment/999999": {"content": "a"},
		"/answer/16": {"content": "a"}, "/message/999999": {"content": "a"}, "/message/13": {"content": "a"},
	} {
		if status, answer, _ := s.Try(t, testsite.Aki, "PUT", draftsPath+path, body); status != http.StatusNotFound {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	for name, body := range map[string]object{
		"content": {"content": strings.Repeat("a", 48001)}, "title": {"title": strings.Repeat("a", 801)},
		"format": {"format": "rtf"}, "body": {"body": "a"},
	} {
		if status, answer, _ := s.Try(t, testsite.Aki, "PUT", draftsPath+"/question/0",
			body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_drafts}") != 0 {
		t.Error("something was kept")
	}
}

// TestDraftsOfTwoTabs checks that of two tabs that know the same draft only the first can save it, also when
// they do so at the same time, and that neither overwrites a draft that it does not know of.
func TestDraftsOfTwoTabs(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const path = draftsPath + "/answer/1"
		put := func(content string, header ...string) (int, string) {
			status, _, received := s.Try(t, testsite.Aki, "PUT", path, object{"content": content}, header...)
			return status, received.Get("ETag")
		}
		if status, _ := put("0", "If-Match", `"abc"`); status != http.StatusPreconditionFailed {
			t.Errorf("a draft that is not there: %d", status)
		}
		if status, _ := put("0", "If-Match", "*"); status != http.StatusPreconditionFailed {
			t.Errorf("any draft, where there is none: %d", status)
		}
		status, tag := put("1", "If-None-Match", "*")
		if status != http.StatusOK || tag == "" {
			t.Fatalf("a new draft: %d %q", status, tag)
		}
		if status, _ := put("2", "If-None-Match", "*"); status != http.StatusPreconditionFailed {
			t.Errorf("a new draft, where there is one: %d", status)
		}
		if read := s.Request(t, "GET", path, testsite.Aki); strings.HasPrefix(read.Header.Get("ETag"), "W/") {
			t.Errorf("a weak tag: %s", read.Header.Get("ETag"))
		} else if tag = read.Header.Get("ETag"); tag == "" {
			t.Error("no tag")
		}
		var tabs sync.WaitGroup
		statuses := make([]int, 4)
		for i := range statuses {
			tabs.Go(func() { statuses[i], _ = put(fmt.Sprint("tab ", i), "If-Match", tag) })
		}
		tabs.Wait()
		slices.Sort(statuses)
		testsite.Same(t, "statuses", statuses, []int{200, 412, 412, 412})
		if status, answer, _ := s.Try(t, testsite.Aki, "DELETE", path, nil, "If-Match",
			tag); status != http.StatusPreconditionFailed || answer["code"] != "precondition_failed" {
			t.Errorf("thrown away by who does not know it: %d %v", status, answer)
		}
		php(t, s, testsite.Aki, "q2a_as_answer_1", "by PHP")
		_, tag = put("unconditional")
		php(t, s, testsite.Aki, "q2a_as_answer_1", "by PHP again")
		if status, _ := put("3", "If-Match", tag); status != http.StatusPreconditionFailed {
			t.Errorf("over what PHP has saved since: %d", status)
		}
	})
}

// TestDraftsOfThePlugin checks that each side finds what the other has saved, and that what does not fit into
// the plugin's table stays whole.
func TestDraftsOfThePlugin(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		php(t, s, testsite.Aki, "q2a_as_answer_1", `<p>巣箱<\/p>`)
		s.Exec(t, "INSERT INTO {usermetas} (userid, title, content) VALUES (?, 'q2a_as_blog_0000', '[]'), (?, 'other', 'x')",
			testsite.Aki, testsite.Aki)
		testsite.Same(t, "PHP's", contentOf(t, s, testsite.Aki, "/answer/1"), "<p>巣箱</p>")
		items := testsite.GetAs[testsite.List[object]](t, s, draftsPath, testsite.Aki).Items
		if len(items) != 1 || items[0]["savedAt"] != nil || items[0]["excerpt"] != "巣箱" {
			t.Errorf("list %v", items)
		}
		long := strings.Repeat("長", 20000)
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/answer/1", object{"content": long})
		if got := contentOf(t, s, testsite.Aki, "/answer/1"); got != long {
			t.Errorf("%d bytes of a long draft, not %d", len(got), len(long))
		}
		testsite.Same(t, "the older text for PHP", meta(t, s, testsite.Aki, "q2a_as_answer_1"), "")
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/answer/1", object{"content": "short"})
		php(t, s, testsite.Aki, "q2a_as_answer_1", "by PHP")
		testsite.Same(t, "PHP's again", contentOf(t, s, testsite.Aki, "/answer/1"), "by PHP")
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/answer/1", object{"content": "ours"})
		s.Exec(t, "DELETE FROM {usermetas} WHERE userid = ? AND title = 'q2a_as_answer_1'", testsite.Aki)
		testsite.Same(t, "cleared by PHP", contentOf(t, s, testsite.Aki, "/answer/1"), "")
		testsite.Same(t, "the diary", meta(t, s, testsite.Aki, "q2a_as_blog_0000"), "[]")
	})
}

// TestDraftsGoWhenPosted checks that a draft is gone once what it was for is posted, by either side.
func TestDraftsGoWhenPosted(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		drafts := func() (all []string) {
			for _, path := range []string{"/question/0", "/answer/1", "/answer/27", "/comment/16", "/message/16"} {
				if contentOf(t, s, testsite.Aki, path) != "" {
					all = append(all, path)
				}
			}
			return all
		}
		save := func() {
			for _, path := range []string{"/question/0", "/answer/1", "/answer/27", "/comment/16", "/message/16"} {
				s.Do(t, testsite.Aki, "PUT", draftsPath+path,
					object{"content": "A draft of some length", "format": "markdown"})
			}
		}
		save()
		php(t, s, testsite.Aki, questionKey, "of PHP")
		php(t, s, testsite.Haru, questionKey, "of another")
		s.Ask(t, testsite.Aki, "A question that was a draft", 0)
		testsite.Same(t, "after asking", drafts(), []string{"/answer/1", "/answer/27", "/comment/16", "/message/16"})
		s.Answer(t, testsite.Aki, 1)
		s.Do(t, testsite.Aki, "POST", "/v1/posts/16/comments", object{"content": "A comment that was a draft"})
		testsite.Same(t, "after all", drafts(), []string{"/answer/27", "/message/16"})
		if meta(t, s, testsite.Haru, questionKey) == "" {
			t.Error("the draft of another is gone")
		}
		save()
		testsite.Same(t, "saved again", len(drafts()), 5)
		// The old site has no plugin here, and clears nothing.
		for _, p := range []struct {
			kind   string
			parent any
		}{{"Q", nil}, {"A_QUEUED", 27}, {"C", 16}} {
			s.Exec(t, `INSERT INTO {posts} (type, parentid, userid, created, format, title, content)
				VALUES (?, ?, ?, '2000-01-01 00:00:00', '', '', 'x')`, p.kind, p.parent, testsite.Aki)
		}
		s.Exec(t, `INSERT INTO {messages} (type, fromuserid, touserid, content, format, created)
			VALUES ('PRIVATE', ?, ?, 'x', '', '2000-01-01 00:00:00')`, testsite.Aki, testsite.Haru)
		testsite.Same(t, "after all on the old site", drafts(), []string{"/answer/1"})
		testsite.RunJob(t, s.App, "drafts")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_drafts} WHERE userid = ?", testsite.Aki); n != 1 {
			t.Errorf("%d rows after the clean-up", n)
		}
	})
}

// TestOldDrafts checks that the clean-up removes what was not saved for longer than the setting says, of both
// sides, and nothing younger.
func TestOldDrafts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1_800_000_000, 0)
		s := testsite.New(t, db, testsite.At(&now))
		clean := func(after time.Duration) {
			t.Helper()
			now = now.Add(after)
			testsite.RunJob(t, s.App, "drafts")
		}
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/answer/1", object{"content": "old"})
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/comment/1", object{"content": "saved again"})
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/answer/27", object{"content": "ours"})
		php(t, s, testsite.Haru, questionKey, "of PHP")
		s.Exec(t, "INSERT INTO {usermetas} (userid, title, content) VALUES (13, 'q2a_as_blog_0000', '[]')")
		clean(0)
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/answer/1", object{"content": "old"})
		clean(89 * 24 * time.Hour)
		php(t, s, testsite.Aki, "q2a_as_answer_27", "PHP went on")
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/comment/1", object{"content": "saved again"})
		testsite.Same(t, "before their time", s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_drafts}"), 4)
		clean(48 * time.Hour)
		testsite.Same(t, "PHP's", meta(t, s, testsite.Haru, questionKey), "")
		testsite.Same(t, "old", meta(t, s, testsite.Aki, "q2a_as_answer_1"), "")
		testsite.Same(t, "young", contentOf(t, s, testsite.Aki, "/comment/1"), "saved again")
		testsite.Same(t, "young on the old site", contentOf(t, s, testsite.Aki, "/answer/27"), "PHP went on")
		testsite.Same(t, "the diary", meta(t, s, testsite.Aki, "q2a_as_blog_0000"), "[]")
		testsite.Same(t, "rows", s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_drafts}"), 2)
		clean(91 * 24 * time.Hour)
		testsite.Same(t, "rows at the end", s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_drafts}"), 0)
		testsite.Same(t, "PHP's at the end", meta(t, s, testsite.Aki, "q2a_as_answer_27"), "")
	})
}

// TestManyDrafts checks that the number of drafts is bounded, that those of PHP are read in pages whose
// statements do not grow, and that long ones come back whole.
func TestManyDrafts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		content := strings.Repeat("蜂", 8000)
		var ids []int
		for id := range 101 {
			s.Exec(t, `INSERT INTO {posts} (postid, type, userid, created, format, title, content)
				VALUES (?, 'Q', 1, '2020-01-01 00:00:00', '', 'x', 'x')`, 5000+id)
			ids = append(ids, 5000+id)
		}
		for i, id := range ids {
			status, body, _ := s.Try(t, testsite.Aki, "PUT", fmt.Sprint(draftsPath, "/answer/", id),
				object{"content": content})
			if i < 100 && status != http.StatusOK ||
				i == 100 && (status != http.StatusConflict || body["code"] != "too_many_drafts") {
				t.Fatalf("draft %d: %d %v", i, status, body)
			}
		}
		s.Do(t, testsite.Aki, "PUT", draftsPath+"/answer/5000", object{"content": content + "!"})
		testsite.Same(t, "a long draft", contentOf(t, s, testsite.Aki, "/answer/5000"), content+"!")
		var rows []string
		var values []any
		for id := range 10_000 {
			rows = append(rows, fmt.Sprintf("(16, 'q2a_as_answer_%d', ?)", id+1))
			values = append(values, fmt.Sprintf(`{"name":"a_content","title":"","content":"%d"}`, id))
			if len(rows) == 1000 {
				s.Exec(t, "INSERT INTO {usermetas} (userid, title, content) VALUES "+strings.Join(rows, ","), values...)
				rows, values = nil, nil
			}
		}
		seen, cursor := map[int]bool{}, ""
		for range 3 {
			page := testsite.GetAs[testsite.List[struct{ ID int }]](t, s, draftsPath+"?limit=100"+cursor, testsite.Haru)
			for _, d := range page.Items {
				seen[d.ID] = true
			}
			cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		}
		for _, id := range idsOf(t, s, testsite.Haru, draftsPath+"?limit=100&page=100") {
			seen[id] = true
		}
		testsite.Same(t, "drafts on four pages", len(seen), 400)
		token := []string{"Authorization", "Bearer " + testsite.Token(testsite.Haru)}
		one, many := s.Statements(t, draftsPath+"?limit=1", token...), s.Statements(t, draftsPath+"?limit=100", token...)
		if len(one) != len(many) || len(many) > 5 {
			t.Errorf("%d statements for one draft, %d for a hundred", len(one), len(many))
		}
	})
}
