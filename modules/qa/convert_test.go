package qa_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestPlacesOfConvertedAnswers checks that an answer can become a comment on its question or on another
// answer to it, where comments are allowed, and on nothing else.
func TestPlacesOfConvertedAnswers(t *testing.T) {
	t.Parallel()
	const noParent = "parentId: no_parent"
	for _, c := range []struct {
		name   string
		option testsite.Option
		parent int
		want   string
	}{
		{"the question by default", setting(), 0, ""},
		{"the question", setting(), 1, ""},
		{"another answer", setting(), 4, ""},
		{"itself", setting(), 3, noParent},
		{"a comment", setting(), 2, noParent},
		{"an answer to another question", setting(), 16, noParent},
		{"no post", setting(), 999999, noParent},
		{"a hidden answer", testsite.After("UPDATE {posts} SET type = 'A_HIDDEN' WHERE postid = 4"), 4, noParent},
		{"the question, where questions have no comments", setting("comment_on_qs", "0"), 1, noParent},
		{"an answer, where questions have no comments", setting("comment_on_qs", "0"), 4, ""},
		{"where the editor may not comment", setting("permit_post_c", "40"), 1, noParent},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, c.option)
			body := object{}
			if c.parent != 0 {
				body["parentId"] = c.parent
			}
			status, got, _ := s.Try(t, testsite.EditorYuki, "POST", "/v1/answers/3/comment", body)
			if c.want != "" {
				if status != http.StatusUnprocessableEntity || fieldOf(got) != c.want ||
					eventCount(t, s) != 0 {
					t.Errorf("%d %s, want %q", status, fieldOf(got), c.want)
				}
				return
			}
			parent := max(c.parent, 1)
			if status != http.StatusOK ||
				s.Scalar(t, "SELECT parentid FROM {posts} WHERE postid = 3 AND type = 'C'") != parent {
				t.Errorf("%d %v, or it is not a comment on %d", status, got, parent)
			}
			if n := published(t, s, "a_to_c"); n != 1 {
				t.Errorf("%d times reported", n)
			}
		})
	}
}

// TestWhatStandsBelowConvertedAnswers checks that, when an answer becomes a comment, its own comments move to
// the same post, it is no longer the selected answer, and votes on it count as votes on a comment.
func TestWhatStandsBelowConvertedAnswers(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {posts} SET selchildid = 3 WHERE postid = 1",
		"DELETE FROM {uservotes} WHERE userid = 17 OR postid = 3",
		"INSERT INTO {uservotes} (postid, userid, vote, flag) VALUES (3, 17, 1, 0)"))
	of3 := s.Do(t, testsite.Lurker, "POST", "/v1/posts/3/comments",
		object{"content": "A comment on the answer."})
	of4 := s.Do(t, testsite.Lurker, "POST", "/v1/posts/4/comments",
		object{"content": "A comment on the other answer."})
	s.Do(t, testsite.EditorYuki, "POST", "/v1/answers/3/comment", object{"parentId": 4})
	for id, want := range map[int]int{3: 4, of3: 4, of4: 4, 2: 1} {
		if got := s.Scalar(t, "SELECT parentid FROM {posts} WHERE postid = ?", id); got != want {
			t.Errorf("post %d is on %d, want %d", id, got, want)
		}
	}
	if got := s.Scalar(t, "SELECT COALESCE(selchildid, 0) FROM {posts} WHERE postid = 1"); got != 0 {
		t.Errorf("the best answer is %d", got)
	}
	const votes = "SELECT %s FROM {userpoints} WHERE userid = ?"
	a := s.Scalar(t, fmt.Sprintf(votes, "aupvotes"), testsite.Lurker)
	c := s.Scalar(t, fmt.Sprintf(votes, "cupvotes"), testsite.Lurker)
	if a != 0 || c != 1 {
		t.Errorf("%d votes on answers and %d on comments", a, c)
	}
	var what string
	if _, err := s.App.DB.Get(t.Context(), []any{&what},
		"SELECT updatetype FROM {posts} WHERE postid = 3"); err != nil || what != "Y" {
		t.Errorf("the last change is %q, %v", what, err)
	}
}

// TestWhatAConversionRecords checks what an answer that becomes a comment records as its last change: the
// change of its kind or, if its text changes too, the edit of the text. Where edits have to be approved, the
// new text has to be approved as well.
func TestWhatAConversionRecords(t *testing.T) {
	t.Parallel()
	text := object{"content": "A text that says something else than before."}
	everybody := setting("moderate_edited_again", "1", "moderate_by_points", "1",
		"moderate_points_limit", "1000000", "permit_moderate", "40")
	trusted := setting("moderate_edited_again", "1")
	for _, c := range []struct {
		name     string
		options  []testsite.Option
		user     int
		body     object
		what     string
		kind     string
		requeued int
	}{
		{"the kind alone", []testsite.Option{trusted}, testsite.Jose, object{}, "Y", "C", 0},
		{"with the text", []testsite.Option{trusted}, testsite.Jose, text, "E", "C", 0},
		{"silently", []testsite.Option{trusted}, testsite.ModKenji, object{"silent": true}, "", "C", 0},
		{"with the text, by who is not trusted", []testsite.Option{everybody}, testsite.Jose, text, "E", "C_QUEUED", 1},
		{"the kind alone, by who is not trusted", []testsite.Option{everybody}, testsite.Jose, object{}, "Y", "C", 0},
		{"while it waits", []testsite.Option{everybody, testsite.After(state("_QUEUED", "3"))}, testsite.Jose, text, "", "C_QUEUED", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, append(c.options, testsite.After(`UPDATE {posts}
				SET updated = NULL, updatetype = NULL, lastuserid = NULL
				WHERE postid = 3`))...)
			s.Do(t, c.user, "POST", "/v1/answers/3/comment", c.body)
			var what, kind string
			if _, err := s.App.DB.Get(t.Context(), []any{&what, &kind},
				"SELECT COALESCE(updatetype, ''), type FROM {posts} WHERE postid = 3"); err != nil {
				t.Fatal(err)
			}
			if what != c.what || kind != c.kind {
				t.Errorf("a %s whose last change is %q, want a %s with %q", kind, what, c.kind, c.what)
			}
			if n := published(t, s, "c_requeue"); n != c.requeued {
				t.Errorf("%d times reported as queued again, want %d", n, c.requeued)
			}
		})
	}
}

// TestConversionsNeedBothPermissions checks that a user who may edit an answer has to be allowed to comment
// as well to turn the answer into a comment.
func TestConversionsNeedBothPermissions(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, setting("permit_post_c", "110", "confirm_user_emails", "1"),
		testsite.After("UPDATE {posts} SET userid = 15 WHERE postid = 3",
			"UPDATE {users} SET flags = 0 WHERE userid = 15"))
	s.Do(t, testsite.Fuyu, "PATCH", "/v1/answers/3", object{})
	status, body, _ := s.Try(t, testsite.Fuyu, "POST", "/v1/answers/3/comment", object{})
	if status != http.StatusForbidden || body["code"] != "email_unconfirmed" {
		t.Errorf("%d %v", status, body)
	}
}
