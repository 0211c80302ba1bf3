package moderation_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestSuspiciousPosts checks that posts that the service takes for spam wait for approval, as the same rows and
// with the same events as others that do, that moderators are told why, and nobody else is.
func TestSuspiciousPosts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		service := newAkismetService(t)
		s := testsite.New(t, db, checking(service, "good-key"))
		for _, c := range []struct {
			name, path, letter string
			body               object
			kind               string
		}{
			{"question", "/v1/questions", "Q", object{"title": "Where do bees buy?", "content": "The best pharmacy of all."}, "forum-post"},
			{"answer", "/v1/questions/1/answers", "A", object{"content": "Buy it at the cheap pharmacy, at once."}, "reply"},
			{"comment", "/v1/posts/1/comments", "C", object{"content": "My pharmacy has it, have a look."}, "reply"},
		} {
			status, body, _ := s.Try(t, testsite.Haru, "POST", c.path, c.body)
			if status != http.StatusCreated {
				t.Fatalf("%s: %d %v", c.name, status, body)
			}
			n, _ := body["id"].(float64)
			id := int(n)
			if got := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE postid = ? AND type = ?", id,
				c.letter+"_QUEUED"); got != 1 {
				t.Errorf("%s %d is not queued", c.name, id)
			}
			if got := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_outbox} WHERE name = ?",
				string(c.letter[0]|0x20)+"_queue"); got != 1 {
				t.Errorf("%s: %d events", c.name, got)
			}
			calls := service.take()
			if len(calls) != 1 || calls[0].method != "comment-check" {
				t.Fatalf("%s: %v", c.name, calls)
			}
			form := calls[0].form
			testsite.Same(t, c.name, fmt.Sprint(form["comment_type"], form["comment_author"], form["user_ip"]),
				fmt.Sprint([]string{c.kind}, []string{"haru"}, []string{testsite.Address}))
			verdict := map[string]string{"A": "blatant"}[c.letter]
			if verdict == "" {
				verdict = "spam"
			}
			r := reviewOf(t, s, "/v1/moderation/queue", id)
			if r == nil || r.Suspicion == nil || r.Suspicion.Service != "akismet" ||
				r.Suspicion.Verdict != verdict || r.Suspicion.Reason != "content" {
				t.Errorf("%s: moderators are told %+v", c.name, r)
			}
			if body["suspicion"] != nil {
				t.Errorf("%s: the author is told %v", c.name, body["suspicion"])
			}
		}
	})
}

// TestUnsuspiciousPosts checks which posts are not held back, and about which nobody is asked at all.
func TestUnsuspiciousPosts(t *testing.T) {
	t.Parallel()
	service := newAkismetService(t)
	s := testsite.New(t, checking(service, "good-key"))
	for _, c := range []struct {
		name   string
		user   int
		text   string
		asked  int
		status int
	}{
		{"good text", testsite.Haru, "A hive faces south as a rule.", 1, http.StatusCreated},
		{"the same text again", testsite.Haru, "A hive faces south as a rule.", 1, http.StatusUnprocessableEntity},
		{"an expert", testsite.ExpertSato, "My pharmacy sells honey, as I said.", 0, http.StatusCreated},
		{"an expert of one category", testsite.CatExpert, "My pharmacy sells honey, as he said.", 0, http.StatusCreated},
		{"a moderator", testsite.ModKenji, "My pharmacy sells honey, as you said.", 0, http.StatusCreated},
		{"an empty text", testsite.Haru, "", 0, http.StatusUnprocessableEntity},
		{"somebody blocked", testsite.TrollX, "My pharmacy sells honey, as they said.", 0, http.StatusForbidden},
	} {
		status, body, _ := s.Try(t, c.user, "POST", "/v1/questions/1/answers", object{"content": c.text})
		if got := len(service.take()); status != c.status || got != c.asked {
			t.Errorf("%s: %d %v, asked %d times", c.name, status, body["code"], got)
		}
	}
	if _, _, _ = s.Try(t, testsite.Haru, "POST", "/v1/questions/99999/answers",
		object{"content": "My pharmacy sells honey to nobody."}); len(service.take()) != 0 {
		t.Error("the service is asked about an answer to nothing")
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_spam_checks}"); n != 0 {
		t.Errorf("%d suspicions", n)
	}
}

// TestPointsThatAreEnough checks that posts of members with enough points are not looked at.
func TestPointsThatAreEnough(t *testing.T) {
	t.Parallel()
	service := newAkismetService(t)
	s := testsite.New(t, checking(service, "good-key"), testsite.Config(func(c *configuration) {
		c.SpamCheckPoints = 100
	}))
	for points, asked := range map[int]int{199: 1, 200: 0} { // everybody begins with 100
		s.Alter(t, "UPDATE {userpoints} SET points = ? WHERE userid = ?", points, testsite.Haru)
		s.Do(t, testsite.Haru, "POST", "/v1/posts/1/comments",
			object{"content": fmt.Sprint("A comment of somebody with some points: ", points)})
		if got := len(service.take()); got != asked {
			t.Errorf("%d points: asked %d times", points, got)
		}
	}
}

// TestRepeatedPostIsCheckedOnce checks that the service is not asked again when a request is repeated, and that
// there is one post.
func TestRepeatedPostIsCheckedOnce(t *testing.T) {
	t.Parallel()
	service := newAkismetService(t)
	s := testsite.New(t, checking(service, "good-key"))
	first := s.Do(t, testsite.Haru, "POST", "/v1/posts/1/comments",
		object{"content": "The pharmacy at the corner."}, "Idempotency-Key", "once-only")
	again := s.Do(t, testsite.Haru, "POST", "/v1/posts/1/comments",
		object{"content": "The pharmacy at the corner."}, "Idempotency-Key", "once-only")
	if calls := service.take(); first != again || len(calls) != 1 {
		t.Errorf("posts %d and %d, asked %d times", first, again, len(calls))
	}
}

// TestServiceOfNoUse checks that posts go through as usual while the service is slow, down or talks nonsense,
// and with a wrong key.
func TestServiceOfNoUse(t *testing.T) {
	t.Parallel()
	service := newAkismetService(t)
	for _, mode := range []string{"slow", "500", "garbage", "long", "wrong key", "unreachable"} {
		t.Run(mode, func(t *testing.T) {
			service.set(mode)
			key := "good-key"
			if mode == "wrong key" {
				key = "bad-key"
			}
			options := []testsite.Option{checking(service, key)}
			if mode == "unreachable" {
				options = append(options, testsite.Config(func(c *configuration) {
					c.AkismetURL = "http://127.0.0.1:1/"
				}))
			}
			s := testsite.New(t, options...)
			id := s.Do(t, testsite.Haru, "POST", "/v1/posts/1/comments",
				object{"content": "The pharmacy at the corner."})
			if n := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE postid = ? AND type = 'C'", id); n != 1 {
				t.Error("the comment is not visible")
			}
			if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_spam_checks}"); n != 0 {
				t.Errorf("%d suspicions", n)
			}
		})
	}
}

// TestDecisionsAreTold checks that the service is told of what moderators decide about what it took for spam,
// once, with what it was asked about, and of nothing else.
func TestDecisionsAreTold(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		service := newAkismetService(t)
		s := testsite.New(t, db, checking(service, "good-key"))
		consume(t, s) // a new consumer begins with what happens from now on
		ham := s.Do(t, testsite.Haru, "POST", "/v1/posts/1/comments",
			object{"content": "My pharmacy sells wax for hives."}, "User-Agent", "Bee/1")
		spam := s.Do(t, testsite.Aki, "POST", "/v1/posts/1/comments", object{"content": "Visit my pharmacy."})
		asked := service.take()
		for id, approved := range map[int]bool{ham: true, spam: false, 280: true} {
			s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/approval", id), object{"approved": approved})
		}
		if calls := service.take(); len(calls) != 0 {
			t.Errorf("told within the request: %v", calls)
		}
		consume(t, s)
		consume(t, s)
		told := service.take()
		if len(asked) != 2 || len(told) != 2 {
			t.Fatalf("asked %d times, told %d times: %v", len(asked), len(told), told)
		}
		for _, call := range told {
			want, i := "submit-ham", 0
			if call.form.Get("comment_author") == "aki" {
				want, i = "submit-spam", 1
			}
			testsite.Same(t, want, call.method, want)
			testsite.Same(t, "what "+want+" says", call.form.Encode(), asked[i].form.Encode())
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_spam_checks} WHERE useragent <> '' OR due > 0"); n != 0 {
			t.Errorf("%d user agents are kept longer than needed", n)
		}
	})
}

// TestDecisionsAreToldLater checks that a decision that the service could not take is told later.
func TestDecisionsAreToldLater(t *testing.T) {
	t.Parallel()
	service := newAkismetService(t)
	s := testsite.New(t, checking(service, "good-key"))
	consume(t, s)
	id := s.Do(t, testsite.Haru, "POST", "/v1/posts/1/comments", object{"content": "Visit my pharmacy."})
	s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/approval", id), object{"approved": false})
	service.take()
	service.set("500")
	consume(t, s)
	consume(t, s) // it is not due yet
	if calls := service.take(); len(calls) != 1 {
		t.Fatalf("%d attempts", len(calls))
	}
	service.set("")
	s.Alter(t, "UPDATE {q2ab_spam_checks} SET due = 1 WHERE due > 0")
	consume(t, s)
	if calls := service.take(); len(calls) != 1 || calls[0].method != "submit-spam" {
		t.Errorf("told %v", calls)
	}
}

// TestSuspicionsGoWithPosts checks that nothing is left of a post that is deleted, nor of what was personal
// when its author's account is.
func TestSuspicionsGoWithPosts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, checking(newAkismetService(t), "good-key"))
		id := s.Do(t, testsite.Lurker, "POST", "/v1/posts/1/comments", object{"content": "Visit my pharmacy."})
		kept := s.Do(t, testsite.Lurker, "POST", "/v1/posts/27/comments", object{"content": "My pharmacy is open."})
		post := fmt.Sprintf("/v1/admin/posts/%d", id)
		s.Do(t, testsite.ModKenji, "POST", post+"/notes", object{"content": "Again."})
		s.Do(t, testsite.ModKenji, "PUT", post+"/lock", nil)
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/approval", id), object{"approved": false})
		s.Do(t, testsite.Superbee, "DELETE", fmt.Sprintf("/v1/comments/%d", id), nil)
		for _, table := range []string{"q2ab_spam_checks", "q2ab_notes", "q2ab_review_locks"} {
			if n := s.Scalar(t, "SELECT COUNT(*) FROM {"+table+"} WHERE kind = 'post' AND subject = ?", id); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
		s.Do(t, testsite.Superbee, "DELETE", "/v1/users/lurker", nil)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_spam_checks} WHERE subject = ? AND useragent = ''",
			kept); n != 1 {
			t.Error("the user agent of somebody whose account is deleted is kept")
		}
	})
}
