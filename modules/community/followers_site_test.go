package community_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// shownTo is a site that shows who follows whom to those whom the setting names.
func shownTo(setting string) testsite.Option {
	return testsite.Config(func(c *config.Config) { c.FollowersShown = setting })
}

// people lists a list of users, page by page.
func people(t *testing.T, s *testsite.Site, path string, user int) (ids []int, total int) {
	t.Helper()
	type list struct {
		Items []struct {
			ID         int
			IsFavorite *bool
		}
		NextCursor string
		Total      int
	}
	for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
		page := testsite.GetAs[list](t, s, path+"?limit=2"+cursor, user)
		for _, u := range page.Items {
			ids = append(ids, u.ID)
			if (u.IsFavorite != nil) != (user != testsite.Visitor) {
				t.Errorf("%s: user %d is told of a favourite: %v", path, user, u.IsFavorite)
			}
		}
		total = page.Total
		if cursor = ""; page.NextCursor != "" {
			cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		}
	}
	return ids, total
}

// TestFollowers checks who is listed among a user's followers and whom that user follows, to whom, and that
// the profile has the numbers for the same people.
func TestFollowers(t *testing.T) {
	t.Parallel()
	for setting, may := range map[string]map[int][2]bool{
		"everybody": {testsite.Visitor: {true, true}, testsite.Taro: {true, true}, testsite.Aki: {true, true}},
		"members":   {testsite.Visitor: {false, false}, testsite.Taro: {true, true}, testsite.Aki: {true, true}},
		"nobody": {testsite.Visitor: {false, false}, testsite.Taro: {false, false}, testsite.Aki: {false, true},
			testsite.AdminHana: {false, false}},
		"auto": {testsite.Visitor: {false, false}, testsite.Aki: {false, true}},
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
				s := testsite.New(t, db, shownTo(setting), testsite.After("DELETE FROM {userfavorites}",
					follow+`(6, 'U', 13, 0), (7, 'U', 13, 1), (8, 'U', 13, 0), (9, 'U', 13, 1), (12, 'U', 13, 1),
						(13, 'U', 6, 0), (13, 'U', 7, 1), (13, 'U', 8, 1), (13, 'Q', 9, 0), (13, 'M', 10, 0),
						(10, 'M', 13, 0), (10, 'Q', 13, 0)`))
				for user, allowed := range may {
					type counts struct{ FollowerCount, FollowingCount *int }
					profile := testsite.GetAs[counts](t, s, "/v1/users/aki", user)
					for i, c := range []struct {
						what  string
						want  []int
						count *int
					}{
						{"followers", []int{12, 9, 8, 7, 6}, profile.FollowerCount},
						{"following", []int{8, 7, 6}, profile.FollowingCount},
					} {
						path := "/v1/users/aki/" + c.what
						if !allowed[i] {
							if status, body, _ := s.Try(t, user, "GET", path, nil); status != 403 || c.count != nil {
								t.Errorf("%s is open to %d: %d %v, counted %v", c.what, user, status, body["code"], c.count)
							}
							continue
						}
						got, total := people(t, s, path, user)
						if !slices.Equal(got, c.want) || total != len(c.want) || c.count == nil || *c.count != total {
							t.Errorf("%s for %d: %v of %d, counted %v, want %v", c.what, user, got, total, c.count, c.want)
						}
					}
				}
				if status, _, _ := s.Try(t, testsite.Taro, "GET", "/v1/users/nobody/followers", nil); status != 404 {
					t.Errorf("followers of nobody: %d", status)
				}
			})
		})
	}
}

// TestThePluginShowsFollowers checks that followers are shown where the old site's plugin shows them.
func TestThePluginShowsFollowers(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(
			"REPLACE INTO {options} (title, content) VALUES ('enabled_plugins', 'event-logger;q2a-custom-user-detail')"))
		people(t, s, "/v1/users/aki/followers", testsite.Visitor)
	})
}

// TestManyFollowersAreReadFast checks by the server's counters that a page of 20,000 followers reads few rows.
func TestManyFollowersAreReadFast(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, shownTo("everybody"))
		const many = 20_000
		for from := 0; from < many; from += 1000 {
			var users, rows []string
			for i := from; i < from+1000; i++ {
				users = append(users, fmt.Sprintf("(%d, FROM_UNIXTIME(%d), 'abcd', '', 'u%d', 0, 0, 0, FROM_UNIXTIME(1000000000), 'abcd')",
					1000+i, 1_000_000_000+i, i))
				rows = append(rows, fmt.Sprintf("(%d, 'U', 13, 1)", 1000+i))
			}
			s.Exec(t, `INSERT INTO {users} (userid, created, createip, email, handle, level, flags, wallposts, loggedin,
				loginip) VALUES `+strings.Join(users, ", "))
			s.Exec(t, follow+strings.Join(rows, ", "))
		}
		type list struct {
			Items      []struct{ ID int }
			NextCursor string
			Total      int
		}
		page := testsite.Get[list](t, s, "/v1/users/aki/followers?limit=3")
		got := []int{}
		for range 2 {
			for _, u := range page.Items {
				got = append(got, u.ID)
			}
			page = testsite.Get[list](t, s, "/v1/users/aki/followers?limit=3&cursor="+url.QueryEscape(page.NextCursor))
		}
		want := []int{20999, 20998, 20997, 20996, 20995, 20994}
		if !slices.Equal(got, want) || page.Total < many {
			t.Errorf("%v of %d, want %v", got, page.Total, want)
		}
		if db == testsite.SQLite {
			return // it has no counters
		}
		s.Exec(t, "ANALYZE TABLE {userfavorites}")
		for _, path := range []string{"/v1/users/aki/followers", "/v1/users/aki/followers?cursor=" +
			url.QueryEscape(page.NextCursor)} {
			if n := s.RowsRead(t, path); n > 500 {
				t.Errorf("GET %s reads %d rows", path, n)
			}
		}
	})
}
