package modules_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestViewsAreCountedAsQ2ADoes looks at the rows; the first view of question 388 by a browser is that of the recorded
// transition "view-question".
func TestViewsAreCountedAsQ2ADoes(t *testing.T) {
	const browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
	testSites(t, func(t *testing.T, s *testSite) {
		state := func(id int) (views int, hotness float64) {
			if _, err := s.app.DB.Get(context.Background(), []any{&views, &hotness}, "SELECT views, hotness + 0e0 FROM {posts} WHERE postid = ?", id); err != nil {
				t.Fatal(err)
			}
			return views, hotness
		}
		view := func(id, user int, agent string) {
			if res := s.request(t, http.MethodGet, "/v1/questions/"+itoa(id), user, "User-Agent", agent); res.StatusCode != 200 {
				t.Fatal(res.Status)
			}
		}
		before, hot := state(388)
		view(388, 0, "curl/8.0")
		if n, _ := state(388); n != before {
			t.Error("a robot's view was counted")
		}
		view(388, 8, browser)
		if n, _ := state(388); n != before {
			t.Error("the author's view was counted")
		}
		view(388, 0, browser)
		n, hotter := state(388)
		// One view more counts 4,000 × 100, and FLOAT steps by 8,192.
		if n != before+1 || hotter-hot < 391808 || hotter-hot > 408192 {
			t.Errorf("after a view: %d, hotness %v; before %d, %v", n, hotter, before, hot)
		}
		view(388, 0, browser)
		if n, _ := state(388); n != before+1 {
			t.Error("a second view from the same address was counted")
		}
	})
}
