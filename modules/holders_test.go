package modules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHoldersOfBadges: how many have a badge follows awards at once, whoever makes them, and counts each user
// once.
func TestHoldersOfBadges(t *testing.T) {
	t.Parallel()
	type badges = list[struct{ ID, Holders int }]
	testSites(t, func(t *testing.T, s *testSite) {
		holders := func(id int) (n int) {
			for _, b := range get[badges](t, s, "/v1/badges").Items {
				if b.ID == id {
					n = b.Holders
				}
			}
			if one := get[struct{ Holders int }](t, s, fmt.Sprintf("/v1/badges/%d", id)).Holders; one != n {
				t.Errorf("badge %d: %d in the list, %d alone", id, n, one)
			}
			return n
		}
		give := func(table string, badge, user int, at time.Time) {
			s.exec(t, "INSERT INTO "+table+" (badgeid, userid, show_flag, created, updated) VALUES (?, ?, 1, FROM_UNIXTIME(?), FROM_UNIXTIME(?))", badge, user, at.Unix(), at.Unix())
		}
		now, old := time.Now(), time.Now().Add(-24*time.Hour)
		s.exec(t, "DELETE FROM {ysb_badges}")
		for user := 1; user <= 9; user++ {
			give("{ysb_badges}", 101, user, old)
		}
		give("{ysb_badges}", 101, 1, old) // the plugin may award twice
		same(t, "of long ago", holders(101), 9)
		give("{ysb_badges}", 101, 20, now)
		give("{ysb_badges}", 101, 20, now)
		give("{ysb_badges}", 101, 2, now) // who has it already
		give("{ysb_badges}", 401, 2, now)
		give("{ysb_badge_ranking}", 1001, 2, now)
		give("{ysb_badge_ranking}", 1001, 2, old)
		for badge, want := range map[int]int{101: 10, 401: 1, 402: 0, 1001: 1} {
			same(t, fmt.Sprintf("badge %d", badge), holders(badge), want)
		}
		for _, q := range statements(t, s, "/v1/badges") {
			if strings.Contains(q, "SELECT DISTINCT userid, badgeid FROM {ysb_badges}") {
				t.Errorf("all awards are counted again: %s", q)
			}
		}
	})
}
