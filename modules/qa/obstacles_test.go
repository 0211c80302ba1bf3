package qa_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestCannotSaysWhatWritesSay checks that the codes in cannot are those with which the writes are refused, for
// every post of some threads and every kind of caller, and that what is in neither can nor cannot is nothing
// that a page offers for such a post.
func TestCannotSaysWhatWritesSay(t *testing.T) {
	t.Parallel()
	type post struct {
		ID       int
		Type     string
		Can      map[string]bool
		Cannot   map[string]string
		Comments []post
		Answers  []post
	}
	for name, options := range map[string][]testsite.Option{
		"as recorded":       nil,
		"little allowed":    {setting("voting_on_as", "0", "comment_on_qs", "0", "flagging_of_posts", "0", "allow_self_answer", "0")},
		"a closed question": {testsite.After("UPDATE {posts} SET closedbyid = 1 WHERE postid = 27")},
		"for moderators":    {setting("permit_post_a", "70", "permit_post_c", "70", "permit_vote_a", "70", "permit_flag", "70")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, options...)
			told := map[string]int{}
			for _, user := range []int{
				testsite.Visitor, testsite.Haru, testsite.Lurker, testsite.TrollX, testsite.ModKenji,
			} {
				q := testsite.GetAs[post](t, s, "/v1/questions/27?include=answers,comments,permissions", user)
				posts := append([]post{q}, q.Comments...)
				for _, a := range q.Answers {
					posts = append(append(posts, a), a.Comments...)
				}
				for _, p := range posts {
					for what, want := range p.Cannot {
						if p.Can[what] {
							t.Errorf("%d may and may not %s on %d", user, what, p.ID)
						}
						told[want]++
						id := fmt.Sprint(p.ID)
						w := map[string]call{
							"answer":   {http.MethodPost, "/v1/questions/" + id + "/answers", object{"content": "An answer that is refused."}},
							"comment":  {http.MethodPost, "/v1/posts/" + id + "/comments", object{"content": "A comment that is refused."}},
							"voteUp":   {http.MethodPut, "/v1/posts/" + id + "/vote", object{"value": 1}},
							"voteDown": {http.MethodPut, "/v1/posts/" + id + "/vote", object{"value": -1}},
							"flag":     {http.MethodPut, "/v1/posts/" + id + "/flag", nil},
						}[what]
						status, body, _ := s.Try(t, user, w.method, w.path, w.body)
						if body["code"] != want {
							t.Errorf("%d cannot %s on %s %d because of %s, but the write says %d %v", user, what, p.Type,
								p.ID, want, status, body["code"])
						}
					}
				}
			}
			if len(told) < 2 {
				t.Errorf("only told %v", told)
			}
		})
	}
}
