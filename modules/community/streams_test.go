package community_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestUpdatesAsRecorded(t *testing.T) {
	t.Parallel()
	type entry struct {
		QuestionID, LastPostID int
		UpdateType             *string
		Time                   int64
		By                     *string
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		compared := 0
		for handle, kinds := range testsite.Recording[map[string]map[string]struct{ Page []entry }](t,
			"updates") {
			for kind, about := range map[string]string{
				"all": "all", "favorites": "favorites", "content": "mine",
			} {
				got, want := [][5]any{}, [][5]any{}
				for _, a := range testsite.GetAs[testsite.List[testsite.Activity]](t, s,
					"/v1/me/updates?about="+about, testsite.People[handle]).Items {
					got = append(got, [5]any{
						a.Question.ID, a.Post.ID, a.What, testsite.Unix(a.At), a.By.Handle,
					})
				}
				for _, e := range kinds[kind].Page {
					if s.Request(t, http.MethodGet, fmt.Sprint("/v1/posts/", e.LastPostID),
						testsite.People[handle]).StatusCode != http.StatusOK {
						continue // Q2A reports what it does not show: see docs/migrating.md
					}
					what, by := "new", ""
					if e.UpdateType != nil {
						if what = testsite.UpdateWords[*e.UpdateType]; what == "" {
							what = streamWords[*e.UpdateType]
						}
					}
					if e.By != nil {
						by = *e.By
					}
					want = append(want, [5]any{e.QuestionID, e.LastPostID, what, e.Time, by})
				}
				testsite.Same(t, handle+" "+kind, got, want)
				compared += len(want)
			}
		}
		if compared < 100 {
			t.Errorf("only %d entries compared", compared)
		}
	})
}

// streamWords are the kinds of entries that only streams of updates have.
var streamWords = map[string]string{"N": "comment-on-answer", "F": "follow", "U": "comment-on-question"}
