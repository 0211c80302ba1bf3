package qa_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// setting returns the option of a test site that sets options of Q2A, given as names and values in turn.
func setting(options ...string) testsite.Option {
	var statements []string
	for i := 0; i+1 < len(options); i += 2 {
		statements = append(statements, fmt.Sprintf(
			"REPLACE INTO {options} (title, content) VALUES ('%s', '%s')", options[i], options[i+1]))
	}
	return testsite.After(statements...)
}

// fieldOf returns the field and the code of the only wrong field that a response names, as "field: code".
func fieldOf(body object) string {
	fields, _ := body["errors"].([]any)
	if len(fields) != 1 {
		return fmt.Sprint(body["code"], fields)
	}
	field, _ := fields[0].(object)
	return fmt.Sprintf("%v: %v", field["field"], field["code"])
}

// published returns how many events of the name were published.
func published(t *testing.T, s *testsite.Site, name string) int {
	t.Helper()
	return s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_outbox} WHERE name = ?", name)
}

// TestFieldsNeedTheirPermission checks that editing tags and category needs one permission and editing
// anything else another one, which an edit that changes nothing needs as well.
func TestFieldsNeedTheirPermission(t *testing.T) {
	t.Parallel()
	text := []object{
		{}, {"title": "Another title of this question"}, {"content": "Another text of this question."},
		{"extra": "more"}, {"notify": true}, {"email": "a@example.jp"}, {"name": "Anybody"},
	}
	labels := []object{{"tags": []string{"honey", "wax"}}, {"categoryId": 6}}
	both := []object{{"name": "Anybody", "categoryId": 5}}
	for _, field := range text[1:] {
		with := maps.Clone(field)
		with["tags"] = []string{"bees"}
		both = append(both, with)
	}
	for _, c := range []struct {
		name             string
		options          testsite.Option
		allowed, refused []object
	}{
		{"who may change tags and category alone", setting("permit_edit_q", "40", "permit_retag_cat", "70"), labels, slices.Concat(text, both)},
		{"who may edit alone", setting("permit_edit_q", "70", "permit_retag_cat", "40"), text, slices.Concat(labels, both)},
		{"who may both", setting("permit_edit_q", "70", "permit_retag_cat", "70"), slices.Concat(text, labels, both), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, c.options, setting("extra_field_active", "1"))
			for _, body := range c.refused {
				status, got, _ := s.Try(t, testsite.EditorYuki, "PATCH", "/v1/questions/1", body)
				if status != http.StatusForbidden || got["code"] != "permission_level" {
					t.Errorf("%v: %d %v", body, status, got)
				}
			}
			if n := eventCount(t, s); n > 0 {
				t.Errorf("%d events of what was refused", n)
			}
			for _, body := range c.allowed {
				status, got, _ := s.Try(t, testsite.EditorYuki, "PATCH", "/v1/questions/1", body)
				if status != http.StatusOK {
					t.Errorf("%v: %d %v", body, status, got)
				}
			}
		})
	}
}

// TestWrongFieldsOfEdits checks for which field an edit is refused, and with which code. An edit is accepted
// where the expected refusal is "".
func TestWrongFieldsOfEdits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		option testsite.Option
		user   int
		body   object
		want   string
	}{
		{"the longest extra", setting("extra_field_active", "1"), testsite.Taro, object{"extra": strings.Repeat("長", 8000)}, ""},
		{"a longer extra", setting("extra_field_active", "1"), testsite.Taro, object{"extra": strings.Repeat("長", 8001)}, "extra: too_long"},
		{"the longest name", setting(), testsite.Taro, object{"name": strings.Repeat("長", 40)}, ""},
		{"a longer name", setting(), testsite.Taro, object{"name": strings.Repeat("長", 41)}, "name: too_long"},
		{"no address", setting(), testsite.Taro, object{"notify": true, "email": "nobody"}, "email: bad_email"},
		{"an address that is not used", setting(), testsite.Taro, object{"notify": false, "email": "nobody"}, ""},
		{"an old title that is too short by now", setting("min_len_q_title", "200"), testsite.Taro, object{"content": "Another text of it."}, "title: too_short"},
		{"tags, where there are none", setting("tags_or_categories", "c"), testsite.Taro, object{"tags": []string{"honey"}}, "tags: too_many"},
		{"too many tags", setting("max_num_q_tags", "2"), testsite.Taro, object{"tags": []string{"a", "b", "c"}}, "tags: too_many"},
		{"too many tags, by who may not edit", setting("max_num_q_tags", "2", "permit_edit_q", "0", "permit_retag_cat", "70"), testsite.EditorYuki,
			object{"tags": []string{"a", "b", "c"}}, "tags: too_many"},
		{"no such category", setting(), testsite.Taro, object{"categoryId": 999}, "categoryId: no_category"},
		{"a category, where there are none", setting("tags_or_categories", "t"), testsite.Taro, object{"categoryId": 6}, "categoryId: no_category"},
		{"no category", setting("allow_no_category", "0"), testsite.Taro, object{"categoryId": 0}, "categoryId: required"},
		{"no category, which is allowed", setting("allow_no_category", "1"), testsite.Taro, object{"categoryId": 0}, ""},
		{"no category, where there are none", setting("allow_no_category", "0", "tags_or_categories", "t"), testsite.Taro, object{"categoryId": 0}, ""},
		{"where the caller may not ask", setting("permit_post_q", "70", "permit_retag_cat", "150"), testsite.Lurker, object{"categoryId": 6}, "categoryId: not_allowed_category"},
		{"where it is already", setting("permit_post_q", "70", "permit_retag_cat", "150"), testsite.Lurker, object{"categoryId": 3}, ""},
		{"below a category of which the caller is an editor", setting("permit_post_q", "70", "permit_retag_cat", "150"), testsite.CatExpert, object{"categoryId": 4}, ""},
		{"beside that category", setting("permit_post_q", "70", "permit_retag_cat", "150"), testsite.CatExpert, object{"categoryId": 6}, "categoryId: not_allowed_category"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, c.option)
			before := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_outbox}")
			status, body, _ := s.Try(t, c.user, "PATCH", "/v1/questions/1", c.body)
			switch {
			case c.want == "" && status == http.StatusOK:
			case c.want == "" || status != http.StatusUnprocessableEntity || fieldOf(body) != c.want:
				t.Errorf("%d %s, want %q", status, fieldOf(body), c.want)
			case eventCount(t, s) != before:
				t.Error("refused and done")
			}
		})
	}
}

// TestEditsAreApprovedAgain checks that, if the site has edits approved again, an edit by a user whose posts
// have to be approved queues the post until somebody has approved it.
func TestEditsAreApprovedAgain(t *testing.T) {
	t.Parallel()
	again, never := setting("moderate_edited_again", "1"), setting("moderate_edited_again", "0")
	everybody := setting("moderate_by_points", "1", "moderate_points_limit", "1000000",
		"permit_moderate", "40")
	content := object{"content": "A text that says something else than before."}
	silent := object{"content": content["content"], "silent": true}
	title := object{"title": "A title that says something else"}
	const q, a, c = "/v1/questions/1", "/v1/answers/3", "/v1/comments/2"
	for _, x := range []struct {
		name    string
		user    int
		path    string
		body    object
		options []testsite.Option
		state   string
	}{
		{"a question", testsite.Taro, q, content, []testsite.Option{again, everybody}, "queued"},
		{"a question's title", testsite.Taro, q, title, []testsite.Option{again, everybody}, "queued"},
		{"a question's tags", testsite.Taro, q, object{"tags": []string{"honey"}}, []testsite.Option{again, everybody}, "queued"},
		{"an answer", testsite.Jose, a, content, []testsite.Option{again, everybody}, "queued"},
		{"a comment", testsite.Nihonmitsubachi, c, content, []testsite.Option{again, everybody}, "queued"},
		{"a question, where edits are not approved", testsite.Taro, q, content, []testsite.Option{never, everybody}, "visible"},
		{"an answer, where edits are not approved", testsite.Jose, a, content, []testsite.Option{never, everybody}, "visible"},
		{"a question, where members are trusted", testsite.Taro, q, content, []testsite.Option{again}, "visible"},
		{"an answer, where members are trusted", testsite.Jose, a, content, []testsite.Option{again}, "visible"},
		{"a question, by the moderator", testsite.ModKenji, q, content, []testsite.Option{again, everybody}, "visible"},
		{"a question that does not change", testsite.Taro, q, object{}, []testsite.Option{again, everybody}, "visible"},
		{"an answer that does not change", testsite.Jose, a, object{}, []testsite.Option{again, everybody}, "visible"},
		{"a question, silently", testsite.Taro, q, silent, []testsite.Option{again, everybody, setting("permit_edit_silent", "150")}, "visible"},
		{"an answer, silently", testsite.Jose, a, silent, []testsite.Option{again, everybody, setting("permit_edit_silent", "150")}, "visible"},
		{"a question that waits already", testsite.Taro, q, content, []testsite.Option{again, everybody, testsite.After(state("_QUEUED", "1"))}, "waits"},
		{"an answer that waits already", testsite.Jose, a, content, []testsite.Option{again, everybody, testsite.After(state("_QUEUED", "3"))}, "waits"},
		// A level in the question's category counts only if the caller may change tags and category.
		{"by an editor of the category", testsite.CatExpert, q, title, []testsite.Option{again, everybody, setting("permit_edit_q", "150", "permit_retag_cat", "150")}, "visible"},
		{"by an editor of the category who may not change it", testsite.CatExpert, q, title,
			[]testsite.Option{again, everybody, setting("permit_edit_q", "150", "permit_retag_cat", "0")}, "queued"},
		{"by an editor of the category, where there are none", testsite.CatExpert, q, title,
			[]testsite.Option{again, everybody, setting("permit_edit_q", "150", "permit_retag_cat", "150", "tags_or_categories", "t")}, "queued"},
		{"by an expert who may not change the category", testsite.ExpertSato, q, title,
			[]testsite.Option{again, everybody, setting("permit_edit_q", "150", "permit_retag_cat", "0")}, "visible"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, append(x.options, setting("cache_flaggedcount", "10"),
				testsite.After("UPDATE {posts} SET flagcount = 2 WHERE postid IN (1, 2, 3)"))...)
			status, body, _ := s.Try(t, x.user, "PATCH", x.path, x.body)
			// The response has the post even if the caller may not see it any more.
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, body)
			}
			if x.state == "queued" && body["state"] != "queued" {
				t.Errorf("the response says that the post is %v", body["state"])
			}
			var kind, letter string
			id := map[string]int{q: 1, a: 3, c: 2}[x.path]
			if _, err := s.App.DB.Get(t.Context(), []any{&kind},
				"SELECT type FROM {posts} WHERE postid = ?", id); err != nil {
				t.Fatal(err)
			}
			letter = strings.ToLower(kind[:1])
			queued := strings.HasSuffix(kind, "_QUEUED")
			if queued != (x.state != "visible") {
				t.Errorf("the post is %s, want %s", kind, x.state)
			}
			requeued, flags := 0, 10
			if x.state == "queued" {
				requeued, flags = 1, 8
			}
			if n := published(t, s, letter+"_requeue"); n != requeued {
				t.Errorf("%d times reported as queued again, want %d", n, requeued)
			}
			if n := published(t, s, letter+"_edit"); n != 1 {
				t.Errorf("%d times reported as edited", n)
			}
			counted := s.Scalar(t,
				"SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = 'cache_flaggedcount'")
			if counted != flags {
				t.Errorf("%d flags on visible posts, want %d", counted, flags)
			}
		})
	}
}

// TestWhatAnEditRecords checks which kind of change a post records as its last one, and by which user. Silent
// edits and edits that change nothing are not recorded.
func TestWhatAnEditRecords(t *testing.T) {
	t.Parallel()
	title := object{"title": "A title that says something else"}
	content := object{"content": "A text that says something else."}
	for _, c := range []struct {
		name string
		call call
		what string
	}{
		{"the title", call{"PATCH", "/v1/questions/27", title}, "E"},
		{"the text", call{"PATCH", "/v1/questions/27", content}, "E"},
		{"tags", call{"PUT", "/v1/questions/27/tags", object{"tags": []string{"honey", "wax"}}}, "T"},
		{"title and tags", call{"PATCH", "/v1/questions/27", object{"title": title["title"], "tags": []string{"honey"}}}, "E"},
		{"the category", call{"PUT", "/v1/questions/27/category", object{"categoryId": 5}}, "A"},
		{"nothing", call{"PATCH", "/v1/questions/27", object{}}, ""},
		{"silently", call{"PATCH", "/v1/questions/27", object{"title": title["title"], "silent": true}}, ""},
		{"the category, silently", call{"PUT", "/v1/questions/27/category", object{"categoryId": 5, "silent": true}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t)
			s.Do(t, testsite.ModKenji, c.call.method, c.call.path, c.call.body)
			var what string
			var by int
			if _, err := s.App.DB.Get(t.Context(), []any{&what, &by},
				`SELECT COALESCE(updatetype, ''), COALESCE(lastuserid, 0)
					FROM {posts}
					WHERE postid = 27`); err != nil {
				t.Fatal(err)
			}
			who := testsite.ModKenji
			if c.what == "" {
				who = testsite.Visitor
			}
			if what != c.what || by != who {
				t.Errorf("%q by %d, want %q by %d", what, by, c.what, who)
			}
		})
	}
}

// TestSilentEditsNeedTheirPermission checks that a user who may edit a post needs one more permission to edit
// it without a trace.
func TestSilentEditsNeedTheirPermission(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, setting("permit_edit_silent", "40", "permit_edit_q", "70", "permit_edit_a", "70",
		"permit_edit_c", "70", "permit_retag_cat", "70"))
	content := object{"content": "A text that says something else than before.", "silent": true}
	for _, c := range []call{
		{"PATCH", "/v1/questions/1", content}, {"PATCH", "/v1/answers/3", content}, {"PATCH", "/v1/comments/2", content},
		{"PUT", "/v1/questions/1/tags", object{"tags": []string{"honey"}, "silent": true}},
		{"PUT", "/v1/questions/1/category", object{"categoryId": 6, "silent": true}},
		{"POST", "/v1/answers/3/comment", object{"silent": true}},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			status, body, _ := s.Try(t, testsite.EditorYuki, c.method, c.path, c.body)
			if status != http.StatusForbidden || body["code"] != "permission_level" {
				t.Errorf("by who may not: %d %v", status, body)
			}
			status, body, _ = s.Try(t, testsite.ModKenji, c.method, c.path, c.body)
			if status != http.StatusOK {
				t.Errorf("by who may: %d %v", status, body)
			}
		})
	}
}

// TestMoveTakesTheThreadAlong checks that a question which moves to another category takes along its answers,
// all comments and its closing note, but neither older notes nor the questions that follow from its answers.
// The answer from which a question follows does not move with that question.
func TestMoveTakesTheThreadAlong(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(`INSERT INTO {posts}
			(postid, type, parentid, categoryid, catidpath1, catidpath2, userid, created, format, content)
			VALUES (900, 'NOTE', 1, 3, 1, 2, 3, '2026-03-01 00:00:00', '', 'An older note.')`))
		comment := s.Do(t, testsite.Lurker, "POST", "/v1/posts/3/comments",
			object{"content": "A comment on the answer."})
		follow := s.Do(t, testsite.Lurker, "POST", "/v1/questions", object{
			"title": "Does this follow from that answer?", "content": "What is to be found out.",
			"categoryId": 8, "followsAnswerId": 3, "tags": []string{"honey"},
		})
		s.Do(t, testsite.EditorYuki, "PUT", "/v1/questions/1/closure",
			object{"note": "Closed, and to be moved."})
		note := s.Scalar(t, "SELECT closedbyid FROM {posts} WHERE postid = 1")
		s.Do(t, testsite.EditorYuki, "PUT", "/v1/questions/1/category", object{"categoryId": 6})
		s.Do(t, testsite.EditorYuki, "PUT", fmt.Sprintf("/v1/questions/%d/category", follow),
			object{"categoryId": 9})
		for id, want := range map[int]int{1: 6, 2: 6, 3: 6, comment: 6, note: 6, 900: 3, follow: 9} {
			if got := s.Scalar(t, "SELECT categoryid FROM {posts} WHERE postid = ?", id); got != want {
				t.Errorf("post %d is in category %d, want %d", id, got, want)
			}
		}
	})
}

// TestAuthorsDataInEdits checks that only authors can change whether they are notified of replies and, if
// they are anonymous and the site allows names, their name.
func TestAuthorsDataInEdits(t *testing.T) {
	t.Parallel()
	const cookie = "11324905831065051617" // of question 186
	naming, noNaming := setting("allow_anonymous_naming", "1"), setting("allow_anonymous_naming", "0")
	told := testsite.After("UPDATE {posts} SET notify = 'old@example.jp', name = 'Old' WHERE postid = 186")
	untold := testsite.After("UPDATE {posts} SET notify = NULL, name = 'Old' WHERE postid = 186")
	for _, c := range []struct {
		name    string
		options []testsite.Option
		user    int
		cookie  string
		body    object
		want    string // notify and name
	}{
		{"nothing is sent", []testsite.Option{told, naming}, testsite.Visitor, cookie, object{}, "old@example.jp Old"},
		{"told no more", []testsite.Option{told, naming}, testsite.Visitor, cookie, object{"notify": false}, " Old"},
		{"told elsewhere", []testsite.Option{told, naming}, testsite.Visitor, cookie, object{"email": "new@example.jp"}, "new@example.jp Old"},
		{"told from now on", []testsite.Option{untold, naming}, testsite.Visitor, cookie, object{"notify": true, "email": "new@example.jp"}, "new@example.jp Old"},
		{"an address without the wish", []testsite.Option{untold, naming}, testsite.Visitor, cookie, object{"email": "new@example.jp"}, " Old"},
		{"another name", []testsite.Option{told, naming}, testsite.Visitor, cookie, object{"name": " New name "}, "old@example.jp New name"},
		{"another name, where there are none", []testsite.Option{told, noNaming}, testsite.Visitor, cookie, object{"name": "New"}, "old@example.jp Old"},
		{"by another", []testsite.Option{told, naming}, testsite.ModKenji, "", object{"name": "New", "notify": false}, "old@example.jp Old"},
		{"by the author, who is a member", []testsite.Option{naming, testsite.After("UPDATE {posts} SET userid = 17, cookieid = NULL, notify = NULL, name = NULL WHERE postid = 186")},
			testsite.Lurker, "", object{"name": "New", "notify": true}, "@ "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, append(c.options, setting("permit_edit_q", "70"))...)
			s.Do(t, c.user, "PATCH", "/v1/questions/186", c.body, testsite.AsBrowser(c.cookie)...)
			var notify, name string
			if _, err := s.App.DB.Get(t.Context(), []any{&notify, &name},
				`SELECT COALESCE(notify, ''), COALESCE(name, '')
					FROM {posts}
					WHERE postid = 186`); err != nil {
				t.Fatal(err)
			}
			if got := notify + " " + name; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestAuthorsDataInEditedReplies checks that authors of answers and comments can change in an edit whether
// they are notified of replies, and that others cannot.
func TestAuthorsDataInEditedReplies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		user, id   int
		want       string
	}{
		{"the author of an answer", "/v1/answers/3", testsite.Jose, 3, "@"},
		{"another one in an answer", "/v1/answers/3", testsite.ModKenji, 3, ""},
		{"the author of a comment", "/v1/comments/2", testsite.Nihonmitsubachi, 2, "@"},
		{"another one in a comment", "/v1/comments/2", testsite.ModKenji, 2, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, testsite.After("UPDATE {posts} SET notify = NULL WHERE postid IN (2, 3)"))
			s.Do(t, c.user, "PATCH", c.path, object{"notify": true})
			var notify string
			_, err := s.App.DB.Get(t.Context(), []any{&notify},
				"SELECT COALESCE(notify, '') FROM {posts} WHERE postid = ?", c.id)
			if err != nil {
				t.Fatal(err)
			}
			if notify != c.want {
				t.Errorf("notify is %q, want %q", notify, c.want)
			}
		})
	}
}

// TestEditedRepliesAreFound checks that the word index finds an edited answer or comment by its new words,
// and no longer by its old ones.
func TestEditedRepliesAreFound(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	found := func(word string) int {
		return s.Scalar(t, `SELECT COUNT(*)
			FROM {contentwords} c
			JOIN {words} w ON w.wordid = c.wordid
			WHERE w.word = ?`, word)
	}
	for i, path := range []string{"/v1/answers/3", "/v1/comments/2"} {
		first, second := fmt.Sprintf("unheardof%d", i), fmt.Sprintf("unspoken%d", i)
		s.Do(t, testsite.ModKenji, "PATCH", path, object{"content": "A word is " + first + " here."})
		s.Do(t, testsite.ModKenji, "PATCH", path, object{"content": "A word is " + second + " here."})
		if found(first) != 0 || found(second) != 1 {
			t.Errorf("%s: the old word leads to %d posts, the new one to %d", path, found(first),
				found(second))
		}
	}
}

// TestWordsOfWhatIsNotShown checks that an edit of a queued post brings no words into the word index.
func TestWordsOfWhatIsNotShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		post string
		user int
		path string
	}{{"1", testsite.Taro, "/v1/questions/1"}, {"3", testsite.Jose, "/v1/answers/3"}} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, testsite.After(state("_QUEUED", c.post)))
			s.Do(t, c.user, "PATCH", c.path, object{"content": "A word is unindexed here."})
			if n := s.Scalar(t, "SELECT COUNT(*) FROM {words} WHERE word = 'unindexed'"); n != 0 {
				t.Error("its new word is in the index")
			}
		})
	}
}
