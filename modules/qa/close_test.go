package qa_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestWrongClosures checks which closures of a question are refused because of what was sent, because the
// question is closed already, or because the caller may not close or reopen it.
func TestWrongClosures(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {posts} SET type = 'Q_HIDDEN' WHERE postid = 27"))
	for _, c := range []struct {
		name string
		body object
		want string
	}{
		{"neither", object{}, "note: required"},
		{"a blank note", object{"note": " \n "}, "note: required"},
		{"both", object{"note": "Why.", "duplicateOf": 14}, "note: not_combinable"},
		{"a note that is too long", object{"note": strings.Repeat("長", 12001)}, "note: too_long"},
		{"itself", object{"duplicateOf": 1}, "duplicateOf: itself"},
		{"no post", object{"duplicateOf": 999999}, "duplicateOf: no_question"},
		{"an answer", object{"duplicateOf": 16}, "duplicateOf: no_question"},
		{"a hidden question", object{"duplicateOf": 27}, "duplicateOf: no_question"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, _ := s.Try(t, testsite.EditorYuki, "PUT", "/v1/questions/1/closure", c.body)
			if status != http.StatusUnprocessableEntity || fieldOf(body) != c.want {
				t.Errorf("%d %s, want %q", status, fieldOf(body), c.want)
			}
		})
	}
	refusal := func(user int, method string, want string) {
		t.Helper()
		status, body, _ := s.Try(t, user, method, "/v1/questions/1/closure",
			map[string]any{"PUT": object{"duplicateOf": 14}}[method])
		if status != http.StatusForbidden || body["code"] != want {
			t.Errorf("%s by %d: %d %v, want %s", method, user, status, body, want)
		}
	}
	refusal(testsite.Lurker, "PUT", "permission_level")
	if n := eventCount(t, s); n != 0 {
		t.Errorf("%d events of what was refused", n)
	}
	s.Do(t, testsite.EditorYuki, "PUT", "/v1/questions/1/closure", object{"note": strings.Repeat("長", 12000)})
	refusal(testsite.EditorYuki, "PUT", "closed")
	refusal(testsite.Lurker, "DELETE", "permission_level")
	refusal(testsite.Taro, "DELETE", "permission_level") // an editor closed it
}

// TestReopening checks that reopening a question deletes its closing note, but not the question of which it
// was a duplicate, and that it changes nothing if the question is open or closed by its selected answer.
func TestReopening(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, setting("do_close_on_select", "1"),
			testsite.After("UPDATE {posts} SET selchildid = 16 WHERE postid = 14"))
		closing := func(id int) int {
			return s.Scalar(t, "SELECT COALESCE(closedbyid, 0) FROM {posts} WHERE postid = ?", id)
		}
		exists := func(id int) bool {
			return s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE postid = ?", id) == 1
		}
		const path = "/v1/questions/1/closure"
		s.Do(t, testsite.EditorYuki, "PUT", path, object{"note": "Closed with a note."})
		note := closing(1)
		if note == 0 || !exists(note) {
			t.Fatalf("closed by %d", note)
		}
		s.Do(t, testsite.EditorYuki, "DELETE", path, nil)
		if closing(1) != 0 || exists(note) {
			t.Error("the question or its note is still there")
		}
		s.Do(t, testsite.EditorYuki, "PUT", path, object{"duplicateOf": 27})
		s.Do(t, testsite.EditorYuki, "DELETE", path, nil)
		if closing(1) != 0 || !exists(27) {
			t.Error("still closed, or the original is gone")
		}
		closed, reopened := published(t, s, "q_close"), published(t, s, "q_reopen")
		if closed != 2 || reopened != 2 {
			t.Errorf("closed %d and reopened %d times", closed, reopened)
		}
		before := testsite.ReadTables(t, s.App.DB)
		s.Do(t, testsite.Lurker, "DELETE", path, nil)                       // it is open
		s.Do(t, testsite.Lurker, "DELETE", "/v1/questions/14/closure", nil) // its best answer closes it
		if d := testsite.Describe(nil, before.Diff(testsite.ReadTables(t, s.App.DB))); len(d) > 0 {
			t.Errorf("what is not closed was changed:\n%s", strings.Join(d, "\n"))
		}
	})
}

// TestWrongSelections checks that only a visible answer to the question can be selected as its best answer.
func TestWrongSelections(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {posts} SET type = 'A_HIDDEN' WHERE postid = 4"))
	for name, id := range map[string]int{
		"no post": 999999, "the question": 1, "a comment": 2, "an answer to another": 16,
		"a hidden answer": 4,
	} {
		t.Run(name, func(t *testing.T) {
			status, body, _ := s.Try(t, testsite.Taro, "PUT", "/v1/questions/1/selected-answer",
				object{"answerId": id})
			if status != http.StatusUnprocessableEntity || fieldOf(body) != "answerId: no_answer_here" {
				t.Errorf("%d %v", status, body)
			}
		})
	}
	if n := eventCount(t, s); n != 0 {
		t.Errorf("%d events of what was refused", n)
	}
}

// TestSelections checks what is stored and reported when an answer is selected, when another one is, and when
// the selection is taken back, on sites where a selection closes the question and on sites where it does not.
func TestSelections(t *testing.T) {
	t.Parallel()
	for _, closes := range []string{"0", "1"} {
		t.Run("closes "+closes, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, setting("do_close_on_select", closes))
			told := func() string {
				return fmt.Sprint(published(t, s, "a_select"), published(t, s, "a_unselect"),
					published(t, s, "q_close"), published(t, s, "q_reopen"))
			}
			what := func(id int) string {
				var what string
				if _, err := s.App.DB.Get(t.Context(), []any{&what},
					"SELECT COALESCE(updatetype, '') FROM {posts} WHERE postid = ?", id); err != nil {
					t.Fatal(err)
				}
				return what
			}
			for _, step := range []struct {
				name          string
				call          call
				open, closing string // the numbers of events so far, without and with closing
				selected      int
				of3, of4      string // the last changes of both answers
			}{
				{"none is taken back", call{"DELETE", "", nil}, "0 0 0 0", "0 0 0 0", 0, "", ""},
				{"chosen", call{"PUT", "", object{"answerId": 3}}, "1 0 0 0", "1 0 1 0", 3, "S", ""},
				{"chosen again", call{"PUT", "", object{"answerId": 3}}, "1 0 0 0", "1 0 1 0", 3, "S", ""},
				{"another is chosen", call{"PUT", "", object{"answerId": 4}}, "2 1 0 0", "2 1 1 1", 4, "", "S"},
				{"taken back", call{"DELETE", "", nil}, "2 2 0 0", "2 2 1 2", 0, "", ""},
				{"taken back again", call{"DELETE", "", nil}, "2 2 0 0", "2 2 1 2", 0, "", ""},
			} {
				s.Exec(t, "UPDATE {posts} SET updatetype = NULL WHERE postid = 1")
				before := told()
				s.Do(t, testsite.Taro, step.call.method, "/v1/questions/1/selected-answer", step.call.body)
				if changed := what(1) == "C"; changed != (closes == "1" && told() != before) {
					t.Errorf("%s: the question has changed: %v", step.name, changed)
				}
				want := step.open
				if closes == "1" {
					want = step.closing
				}
				if got := told(); got != want {
					t.Errorf("%s: selected, unselected, closed, reopened %s times, want %s",
						step.name, got, want)
				}
				if got := s.Scalar(t,
					"SELECT COALESCE(selchildid, 0) FROM {posts} WHERE postid = 1"); got != step.selected {
					t.Errorf("%s: answer %d is selected, want %d", step.name, got, step.selected)
				}
				if of3, of4 := what(3), what(4); of3 != step.of3 || of4 != step.of4 {
					t.Errorf("%s: the last changes are %q and %q, want %q and %q", step.name, of3, of4,
						step.of3, step.of4)
				}
			}
		})
	}
}

// TestVisitorsSelections checks that an answer does not record its selection as its last change if a visitor
// selected it, as on the old site, but does so if a user selected it.
func TestVisitorsSelections(t *testing.T) {
	t.Parallel()
	const cookie = "11324905831065051617"
	s := testsite.New(t, testsite.After(anonymous,
		"UPDATE {posts} SET updated = NULL, updatetype = NULL WHERE postid IN (3, 4)"))
	changed := func(id int) bool {
		return s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE postid = ? AND updatetype = 'S'", id) > 0
	}
	s.Do(t, testsite.Visitor, "PUT", "/v1/questions/1/selected-answer", object{"answerId": 3},
		testsite.AsBrowser(cookie)...)
	if best := s.Scalar(t, "SELECT selchildid FROM {posts} WHERE postid = 1"); best != 3 || changed(3) {
		t.Errorf("answer %d is chosen, and says so: %v", best, changed(3))
	}
	s.Do(t, testsite.Superbee, "PUT", "/v1/questions/1/selected-answer", object{"answerId": 4})
	if !changed(4) {
		t.Error("an answer that a user chose does not say so")
	}
}
