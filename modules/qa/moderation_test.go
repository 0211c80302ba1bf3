package qa_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestModerationListsAsRecorded(t *testing.T) {
	t.Parallel()
	type pair struct {
		QuestionID, PostID int
		Time               int64
	}
	type lists map[string]struct {
		IDs   []int
		Pairs []pair
	}
	paths := map[string]string{
		"flagged": "flagged", "hidden_q": "hidden?type=question", "hidden_a": "hidden?type=answer",
		"hidden_c": "hidden?type=comment", "queued_q": "queue?type=question", "queued_a": "queue?type=answer",
		"queued_c": "queue?type=comment",
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for name, want := range testsite.Recording[lists](t, "admin-lists") {
			got, wanted := []string{}, []string{}
			path := "/v1/moderation/" + paths[name]
			for _, a := range testsite.GetAs[testsite.List[testsite.Activity]](t, s, path,
				testsite.Superbee).Items {
				got = append(got, fmt.Sprint(a.Question.ID, " ", a.Post.ID))
			}
			for _, id := range want.IDs {
				wanted = append(wanted, fmt.Sprint(id, " ", id))
			}
			for _, p := range want.Pairs {
				wanted = append(wanted, fmt.Sprint(p.QuestionID, " ", p.PostID))
			}
			testsite.Same(t, name, got, wanted)
			status := s.Request(t, http.MethodGet, path, testsite.People["aki"]).StatusCode
			if status != 403 {
				t.Errorf("%s for an ordinary user: %d", name, status)
			}
		}
	})
}
