package community_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// foundUsers is a list of users.
type foundUsers = testsite.List[struct {
	ID               int
	Handle, Location string
}]

// handlesOf returns the handles in a list of users.
func handlesOf(list foundUsers) string {
	var all []string
	for _, u := range list.Items {
		all = append(all, u.Handle)
	}
	return strings.Join(all, ", ")
}

// TestUsersByPlace checks the rules of the plugin q2a-custom-user-list, page by page, and that nobody learns
// by them what they may not see.
func TestUsersByPlace(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {userprofile} WHERE title = 'location'"))
		for user, place := range map[int]string{
			testsite.Aki: "京都府", testsite.Natsu: "東京都", testsite.Haru: "東京都と京都", testsite.Taro: "京都市",
			testsite.Jose: "CAFÉ 100%", testsite.Fuyu: "100_",
		} {
			s.Exec(t, "INSERT INTO {userprofile} (userid, title, content) VALUES (?, 'location', ?)", user, place)
		}
		s.Exec(t, "INSERT INTO {userprofile} (userid, title, content) VALUES (?, 'company', '京都')", testsite.Lurker)
		for place, ids := range map[string][]int{
			"京都": {testsite.Aki, testsite.Taro}, "東京都": {testsite.Natsu, testsite.Haru},
			"都": {testsite.Aki, testsite.Natsu, testsite.Haru, testsite.Taro}, "cafe": {testsite.Jose},
			"%": {testsite.Jose}, "_": {testsite.Fuyu}, "大阪": nil, "🐝": nil, `\`: nil,
		} {
			want := []int{}
			if ids != nil {
				want = s.Numbers(t, "SELECT userid FROM {userpoints} WHERE userid IN ? ORDER BY points DESC, userid", ids)
			}
			got, cursor := []int{}, ""
			for {
				page := testsite.Get[foundUsers](t, s, "/v1/users?limit=1&location="+url.QueryEscape(place)+cursor)
				for _, u := range page.Items {
					got = append(got, u.ID)
					if !strings.Contains(u.Location+"cafe", place) {
						t.Errorf("%s: %v", place, u)
					}
				}
				if page.NextCursor == "" {
					break
				}
				cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
			}
			testsite.Same(t, place, fmt.Sprint(got), fmt.Sprint(want))
		}
		if n := len(s.Statements(t, "/v1/users?location="+url.QueryEscape("都"))); n > 5 {
			t.Errorf("%d statements", n)
		}
		s.Exec(t, "UPDATE {userfields} SET permit = 40 WHERE title = 'location'")
		refused(t, s, testsite.Visitor, "GET", "/v1/users?location=x", http.StatusForbidden, "login_required")
		refused(t, s, testsite.Haru, "GET", "/v1/users?location=x", http.StatusForbidden, "permission_level")
		testsite.Same(t, "for moderators", len(testsite.GetAs[foundUsers](t, s, "/v1/users?location=cafe",
			testsite.ModKenji).Items), 1)
	})
}

// TestCompletionsOfHandles checks which users a prefix finds.
func TestCompletionsOfHandles(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		for id := range 30 {
			s.Exec(t, `INSERT INTO {users} (userid, created, createip, email, handle, level, flags, wallposts,
					loggedin, loginip)
				SELECT ?, created, createip, ?, ?, 0, 0, 0, loggedin, loginip FROM {users} WHERE userid = 1`,
				1000+id, fmt.Sprintf("u%d@example.jp", id), fmt.Sprintf("zed_%02d", id))
		}
		for prefix, want := range map[string]string{
			"AK": "aki", "jose m": "José Miel", "みつばち": "みつばち太郎", "troll": "", "%": "", "_": "", "🐝": "", "xyz": "",
			"o'": "o'brien",
		} {
			testsite.Same(t, prefix, handlesOf(testsite.Get[foundUsers](t, s, "/v1/users?prefix="+url.QueryEscape(prefix))), want)
		}
		for query, want := range map[string]int{"zed_": 10, "zed_&limit=20": 20, "zed_&limit=3": 3} {
			page := testsite.Get[foundUsers](t, s, "/v1/users?prefix="+query)
			if len(page.Items) != want || page.NextCursor != "" || page.Items[0].Handle != "zed_00" {
				t.Errorf("%s: %d users, %q", query, len(page.Items), page.NextCursor)
			}
		}
		refused(t, s, testsite.Visitor, "GET", "/v1/users?prefix=zed&limit=21", http.StatusUnprocessableEntity, "validation")
		if n := len(s.Statements(t, "/v1/users?prefix=zed")); n > 3 {
			t.Errorf("%d statements", n)
		}
	})
}

// TestUsersInBatches checks that users come in the order in which they were asked for, each once, and that
// unknown ones are left out.
func TestUsersInBatches(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		testsite.Same(t, "ids", handlesOf(testsite.Get[foundUsers](t, s, "/v1/users?ids=16,999999,13,16,9")),
			"haru, aki, José Miel")
		testsite.Same(t, "handles", handlesOf(testsite.Get[foundUsers](t, s,
			"/v1/users?handles=HARU&handles=nobody&handles="+url.QueryEscape("jose miel")+"&handles=haru&handles="+
				url.QueryEscape("🐝")+"&handles=o%27brien")), "haru, José Miel, o'brien")
		var ids []string
		for id := range 100 {
			ids = append(ids, fmt.Sprint(id+1))
		}
		all := testsite.Get[foundUsers](t, s, "/v1/users?ids="+strings.Join(ids, ","))
		if len(all.Items) < 27 || all.NextCursor != "" || all.Total != nil {
			t.Errorf("%d users, %q, %v", len(all.Items), all.NextCursor, all.Total)
		}
		for _, query := range []string{
			"ids=" + strings.Join(append(ids, "101"), ","), "ids=1&handles=aki", "ids=1&prefix=a", "ids=1&limit=3", "ids=1&level=expert",
			"handles=aki&blocked=true", "handles=aki&page=2", "prefix=a&location=b", "prefix=a&sort=newest", "location=a&level=expert",
			"ids=a",
		} {
			refused(t, s, testsite.Superbee, "GET", "/v1/users?"+query, http.StatusUnprocessableEntity, "validation")
		}
		one, many := s.Statements(t, "/v1/users?ids=1"), s.Statements(t, "/v1/users?ids="+strings.Join(ids, ","))
		if len(one) < len(many) || len(many) > 3 {
			t.Errorf("%d statements for one, %d for many", len(one), len(many))
		}
	})
}
