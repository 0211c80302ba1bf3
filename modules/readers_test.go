package modules_test

import (
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestFeedsObeyTheReadersOption: where visitors may not read questions, feeds and lists show them no more than the titles.
func TestFeedsObeyTheReadersOption(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("REPLACE INTO {options} (title, content) VALUES ('permit_view_q_page', '120')", "UPDATE {options} SET content = '1' WHERE title LIKE 'feed_for%' OR title IN ('feed_full_text', 'feed_per_category')", "UPDATE {posts} SET content = CONCAT('Hidden from visitors. ', content) WHERE type IN ('Q', 'A', 'C')"))
		for _, feed := range []string{"questions", "hot", "unanswered", "answers", "comments", "activity", "qa", "questions/nihon-mitsubachi", "tag/queen", "search/queen"} {
			path := "/feed/" + feed + ".rss"
			for user, reads := range map[int]bool{0: false, 13: true, 25: true} {
				res := s.Request(t, http.MethodGet, path, user)
				body := testsite.Text(t, res)
				if res.StatusCode != http.StatusOK || !strings.Contains(body, "<item>") {
					t.Errorf("GET %s as %d: %d, %d bytes", path, user, res.StatusCode, len(body))
				}
				if strings.Contains(body, "Hidden from visitors.") != reads {
					t.Errorf("GET %s as %d: full texts are there: %v", path, user, !reads)
				}
			}
		}
		for _, path := range []string{"/v1/questions?limit=100", "/v1/activity?limit=100", "/v1/search?limit=100&q=queen", "/v1/questions/similar?title=queen", "/v1/users/aki/activity",
			"/v1/questions/27/related", "/v1/questions/27", "/v1/answers/3", "/v1/posts/3", "/v1/posts/27/comments"} {
			body := testsite.Text(t, s.Request(t, http.MethodGet, path, testsite.Visitor))
			if strings.Contains(body, "Hidden from visitors.") || strings.Contains(body, "thumbnail") {
				t.Errorf("GET %s shows a visitor what the question's page does not", path)
			}
		}
	})
}
