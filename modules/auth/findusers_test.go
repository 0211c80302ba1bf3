package auth_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// found is a list of users as administrators find them.
type found = testsite.List[struct {
	ID                                    int
	Handle, Email, CreatedFrom, WroteFrom string
	Blocked                               bool
}]

// TestFindUsers checks each filter against the rows, page by page.
func TestFindUsers(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		ip := netip.MustParseAddr("2001:db8::9").AsSlice()
		s.Exec(t, "UPDATE {users} SET createip = ? WHERE userid = 13", ip)
		s.Exec(t, "UPDATE {users} SET writeip = ? WHERE userid = 14", ip)
		s.Exec(t, "UPDATE {users} SET loginip = ?, email = '100%_sure@example.jp' WHERE userid = 16", ip)
		for query, where := range map[string]string{
			"":                          "1 = 1",
			"level=basic":               "level < 10",
			"level=expert":              "level >= 20 AND level < 50",
			"level=super":               "level >= 120",
			"blocked=true":              "(flags & 2) = 2",
			"blocked=false&level=basic": "(flags & 2) = 0 AND level < 10",
			"ip=2001:DB8:0::9":          "userid IN (13, 14, 16)",
			"prefix=new":                "userid IN (27, 28)",
			"handle=BIE2":               "userid = 28",
			"email=100%25_":             "userid = 16",
			"email=%25%25":              "1 = 0",
			"handle=%F0%9F%90%9D":       "1 = 0",
			"ip=192.0.2.250":            "1 = 0",
		} {
			got, cursor := []int{}, ""
			for {
				page := testsite.GetAs[found](t, s, "/v1/admin/users?limit=2&"+query+cursor, testsite.AdminHana)
				for _, u := range page.Items {
					got = append(got, u.ID)
				}
				if page.NextCursor == "" {
					break
				}
				cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
			}
			testsite.Same(t, query, fmt.Sprint(got),
				fmt.Sprint(s.Numbers(t, "SELECT userid FROM {users} WHERE "+where+" ORDER BY userid DESC")))
		}
		aki := testsite.GetAs[found](t, s, "/v1/admin/users?handle=aki&ip=2001:db8::9", testsite.AdminHana).Items
		if len(aki) != 1 || aki[0].CreatedFrom != "2001:db8::9" || !strings.Contains(aki[0].Email, "@") {
			t.Errorf("%+v", aki)
		}
		for user, want := range map[int]string{testsite.Visitor: "403 login_required", testsite.Haru: "403 permission_level",
			testsite.ModKenji: "403 permission_level"} {
			status, body, _ := s.Try(t, user, "GET", "/v1/admin/users?email=haru", nil)
			testsite.Same(t, fmt.Sprint("user ", user), fmt.Sprint(status, " ", body["code"]), want)
		}
		status, _, _ := s.Try(t, testsite.AdminHana, "GET", "/v1/admin/users?ip=1.2.3", nil)
		testsite.Same(t, "a wrong address", status, 422)
	})
}

// TestUserHistory checks that the history of an account has what moderators did here and on the old site, once
// each, and no e-mail address.
func TestUserHistory(t *testing.T) {
	t.Parallel()
	now := time.Unix(1796126400, 0)
	s := testsite.New(t, testsite.At(&now), testsite.After(
		`CREATE TABLE IF NOT EXISTS {eventlog} (datetime TEXT, ipaddress TEXT, userid INTEGER, handle TEXT, cookieid TEXT, event TEXT, params TEXT)`,
		"INSERT INTO {eventlog} VALUES ('2026-11-20 10:00:00', '', 2, 'admin_hana', NULL, 'u_level', 'userid=16\thandle=haru\tlevel=20\toldlevel=10')",
		"INSERT INTO {eventlog} VALUES ('2026-11-20 11:00:00', '', 2, 'admin_hana', NULL, 'u_block', 'userid=160\thandle=other')",
		"REPLACE INTO {options} (title, content) VALUES ('event_logger_to_database', '1')"))
	do := func(user int, method, path string, body any) {
		t.Helper()
		now = now.Add(time.Minute)
		s.Do(t, user, method, path, body)
	}
	do(testsite.ModKenji, "PUT", "/v1/users/haru/block", nil)
	do(testsite.AdminHana, "POST", "/v1/admin/users/actions", map[string]any{"action": "unblock", "ids": []int{testsite.Haru}})
	do(testsite.Superbee, "PUT", "/v1/users/haru/level", map[string]any{"level": "editor"})
	do(testsite.AdminHana, "PATCH", "/v1/users/haru", map[string]any{"email": "secret-address@example.jp"})
	type history = testsite.List[struct {
		What, From, To string
		By             struct{ Handle string }
	}]
	for _, user := range []int{testsite.ModKenji, testsite.Superbee} {
		var all []string
		cursor := ""
		for {
			res := s.Send(t, user, "GET", "/v1/admin/users/16/history?limit=2"+cursor, nil)
			text := testsite.Text(t, res)
			if strings.Contains(text, "@") {
				t.Errorf("an address is in %s", text)
			}
			page := testsite.GetAs[history](t, s, "/v1/admin/users/16/history?limit=2"+cursor, user)
			for _, e := range page.Items {
				all = append(all, strings.Join(strings.Fields(fmt.Sprint(e.What, " ", e.From, " ", e.To, " ", e.By.Handle)), " "))
			}
			if page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
		}
		testsite.Same(t, fmt.Sprint("to ", user), strings.Join(all, ", "), "changed admin_hana, level approved editor superbee, "+
			"unblocked admin_hana, blocked mod_kenji, level approved expert admin_hana, registered")
	}
	for user, want := range map[int]int{testsite.Visitor: 403, testsite.Haru: 403, testsite.CatExpert: 403} {
		status, _, _ := s.Try(t, user, "GET", "/v1/admin/users/16/history", nil)
		testsite.Same(t, fmt.Sprint("user ", user), status, want)
	}
	status, _, _ := s.Try(t, testsite.ModKenji, "GET", "/v1/admin/users/4000000000/history", nil)
	testsite.Same(t, "nobody", status, 404)
}
