package qa_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestMetadata checks that a question's page tells search engines its address, its answers with the selected one
// apart, and nothing of hidden posts.
func TestMetadata(t *testing.T) {
	t.Parallel()
	type entry struct {
		Text, URL, DatePublished string
		UpvoteCount              int
		Author                   struct{ Name, URL string }
	}
	type metadata struct {
		Canonical, Title, Description string
		OpenGraph                     map[string]string
		JSONLD                        struct {
			MainEntity struct {
				entry
				Name            string
				AnswerCount     int
				AcceptedAnswer  *entry
				SuggestedAnswer []entry
			}
		}
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		q := testsite.Get[struct {
			Title, Path string
			Votes       struct{ Up int }
			Author      struct{ Handle string }
			Answers     []struct {
				ID       int
				Selected bool
				State    string
			}
		}](t, s, "/v1/questions/27?include=answers")
		got := testsite.Get[metadata](t, s, "/v1/questions/27/metadata")
		main := got.JSONLD.MainEntity
		if !strings.HasSuffix(got.Canonical, q.Path) || got.Title != q.Title || main.Name != q.Title ||
			got.OpenGraph["og:url"] != got.Canonical || main.UpvoteCount != q.Votes.Up ||
			main.AnswerCount != len(q.Answers) || main.Author.Name != q.Author.Handle {
			t.Errorf("question: %+v", got)
		}
		selected := 0
		for _, a := range q.Answers {
			if a.Selected {
				selected++
			}
		}
		if (main.AcceptedAnswer != nil) != (selected == 1) || len(main.SuggestedAnswer) != len(q.Answers)-selected {
			t.Errorf("%d selected: accepted %v, %d suggested", selected, main.AcceptedAnswer, len(main.SuggestedAnswer))
		}
		for _, a := range main.SuggestedAnswer {
			if a.Text == "" || a.URL == "" || a.DatePublished == "" || a.Author.Name == "" {
				t.Errorf("an answer lacks what is demanded: %+v", a)
			}
		}
		s.Do(t, testsite.Superbee, http.MethodPut, "/v1/posts/1/visibility", object{"hidden": true})
		status, body, _ := s.Try(t, testsite.Superbee, http.MethodGet, "/v1/questions/1/metadata", nil)
		if status != 403 {
			t.Errorf("of a hidden question: %d %v", status, body)
		}
		id := q.Answers[0].ID
		s.Do(t, testsite.Superbee, http.MethodPut, "/v1/posts/"+fmt.Sprint(id)+"/visibility", object{"hidden": true})
		after := testsite.GetAs[metadata](t, s, "/v1/questions/27/metadata", testsite.Superbee)
		if n := after.JSONLD.MainEntity.AnswerCount; n != len(q.Answers)-1 {
			t.Errorf("%d answers when one is hidden", n)
		}
	})
}
