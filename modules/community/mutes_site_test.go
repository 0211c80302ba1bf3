package community_test

import (
	"fmt"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestMutes checks that mutes are written as the old site's plugin writes them, and listed.
func TestMutes(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		written := "SELECT COUNT(*) FROM {users} WHERE userid = ? AND written = (SELECT MAX(written) FROM {users})"
		before := s.Scalar(t, written, testsite.Aki)
		rows := func(user int) int {
			return s.Scalar(t, "SELECT COUNT(*) FROM {userfavorites} WHERE userid = ? AND entitytype = 'M'", user)
		}
		for range 2 {
			s.Do(t, testsite.Aki, "PUT", "/v1/me/mutes/lurker", nil)
			s.Do(t, testsite.Aki, "PUT", "/v1/me/mutes/HARU", nil)
		}
		type list struct {
			Items []struct {
				Handle  string
				IsMuted bool
			}
		}
		got := testsite.GetAs[list](t, s, "/v1/me/mutes", testsite.Aki).Items
		if rows(testsite.Aki) != 2 || len(got) != 2 || got[0].Handle != "haru" || !got[0].IsMuted ||
			got[1].Handle != "lurker" {
			t.Errorf("%d rows, %+v", rows(testsite.Aki), got)
		}
		if others := testsite.GetAs[list](t, s, "/v1/me/mutes", testsite.Haru).Items; len(others) != 0 {
			t.Errorf("another user has muted %+v", others)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_outbox} WHERE name LIKE '%favorite%'"); n != 0 {
			t.Errorf("%d events", n)
		}
		if after := s.Scalar(t, written, testsite.Aki); after != before {
			t.Error("a mute counts as something written")
		}
		for range 2 {
			s.Do(t, testsite.Aki, "DELETE", "/v1/me/mutes/lurker", nil)
		}
		s.Do(t, testsite.Aki, "DELETE", "/v1/me/mutes/16", nil) // haru's number
		if rows(testsite.Aki) != 0 {
			t.Errorf("%d rows are left", rows(testsite.Aki))
		}
		for path, code := range map[string]string{
			"aki": "own_account", "13": "own_account", "nobody-has-this": "not_found", "4000000000": "not_found",
		} {
			if status, body, _ := s.Try(t, testsite.Aki, "PUT", "/v1/me/mutes/"+path, nil); body["code"] != code {
				t.Errorf("muting %s: %d %v, want %s", path, status, body["code"], code)
			}
		}
		s.Exec(t, follow+fmt.Sprintf("(%d, 'M', 4000000000, 0)", testsite.Aki))
		s.Do(t, testsite.Aki, "DELETE", "/v1/me/mutes/4000000000", nil) // of an account that is gone
		if status, body, _ := s.Try(t, testsite.Visitor, "GET", "/v1/me/mutes", nil); status != 403 {
			t.Errorf("a visitor: %d %v", status, body)
		}
		s.Do(t, testsite.Aki, "PUT", "/v1/me/mutes/spammer99", nil)
		s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/spammer99", nil)
		if rows(testsite.Aki) != 0 {
			t.Error("who is gone is still muted")
		}
	})
}

// TestMutedPeopleAreRefused checks that somebody who was muted, also by the old site's plugin, can neither
// answer the questions nor comment on the posts of who did it, and is told so; and that the rest of a thread
// stays open.
func TestMutedPeopleAreRefused(t *testing.T) {
	t.Parallel()
	for _, obeyed := range []bool{true, false} {
		t.Run(fmt.Sprint("obeyed ", obeyed), func(t *testing.T) {
			t.Parallel()
			testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
				s := testsite.New(t, db, testsite.Config(func(c *config.Config) { c.ObeyMutes = obeyed }))
				question := s.Ask(t, testsite.Aki, "A question of somebody who mutes", 0)
				own := s.Answer(t, testsite.Aki, question)
				other := s.Answer(t, testsite.Natsu, question)
				s.Exec(t, follow+fmt.Sprintf("(%d, 'M', %d, 0)", testsite.Aki, testsite.Haru)) // as the plugin does
				answers := fmt.Sprintf("/v1/questions/%d/answers", question)
				comments := func(post int) string { return fmt.Sprintf("/v1/posts/%d/comments", post) }
				type can struct {
					Can    struct{ Answer, Comment bool }
					Cannot struct{ Answer, Comment string }
				}
				for _, c := range []struct {
					what, path string
					user       int
					shown      string
					refused    bool
				}{
					{"an answer", answers, testsite.Haru, fmt.Sprint("/v1/questions/", question), true},
					{"a comment on the question", comments(question), testsite.Haru, "", true},
					{"a comment on an own answer", comments(own), testsite.Haru, fmt.Sprint("/v1/answers/", own), true},
					{"a comment on another's answer", comments(other), testsite.Haru, fmt.Sprint("/v1/answers/", other), false},
					{"somebody else's answer", answers, testsite.Lurker, fmt.Sprint("/v1/questions/", question), false},
					{"the muter's own comment", comments(question), testsite.Aki, "", false},
				} {
					refused, want := c.refused && obeyed, ""
					if refused {
						want = "muted"
					}
					if c.shown != "" {
						said := testsite.GetAs[can](t, s, c.shown+"?include=permissions", c.user)
						if said.Cannot.Comment != want || said.Can.Comment == refused {
							t.Errorf("%s: told %+v", c.what, said)
						}
						if c.path == answers && (said.Cannot.Answer != want || said.Can.Answer == refused) {
							t.Errorf("%s: told %+v", c.what, said)
						}
					}
					status, body, _ := s.Try(t, c.user, "POST", c.path,
						object{"content": fmt.Sprintf("What %d has to say: %s.", c.user, c.what)})
					if code, _ := body["code"].(string); code != want || (status < 300) == refused {
						t.Errorf("%s: %d %q", c.what, status, code)
					}
				}
				s.Do(t, testsite.Aki, "DELETE", "/v1/me/mutes/haru", nil)
				s.Do(t, testsite.Haru, "POST", answers, object{"content": "Now that there is no mute any more."})
			})
		})
	}
}

// TestMutedPeopleAreMarked checks that lists and threads mark, for who muted them, what people wrote.
func TestMutedPeopleAreMarked(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		question := s.Ask(t, testsite.Haru, "A question of somebody muted", 0)
		answer := s.Answer(t, testsite.Haru, question)
		s.Answer(t, testsite.Natsu, question)
		s.Do(t, testsite.Haru, "POST", fmt.Sprintf("/v1/posts/%d/comments", question),
			object{"content": "A comment of somebody muted."})
		s.Do(t, testsite.Aki, "PUT", "/v1/me/mutes/haru", nil)
		type mark struct {
			ID      int
			IsMuted bool
			Author  struct{ Handle string }
			By      struct{ Handle string }
			Handle  string
		}
		type thread struct {
			mark
			Answers, Comments []mark
		}
		for user, marked := range map[int]bool{testsite.Aki: true, testsite.Natsu: false, testsite.Visitor: false} {
			check := func(what string, items []mark) {
				t.Helper()
				found := false
				for _, i := range items {
					of := i.Author.Handle + i.By.Handle + i.Handle
					if found = found || of == "haru"; i.IsMuted != (marked && of == "haru") {
						t.Errorf("%s for %d: %s is marked: %v", what, user, of, i.IsMuted)
					}
				}
				if !found {
					t.Errorf("%s for %d: nothing of the muted one", what, user)
				}
			}
			got := testsite.GetAs[thread](t, s, fmt.Sprintf("/v1/questions/%d?include=answers,comments", question), user)
			check("thread", append(append([]mark{got.mark}, got.Answers...), got.Comments...))
			check("answer", []mark{testsite.GetAs[mark](t, s, fmt.Sprint("/v1/answers/", answer), user)})
			for _, path := range []string{"/v1/questions?limit=3", "/v1/activity?kind=answers&limit=5",
				"/v1/users/haru/activity", "/v1/users?limit=100", "/v1/search?q=somebody+muted"} {
				check(path, testsite.GetAs[testsite.List[mark]](t, s, path, user).Items)
			}
			check("profile", []mark{testsite.GetAs[mark](t, s, "/v1/users/haru", user)})
		}
		s.Exec(t, "DELETE FROM {userevents}")
		s.Exec(t, "DELETE FROM {userfavorites} WHERE entitytype <> 'M'")
		s.Exec(t, follow+fmt.Sprintf("(%d, 'U', %d, 0)", testsite.Aki, testsite.Haru))
		s.Do(t, testsite.Haru, "POST", fmt.Sprintf("/v1/posts/%d/comments", question),
			object{"content": "Another comment of somebody muted."})
		if got := testsite.GetAs[testsite.List[mark]](t, s, "/v1/me/updates", testsite.Aki).Items; len(got) != 1 ||
			!got[0].IsMuted {
			t.Errorf("updates: %+v", got)
		}
	})
}
