package qa_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// revision is a version of a post as responses show it.
type revision struct {
	Number          int
	At              string
	By              struct{ Handle string }
	Current, Silent bool
	Changed         []string
	Differences     *struct{ Title, Content, Tags []struct{ Op, Text string } }

	Title, Content, Format, HTML string
	Tags                         []string
	Category                     struct{ ID int }
}

type revisionList struct {
	Items      []revision
	NextCursor string
	Total      int
}

// String returns the number, the author and what changed, with the differences of the content: [-…] is
// gone, [+…] is new.
func (r revision) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s %s", r.Number, r.By.Handle, strings.Join(r.Changed, ","))
	if r.Silent {
		b.WriteString(" silent")
	}
	if r.Current {
		b.WriteString(" current")
	}
	if r.At == "" {
		b.WriteString(" at some time")
	}
	if r.Differences == nil {
		return b.String()
	}
	for _, list := range [][]struct{ Op, Text string }{
		r.Differences.Title, r.Differences.Content, r.Differences.Tags,
	} {
		if len(list) > 0 {
			b.WriteString(" | ")
		}
		for _, d := range list {
			switch d.Op {
			case "same":
				b.WriteString(d.Text)
			case "removed":
				b.WriteString("[-" + d.Text + "]")
			case "added":
				b.WriteString("[+" + d.Text + "]")
			}
		}
	}
	return b.String()
}

// revisionsOf returns the versions of a post as a user sees them.
func revisionsOf(t *testing.T, s *testsite.Site, user, post int) []string {
	t.Helper()
	res := s.Request(t, http.MethodGet, fmt.Sprintf("/v1/posts/%d/revisions", post), user)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the versions of post %d as %d: %s", post, user, testsite.Text(t, res))
	}
	list := testsite.Decode[revisionList](t, res)
	var texts []string
	for _, r := range list.Items {
		texts = append(texts, r.String())
	}
	if list.Total != len(texts) {
		t.Errorf("%d versions, and a total of %d", len(texts), list.Total)
	}
	return texts
}

// TestRevisions checks the list of a question's versions, each version, and what each caller sees of them.
func TestRevisions(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		question := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "ミツバチが巣箱に入るのはいつですか",
			"content": "私の電話番号は 090-1234-5678 です。", "tags": []string{"one", "two"}, "categoryId": 2})
		path := fmt.Sprintf("/v1/questions/%d", question)
		testsite.Same(t, "unedited", revisionsOf(t, s, testsite.Visitor, question),
			[]string{"1 haru  current"})
		s.Do(t, testsite.Haru, "PATCH", path, object{"title": "ミツバチが巣箱を出るのはいつですか",
			"tags": []string{"two", "three"}})
		testsite.Same(t, "edited", revisionsOf(t, s, testsite.Visitor, question), []string{
			"2 haru title,tags current | ミツバチが巣箱[-に入][+を出]るのはいつですか | [-one]two[+three]",
			"1 haru ",
		})
		s.Do(t, testsite.ModKenji, "PATCH", path, object{"content": "私の電話番号は秘密です。", "silent": true})
		s.Do(t, testsite.Haru, "PATCH", path, object{"content": "<p>私の番号は<b>秘密</b>です。</p>", "format": "html"})
		s.Do(t, testsite.ModKenji, "PUT", path+"/category", object{"categoryId": 3})
		all := []string{
			"5 mod_kenji category current",
			"4 haru content,format | 私の[-電話]番号は秘密です。",
			"3 mod_kenji content silent | 私の電話番号は[- 090-1234-5678 ][+秘密]です。",
			"2 haru title,tags | ミツバチが巣箱[-に入][+を出]るのはいつですか | [-one]two[+three]",
			"1 haru ",
		}
		fewer := []string{all[0], all[1], "3   at some time"}
		for user, want := range map[int][]string{testsite.Haru: all, testsite.ModKenji: all,
			testsite.Visitor: fewer, testsite.Lurker: fewer} {
			testsite.Same(t, fmt.Sprint("to user ", user), revisionsOf(t, s, user, question), want)
		}
		get := func(user, number int) (int, revision) {
			t.Helper()
			res := s.Request(t, http.MethodGet,
				fmt.Sprintf("/v1/posts/%d/revisions/%d", question, number), user)
			if res.StatusCode != http.StatusOK {
				return res.StatusCode, revision{}
			}
			return res.StatusCode, testsite.Decode[revision](t, res)
		}
		status, first := get(testsite.ModKenji, 1)
		if status != 200 || first.Title != "ミツバチが巣箱に入るのはいつですか" || first.Format != "plain" ||
			!strings.Contains(first.HTML, "090-1234-5678") || len(first.Tags) != 2 || first.Category.ID != 2 {
			t.Errorf("the first one: %d %+v", status, first)
		}
		if status, r := get(testsite.Lurker, 4); status != 200 || r.Format != "html" ||
			r.String() != all[1] || !strings.Contains(r.HTML, "<b>秘密</b>") || r.Category.ID != 2 {
			t.Errorf("the fourth one: %d %+v", status, r)
		}
		for _, number := range []int{1, 2, 6} {
			if status, _ := get(testsite.Lurker, number); status != http.StatusNotFound {
				t.Errorf("version %d as a member: %d", number, status)
			}
		}

		// Pages, by cursors and by numbers.
		page := func(query string) (numbers []int, next string) {
			t.Helper()
			list := testsite.Decode[revisionList](t, s.Request(t, http.MethodGet,
				fmt.Sprintf("/v1/posts/%d/revisions?%s", question, query), testsite.ModKenji))
			for _, r := range list.Items {
				numbers = append(numbers, r.Number)
			}
			return numbers, list.NextCursor
		}
		numbers, next := page("limit=2")
		testsite.Same(t, "first page", numbers, []int{5, 4})
		s.Do(t, testsite.Haru, "PATCH", path, object{"content": "Meanwhile edited again."})
		numbers, next = page("limit=2&cursor=" + next)
		testsite.Same(t, "second page", numbers, []int{3, 2})
		numbers, next = page("limit=2&cursor=" + next)
		testsite.Same(t, "last page", numbers, []int{1})
		if next != "" {
			t.Errorf("a page after the last one: %s", next)
		}
		numbers, _ = page("limit=4&page=2")
		testsite.Same(t, "by number", numbers, []int{2, 1})
		numbers, _ = page("limit=4&page=9")
		testsite.Same(t, "beyond the last one", numbers, []int(nil))

		// Whoever may not see the post sees none of its versions.
		refused := func(user, status int, code string) {
			t.Helper()
			for _, below := range []string{"", "/4"} {
				got, body, _ := s.Try(t, user, "GET", fmt.Sprintf("/v1/posts/%d/revisions%s", question, below),
					nil)
				if got != status || body["code"] != code {
					t.Errorf("revisions%s as %d: %d %v", below, user, got, body)
				}
			}
		}
		s.Hide(t, question)
		refused(testsite.Visitor, 403, "hidden")
		refused(testsite.Lurker, 403, "hidden")
		if n := len(revisionsOf(t, s, testsite.Haru, question)); n != 6 {
			t.Errorf("the author of the hidden post sees %d versions", n)
		}
		s.Alter(t, "UPDATE {posts} SET type = 'Q_QUEUED' WHERE postid = ?", question)
		refused(testsite.Visitor, 404, "not_found")
		if n := len(revisionsOf(t, s, testsite.Haru, question)); n != 6 {
			t.Errorf("the author of the queued post sees %d versions", n)
		}
	})
}

// TestRevisionsOfReplies checks the versions of an answer and a comment.
func TestRevisionsOfReplies(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		answer := s.Answer(t, testsite.Lurker, 1)
		comment := s.Do(t, testsite.Lurker, "POST", fmt.Sprintf("/v1/posts/%d/comments", answer),
			object{"content": "養蜂はとても楽しいですよね。"})
		for path, post := range map[string]int{"answers": answer, "comments": comment} {
			s.Do(t, testsite.ModKenji, "PATCH", fmt.Sprintf("/v1/%s/%d", path, post),
				object{"content": "養蜂はとても楽しかったですよね。"})
		}
		testsite.Same(t, "the answer's", revisionsOf(t, s, testsite.Visitor, answer), []string{
			"2 mod_kenji content current | [-An answer to question 1 by user 17.][+養蜂はとても楽しかったですよね。]",
			"1 lurker ",
		})
		testsite.Same(t, "the comment's", revisionsOf(t, s, testsite.Visitor, comment), []string{
			"2 mod_kenji content current | 養蜂はとても楽し[-い][+かった]ですよね。", "1 lurker ",
		})
		// An answer that becomes a comment keeps them.
		s.Do(t, testsite.ModKenji, "POST", fmt.Sprintf("/v1/answers/%d/comment", answer),
			object{"content": "養蜂はとても楽しかったです。"})
		if n := len(revisionsOf(t, s, testsite.Visitor, answer)); n != 3 {
			t.Errorf("as a comment it has %d versions", n)
		}
		// What is gone for good has none, whichever side deleted it.
		s.Alter(t, "DELETE FROM {posts} WHERE postid = ?", comment)
		s.Alter(t, "UPDATE {q2ab_revisions} SET postid = postid + 1000 WHERE postid = ?", answer)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_revisions}"); n != 5 {
			t.Errorf("%d versions", n)
		}
		s.Do(t, testsite.Lurker, "PATCH", fmt.Sprintf("/v1/comments/%d", answer), object{"content": "These are the last words."})
		testsite.RunJob(t, s.App, "versions")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_revisions}"); n != 2 {
			t.Errorf("%d versions after the job", n)
		}
	})
}

// editHistoryTable is the table of the plugin Edit History, as its version 1.5 makes it, without its keys.
var editHistoryTable = strings.ReplaceAll(`CREATE TABLE '{edit_history}' (
  'id' int(10) unsigned NOT NULL AUTO_INCREMENT,
  'postid' int(10) unsigned NOT NULL,
  'updated' datetime NOT NULL,
  'title' varchar(800) DEFAULT NULL,
  'content' varchar(12000) DEFAULT NULL,
  'tags' varchar(800) DEFAULT NULL,
  'userid' int(10) unsigned DEFAULT NULL,
  'reason' varchar(800) DEFAULT NULL,
  PRIMARY KEY ('id')
) ENGINE=InnoDB DEFAULT CHARSET=utf8`, "'", "`")

// TestRevisionsOfThePlugin checks that the versions of the plugin Edit History are shown, before and after
// edits here, that its option says who sees them, and that its table is only read.
func TestRevisionsOfThePlugin(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(startOfVersions, 0)
		s := testsite.New(t, db, testsite.At(&now))
		if err := s.App.DB.CreateTable(t.Context(), editHistoryTable); err != nil {
			t.Fatal(err)
		}
		answer := s.Answer(t, testsite.Lurker, 1)
		for i, content := range []string{"First content.", "Second content."} {
			s.Alter(t, `INSERT INTO {edit_history} (postid, updated, title, content, tags, userid)
				VALUES (?, FROM_UNIXTIME(?), NULL, ?, NULL, ?)`, answer, startOfVersions+100*(i+1), content,
				3+i)
		}
		s.Alter(t, `UPDATE {posts}
			SET content = 'Third content.', updated = FROM_UNIXTIME(?), updatetype = 'E', lastuserid = 4
			WHERE postid = ?`, startOfVersions+200, answer)
		old := []string{
			"3 editor_yuki content current | [-Second][+Third] content.",
			"2 mod_kenji content | [-First][+Second] content.",
			"1 lurker ",
		}
		testsite.Same(t, "the plugin's", revisionsOf(t, s, testsite.Visitor, answer), old)
		path := fmt.Sprintf("/v1/answers/%d", answer)
		now = now.Add(300 * time.Second)
		s.Do(t, testsite.Lurker, "PATCH", path, object{"content": "Fourth content."})
		old[0] = strings.Replace(old[0], " current", "", 1)
		testsite.Same(t, "and one of ours", revisionsOf(t, s, testsite.Visitor, answer),
			append([]string{"4 lurker content current | [-Third][+Fourth] content."}, old...))
		now = now.Add(300 * time.Second)
		s.Do(t, testsite.Lurker, "POST", fmt.Sprintf("/v1/posts/%d/revisions/1/restore", answer), object{})
		testsite.Same(t, "and the first one again", revisionsOf(t, s, testsite.Visitor, answer)[0],
			"5 lurker content current | [-Fourth][+First] content.")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {edit_history}"); n != 2 {
			t.Errorf("the plugin's table has %d rows", n)
		}

		s.SetOptions(t, map[string]string{"edit_history_view_perms": "70"}) // editors
		time.Sleep(1100 * time.Millisecond)                                 // options are kept for a second
		for user, want := range map[int]string{testsite.Visitor: "login_required",
			testsite.Lurker: "permission_level", testsite.EditorYuki: ""} {
			status, body, _ := s.Try(t, user, "GET", fmt.Sprintf("/v1/posts/%d/revisions", answer), nil)
			if code, _ := body["code"].(string); code != want || (status == http.StatusOK) != (want == "") {
				t.Errorf("the versions as %d: %d %v", user, status, body)
			}
			res := s.Request(t, http.MethodGet, path+"?include=permissions", user)
			can := testsite.Decode[struct{ Can map[string]bool }](t, res).Can
			if can["seeRevisions"] != (want == "") || can["restore"] != (want == "" && can["edit"]) {
				t.Errorf("can as %d: %v", user, can)
			}
		}
	})
}

// TestRestore checks that a version comes back by the rules and with the rows of an edit.
func TestRestore(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		first := object{"title": "The first of all titles", "content": "<p>First <b>content</b>.</p>",
			"format": "html", "tags": []string{"one"}, "categoryId": 2}
		second := object{"title": "The second of all titles", "content": "Second content.",
			"format": "plain", "tags": []string{"two"}, "categoryId": 3}
		// On two copies of the site the same happens, except that one edits and the other restores.
		var s *testsite.Site
		var question int
		var path, on string
		var rows [2][]string
		for i := range rows {
			now := time.Unix(startOfVersions, 0)
			s = testsite.New(t, db, testsite.At(&now))
			question = s.Do(t, testsite.Haru, "POST", "/v1/questions", first)
			path = fmt.Sprintf("/v1/questions/%d", question)
			on = fmt.Sprintf("/v1/posts/%d/revisions/1/restore", question)
			now = now.Add(time.Minute)
			s.Do(t, testsite.Haru, "PATCH", path, second)
			now = now.Add(time.Minute)
			before := testsite.ReadTables(t, s.App.DB)
			if i == 0 {
				s.Do(t, testsite.EditorYuki, "PATCH", path, first)
			} else {
				s.Do(t, testsite.EditorYuki, "POST", on, object{})
			}
			rows[i] = testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB)))
		}
		if len(rows[0]) < 10 {
			t.Errorf("an edit changes %v", rows[0])
		}
		testsite.Same(t, "the rows of what was restored", rows[1], rows[0])
		if list := revisionsOf(t, s, testsite.Visitor, question); list[0] !=
			"3 editor_yuki title,content,format,tags,category current | The [-second][+first] of all titles"+
				" | [-Second][+First] content. | [-two][+one]" {
			t.Errorf("the versions: %s", strings.Join(list, "\n"))
		}

		// It is for those who may edit, and refused like an edit.
		for _, c := range []struct {
			user, status int
			path, code   string
		}{
			{testsite.Visitor, 403, on, "login_required"},
			{testsite.Lurker, 403, on, "permission_level"},
			{testsite.Haru, 404, fmt.Sprintf("/v1/posts/%d/revisions/99/restore", question), "not_found"},
			{testsite.Haru, 404, "/v1/posts/999999/revisions/1/restore", "not_found"},
			{testsite.Lurker, 403, "/v1/posts/255/revisions/1/restore", "hidden"},
		} {
			status, body, _ := s.Try(t, c.user, "POST", c.path, object{})
			if status != c.status || body["code"] != c.code {
				t.Errorf("%s as %d: %d %v", c.path, c.user, status, body)
			}
		}
		status, body, _ := s.Try(t, testsite.Haru, "POST", on, object{"silent": true})
		if status != http.StatusForbidden || body["code"] != "permission_level" {
			t.Errorf("silently: %d %v", status, body)
		}
		status, _, _ = s.Try(t, testsite.Haru, "POST", on, object{}, "If-Match", `"other.tag"`)
		if status != http.StatusPreconditionFailed {
			t.Errorf("meant for another version: %d", status)
		}
		// What the caller does not see does not come back.
		s.Do(t, testsite.ModKenji, "PATCH", path, object{"content": "Taken away.", "silent": true})
		s.Alter(t, "UPDATE {posts} SET userid = ? WHERE postid = ?", testsite.Taro, question)
		s.SetOptions(t, map[string]string{"permit_edit_q": "120", "permit_retag_cat": "120"})
		time.Sleep(1100 * time.Millisecond)
		status, body, _ = s.Try(t, testsite.Lurker, "POST", on, object{})
		if status != http.StatusNotFound {
			t.Errorf("what was taken away: %d %v", status, body)
		}
		s.Do(t, testsite.ModKenji, "POST", on, object{})
	})
}

// TestCostOfRevisions checks how many statements the list takes, however many versions there are.
func TestCostOfRevisions(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		answer := s.Answer(t, testsite.Haru, 1)
		path := fmt.Sprintf("/v1/posts/%d/revisions", answer)
		s.Statements(t, path) // looks for the plugin's table
		var few int
		for round := range 3 {
			for i := range 5 {
				user := []int{testsite.Haru, testsite.ModKenji, testsite.EditorYuki}[i%3]
				s.Do(t, user, "PATCH", fmt.Sprintf("/v1/answers/%d", answer),
					object{"content": fmt.Sprintf("This is the content number %d of round %d.", i, round)})
			}
			queries := s.Statements(t, path)
			if few == 0 {
				few = len(queries)
			}
			if len(queries) > few || len(queries) > 5 {
				t.Errorf("%d statements:\n%s", len(queries), strings.Join(queries, "\n"))
			}
		}
	})
}
