package qa_test

import (
	"net/url"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestActivityAsRecorded(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		type activity = map[string]map[string][]testsite.RecordedActivity
		for category, lists := range testsite.Recording[activity](t, "home-and-activity") {
			for name, kind := range map[string]string{"home_first20": "home", "activity_first20": "all"} {
				path := "/v1/activity?kind=" + kind
				if category != "(all)" {
					path += "&category=" + url.QueryEscape(category)
				}
				got := testsite.Get[testsite.List[testsite.Activity]](t, s, path).Items
				testsite.Same(t, category+" "+name, testsite.Entries(got),
					testsite.RecordedEntries(lists[name], true))
			}
		}
	})
}

func TestRecentPostsAsRecorded(t *testing.T) {
	t.Parallel()
	type pair struct {
		QuestionID, PostID int
		Time               int64
		UpdateType         *string
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		recorded := testsite.Recording[map[string]struct{ Pairs []pair }](t, "recent-answers-comments-edits")
		for kind, want := range recorded {
			wanted := []testsite.Entry{}
			for _, p := range want.Pairs {
				if p.Time == 0 {
					// If fewer than 50 posts were ever changed, Q2A's query adds posts that never were, in
					// the order in which the database finds them. They are not edits, and the list here
					// ends before them.
					continue
				}
				what := "new"
				if p.UpdateType != nil {
					what = testsite.UpdateWords[*p.UpdateType]
				}
				wanted = append(wanted, testsite.Entry{
					Question: p.QuestionID, Post: p.PostID, What: what, At: p.Time,
				})
			}
			got := testsite.Get[testsite.List[testsite.Activity]](t, s,
				"/v1/activity?limit=50&kind="+kind).Items
			testsite.Same(t, kind, testsite.Entries(got), wanted)
		}
	})
}
