package ranking_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestMonthlyWinners checks that for each past month in the site's time zone, all users with the most posts
// win, and that they win once and keep the award.
func TestMonthlyWinners(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.TimeZone("Asia/Tokyo"), testsite.At(&now))
		diary(t, s)
		winners := func() map[string][]int {
			found := map[string][]int{}
			err := s.App.DB.Select(context.Background(), func(rows *sql.Rows) error {
				var user, badge int
				var month string
				err := rows.Scan(&user, &badge, &month)
				key := fmt.Sprintf("%s %d", month, badge)
				found[key] = append(found[key], user)
				return err
			}, "SELECT userid, badgeid, award_date FROM {ysb_badge_ranking} ORDER BY userid")
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		// The expected winners, by counting all posts of each user.
		want := map[string][]int{"2020-02 1003": {17}, "2020-03 1003": {17}}
		counts := map[string]map[int]int{}
		err = s.App.DB.Select(context.Background(), func(rows *sql.Rows) error {
			var user int
			var kind string
			var created int64
			err := rows.Scan(&user, &kind, &created)
			key := time.Unix(created, 0).In(tokyo).Format("2006-01") + map[string]string{
				"Q": " 1001", "A": " 1002",
			}[kind]
			if counts[key] == nil {
				counts[key] = map[int]int{}
			}
			counts[key][user]++
			return err
		}, `SELECT userid, type, UNIX_TIMESTAMP(created)
			FROM {posts}
			WHERE type IN ('Q', 'A') AND userid IS NOT NULL`)
		if err != nil {
			t.Fatal(err)
		}
		for key, users := range counts {
			if key[:7] >= now.In(tokyo).Format("2006-01") {
				continue
			}
			most := slices.Max(slices.Collect(maps.Values(users)))
			for user, n := range users {
				if n == most {
					want[key] = append(want[key], user)
				}
			}
			slices.Sort(want[key])
		}
		if len(want) < 4 {
			t.Fatalf("the recorded site has too few months: %v", want)
		}
		for range 2 { // the second time nothing is new
			testsite.RunJob(t, s.App, "monthly-winners")
			if got := winners(); !maps.EqualFunc(got, want, slices.Equal[[]int]) {
				t.Fatalf("winners %v, want %v", got, want)
			}
		}
		if n := s.Scalar(t,
			"SELECT COUNT(*) FROM {ysb_badge_ranking} WHERE show_flag <> 2 AND award_date <> ?",
			now.In(tokyo).AddDate(0, -1, 0).Format("2006-01")); n != 0 {
			t.Errorf("%d are told of months long ago", n)
		}
		// Winners stay, whatever happens to their posts, and the winners of the next month are shown their
		// badges.
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {posts} SET type = 'Q_HIDDEN' WHERE type = 'Q' AND userid = 6"); err != nil {
			t.Fatal(err)
		}
		if status, body, _ := s.Try(t, testsite.Haru, "POST", "/v1/questions", map[string]any{
			"title": "The question of the month?", "content": "There is no other this month.",
		}); status != http.StatusCreated {
			t.Fatal(status, body)
		}
		month := now.In(tokyo).Format("2006-01")
		now = time.Date(now.In(tokyo).Year(), now.In(tokyo).Month()+1, 1, 0, 10, 0, 0, tokyo)
		testsite.RunJob(t, s.App, "monthly-winners")
		got := winners()
		if !slices.Contains(got[month+" 1001"], 16) {
			t.Errorf("the next month: %v", got)
		}
		for key, users := range want {
			if !slices.Equal(got[key], users) {
				t.Errorf("%s changed from %v to %v", key, users, got[key])
			}
		}
		untold := testsite.Decode[struct {
			Items []struct {
				ID    int
				Title string
				Month string
			}
		}](t, s.Request(t, http.MethodGet, "/v1/me/new-badges", testsite.Haru, "Accept-Language", "ja"))
		if len(untold.Items) == 0 || untold.Items[0].ID != 1001 || untold.Items[0].Month != month ||
			untold.Items[0].Title != "月間最多質問" {
			t.Errorf("new badges: %+v", untold)
		}
	})
}
