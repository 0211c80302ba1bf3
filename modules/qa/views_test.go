package qa_test

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestViewsAreCountedAsQ2ADoes checks, by the rows of the database, which views are counted. The first view
// of question 388 by a browser is that of the recorded transition "view-question".
func TestViewsAreCountedAsQ2ADoes(t *testing.T) {
	t.Parallel()
	const browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		state := func(id int) (views int, hotness float64) {
			if _, err := s.App.DB.Get(context.Background(), []any{&views, &hotness},
				"SELECT views, hotness + 0e0 FROM {posts} WHERE postid = ?", id); err != nil {
				t.Fatal(err)
			}
			return views, hotness
		}
		view := func(id, user int, agent string) {
			res := s.Request(t, http.MethodGet, "/v1/questions/"+itoa(id), user, "User-Agent", agent)
			if res.StatusCode != 200 {
				t.Fatal(res.Status)
			}
		}
		before, hot := state(388)
		view(388, testsite.Visitor, "curl/8.0")
		if n, _ := state(388); n != before {
			t.Error("a robot's view was counted")
		}
		view(388, testsite.BeeKeeper, browser)
		if n, _ := state(388); n != before {
			t.Error("the author's view was counted")
		}
		view(388, testsite.Visitor, browser)
		n, hotter := state(388)
		// One more view adds 4,000 × 100 to the hotness, and values of FLOAT are 8,192 apart here.
		if n != before+1 || hotter-hot < 391808 || hotter-hot > 408192 {
			t.Errorf("after a view: %d, hotness %v; before %d, %v", n, hotter, before, hot)
		}
		view(388, testsite.Visitor, browser)
		if n, _ := state(388); n != before+1 {
			t.Error("a second view from the same address was counted")
		}
	})
}

// TestManyViewsAtOnce checks that views which come at the same time leave the rows that they would leave one
// after the other.
func TestManyViewsAtOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.Config(func(cfg *config.Config) {
			cfg.TrustedProxies = []string{"127.0.0.0/8"}
		}))
		before := s.Scalar(t, "SELECT views FROM {posts} WHERE postid = 388")
		const people = 60
		var wait sync.WaitGroup
		for i := range people {
			wait.Go(func() {
				s.Request(t, http.MethodGet, "/v1/questions/388", testsite.Visitor, "User-Agent", "Firefox",
					"X-Forwarded-For", "100.64.0."+itoa(i+1))
			})
		}
		wait.Wait()
		if n := s.Scalar(t, "SELECT views FROM {posts} WHERE postid = 388"); n != before+people {
			t.Errorf("%d views of %d people", n-before, people)
		}
		if found := testsite.Recount(t, s.App, true); len(found) > 1 {
			t.Errorf("hotness is off: %q", found)
		}
	})
}
