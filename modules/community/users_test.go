package community_test

import (
	"fmt"
	"net/url"
	"testing"

	"net/http"

	"38qa.net/backend/modules/testsite"
)

// TestUsersOfEqualPoints checks that the pages of the user directory, by cursor and by number, together make
// up the whole list, even where all users of a page have equal points.
func TestUsersOfEqualPoints(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for id := 1000; id < 1120; id++ {
			s.Exec(t, `INSERT INTO {users} (userid, created, createip, email, handle, level, flags, wallposts,
					loggedin, loginip)
				SELECT ?, created, createip, ?, ?, 0, 0, 0, loggedin, loginip
				FROM {users}
				WHERE userid = 1`, id, fmt.Sprintf("u%d@example.jp", id), fmt.Sprintf("u%d", id))
			s.Exec(t, "INSERT INTO {userpoints} (userid, points) VALUES (?, ?)",
				id, []int{100, 100, 100, 340, -20, 0}[id*7%6])
		}
		// These are the points of accounts that are gone.
		s.Exec(t, "INSERT INTO {userpoints} (userid, points) VALUES (5000, 100), (5001, 1000000)")
		want := s.Numbers(t, `SELECT u.userid
			FROM {users} u
			JOIN {userpoints} up ON up.userid = u.userid
			ORDER BY up.points DESC, u.userid`)
		type page = testsite.List[struct{ ID int }]
		for _, size := range []int{1, 7, 40, 100} {
			t.Run(fmt.Sprintf("pages of %d", size), func(t *testing.T) {
				var byCursor, byNumber []int
				for cursor := ""; ; {
					p := testsite.Get[page](t, s, fmt.Sprintf("/v1/users?limit=%d%s", size, cursor))
					for _, u := range p.Items {
						byCursor = append(byCursor, u.ID)
					}
					if p.NextCursor == "" {
						break
					}
					cursor = "&cursor=" + url.QueryEscape(p.NextCursor)
				}
				testsite.Same(t, "by cursor", byCursor, want)
				for n := 1; n <= 100 && (n-1)*size < len(want); n++ {
					for _, u := range testsite.Get[page](t, s,
						fmt.Sprintf("/v1/users?limit=%d&page=%d", size, n)).Items {
						byNumber = append(byNumber, u.ID)
					}
				}
				testsite.Same(t, "by number", byNumber, want[:min(len(want), 100*size)])
			})
		}
	})
}

func TestUsersAsRecorded(t *testing.T) {
	t.Parallel()
	type lists map[string][]struct {
		UserID, Points, Level int
		Email, Handle         string
		Created               int64
	}
	type user struct {
		ID, Points    int
		Handle, Email string
		CreatedAt     string
	}
	paths := map[string]string{"by_points": "/v1/users?limit=4", "newest": "/v1/users?sort=newest&limit=4",
		"special": "/v1/users?level=expert&limit=2",
		"blocked": "/v1/users?blocked=true&limit=1", "unapproved": "/v1/moderation/users?limit=2"}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for name, want := range testsite.Recording[lists](t, "users") {
			got, wanted := []string{}, []string{}
			for cursor := ""; ; {
				page := testsite.GetAs[testsite.List[user]](t, s, paths[name]+cursor, testsite.Superbee)
				for _, u := range page.Items {
					got = append(got, fmt.Sprint(u.ID, u.Handle, u.Email))
				}
				if page.NextCursor == "" {
					break
				}
				cursor = "&cursor=" + page.NextCursor
			}
			for _, u := range want {
				wanted = append(wanted, fmt.Sprint(u.UserID, u.Handle, u.Email))
			}
			testsite.Same(t, name, got, wanted)
		}
		for _, name := range []string{"newest", "special", "blocked", "unapproved"} {
			if status := s.Request(t, http.MethodGet, paths[name],
				testsite.Visitor).StatusCode; status != 403 {
				t.Errorf("%s for visitors: %d", name, status)
			}
		}
	})
}
