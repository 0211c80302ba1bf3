package ranking_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestBadgesOverHTTP checks the badges that the API lists, the holders of a badge, the badges of a user, and
// the new badges of a caller, until they are marked as seen.
func TestBadgesOverHTTP(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		testsite.RunJob(t, s.App, "badges")
		testsite.RunJob(t, s.App, "monthly-winners")
		type badge struct {
			ID      int
			Group   string
			Title   string
			Holders int
			Month   string
		}
		type list struct{ Items []badge }
		all := testsite.Decode[list](t,
			s.Request(t, http.MethodGet, "/v1/badges", testsite.Visitor, "Accept-Language", "en"))
		if len(all.Items) != 33 || all.Items[0].Title != "Answerer" ||
			all.Items[0].Holders != s.Scalar(t, "SELECT COUNT(*) FROM {ysb_badges} WHERE badgeid = 101") ||
			all.Items[0].Holders < 5 {
			t.Errorf("badges: %+v", all)
		}
		if res := s.Request(t, http.MethodGet, "/v1/badges/999",
			testsite.Visitor); res.StatusCode != http.StatusNotFound {
			t.Errorf("a badge that there is not: %s", res.Status)
		}
		type page struct {
			Title   string
			Holders int
			Awards  struct {
				Items []struct {
					User  struct{ Handle string }
					Month string
				}
				NextCursor string
			}
		}
		for _, id := range []int{101, 1001} {
			var seen []string
			var last page
			for cursor := ""; ; {
				last = testsite.Decode[page](t, s.Request(t, http.MethodGet,
					fmt.Sprintf("/v1/badges/%d?limit=3%s", id, cursor), testsite.Visitor))
				for _, h := range last.Awards.Items {
					seen = append(seen, h.Month+" "+h.User.Handle)
				}
				if last.Awards.NextCursor == "" {
					break
				}
				cursor = "&cursor=" + last.Awards.NextCursor
			}
			table := "{ysb_badges}"
			if id > 1000 {
				table = "{ysb_badge_ranking}"
			}
			unique := slices.Compact(slices.Sorted(slices.Values(seen)))
			if rows := s.Scalar(t, "SELECT COUNT(*) FROM "+table+" WHERE badgeid = ?",
				id); len(unique) != len(seen) || len(seen) != rows || last.Holders > rows {
				t.Errorf("badge %d: %d rows, holders %v of %d", id, rows, seen, last.Holders)
			}
			if id > 1000 &&
				!slices.IsSortedFunc(seen, func(a, b string) int { return strings.Compare(b[:7], a[:7]) }) {
				t.Errorf("months out of order: %q", seen)
			}
		}
		haru := testsite.Decode[list](t,
			s.Request(t, http.MethodGet, "/v1/users/haru/badges", testsite.Visitor))
		if len(haru.Items) == 0 || len(haru.Items) != s.Scalar(t,
			`SELECT (SELECT COUNT(*) FROM {ysb_badges} WHERE userid = 16)
				+ (SELECT COUNT(*) FROM {ysb_badge_ranking} WHERE userid = 16)`) {
			t.Errorf("badges of haru: %+v", haru)
		}
		if _, err := s.App.DB.Exec(context.Background(),
			"UPDATE {ysb_badges} SET show_flag = 0 WHERE userid IN (16, 17)"); err != nil {
			t.Fatal(err)
		}
		if fresh := testsite.Decode[list](t,
			s.Request(t, http.MethodGet, "/v1/me/new-badges", testsite.Haru)); len(fresh.Items) == 0 {
			t.Error("no new badges")
		}
		if res := s.Request(t, http.MethodDelete, "/v1/me/new-badges",
			testsite.Haru); res.StatusCode != http.StatusNoContent {
			t.Errorf("seen: %s", res.Status)
		}
		if fresh := testsite.Decode[list](t,
			s.Request(t, http.MethodGet, "/v1/me/new-badges", testsite.Haru)); len(fresh.Items) > 0 ||
			s.Scalar(t, "SELECT COUNT(*) FROM {ysb_badges} WHERE userid = 17 AND show_flag = 0") == 0 {
			t.Errorf("after they were seen: %+v", fresh)
		}
	})
}
