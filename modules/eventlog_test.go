package modules_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

type (
	eventLog      = testsite.List[eventLogEntry]
	eventLogEntry struct {
		At, Event, IP string
		User          *struct {
			ID     int
			Handle string
		}
		Params map[string]string
	}
)

// logEvents makes the table of the plugin Event Logger as the plugin does, with some events.
func logEvents(t *testing.T, s *testsite.Site, addressType string, address func(last int) any) {
	t.Helper()
	engine := ""
	if s.App.DB.Dialect() == database.MySQL {
		engine = " ENGINE=MyISAM DEFAULT CHARSET=utf8"
	}
	s.Exec(t, `CREATE TABLE {eventlog} (datetime DATETIME NOT NULL, ipaddress `+addressType+`, userid INT UNSIGNED,
		handle VARCHAR(20), cookieid BIGINT UNSIGNED, event VARCHAR(20) NOT NULL, params VARCHAR(800) NOT NULL)`+engine)
	for i := range 9 {
		event, user, handle := "q_vote_up", any(testsite.Haru), any("haru")
		if i%3 == 2 {
			event, user, handle = "q_post", nil, nil
		}
		// Three events of each second.
		s.Exec(t, `INSERT INTO {eventlog} (datetime, ipaddress, userid, handle, cookieid, event, params)
			VALUES (FROM_UNIXTIME(?), ?, ?, ?, NULL, ?, ?)`, 1700000000+i/3, address(i%3), user, handle, event,
			fmt.Sprint("postid=", i, "\ttitle=a=b 蜂\tcategoryid="))
	}
}

// TestEventLogIsListed checks what is told of logged events, by which they can be asked for, and that pages of one
// event each have all of them once. The plugin logs addresses as text; some sites have made them binary.
func TestEventLogIsListed(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]struct {
		column  string
		address func(last int) any
	}{
		"text":   {"VARCHAR(45)", func(last int) any { return fmt.Sprint("192.0.2.", last) }},
		"binary": {"VARBINARY(16)", func(last int) any { return []byte{192, 0, 2, byte(last)} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
				s := testsite.New(t, db)
				logEvents(t, s, form.column, form.address)
				list := func(query string) []eventLogEntry {
					return testsite.GetAs[eventLog](t, s, "/v1/admin/events"+query, testsite.AdminHana).Items
				}
				all := list("")
				if len(all) != 9 || all[0].At != "2023-11-14T22:13:22Z" || all[8].At != "2023-11-14T22:13:20Z" {
					t.Fatalf("%+v", all)
				}
				first := all[0]
				if first.Event != "q_post" || first.User != nil || first.IP != "192.0.2.2" {
					t.Errorf("%+v", first)
				}
				testsite.Same(t, "params", first.Params, map[string]string{"postid": "8", "title": "a=b 蜂", "categoryid": ""})
				if u := all[1].User; u == nil || u.ID != testsite.Haru || u.Handle != "haru" {
					t.Errorf("%+v", all[1])
				}
				for query, want := range map[string]int{
					"?event=q_post": 3, "?event=q_pos": 0, "?user=16": 6, "?user=17": 0, "?handle=haru": 6,
					"?handle=%F0%9F%90%9D": 0, "?ip=192.0.2.1": 3, "?ip=::ffff:192.0.2.1": 3, "?ip=192.0.2.9": 0,
					"?since=2023-11-14T22:13:21Z": 6, "?until=2023-11-14T22:13:21Z": 3,
					"?since=2023-11-14T22:13:21Z&until=2023-11-14T22:13:22Z&event=q_vote_up": 2,
					"?since=2023-11-15T07:13:22%2B09:00":                                     3, "?until=1900-01-01T00:00:00Z": 0,
					"?since=9999-01-01T00:00:00Z": 0, "?page=2&limit=6": 3, "?page=9": 0,
				} {
					if got := list(query); len(got) != want {
						t.Errorf("%s: %d events, want %d", query, len(got), want)
					}
				}
				for _, start := range []string{"?limit=1", "?limit=2", "?limit=4", "?limit=2&user=16"} {
					var got []eventLogEntry
					for query := start; query != "" && len(got) < 20; {
						page := testsite.GetAs[struct {
							Items      []eventLogEntry
							NextCursor string
						}](t, s, "/v1/admin/events"+query, testsite.AdminHana)
						got = append(got, page.Items...)
						if query = ""; page.NextCursor != "" {
							query = start + "&cursor=" + url.QueryEscape(page.NextCursor)
						}
					}
					want := slices.DeleteFunc(slices.Clone(all), func(e eventLogEntry) bool {
						return start == "?limit=2&user=16" && e.User == nil
					})
					testsite.Same(t, start, got, want)
				}
				// After a page by its number, the cursor goes on where it ends.
				second := testsite.GetAs[struct{ NextCursor string }](t, s, "/v1/admin/events?limit=2&page=2", testsite.AdminHana)
				testsite.Same(t, "after page 2", list("?limit=2&cursor="+url.QueryEscape(second.NextCursor)), all[4:6])
			})
		})
	}
}

// TestEventLogIsRefused checks that the log is for administrators, that wrong filters are named, and that a site
// without the plugin's table says so.
func TestEventLogIsRefused(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for user, want := range map[int]int{testsite.Visitor: http.StatusForbidden, testsite.Haru: http.StatusForbidden,
		testsite.ModKenji: http.StatusForbidden, testsite.AdminHana: http.StatusNotFound} {
		status, body, _ := s.Try(t, user, "GET", "/v1/admin/events", nil)
		if status != want || user == testsite.AdminHana && body["code"] != "no_event_log" {
			t.Errorf("user %d: %d %v, want %d", user, status, body, want)
		}
	}
	logEvents(t, s, "VARCHAR(45)", func(int) any { return nil })
	for _, query := range []string{"?ip=1.2.3", "?ip=x", "?event=a%20b", "?user=0", "?since=yesterday", "?limit=101",
		"?page=1&cursor=x"} {
		if status, body, _ := s.Try(t, testsite.AdminHana, "GET", "/v1/admin/events"+query, nil); status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", query, status, body)
		}
	}
	if status, body, _ := s.Try(t, testsite.AdminHana, "GET", "/v1/admin/events?cursor=x", nil); body["code"] != "invalid_cursor" {
		t.Errorf("a wrong cursor: %d %v", status, body)
	}
	if got := testsite.GetAs[eventLog](t, s, "/v1/admin/events?ip=192.0.2.1", testsite.AdminHana).Items; len(got) != 0 {
		t.Errorf("by an address where none are logged: %v", got)
	}
}
