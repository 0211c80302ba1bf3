package community_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// streamOf returns the ids of the posts in the person's updates, the newest first.
func streamOf(t *testing.T, s *testsite.Site, user int, about string) (posts []int) {
	t.Helper()
	for _, a := range testsite.GetAs[testsite.List[testsite.Activity]](t, s, "/v1/me/updates?about="+about,
		user).Items {
		posts = append(posts, a.Post.ID)
	}
	return posts
}

// TestUpdatesReachWhoFollows checks that an answer goes to the asker and to the followers of the question and
// of the answerer, unless they follow without updates, and that a silent edit goes to nobody.
func TestUpdatesReachWhoFollows(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		follow := "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES "
		s := testsite.New(t, db, testsite.After(
			"DELETE FROM {userfavorites}", "DELETE FROM {userevents}", "DELETE FROM {sharedevents}",
			follow+fmt.Sprintf("(%d, 'Q', 27, 0), (%d, 'U', %d, 0), (%d, 'Q', 27, 1)", testsite.Aki,
				testsite.Natsu, testsite.Lurker, testsite.OldTimer)))
		answer := s.Answer(t, testsite.Lurker, 27) // to Hanako's question
		for _, c := range []struct {
			who   string
			user  int
			about string
			want  []int
		}{
			{"the asker", testsite.Hanako, "mine", []int{answer}},
			{"the asker, among favourites", testsite.Hanako, "favorites", nil},
			{"who follows the question", testsite.Aki, "favorites", []int{answer}},
			{"who follows the answerer", testsite.Natsu, "favorites", []int{answer}},
			{"who follows the answerer, about own posts", testsite.Natsu, "mine", nil},
			{"who answered", testsite.Lurker, "all", nil},
			{"somebody else", testsite.Taro, "all", nil},
		} {
			t.Run(c.who, func(t *testing.T) {
				if got := streamOf(t, s, c.user, c.about); !slices.Equal(got, c.want) {
					t.Errorf("%v, want %v", got, c.want)
				}
			})
		}
		edit := object{"content": "Another text of this answer, which says more.", "silent": true}
		s.Do(t, testsite.ModKenji, "PATCH", fmt.Sprint("/v1/answers/", answer), edit)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {userevents} WHERE updatetype = 'E'"); n != 0 {
			t.Errorf("a silent edit is told %d times", n)
		}
		edit = object{"content": "A third text of this answer, which says even more."}
		s.Do(t, testsite.ModKenji, "PATCH", fmt.Sprint("/v1/answers/", answer), edit)
		if n := s.Scalar(t,
			"SELECT COUNT(*) FROM {userevents} WHERE updatetype = 'E' AND userid = ?",
			testsite.Lurker); n != 1 {
			t.Errorf("an edit by another is told the author %d times", n)
		}
		s.Hide(t, answer)
		if n := s.Scalar(t,
			"SELECT COUNT(*) FROM {userevents} WHERE updatetype = 'H' AND userid = ?",
			testsite.Lurker); n != 1 {
			t.Errorf("that an answer was hidden is told its author %d times", n)
		}
	})
}

// TestStreamsAreTrimmed checks that an update stream keeps five updates of a question at most, and in all as
// many as the site's option says.
func TestStreamsAreTrimmed(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now), testsite.After(
			"DELETE FROM {userevents}", "DELETE FROM {sharedevents}", "DELETE FROM {userfavorites}",
			"REPLACE INTO {options} (title, content) VALUES ('max_store_user_updates', '7')"))
		comment := func(question, n int) {
			t.Helper()
			now = now.Add(time.Minute)
			s.Do(t, testsite.Lurker, "POST", fmt.Sprintf("/v1/posts/%d/comments", question),
				object{"content": fmt.Sprintf("Comment number %d on question %d.", n, question)})
		}
		rows := func(query string, args ...any) int {
			return s.Scalar(t, "SELECT COUNT(*) FROM "+query, args...)
		}
		for n := range 7 {
			comment(27, n) // by Hanako
		}
		if n := rows("{sharedevents} WHERE entitytype = 'Q' AND entityid = 27"); n != 5 {
			t.Errorf("the question's stream has %d updates of it", n)
		}
		if n := rows("{userevents} WHERE userid = ?", testsite.Hanako); n != 5 {
			t.Errorf("the asker's stream has %d updates of the question", n)
		}
		if n := rows("{sharedevents} WHERE entitytype = 'U' AND entityid = ?", testsite.Lurker); n != 7 {
			t.Errorf("the commenter's stream has %d updates", n)
		}
		comment(1, 0)
		comment(14, 0)
		if n := rows("{sharedevents} WHERE entitytype = 'U' AND entityid = ?", testsite.Lurker); n != 7 {
			t.Errorf("the commenter's stream has %d updates, where a stream has 7", n)
		}
		if n := rows("{sharedevents} WHERE entitytype = 'U' AND entityid = ? AND questionid <> 27",
			testsite.Lurker); n != 2 {
			t.Errorf("the newest updates are not kept: %d of two", n)
		}
	})
}

// TestNobodyFollowsWhoIsGone checks that the favourites which point to an account are deleted with the
// account.
func TestNobodyFollowsWhoIsGone(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	followers := func(user int) int {
		return s.Scalar(t,
			"SELECT COUNT(*) FROM {userfavorites} WHERE entitytype = 'U' AND entityid = ?", user)
	}
	s.Exec(t, `INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
		VALUES (?, 'U', ?, 0), (?, 'T', ?, 0)`,
		testsite.Aki, testsite.Spammer99, testsite.Aki, testsite.Spammer99)
	others := followers(testsite.ExpertSato)
	s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/spammer99", nil)
	if n := followers(testsite.Spammer99); n != 0 {
		t.Errorf("%d users follow who is gone", n)
	}
	if n := followers(testsite.ExpertSato); n != others || others == 0 {
		t.Errorf("%d of %d users follow somebody else", n, others)
	}
	if n := s.Scalar(t,
		"SELECT COUNT(*) FROM {userfavorites} WHERE entitytype = 'T' AND entityid = ?",
		testsite.Spammer99); n != 1 {
		t.Error("a tag of the same number is followed no more")
	}
}
