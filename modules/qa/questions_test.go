package qa_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// row is a question as Q2A itself showed it in a list.
type row struct {
	PostID     int     `json:"postid"`
	Title      string  `json:"title"`
	CategoryID int     `json:"categoryid"`
	ACount     int     `json:"acount"`
	AMaxVote   int     `json:"amaxvote"`
	SelChildID int     `json:"selchildid"`
	ClosedByID int     `json:"closedbyid"`
	Up         int     `json:"upvotes"`
	Down       int     `json:"downvotes"`
	Net        int     `json:"netvotes"`
	Views      int     `json:"views"`
	Flags      int     `json:"flagcount"`
	Created    int64   `json:"created"`
	UserID     int     `json:"userid"`
	Handle     string  `json:"handle"`
	Points     int     `json:"points"`
	Tags       string  `json:"tags"`
	Hotness    float64 `json:"hotness"`
}

func (r row) matches(q testsite.Question) error {
	got := row{
		q.ID, q.Title, q.Category.ID, q.Answers, q.Max, q.Selected, q.ClosedByID, q.Votes.Up, q.Votes.Down,
		q.Votes.Net, q.Views, q.Flags, testsite.Unix(q.CreatedAt), q.Author.ID, q.Author.Handle,
		q.Author.Points, strings.Join(q.Tags, ","), q.Hotness,
	}
	if got != r {
		return fmt.Errorf("question %d:\n got %+v\nwant %+v", r.PostID, got, r)
	}
	return nil
}

func TestQuestionListsAsRecorded(t *testing.T) {
	t.Parallel()
	type lists struct {
		CachedCounts map[string]int `json:"cached_counts"`
		Lists        map[string]map[string]struct {
			IDs  []int
			Rows []row
		}
	}
	queries := map[string]string{
		"recent": "sort=recent", "hot": "sort=hot", "votes": "sort=votes", "answers": "sort=answers",
		"views": "sort=views", "unanswered": "unanswered=answer", "unselected": "unanswered=selected",
		"no_upvoted_answer": "unanswered=upvoted",
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		recorded := testsite.Recording[lists](t, "question-lists")
		checked := 0
		for name, pages := range recorded.Lists {
			query, ok := queries[name]
			if !ok {
				t.Errorf("recorded list %q is not compared", name)
				continue
			}
			for window, want := range pages {
				var start, count int
				if _, err := fmt.Sscanf(window, "start=%d,count=%d", &start, &count); err != nil {
					t.Fatalf("window %q: %v", window, err)
				}
				got := walk(t, s, "/v1/questions?"+query, start+count)
				got = got[min(start, len(got)):min(start+count, len(got))]
				testsite.Same(t, name+" "+window, testsite.IDs(got), want.IDs)
				for i, r := range want.Rows {
					if i < len(got) {
						if err := r.matches(got[i]); err != nil {
							t.Errorf("%s: %v", name, err)
						}
					}
				}
				checked += len(want.IDs)
			}
		}
		if checked < 300 {
			t.Errorf("only %d places compared", checked)
		}
	})
}

// walk reads a list page by page, in small pages, until it has count items or the list ends.
func walk(t *testing.T, s *testsite.Site, path string, count int) []testsite.Question {
	t.Helper()
	var all []testsite.Question
	cursor := ""
	for len(all) < count {
		page := testsite.Get[testsite.List[testsite.Question]](t, s, path+"&limit=7"+cursor)
		all = append(all, page.Items...)
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
	}
	return all
}

func TestCategoryListsAsRecorded(t *testing.T) {
	t.Parallel()
	type categories struct {
		Categories map[string]map[string]json.RawMessage
	}
	queries := map[string]string{
		"created": "sort=recent", "hotness": "sort=hot", "netvotes": "sort=votes", "acount": "sort=answers",
		"views": "sort=views", "unanswered_acount": "unanswered=answer",
		"unanswered_selchildid": "unanswered=selected", "unanswered_amaxvote": "unanswered=upvoted",
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for path, lists := range testsite.Recording[categories](t, "questions-by-category").Categories {
			for name, query := range queries {
				var want []int
				if err := json.Unmarshal(lists[name], &want); err != nil {
					t.Fatal(err)
				}
				got := walk(t, s, "/v1/questions?"+query+"&category="+url.QueryEscape(path), 1000)
				testsite.Same(t, path+" "+name, testsite.IDs(got), append([]int{}, want...))
			}
		}
	})
}
