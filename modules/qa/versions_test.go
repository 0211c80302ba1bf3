package qa_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// keptVersions returns the versions of a post as they are kept, in their order: number, time after the
// clock's start, user, whether silent and withholding, title, content, tags and category.
func keptVersions(t *testing.T, s *testsite.Site, post int) (list []string) {
	t.Helper()
	err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
		var number, silent, withholds, category int
		var at int64
		var user sql.NullInt64
		var title, content, format, tags string
		err := rows.Scan(&number, &at, &user, &silent, &withholds, &title, &content, &format, &tags, &category)
		list = append(list, fmt.Sprintf("%d +%d %d %d%d %s|%s|%s|%s|%d", number, at-startOfVersions, user.Int64,
			silent, withholds, title, content, format, tags, category))
		return err
	}, `SELECT number, at, userid, silent, withholds, title, content, format, tags, categoryid
		FROM {q2ab_revisions}
		WHERE postid = ?
		ORDER BY number`, post)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

const startOfVersions = 1796126400

// TestVersionsAreKept checks which versions are kept of a question and an answer that are edited here and,
// in between, by the old site, with and without a trace.
func TestVersionsAreKept(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(startOfVersions, 0)
		s := testsite.New(t, db, testsite.At(&now))
		question := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "The first of all titles",
			"content": "First content.", "tags": []string{"one", "two"}, "categoryId": 2})
		answer := s.Answer(t, testsite.Lurker, question)
		path := fmt.Sprintf("/v1/questions/%d", question)
		edit := func(user int, path string, body object) {
			t.Helper()
			now = now.Add(10 * time.Second)
			s.Do(t, user, "PATCH", path, body)
		}
		if n := len(keptVersions(t, s, question)); n > 0 {
			t.Errorf("%d versions are kept of a post that was not edited", n)
		}
		edit(testsite.Haru, path, object{"notify": true})
		edit(testsite.Haru, path, object{"title": "The first of all titles"})
		if n := len(keptVersions(t, s, question)); n > 0 {
			t.Errorf("%d versions are kept of a post of which nothing changed", n)
		}
		edit(testsite.Haru, path, object{"title": "The second of all titles"})
		edit(testsite.ModKenji, path, object{"tags": []string{"three"}, "silent": true})
		edit(testsite.ModKenji, path, object{"categoryId": 3, "content": "<p>Second <b>content</b>.</p>",
			"format": "html"})
		// The old site edits it, with a trace, and then without one.
		s.Alter(t, `UPDATE {posts}
			SET title = 'The third of all titles', updated = FROM_UNIXTIME(?), updatetype = 'E', lastuserid = 4
			WHERE postid = ?`, startOfVersions+55, question)
		edit(testsite.Haru, path, object{"content": "Third content."})
		s.Alter(t, "UPDATE {posts} SET content = 'Silent content.' WHERE postid = ?", question)
		edit(testsite.Haru, path, object{"content": "Last content."})
		testsite.Same(t, "the question's versions", keptVersions(t, s, question), []string{
			"1 +0 16 00 The first of all titles|First content.||one,two|2",
			"2 +30 16 00 The second of all titles|First content.||one,two|2",
			"3 +40 3 11 The second of all titles|First content.||three|2",
			"4 +50 3 00 The second of all titles|<p>Second <b>content</b>.</p>|html|three|3",
			"5 +55 4 00 The third of all titles|<p>Second <b>content</b>.</p>|html|three|3",
			"6 +60 16 00 The third of all titles|Third content.||three|3",
			"7 +70 0 11 The third of all titles|Silent content.||three|3",
			"8 +70 16 00 The third of all titles|Last content.||three|3",
		})
		if kept := keptVersions(t, s, answer); len(kept) > 0 {
			t.Errorf("the answer only moved with its question, and has versions: %v", kept)
		}

		// What was flagged, hidden or queued when it was edited may not be seen by all any more.
		s.Do(t, testsite.Haru, "PUT", fmt.Sprintf("/v1/posts/%d/flag", answer), nil)
		path = fmt.Sprintf("/v1/answers/%d", answer)
		edit(testsite.Lurker, path, object{"content": "Edited by its author, and flagged."})
		edit(testsite.ModKenji, path, object{"content": "Edited by a moderator, and flagged."})
		s.Do(t, testsite.ModKenji, "DELETE", fmt.Sprintf("/v1/posts/%d/flags", answer), nil)
		edit(testsite.ModKenji, path, object{"content": "Edited by a moderator, and not flagged."})
		s.Alter(t, "UPDATE {posts} SET type = 'A_QUEUED' WHERE postid = ?", answer)
		edit(testsite.Lurker, path, object{"content": "Edited by its author, and queued."})
		kept := keptVersions(t, s, answer)
		for i := range kept {
			kept[i] = kept[i][:strings.Index(kept[i], "|")]
		}
		testsite.Same(t, "the answer's versions", kept, []string{
			"1 +0 17 00 ", "2 +80 17 00 ", "3 +90 3 01 ", "4 +100 3 00 ", "5 +110 17 01 ",
		})

		// The versions outlive their author's account, and go with the post.
		s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/haru", nil)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_revisions} WHERE userid = ?", testsite.Haru); n != 0 {
			t.Errorf("%d versions name a deleted account", n)
		}
		if n := len(keptVersions(t, s, question)); n != 8 {
			t.Errorf("%d versions after the account is gone", n)
		}
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/approval", answer),
			object{"approved": false})
		s.Do(t, testsite.ModKenji, "DELETE", path, nil)
		if kept := keptVersions(t, s, answer); len(kept) > 0 {
			t.Errorf("versions of a deleted post: %v", kept)
		}
	})
}

// TestVersionsAreBounded checks that a post keeps its first version and the newest ones.
func TestVersionsAreBounded(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		answer := s.Answer(t, testsite.Haru, 1)
		for i := range 104 {
			s.Do(t, testsite.Haru, "PATCH", fmt.Sprintf("/v1/answers/%d", answer),
				object{"content": fmt.Sprintf("This is the content number %d.", i+2)})
		}
		numbers := s.Numbers(t, "SELECT number FROM {q2ab_revisions} WHERE postid = ? ORDER BY number", answer)
		want := []int{1}
		for n := 7; n <= 105; n++ {
			want = append(want, n)
		}
		if !slices.Equal(numbers, want) {
			t.Errorf("kept: %v", numbers)
		}
		if n := s.Scalar(t, `SELECT COUNT(*)
			FROM {q2ab_revisions}
			WHERE postid = ? AND (number = 1 OR content = CONCAT('This is the content number ', number, '.'))`,
			answer); n != 100 {
			t.Errorf("%d versions have the contents of their numbers", n)
		}
	})
}

// TestCostOfVersions checks that keeping versions costs an edit one statement, and other writes none.
func TestCostOfVersions(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		about := func(user int, c call) int {
			t.Helper()
			testsite.Get[any](t, s, "/v1/questions/27")
			queries := writeStatements(t, s, c, user)
			return len(slices.DeleteFunc(queries, func(query string) bool {
				return !strings.Contains(query, "revisions")
			}))
		}
		for _, c := range []struct {
			what string
			call call
			want int
		}{
			{"edit", call{"PATCH", "/v1/questions/27", object{"content": "Edited, so that it has versions."}}, 1},
			{"next edit", call{"PATCH", "/v1/questions/27", object{"content": "Edited again."}}, 1},
			{"edit of nothing", call{"PATCH", "/v1/questions/27", object{"content": "Edited again."}}, 0},
			{"move", call{"PUT", "/v1/questions/27/category", object{"categoryId": 3}}, 1},
			{"vote", call{"PUT", "/v1/posts/27/vote", object{"value": 1}}, 0},
			{"answer", call{"POST", "/v1/questions/27/answers", object{"content": "What costs nothing more?"}}, 0},
			{"hide", call{"PUT", "/v1/posts/139/visibility", object{"hidden": true}}, 0},
		} {
			if n := about(testsite.ModKenji, c.call); n != c.want {
				t.Errorf("%s: %d statements about versions, want %d", c.what, n, c.want)
			}
		}
	})
}
