package qa_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// addressPage is what the API says of an IP address.
type addressPage struct {
	Address    string
	Blocked    bool
	BlockedBy  []string
	Items      []testsite.Activity
	NextCursor string
}

// from is an address of the recorded site, from which a member has asked, answered and edited.
const from = "203.0.113.14"

// tracesOf returns all that is listed of an address, page by page, as "id what".
func tracesOf(t *testing.T, s *testsite.Site, user int, ip string, limit int) []string {
	t.Helper()
	list, cursor := []string{}, ""
	for {
		page := testsite.GetAs[addressPage](t, s, fmt.Sprintf("/v1/admin/addresses/%s?limit=%d%s", ip, limit, cursor),
			user)
		for _, a := range page.Items {
			list = append(list, fmt.Sprint(a.Post.ID, " ", a.What))
		}
		if page.NextCursor == "" {
			return list
		}
		cursor = "&cursor=" + url.QueryEscape(page.NextCursor)
	}
}

// TestPagesOfAddresses checks that the list of an address has the posts that were written from there and the
// visible ones that were last changed from there, the newest first, whatever the size of pages.
func TestPagesOfAddresses(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		v6 := netip.MustParseAddr("2001:db8::7").AsSlice()
		ids := s.Numbers(t, "SELECT postid FROM {posts} WHERE type IN ('Q', 'A', 'C') ORDER BY postid LIMIT 6")
		// Posts and an edit of the same second, hidden and queued ones among them.
		for _, id := range ids {
			s.Exec(t, "UPDATE {posts} SET createip = ?, created = '2026-03-04 05:06:07' WHERE postid = ?", v6, id)
		}
		s.Exec(t, "UPDATE {posts} SET lastip = ?, updated = '2026-03-04 05:06:07', updatetype = 'E' WHERE postid IN ?",
			v6, ids[1:3])
		s.Exec(t, "UPDATE {posts} SET type = 'C_HIDDEN' WHERE postid = ? AND type = 'C'", ids[1])
		s.Exec(t, "UPDATE {posts} SET type = 'A_QUEUED' WHERE postid = ? AND type = 'A'", ids[4])
		want := []string{fmt.Sprint(ids[2], " content")}
		for _, id := range slices.Backward(ids) {
			want = append(want, fmt.Sprint(id, " new"))
		}
		for _, limit := range []int{1, 2, 3, 100} {
			testsite.Same(t, fmt.Sprint("pages of ", limit), tracesOf(t, s, testsite.ModKenji, "2001:DB8:0::7", limit), want)
		}
		testsite.Same(t, "nothing came from here", tracesOf(t, s, testsite.ModKenji, "192.0.2.99", 10), []string{})

		// What an editor, who sees hidden posts and not queued ones, is shown; the option is obeyed.
		s.SetOptions(t, map[string]string{"permit_moderate": "40"})
		s.App.Site.Forget() // which are cached for a second
		got := tracesOf(t, s, testsite.EditorYuki, "2001:db8::7", 2)
		testsite.Same(t, "to an editor", len(got), len(want)-1)
		if slices.Contains(got, fmt.Sprint(ids[4], " new")) {
			t.Errorf("the queued post is among %v", got)
		}
		s.SetOptions(t, map[string]string{"permit_anon_view_ips": "150"})
		s.App.Site.Forget() // which are cached for a second
		if got := tracesOf(t, s, testsite.Haru, "2001:db8::7", 2); slices.Contains(got, fmt.Sprint(ids[1], " new")) ||
			slices.Contains(got, fmt.Sprint(ids[4], " new")) || len(got) < 3 {
			t.Errorf("a member is shown %v", got)
		}
		s.SetOptions(t, map[string]string{"permit_anon_view_ips": "40"})
		s.App.Site.Forget() // which are cached for a second
		status, body, _ := s.Try(t, testsite.EditorYuki, "GET", "/v1/admin/addresses/2001:db8::7", nil)
		testsite.Same(t, "an editor, where moderators may", fmt.Sprint(status, body["code"]), "403permission_level")
		for _, wrong := range []string{"300.1.1.1", "192.0.2", "::gg", "1", "192.0.2.1%25eth0", "192.0.2.*"} {
			status, body, _ := s.Try(t, testsite.ModKenji, "GET", "/v1/admin/addresses/"+wrong, nil)
			testsite.Same(t, wrong, fmt.Sprint(status, " ", fieldOf(body)), "422 ip: wrong_form")
		}
		if n := len(s.Statements(t, "/v1/admin/addresses/"+from, "Authorization", "Bearer "+testsite.Token(3))); n > 8 {
			t.Errorf("%d statements", n)
		}
	})
}

// TestBlockAddress checks that addresses are blocked and unblocked as on the old site, that what the old site
// has written is understood, and that what changes nothing leaves no trace.
func TestBlockAddress(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, setting("block_ips_write", "192.0.2.1 - 192.0.2.9; 10.*.*.1"))
		option := func() string {
			var value string
			if _, err := s.App.DB.Get(t.Context(), []any{&value},
				"SELECT content FROM {options} WHERE title = 'block_ips_write'"); err != nil {
				t.Fatal(err)
			}
			return value
		}
		for _, c := range []struct {
			method, ip, option, by string
		}{
			{"PUT", "192.0.2.5", "192.0.2.1 - 192.0.2.9; 10.*.*.1", "192.0.2.1-192.0.2.9"},
			{"PUT", "2001:DB8::1", "192.0.2.1 - 192.0.2.9; 10.*.*.1 , 2001:db8::1", "2001:db8::1"},
			{"PUT", "2001:db8::1", "192.0.2.1 - 192.0.2.9; 10.*.*.1 , 2001:db8::1", "2001:db8::1"},
			{"DELETE", "192.0.2.10", "192.0.2.1 - 192.0.2.9; 10.*.*.1 , 2001:db8::1", ""},
			{"DELETE", "10.2.3.1", "192.0.2.1-192.0.2.9 , 2001:db8::1", ""},
			{"DELETE", "192.0.2.5", "2001:db8::1", ""},
			{"DELETE", "2001:db8:0:0::1", "", ""},
			{"PUT", "::ffff:192.0.2.8", "192.0.2.8", "192.0.2.8"},
		} {
			res := s.Send(t, testsite.ModKenji, c.method, "/v1/admin/addresses/"+c.ip+"/block", nil)
			body := testsite.Decode[addressPage](t, res)
			testsite.Same(t, c.method+" "+c.ip, option(), c.option)
			testsite.Same(t, c.method+" "+c.ip+" is blocked by", strings.Join(body.BlockedBy, " "), c.by)
			if body.Blocked != (c.by != "") {
				t.Errorf("%s %s: %+v", c.method, c.ip, body)
			}
		}
		testsite.Same(t, "blocked", published(t, s, "ip_block"), 2)
		testsite.Same(t, "unblocked", published(t, s, "ip_unblock"), 3)
		testsite.Same(t, "in the log", s.Scalar(t,
			"SELECT COUNT(*) FROM {q2ab_audit} WHERE kind = 'address' AND byuserid = 3"), 5)
		testsite.Same(t, "as options in the log", s.Scalar(t,
			"SELECT COUNT(*) FROM {q2ab_audit} WHERE kind = 'option' AND subject = 'block_ips_write'"), 5)

		for user, want := range map[int]string{testsite.Visitor: "403 login_required",
			testsite.Haru: "403 permission_level", testsite.EditorYuki: "403 permission_level"} {
			status, body, _ := s.Try(t, user, "PUT", "/v1/admin/addresses/192.0.2.77/block", nil)
			testsite.Same(t, fmt.Sprint("user ", user), fmt.Sprint(status, " ", body["code"]), want)
		}
		status, body, _ := s.Try(t, testsite.ModKenji, "PUT", "/v1/admin/addresses/"+testsite.Address+"/block", nil)
		testsite.Same(t, "one's own address", fmt.Sprint(status, " ", body["code"]), "403 own_address")
		s.SetOptions(t, map[string]string{"block_ips_write": strings.Repeat("192.0.2.1 , ", 999) + "192.0.2.3"})
		s.App.Site.Forget() // which are cached for a second
		status, body, _ = s.Try(t, testsite.ModKenji, "PUT", "/v1/admin/addresses/192.0.2.77/block", nil)
		testsite.Same(t, "no room", fmt.Sprint(status, " ", fieldOf(body)), "422 ip: too_long")
		testsite.Same(t, "shown", fmt.Sprint(testsite.GetAs[addressPage](t, s, "/v1/admin/addresses/192.0.2.3",
			testsite.ModKenji).BlockedBy), "[192.0.2.3]")
	})
}

// TestModeratorsBlockAddressesAtTheSameTime checks that no block is lost.
func TestModeratorsBlockAddressesAtTheSameTime(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, setting("block_ips_write", ""))
		done := make(chan int, 6)
		for i := range 6 {
			go func() {
				user := []int{testsite.ModKenji, testsite.AdminHana}[i%2]
				res := s.Send(t, user, "PUT", fmt.Sprintf("/v1/admin/addresses/192.0.2.%d/block", i), nil)
				done <- res.StatusCode
			}()
		}
		for range 6 {
			if status := <-done; status != http.StatusOK {
				t.Errorf("%d", status)
			}
		}
		for i := range 6 {
			if page := testsite.GetAs[addressPage](t, s, fmt.Sprintf("/v1/admin/addresses/192.0.2.%d", i),
				testsite.Superbee); !page.Blocked {
				t.Errorf("192.0.2.%d is not blocked", i)
			}
		}
	})
}

// TestHideAddress checks that all posts of an address are hidden: few by the request itself, many by the job,
// which goes on where it was cut off, in the moderator's name, and not to posts that were written later.
func TestHideAddress(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const path, left = "/v1/admin/addresses/" + from + "/hidden-posts",
			"SELECT COUNT(*) FROM {posts} WHERE createip = ? AND type NOT LIKE '%HIDDEN' AND type <> 'NOTE'"
		ip := netip.MustParseAddr(from).AsSlice()
		before := s.Scalar(t, left, ip)
		others := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%HIDDEN' AND (createip IS NULL OR createip <> ?)", ip)
		status, body, _ := s.Try(t, testsite.CatExpert, "PUT", path, nil)
		testsite.Same(t, "an editor", fmt.Sprint(status, body["code"]), "403permission_level")
		status, body, _ = s.Try(t, testsite.ModKenji, "PUT", path, nil)
		testsite.Same(t, "few", fmt.Sprint(status, " ", body["hidden"], " ", body["remaining"], " ", body["run"]),
			fmt.Sprint("202 ", before, " 0 <nil>"))
		testsite.Same(t, "left", s.Scalar(t, left, ip), 0)
		testsite.Same(t, "others", s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%HIDDEN' AND (createip IS NULL OR createip <> ?)", ip), others)
		status, body, _ = s.Try(t, testsite.ModKenji, "PUT", path, nil)
		testsite.Same(t, "again", fmt.Sprint(status, " ", body["hidden"]), "202 0")

		// Nearly all posts of the site.
		s.Exec(t, "UPDATE {posts} SET createip = ? WHERE type IN ('Q', 'A', 'C')", ip)
		many := s.Scalar(t, left, ip)
		for range 2 { // the second request finds the first
			status, body, _ = s.Try(t, testsite.ModKenji, "PUT", path, nil)
			testsite.Same(t, "many", fmt.Sprint(status, " ", body["hidden"], " ", body["remaining"], " ", body["run"] != nil),
				fmt.Sprint("202 0 ", many, " true"))
		}
		testsite.Same(t, "requests", s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_hide_requests}"), 1)
		later := s.Ask(t, testsite.Haru, "Written after the request to hide", 0)
		s.Exec(t, "UPDATE {posts} SET createip = ? WHERE postid = ?", ip, later)
		testsite.RunJob(t, s.App, "hide-address")
		testsite.Same(t, "left of many", s.Numbers(t, "SELECT postid FROM {posts} WHERE createip = ? AND type IN ('Q', 'A', 'C')", ip), []int{later})
		testsite.Same(t, "requests afterwards", s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_hide_requests}"), 0)
		testsite.Same(t, "in the moderator's name", s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit} WHERE action = 'hide-address' AND byuserid = 3") > many/2, true)
		testsite.Same(t, "as the last change", s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%HIDDEN' AND lastuserid = 3 AND updatetype = 'H' AND createip = ?", ip) >= many, true)
	})
}

// TestHideAddressWithoutPermission checks that the job hides nothing for somebody who is no moderator any more.
func TestHideAddressWithoutPermission(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	ip := netip.MustParseAddr(from).AsSlice()
	s.Exec(t, "UPDATE {posts} SET createip = ? WHERE type IN ('Q', 'A', 'C')", ip)
	s.Do(t, testsite.ModKenji, "PUT", "/v1/admin/addresses/"+from+"/hidden-posts", nil)
	hidden := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%HIDDEN'")
	s.Do(t, testsite.Superbee, "PUT", "/v1/users/mod_kenji/level", object{"level": "basic"})
	testsite.RunJob(t, s.App, "hide-address")
	testsite.Same(t, "hidden", s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE type LIKE '%HIDDEN'"), hidden)
	testsite.Same(t, "requests", s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_hide_requests}"), 0)
}
