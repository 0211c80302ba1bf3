package auth_test

import (
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestAnonymise checks that the posts, votes and points of an anonymised account stay, all that is personal
// goes, and nothing is left to recount.
func TestAnonymise(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		known := testsite.Recount(t, s.App, true)
		const gone = testsite.Haru
		s.Exec(t, "INSERT INTO {messages} (type, fromuserid, touserid, content, format, created) VALUES ('PUBLIC', 17, ?, 'On the wall', '', FROM_UNIXTIME(1))", gone)
		s.Exec(t, "UPDATE {users} SET wallposts = 1 WHERE userid = ?", gone)
		s.Do(t, gone, "PUT", "/v1/me/drafts/comment/1", object{"content": "Not yet."})
		s.Do(t, testsite.AdminHana, "PATCH", "/v1/users/haru", object{"fields": object{"location": "長野"}})
		var figures []int
		read := func() []int {
			return append(s.Numbers(t, "SELECT COUNT(*) FROM {posts} WHERE userid = ? UNION ALL SELECT COUNT(*) FROM {uservotes} WHERE userid = ?", gone, gone),
				s.Scalar(t, "SELECT points FROM {userpoints} WHERE userid = ?", gone))
		}
		figures = read()

		code, body, _ := s.Try(t, testsite.AdminHana, "POST", fmt.Sprintf("/v1/admin/users/%d/anonymise", gone), nil)
		account, _ := body["account"].(object)
		if code != http.StatusAccepted || account["handle"] != "anonymous16" || account["blocked"] != true {
			t.Fatalf("%d %v", code, body)
		}
		s.Do(t, testsite.AdminHana, "POST", fmt.Sprintf("/v1/admin/users/%d/anonymise", gone), nil) // once more
		runAccounts(t, s)
		testsite.Same(t, "posts, votes and points", read(), figures)
		if found := testsite.Recount(t, s.App, true); fmt.Sprint(found) != fmt.Sprint(known) {
			t.Errorf("a recount finds %v, before %v", found, known)
		}
		for table, condition := range map[string]string{
			"users":          "userid = ? AND (email <> '' OR passhash IS NOT NULL OR passcheck IS NOT NULL OR LENGTH(createip) + LENGTH(loginip) > 0 OR writeip IS NOT NULL OR avatarblobid IS NOT NULL OR wallposts <> 0)",
			"posts":          "userid = ? AND (createip IS NOT NULL OR cookieid IS NOT NULL OR notify IS NOT NULL)",
			"posts ":         "lastuserid = ? AND lastip IS NOT NULL",
			"blobs":          "userid = ? AND createip IS NOT NULL",
			"userprofile":    "userid = ?",
			"userfavorites":  "userid = ?",
			"userfavorites ": "entitytype IN ('U', 'M') AND entityid = ?",
			"messages":       "fromuserid = ?", "messages ": "touserid = ?",
			"usernotices": "userid = ?", "usermetas": "userid = ?", "userevents": "userid = ?", "userlogins": "userid = ?",
			"q2ab_drafts": "userid = ?", "q2ab_sessions": "userid = ?", "q2ab_inbox": "userid = ?", "q2ab_people": "userid = ?",
		} {
			if len(table) > 0 && table[len(table)-1] == ' ' {
				table = table[:len(table)-1]
			}
			if n := s.Scalar(t, "SELECT COUNT(*) FROM {"+table+"} WHERE "+condition, gone); n != 0 {
				t.Errorf("%s: %d rows with %s", table, n, condition)
			}
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit} WHERE became LIKE '%長野%' OR became LIKE '%haru%'"); n != 0 {
			t.Errorf("the log of changes holds what was personal in %d entries", n)
		}
		if code, _, _ := s.Try(t, testsite.Visitor, "GET", "/v1/users/haru", nil); code != http.StatusNotFound {
			t.Errorf("the old handle: %d", code)
		}
		if code, _, _ := s.Try(t, testsite.Visitor, "GET", "/v1/users/anonymous16", nil); code != http.StatusOK {
			t.Errorf("the new handle: %d", code)
		}
		if n, want := s.Scalar(t, "SELECT content + 0 FROM {options} WHERE title = 'cache_uapprovecount'"),
			s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE level < 10 AND flags & 2 = 0"); n != want {
			t.Errorf("%d users are counted as waiting for approval, not %d", n, want)
		}
	})
}

// TestNeutralHandleIsFree checks that an anonymised account gets no handle that somebody else has.
func TestNeutralHandleIsFree(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	s.Alter(t, "UPDATE {users} SET handle = 'Anonymous16' WHERE userid = ?", testsite.Aki)
	s.Do(t, testsite.AdminHana, "POST", "/v1/admin/users/16/anonymise", nil)
	if got := text(t, s, "SELECT handle FROM {users} WHERE userid = 16"); got == "anonymous16" || len(got) > 20 {
		t.Errorf("handle %q", got)
	}
}

// TestWhoMayAnonymise checks who is refused.
func TestWhoMayAnonymise(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for name, c := range map[string]struct{ caller, of, status int }{
		"a visitor":               {testsite.Visitor, testsite.Aki, 403},
		"a member":                {testsite.Haru, testsite.Aki, 403},
		"one's own":               {testsite.AdminHana, testsite.AdminHana, 403},
		"a moderator":             {testsite.ModKenji, testsite.Aki, 403},
		"a moderator's":           {testsite.AdminHana, testsite.ModKenji, 403},
		"a super administrator's": {testsite.AdminHana, testsite.Superbee, 403},
		"nobody's":                {testsite.AdminHana, 4_000_000_000, 404},
	} {
		if status, body, _ := s.Try(t, c.caller, "POST", fmt.Sprintf("/v1/admin/users/%d/anonymise", c.of), nil); status != c.status {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
}
