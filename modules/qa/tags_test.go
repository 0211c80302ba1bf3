package qa_test

import (
	"net/url"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestTagsAsRecorded(t *testing.T) {
	t.Parallel()
	type tags struct {
		Popular []struct {
			Tag   string
			Count int
		}
		ByTag map[string]struct {
			Word *struct {
				Word     string
				TagCount int
			}
			IDs []int
		} `json:"questions_by_tag"`
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		recorded := testsite.Recording[tags](t, "tags")
		type tag struct {
			Tag   string
			Count int `json:"questionCount"`
		}
		var got []tag
		for cursor := ""; ; {
			page := testsite.Get[testsite.List[tag]](t, s, "/v1/tags?limit=9"+cursor)
			got = append(got, page.Items...)
			if page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		for i, want := range recorded.Popular {
			// Q2A leaves the order of tags with equal counts to the database. Here the newer word comes
			// first, as on the recorded server.
			if i >= len(got) || got[i].Tag != want.Tag || got[i].Count != want.Count {
				t.Errorf("tag %d: got %v, want %v", i, got[min(i, len(got)-1)], want)
			}
		}
		testsite.Same(t, "number of tags", len(got), len(recorded.Popular))
		for name, want := range recorded.ByTag {
			got := walk(t, s, "/v1/questions?tag="+url.QueryEscape(name), 1000)
			testsite.Same(t, "questions tagged "+name, testsite.IDs(got), append([]int{}, want.IDs...))
		}
	})
}
