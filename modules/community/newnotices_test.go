package community_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestNoticeToOne checks that an administrator's notice is the row that Q2A would write, cleaned, and that
// only its recipient gets it, and closes it.
func TestNoticeToOne(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1_800_000_000, 0)
		s := testsite.New(t, db, testsite.At(&now))
		status, made, _ := s.Try(t, testsite.AdminHana, "POST", "/v1/admin/notices", object{"to": "HARU",
			"content": `<b>蜂</b>🐝<script>alert(1)</script>`, "format": "html", "tags": "nag"})
		if status != http.StatusCreated || made["to"] != "haru" || made["done"] != true {
			t.Fatalf("%d %v", status, made)
		}
		id := int(made["id"].(float64))
		var content, format, tags string
		var user, created int
		if _, err := s.App.DB.Get(t.Context(), []any{&user, &content, &format, &tags, &created},
			"SELECT userid, content, format, tags, UNIX_TIMESTAMP(created) FROM {usernotices} WHERE noticeid = ?",
			id); err != nil {
			t.Fatal(err)
		}
		testsite.Same(t, "row", fmt.Sprint(user, content, format, tags, created),
			fmt.Sprint(16, "<b>蜂</b>alert(1)", "html", "nag", 1_800_000_000))
		s.Do(t, testsite.AdminHana, "POST", "/v1/admin/notices", object{"to": "haru", "content": "1 < 2"})
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {usernotices} WHERE userid = 16 AND content = '1 < 2' "+
			"AND format = '' AND tags IS NULL"); n != 1 {
			t.Errorf("%d plain notices", n)
		}
		shown := testsite.GetAs[testsite.List[struct{ ID, Kind, HTML string }]](t, s, "/v1/notices", testsite.Haru).Items
		if len(shown) < 2 || shown[0].ID != fmt.Sprint(id) || shown[0].Kind != "personal" ||
			shown[0].HTML != "<b>蜂</b>alert(1)" || strings.Contains(shown[1].HTML, "1 < 2") {
			t.Errorf("shown %v", shown)
		}
		refused(t, s, testsite.Aki, "DELETE", fmt.Sprint("/v1/me/notices/", id), http.StatusNotFound, "not_found")
		s.Do(t, testsite.Haru, "DELETE", fmt.Sprint("/v1/me/notices/", id), nil)
		testsite.Same(t, "left", len(idsOf(t, s, testsite.Haru, "/v1/me/notices")), 1)
	})
}

// TestNoticesRefused checks what cannot be a notice, and who cannot make one.
func TestNoticesRefused(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	before := s.Scalar(t, "SELECT COUNT(*) FROM {usernotices}")
	for user, code := range map[int]string{
		testsite.Visitor: "login_required", testsite.Haru: "permission_level", testsite.ModKenji: "permission_level",
	} {
		for _, method := range []string{"GET", "POST"} {
			var body any
			if method == "POST" {
				body = object{"to": "haru", "content": "x"}
			}
			status, answer, _ := s.Try(t, user, method, "/v1/admin/notices", body)
			if status != http.StatusForbidden || answer["code"] != code {
				t.Errorf("%s as %d: %d %v", method, user, status, answer)
			}
		}
	}
	for name, c := range map[string]struct {
		body   object
		status int
		field  string
	}{
		"nobody":      {object{"content": "x"}, 422, "to"},
		"one and all": {object{"content": "x", "to": "haru", "toAll": true}, 422, "toAll"},
		"unknown":     {object{"content": "x", "to": "nobody"}, 404, ""},
		"empty":       {object{"content": " \n", "to": "haru"}, 422, "content"},
		"only markup": {object{"content": "<p> <br></p>", "format": "html", "to": "haru"}, 422, "content"},
		"too long":    {object{"content": strings.Repeat("a", 12001), "to": "haru"}, 422, "content"},
	} {
		status, answer, _ := s.Try(t, testsite.AdminHana, "POST", "/v1/admin/notices", c.body)
		if errors, _ := answer["errors"].([]any); status != c.status ||
			c.field != "" && (len(errors) != 1 || errors[0].(object)["field"] != c.field) {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	testsite.Same(t, "notices", s.Scalar(t, "SELECT COUNT(*) FROM {usernotices}"), before)
}

// TestNoticeToAll checks that each member who is not blocked gets a notice to all once, in several
// transactions, and those who come later do not.
func TestNoticeToAll(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		addUsers := func(from, to int) {
			for id := from; id < to; id++ {
				s.Exec(t, `INSERT INTO {users} (userid, created, createip, email, handle, level, flags, wallposts,
						loggedin, loginip)
					SELECT ?, created, createip, ?, ?, 0, 0, 0, loggedin, loginip FROM {users} WHERE userid = 1`,
					id, fmt.Sprintf("u%d@example.jp", id), fmt.Sprintf("u%d", id))
			}
		}
		addUsers(1000, 2100)
		members := s.Numbers(t, "SELECT userid FROM {users} WHERE (flags & 2) = 0 ORDER BY userid")
		status, made, _ := s.Try(t, testsite.AdminHana, "POST", "/v1/admin/notices",
			object{"toAll": true, "content": "Hello.", "tags": "all"}, "Idempotency-Key", "once")
		if status != http.StatusCreated || made["done"] != false || made["to"] != nil {
			t.Fatalf("%d %v", status, made)
		}
		s.Try(t, testsite.AdminHana, "POST", "/v1/admin/notices",
			object{"toAll": true, "content": "Hello.", "tags": "all"}, "Idempotency-Key", "once")
		addUsers(2100, 2103)
		testsite.RunJob(t, s.App, "notices")
		testsite.RunJob(t, s.App, "notices") // has nothing to do
		testsite.Same(t, "who has it", s.Numbers(t,
			"SELECT userid FROM {usernotices} WHERE content = 'Hello.' AND format = '' AND tags = 'all' ORDER BY userid"),
			members)
		list := testsite.GetAs[testsite.List[struct {
			Content     string
			MemberCount int
			Done        bool
		}]](t, s, "/v1/admin/notices", testsite.AdminHana).Items
		if len(list) != 1 || !list[0].Done || list[0].MemberCount != len(members) || list[0].Content != "Hello." {
			t.Errorf("list %v", list)
		}
	})
}

// TestSiteNotices checks to whom the site's notices of its options are shown, and how they are closed.
func TestSiteNotices(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("UPDATE {users} SET flags = flags | 64 WHERE userid IN (16, 17)"))
		s.SetOptions(t, map[string]string{"show_notice_visitor": "1", "notice_visitor": "<b>Hi</b><script>1</script>",
			"show_notice_welcome": "1", "notice_welcome": "Welcome"})
		kinds := func(user int, header ...string) string {
			var all []string
			for _, n := range testsite.Decode[testsite.List[struct{ ID, Kind, HTML string }]](t,
				s.Request(t, "GET", "/v1/notices", user, header...)).Items {
				all = append(all, n.Kind+" "+n.HTML)
			}
			return strings.Join(all, ", ")
		}
		testsite.Same(t, "to visitors", kinds(testsite.Visitor), "visitor <b>Hi</b>")
		testsite.Same(t, "to members", kinds(testsite.Haru), "welcome Welcome")
		testsite.Same(t, "to others", kinds(testsite.Natsu), "")
		res := s.Send(t, testsite.Visitor, "DELETE", "/v1/me/notices/visitor", nil)
		cookies := res.Cookies()
		if res.StatusCode != http.StatusNoContent || len(cookies) != 1 || cookies[0].Name != "qa_noticed" ||
			cookies[0].Value != "1" || cookies[0].Path != "/" || cookies[0].MaxAge != 315360000 {
			t.Fatalf("%d %v", res.StatusCode, cookies)
		}
		testsite.Same(t, "closed", kinds(testsite.Visitor, "Cookie", "qa_noticed=1"), "")
		refused(t, s, testsite.Visitor, "DELETE", "/v1/me/notices/welcome", http.StatusForbidden, "login_required")
		s.Do(t, testsite.Haru, "DELETE", "/v1/me/notices/welcome", nil)
		testsite.Same(t, "closed welcome", kinds(testsite.Haru), "")
		testsite.Same(t, "the welcome of another", strings.Contains(kinds(testsite.Lurker), "welcome"), true)
	})
}
