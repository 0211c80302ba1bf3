package qa_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"net/url"

	"38qa.net/backend/modules/testsite"
)

// TestRelatedOfManyCandidates checks that the best related questions stay the same when candidates which
// cannot be among them are left out.
func TestRelatedOfManyCandidates(t *testing.T) {
	t.Parallel()
	s := seededSite(t)
	s.Exec(t, "DELETE FROM {options} WHERE title = 'match_related_qs'")
	s.Exec(t, "INSERT INTO {options} (title, content) VALUES ('match_related_qs', '5')") // from a score of 0
	// Some word is in more titles than the search looks up at once.
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {words} WHERE titlecount > 200"); n == 0 {
		t.Fatal("no common words")
	}
	many, shortened := 0, 0
	ids := s.Numbers(t,
		"SELECT postid FROM {posts} WHERE type = 'Q' AND postid % 5 = 0 ORDER BY postid LIMIT 100")
	for _, id := range ids {
		want := bestRelated(t, s, id)
		for _, limit := range []int{1, 5, 50} {
			path := fmt.Sprintf("/v1/questions/%d/related?limit=%d", id, limit)
			got := testsite.Get[testsite.List[testsite.Question]](t, s, path).Items
			testsite.Same(t, fmt.Sprintf("best %d for %d", limit, id), testsite.IDs(got),
				want[:min(limit, len(want))])
		}
		queries := s.Statements(t, fmt.Sprintf("/v1/questions/%d/related?limit=1", id))
		if len(queries) > 7 {
			t.Errorf("%d statements", len(queries))
		}
		if slices.ContainsFunc(queries, func(q string) bool {
			return strings.Contains(q, "FROM {titlewords} WHERE wordid IN ? AND postid IN ?")
		}) {
			shortened++
		}
		if len(want) > 50 {
			many++
		}
	}
	if many == 0 || shortened == 0 {
		t.Errorf("%d have more than 50 related questions, for %d not all candidates were read", many,
			shortened)
	}
}

// bestRelated returns all questions that have anything in common with the given one, the best first. It adds
// up the scores of all of them.
func bestRelated(t *testing.T, s *testsite.Site, id int) []int {
	t.Helper()
	scores := map[int]float64{}
	err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
		var post int
		var score float64
		err := rows.Scan(&post, &score)
		scores[post] += score
		return err
	}, `SELECT t.postid, LN(10000 / (w.titlecount + 0e0))
		FROM {titlewords} s
		JOIN {words} w ON w.wordid = s.wordid
		JOIN {titlewords} t ON t.wordid = s.wordid
		WHERE s.postid = ? AND w.titlecount < 10000
		UNION ALL SELECT t.postid, 2 * LN(10000 / (w.tagcount + 0e0))
		FROM {posttags} s
		JOIN {words} w ON w.wordid = s.wordid
		JOIN {posttags} t ON t.wordid = s.wordid
		WHERE s.postid = ? AND w.tagcount < 10000
		UNION ALL SELECT p.postid, LN(10000 / (c.qcount + 0e0))
		FROM {posts} s
		JOIN {categories} c ON c.categoryid = s.categoryid
		JOIN {posts} p ON p.categoryid = s.categoryid AND p.type = 'Q'
		WHERE s.postid = ? AND c.qcount < 10000`, id, id, id)
	if err != nil {
		t.Fatal(err)
	}
	delete(scores, id)
	var best []int
	for post := range scores {
		scores[post] += math.Log(float64(post)) / 1e6
		best = append(best, post)
	}
	slices.SortFunc(best, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return best
}

func TestRelatedAsRecorded(t *testing.T) {
	t.Parallel()
	type related []struct {
		QuestionID int
		MinScore   float64 `json:"widget_min_score"`
		Results    []struct {
			PostID int
			Score  float64
		}
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for _, r := range testsite.Recording[related](t, "related") {
			path := fmt.Sprintf("/v1/questions/%d/related?limit=50", r.QuestionID)
			got := testsite.Get[testsite.List[testsite.Question]](t, s, path).Items
			wanted := 0
			for i, want := range r.Results {
				if want.Score < r.MinScore {
					break
				}
				wanted++
				if i >= len(got) || got[i].ID != want.PostID || !near(got[i].Score, want.Score) {
					t.Errorf("related to %d, place %d: want %d (%v), got %v", r.QuestionID, i, want.PostID,
						want.Score, testsite.IDs(got))
					break
				}
			}
			testsite.Same(t, fmt.Sprintf("number related to %d", r.QuestionID), len(got), wanted)
		}
	})
}

func TestSimilarAsRecorded(t *testing.T) {
	t.Parallel()
	type similar []struct {
		Title    string
		MinScore float64 `json:"min_score"`
		Results  []struct {
			PostID int
			Score  float64
		}
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for _, r := range testsite.Recording[similar](t, "similar-titles") {
			path := "/v1/questions/similar?title=" + url.QueryEscape(r.Title)
			got := testsite.Get[testsite.List[testsite.Question]](t, s, path).Items
			want := []int{}
			for _, x := range r.Results[:min(5, len(r.Results))] { // page_size_ask_check_qs is 5
				if x.Score >= r.MinScore {
					want = append(want, x.PostID)
				}
			}
			testsite.Same(t, r.Title, testsite.IDs(got), want)
		}
	})
}
