package qa_test

import (
	"net/http"
	"strings"
	"testing"

	"encoding/xml"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"

	"38qa.net/backend/modules/testsite"
)

// TestFeedsObeyTheReadersOption checks that feeds and lists show visitors no more of posts than titles if the
// site does not let visitors read questions (option permit_view_q_page).
func TestFeedsObeyTheReadersOption(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(
			"REPLACE INTO {options} (title, content) VALUES ('permit_view_q_page', '120')",
			`UPDATE {options} SET content = '1'
				WHERE title LIKE 'feed_for%' OR title IN ('feed_full_text', 'feed_per_category')`,
			`UPDATE {posts} SET content = CONCAT('Hidden from visitors. ', content)
				WHERE type IN ('Q', 'A', 'C')`))
		for _, feed := range []string{
			"questions", "hot", "unanswered", "answers", "comments", "activity", "qa",
			"questions/nihon-mitsubachi", "tag/queen", "search/queen",
		} {
			path := "/feed/" + feed + ".rss"
			for user, reads := range map[int]bool{
				testsite.Visitor: false, testsite.Aki: true, testsite.Spammer99: true,
			} {
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
		for _, path := range []string{
			"/v1/questions?limit=100", "/v1/activity?limit=100", "/v1/search?limit=100&q=queen",
			"/v1/questions/similar?title=queen", "/v1/users/aki/activity", "/v1/questions/27/related",
			"/v1/questions/27", "/v1/answers/3", "/v1/posts/3", "/v1/posts/27/comments",
		} {
			body := testsite.Text(t, s.Request(t, http.MethodGet, path, testsite.Visitor))
			if strings.Contains(body, "Hidden from visitors.") || strings.Contains(body, "thumbnail") {
				t.Errorf("GET %s shows a visitor what the question's page does not", path)
			}
		}
	})
}

func TestFeedsAndSitemap(t *testing.T) {
	t.Parallel()
	type feed struct {
		Items []struct {
			Link string `xml:"link"`
		} `xml:"channel>item"`
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		lists := testsite.Recording[struct {
			Lists map[string]map[string]struct{ IDs []int }
		}](t, "question-lists").Lists
		for path, want := range map[string][]int{
			"questions.rss":  lists["recent"]["start=0,count=50"].IDs,
			"unanswered.rss": lists["unanswered"]["start=0,count=50"].IDs,
		} {
			res := s.Request(t, http.MethodGet, "/feed/"+path, testsite.Visitor)
			var f feed
			if err := xml.Unmarshal([]byte(testsite.Text(t, res)), &f); err != nil {
				t.Fatal(err)
			}
			if len(f.Items) != len(want) ||
				!strings.HasPrefix(res.Header.Get("Content-Type"), "application/rss+xml") {
				t.Errorf("%s: %d entries, want %d", path, len(f.Items), len(want))
			}
			for i, item := range f.Items {
				if i < len(want) &&
					!strings.HasPrefix(item.Link, "http://127.0.0.1:8802/"+itoa(want[i])+"/") {
					t.Errorf("%s, entry %d: %s, want question %d", path, i, item.Link, want[i])
				}
			}
		}
		type activity = map[string]map[string][]testsite.RecordedActivity
		home := testsite.Recording[activity](t, "home-and-activity")["(all)"]["home_first20"]
		var f feed
		text := testsite.Text(t, s.Request(t, http.MethodGet, "/feed/qa.rss", testsite.Visitor))
		if err := xml.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		for i, want := range home {
			if !strings.Contains(f.Items[i].Link, "/"+itoa(want.PostID)+"/") {
				t.Errorf("qa.rss, entry %d: %s, want %d", i, f.Items[i].Link, want.PostID)
			}
		}
		// The feeds hot and tag are switched off on this site.
		for path, status := range map[string]int{
			"/feed/activity.rss": 200, "/feed/answers.xml": 200, "/feed/comments": 200,
			"/feed/questions/nihon-mitsubachi/kanri.rss": 200, "/feed/hot.rss": 404,
			"/feed/tag/queen.rss": 404, "/feed/nothing.rss": 404, "/feed/questions/nowhere.rss": 404,
		} {
			if res := s.Request(t, http.MethodGet, path, testsite.Visitor); res.StatusCode != status {
				t.Errorf("GET %s: %s", path, res.Status)
			}
		}
		var sitemap struct {
			URLs []struct {
				Loc string `xml:"loc"`
			} `xml:"url"`
		}
		text = testsite.Text(t, s.Request(t, http.MethodGet, "/sitemap.xml", testsite.Visitor))
		if err := xml.Unmarshal([]byte(text), &sitemap); err != nil {
			t.Fatal(err)
		}
		if len(sitemap.URLs) != 67+27+98+17 {
			t.Errorf("%d addresses in the sitemap", len(sitemap.URLs))
		}
	})
}
