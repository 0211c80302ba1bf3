package moderation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// note is a note as the API shows it.
type note struct {
	ID      int
	Content string
	By      *struct{ Handle string }
}

// TestNotes checks that moderators read each other's notes about users and posts, who deletes them, and that
// the log of changes says that there were some, but not what they said.
func TestNotes(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		for _, path := range []string{"/v1/admin/users/16/notes", "/v1/admin/posts/1/notes"} {
			first := s.Do(t, testsite.ModKenji, "POST", path, object{"content": "  Writes at night. 🐝\r\nSee 27. "})
			second := s.Do(t, testsite.AdminHana, "POST", path, object{"content": "Warned."})
			list := testsite.GetAs[testsite.List[note]](t, s, path, testsite.ModKenji).Items
			if len(list) != 2 || list[0].ID != second || list[1].By == nil || list[1].By.Handle != "mod_kenji" ||
				!strings.HasPrefix(list[1].Content, "Writes at night.") || strings.Contains(list[1].Content, "\r") {
				t.Fatalf("%s: %+v", path, list)
			}
			for _, c := range []struct {
				name           string
				user, id, want int
			}{
				{"of another", testsite.ModKenji, second, http.StatusForbidden},
				{"that is not there", testsite.AdminHana, 99999, http.StatusNotFound},
				{"one's own", testsite.ModKenji, first, http.StatusNoContent},
				{"deleted already", testsite.ModKenji, first, http.StatusNotFound},
				{"by an administrator", testsite.Superbee, second, http.StatusNoContent},
			} {
				if got, body, _ := s.Try(t, c.user, "DELETE", fmt.Sprintf("%s/%d", path, c.id), nil); got != c.want {
					t.Errorf("delete %s: %d %v", c.name, got, body)
				}
			}
		}
		// A note is reached only through what it is about.
		other := s.Do(t, testsite.ModKenji, "POST", "/v1/admin/users/16/notes", object{"content": "A note."})
		for _, path := range []string{"/v1/admin/users/17/notes/%d", "/v1/admin/posts/16/notes/%d"} {
			if got, _, _ := s.Try(t, testsite.Superbee, "DELETE", fmt.Sprintf(path, other), nil); got != 404 {
				t.Errorf(path+": %d", other, got)
			}
		}
		if n := s.Scalar(t, `SELECT COUNT(*) FROM {q2ab_audit} WHERE action LIKE '%-note'`); n != 9 {
			t.Errorf("%d entries in the log of changes", n)
		}
		if n := s.Scalar(t, `SELECT COUNT(*) FROM {q2ab_audit} WHERE became LIKE '%night%' OR was LIKE '%night%'`); n != 0 {
			t.Error("the log of changes holds what a note says")
		}
	})
}

// TestNotesAreRefused checks who may not see and write notes, and which notes are wrong.
func TestNotesAreRefused(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, c := range []struct {
		name   string
		user   int
		path   string
		text   string
		status int
	}{
		{"visitor", testsite.Visitor, "/v1/admin/users/16/notes", "x", http.StatusForbidden},
		{"visitor", testsite.Visitor, "/v1/admin/posts/1/notes", "x", http.StatusForbidden},
		{"expert", testsite.ExpertSato, "/v1/admin/users/16/notes", "x", http.StatusForbidden},
		{"the user", testsite.Haru, "/v1/admin/users/16/notes", "x", http.StatusForbidden},
		{"a moderator about themselves", testsite.ModKenji, "/v1/admin/users/3/notes", "x", http.StatusForbidden},
		{"author of the post", testsite.Taro, "/v1/admin/posts/1/notes", "x", http.StatusForbidden},
		{"nobody's account", testsite.ModKenji, "/v1/admin/users/99999/notes", "x", http.StatusNotFound},
		{"no post", testsite.ModKenji, "/v1/admin/posts/4294967295/notes", "x", http.StatusNotFound},
		{"empty", testsite.ModKenji, "/v1/admin/posts/1/notes", " \n ", http.StatusUnprocessableEntity},
		{"long", testsite.ModKenji, "/v1/admin/posts/1/notes", strings.Repeat("蜂", 2001), http.StatusUnprocessableEntity},
		{"longest", testsite.ModKenji, "/v1/admin/posts/1/notes", strings.Repeat("蜂", 2000), http.StatusCreated},
	} {
		status, body, _ := s.Try(t, c.user, "POST", c.path, object{"content": c.text})
		if status != c.status {
			t.Errorf("%s: %d %v", c.name, status, body["code"])
		}
		if c.status == http.StatusUnprocessableEntity && !strings.Contains(fmt.Sprint(body["errors"]), "content") {
			t.Errorf("%s names no field: %v", c.name, body)
		}
		if got, _, _ := s.Try(t, c.user, "GET", c.path, nil); c.status < 422 && c.status > 400 && got != c.status {
			t.Errorf("%s reads them: %d", c.name, got)
		}
	}
	for i := range 99 {
		s.Alter(t, `INSERT INTO {q2ab_notes} (kind, subject, byuserid, at, content) VALUES (?, 1, 3, ?, 'x')`, "post", i)
	}
	if status, body, _ := s.Try(t, testsite.ModKenji, "POST", "/v1/admin/posts/1/notes",
		object{"content": "One too many."}); status != http.StatusConflict || body["code"] != "too_many_notes" {
		t.Errorf("note 101: %d %v", status, body["code"])
	}
}

// TestNotesGoWithAccounts checks that notes about an account go with it, and that those that its user wrote about
// others stay without an author.
func TestNotesGoWithAccounts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		s.Do(t, testsite.ModKenji, "POST", "/v1/admin/users/17/notes", object{"content": "About lurker."})
		s.Do(t, testsite.ModKenji, "POST", "/v1/admin/users/16/notes", object{"content": "About haru."})
		s.Do(t, testsite.ModKenji, "PUT", "/v1/admin/users/16/lock", nil)
		s.Do(t, testsite.Superbee, "DELETE", "/v1/users/lurker", nil)
		s.Do(t, testsite.Superbee, "PUT", "/v1/users/mod_kenji/level", object{"level": "basic"})
		s.Do(t, testsite.Superbee, "DELETE", "/v1/users/mod_kenji", nil)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_notes} WHERE subject = 17"); n != 0 {
			t.Errorf("%d notes are left of an account", n)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_review_locks}"); n != 0 {
			t.Errorf("%d locks are held by nobody", n)
		}
		list := testsite.GetAs[testsite.List[note]](t, s, "/v1/admin/users/16/notes", testsite.AdminHana).Items
		if len(list) != 1 || list[0].By != nil || list[0].Content != "About haru." {
			t.Errorf("%+v", list)
		}
	})
}
