package ranking_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestHoldersOfBadges checks that the number of a badge's holders follows new awards at once, and counts each
// user once.
func TestHoldersOfBadges(t *testing.T) {
	t.Parallel()
	type badges = testsite.List[struct{ ID, Holders int }]
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		holders := func(id int) (n int) {
			for _, b := range testsite.Get[badges](t, s, "/v1/badges").Items {
				if b.ID == id {
					n = b.Holders
				}
			}
			if one := testsite.Get[struct{ Holders int }](t, s,
				fmt.Sprintf("/v1/badges/%d", id)).Holders; one != n {
				t.Errorf("badge %d: %d in the list, %d alone", id, n, one)
			}
			return n
		}
		give := func(table string, badge, user int, at time.Time) {
			s.Exec(t, `INSERT INTO `+table+` (badgeid, userid, show_flag, created, updated)
				VALUES (?, ?, 1, FROM_UNIXTIME(?), FROM_UNIXTIME(?))`, badge, user, at.Unix(), at.Unix())
		}
		now, old := time.Now(), time.Now().Add(-24*time.Hour)
		s.Exec(t, "DELETE FROM {ysb_badges}")
		for user := 1; user <= 9; user++ {
			give("{ysb_badges}", 101, user, old)
		}
		give("{ysb_badges}", 101, testsite.Superbee, old) // the plugin may award twice
		testsite.Same(t, "of long ago", holders(101), 9)
		give("{ysb_badges}", 101, testsite.Nihonmitsubachi, now)
		give("{ysb_badges}", 101, testsite.Nihonmitsubachi, now)
		give("{ysb_badges}", 101, testsite.AdminHana, now) // who has it already
		give("{ysb_badges}", 401, testsite.AdminHana, now)
		give("{ysb_badge_ranking}", 1001, testsite.AdminHana, now)
		give("{ysb_badge_ranking}", 1001, testsite.AdminHana, old)
		for badge, want := range map[int]int{101: 10, 401: 1, 402: 0, 1001: 1} {
			testsite.Same(t, fmt.Sprintf("badge %d", badge), holders(badge), want)
		}
		for _, q := range s.Statements(t, "/v1/badges") {
			if strings.Contains(q, "SELECT DISTINCT userid, badgeid FROM {ysb_badges}") {
				t.Errorf("all awards are counted again: %s", q)
			}
		}
	})
}
