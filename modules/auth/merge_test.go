package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

type object = map[string]any

// runAccounts works on accounts until nothing is left.
func runAccounts(t *testing.T, s *testsite.Site) {
	t.Helper()
	testsite.RunJob(t, s.App, "accounts")
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_account_work}"); n != 0 {
		t.Errorf("%d accounts are left to work on", n)
	}
}

// merge has an account merged into another.
func merge(t *testing.T, s *testsite.Site, from, into int) {
	t.Helper()
	s.Do(t, testsite.AdminHana, "POST", fmt.Sprintf("/v1/admin/users/%d/merge", from), object{"into": into})
}

// TestMergedAccountsLeaveNothingToRecount merges the most active members one after the other into one, with
// votes on the same posts and on each other's, and checks after each that a recount finds nothing, and that
// no row names the merged account.
func TestMergedAccountsLeaveNothingToRecount(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		known := testsite.Recount(t, s.App, true)
		const into = testsite.Haru
		for _, from := range []int{testsite.Aki, testsite.Natsu, testsite.Fuyu, testsite.Spammer99, testsite.BonusBob} {
			posts := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE userid IN (?, ?)", from, into)
			bonus := s.Scalar(t, "SELECT SUM(bonus) FROM {userpoints} WHERE userid IN (?, ?)", from, into)
			votes := s.Scalar(t, `SELECT COUNT(DISTINCT v.postid) FROM {uservotes} v
				JOIN {posts} p ON p.postid = v.postid
				WHERE v.userid IN (?, ?) AND COALESCE(p.userid, 0) NOT IN (?, ?)`, from, into, from, into)
			merge(t, s, from, into)
			runAccounts(t, s)
			if got := s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE userid = ?", into); got != posts {
				t.Errorf("after %d: %d posts, not %d", from, got, posts)
			}
			if got := s.Scalar(t, "SELECT bonus FROM {userpoints} WHERE userid = ?", into); got != bonus {
				t.Errorf("after %d: bonus %d, not %d", from, got, bonus)
			}
			if got := s.Scalar(t, "SELECT COUNT(*) FROM {uservotes} WHERE userid = ?", into); got != votes {
				t.Errorf("after %d: votes on %d posts, not %d", from, got, votes)
			}
			if n := s.Scalar(t, `SELECT COUNT(*) FROM {uservotes} v JOIN {posts} p ON p.postid = v.postid
				WHERE v.userid = p.userid`); n != 0 {
				t.Errorf("after %d: %d votes on one's own posts", from, n)
			}
			if n := s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE userid = ?", from); n != 0 {
				t.Errorf("account %d is still there", from)
			}
			if found := testsite.Recount(t, s.App, true); fmt.Sprint(found) != fmt.Sprint(known) {
				t.Errorf("after %d a recount finds %v, before %v", from, found, known)
			}
		}
		if n, want := s.Scalar(t, "SELECT content + 0 FROM {options} WHERE title = 'cache_uapprovecount'"),
			s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE level < 10 AND flags & 2 = 0"); n != want {
			t.Errorf("%d users are counted as waiting for approval, not %d", n, want)
		}
	})
}

// TestVotesOfMergedAccounts checks whose vote and flag is kept where both accounts have one.
func TestVotesOfMergedAccounts(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const from, into = testsite.Aki, testsite.Natsu
		posts := s.Numbers(t, `SELECT postid FROM {posts} WHERE type = 'Q' AND userid NOT IN (?, ?)
			ORDER BY postid DESC LIMIT 5`, from, into)
		s.Exec(t, "DELETE FROM {uservotes} WHERE userid IN (?, ?) AND postid IN ?", from, into, posts)
		vote := func(user, post, vote, flag int) {
			s.Alter(t, "INSERT INTO {uservotes} (postid, userid, vote, flag) VALUES (?, ?, ?, ?)", post, user, vote, flag)
		}
		want := []string{"1 0", "-1 1", "1 0", "-1 1", "0 1"}
		vote(from, posts[0], 1, 0)  // only the one
		vote(from, posts[1], 1, 1)  // the other thinks otherwise
		vote(into, posts[1], -1, 0) //
		vote(into, posts[2], 1, 0)  // only the other
		vote(from, posts[3], -1, 0) // each has half
		vote(into, posts[3], 0, 1)  //
		vote(from, posts[4], 0, 1)  // both have flagged it
		vote(into, posts[4], 0, 1)  //
		own := s.Scalar(t, "SELECT MIN(postid) FROM {posts} WHERE userid = ? AND type = 'A'", into)
		s.Exec(t, "DELETE FROM {uservotes} WHERE userid = ? AND postid = ?", from, own)
		vote(from, own, 1, 1)
		testsite.Recount(t, s.App, false)
		known := testsite.Recount(t, s.App, true)
		flags := s.Scalar(t, "SELECT content + 0 FROM {options} WHERE title = 'cache_flaggedcount'")
		shown := func() int {
			return s.Scalar(t, "SELECT SUM(flagcount) FROM {posts} WHERE type IN ('Q', 'A', 'C')")
		}
		before := shown()
		merge(t, s, from, into)
		runAccounts(t, s)
		for i, post := range posts {
			got := fmt.Sprint(s.Scalar(t, "SELECT vote FROM {uservotes} WHERE userid = ? AND postid = ?", into, post), " ",
				s.Scalar(t, "SELECT flag FROM {uservotes} WHERE userid = ? AND postid = ?", into, post))
			if got != want[i] {
				t.Errorf("post %d of five: %q, not %q", i, got, want[i])
			}
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {uservotes} WHERE postid = ? AND userid IN (?, ?)", own, from, into); n != 0 {
			t.Error("the vote on what is one's own now is left")
		}
		if got, want := s.Scalar(t, "SELECT content + 0 FROM {options} WHERE title = 'cache_flaggedcount'")-flags,
			shown()-before; got != want || want != -2 {
			t.Errorf("the count of flags changes by %d, the flags by %d", got, want)
		}
		if found := testsite.Recount(t, s.App, true); fmt.Sprint(found) != fmt.Sprint(known) {
			t.Errorf("a recount finds %v, before %v", found, known)
		}
	})
}

// TestMergeGoesOnWhereItStopped stops the work after each of its transactions and checks that nothing is to be
// recounted at any time, and that another run finishes.
func TestMergeGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		known := testsite.Recount(t, s.App, true)
		merge(t, s, testsite.Aki, testsite.Haru)
		stops := 0
		for s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_account_work}") > 0 {
			if stops++; stops > 60 {
				t.Fatal("it does not come to an end")
			}
			run, err := s.App.Jobs.Start(t.Context(), "accounts", jobs.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			err = s.App.Jobs.Work(ctx, run, func(*jobs.Run, *jobs.Work) { stop() })
			stop()
			if err != nil && ctx.Err() == nil {
				t.Fatal(err)
			}
			if found := testsite.Recount(t, s.App, true); fmt.Sprint(found) != fmt.Sprint(known) {
				t.Errorf("after stop %d a recount finds %v, before %v", stops, found, known)
			}
			if err := s.App.Jobs.Cancel(t.Context(), "accounts"); err != nil {
				t.Fatal(err)
			}
			if s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE userid = ?", testsite.Aki) > 0 {
				merge(t, s, testsite.Aki, testsite.Haru) // the same request again goes on
			}
		}
		if stops < 4 {
			t.Errorf("it was stopped %d times only", stops)
		}
	})
}

// TestWhoMayMerge checks who is refused, and what cannot be merged.
func TestWhoMayMerge(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for name, c := range map[string]struct {
		caller, from, into, status int
		code                       string
	}{
		"a visitor":                    {testsite.Visitor, testsite.Aki, testsite.Haru, 403, "login_required"},
		"a member":                     {testsite.Haru, testsite.Aki, testsite.Haru, 403, "permission_level"},
		"a moderator":                  {testsite.ModKenji, testsite.Aki, testsite.Haru, 403, "permission_level"},
		"a moderator's account":        {testsite.AdminHana, testsite.ModKenji, testsite.Haru, 403, "permission_level"},
		"one's own account":            {testsite.AdminHana, testsite.AdminHana, testsite.Haru, 403, "own_account"},
		"into one's own account":       {testsite.AdminHana, testsite.Aki, testsite.AdminHana, 403, "own_account"},
		"a super administrator's":      {testsite.AdminHana, testsite.Superbee, testsite.Haru, 403, "permission_level"},
		"into a super administrator's": {testsite.AdminHana, testsite.Aki, testsite.Superbee, 403, "permission_level"},
		"nobody's account":             {testsite.AdminHana, 4_000_000_000, testsite.Haru, 404, "not_found"},
		"into nobody's account":        {testsite.AdminHana, testsite.Aki, 4_000_000_000, 422, "no_account"},
		"into itself":                  {testsite.AdminHana, testsite.Aki, testsite.Aki, 422, "same_account"},
	} {
		status, body, _ := s.Try(t, c.caller, "POST", fmt.Sprintf("/v1/admin/users/%d/merge", c.from), object{"into": c.into})
		if status != c.status || !strings.Contains(fmt.Sprint(body), c.code) {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_account_work}"); n != 0 {
		t.Errorf("%d merges have begun", n)
	}
	merge(t, s, testsite.Aki, testsite.Haru)
	for name, pair := range map[string][2]int{
		"into another":              {testsite.Aki, testsite.Natsu},
		"the other one":             {testsite.Haru, testsite.Natsu},
		"into what is being merged": {testsite.Natsu, testsite.Aki},
	} {
		status, body, _ := s.Try(t, testsite.AdminHana, "POST", fmt.Sprintf("/v1/admin/users/%d/merge", pair[0]), object{"into": pair[1]})
		if status != http.StatusConflict || body["code"] != "account_busy" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	for _, id := range []int{testsite.Aki, testsite.Haru} {
		if status, body, _ := s.Try(t, testsite.AdminHana, "POST", fmt.Sprintf("/v1/admin/users/%d/anonymise", id), nil); status != http.StatusConflict {
			t.Errorf("anonymise %d: %d %v", id, status, body)
		}
	}
	if status, body, _ := s.Try(t, testsite.Aki, "POST", "/v1/questions", object{"title": "May I still ask?", "content": "No."}); status != 403 {
		t.Errorf("the account that is being merged asks: %d %v", status, body)
	}
}

// TestMergeWhileAccountsGo checks that the work ends, and harms nobody, if one of the accounts is deleted.
func TestMergeWhileAccountsGo(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]string{"the merged one": "aki", "the other": "haru"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t)
			known := testsite.Recount(t, s.App, true)
			merge(t, s, testsite.Aki, testsite.Haru)
			s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/"+gone, nil)
			runAccounts(t, s)
			left := s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE userid IN (?, ?)", testsite.Aki, testsite.Haru)
			if found := testsite.Recount(t, s.App, true); left != 1 || fmt.Sprint(found) != fmt.Sprint(known) {
				t.Errorf("%d accounts are left, a recount finds %v, before %v", left, found, known)
			}
		})
	}
}

// TestMergedProfile checks that fields and pictures fill only what is empty, and that the level and the address
// of the account that stays are kept.
func TestMergedProfile(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const from, into = testsite.CatExpert, testsite.Lurker
		s.Exec(t, "DELETE FROM {userprofile} WHERE userid IN (?, ?)", from, into)
		for _, row := range []object{{"u": from, "t": "name", "c": "From"}, {"u": from, "t": "about", "c": "養蜂"},
			{"u": from, "t": "location", "c": "長野"}, {"u": into, "t": "name", "c": "Into"}, {"u": into, "t": "about", "c": ""}} {
			s.Alter(t, "INSERT INTO {userprofile} (userid, title, content) VALUES (?, ?, ?)", row["u"], row["t"], row["c"])
		}
		s.Alter(t, "UPDATE {users} SET avatarblobid = 4711, avatarwidth = 8, avatarheight = 9, flags = flags | 4 WHERE userid = ?", from)
		s.Alter(t, "UPDATE {users} SET avatarblobid = NULL, flags = 1 WHERE userid = ?", into)
		s.Alter(t, "INSERT INTO {userlogins} (userid, source, identifier, identifiermd5) VALUES (?, 'google', 'x', '1234567890123456')", from)
		s.Alter(t, "INSERT INTO {q2ab_people} (sub, userid, created) VALUES ('sub-1', ?, 1)", from)
		address := text(t, s, "SELECT email FROM {users} WHERE userid = ?", into)
		level := s.Scalar(t, "SELECT level FROM {users} WHERE userid = ?", into)
		merge(t, s, from, into)
		runAccounts(t, s)
		testsite.Same(t, "name", text(t, s, "SELECT content FROM {userprofile} WHERE title = 'name' AND userid = ?", into), "Into")
		testsite.Same(t, "about", text(t, s, "SELECT content FROM {userprofile} WHERE title = 'about' AND userid = ?", into), "養蜂")
		testsite.Same(t, "location", text(t, s, "SELECT content FROM {userprofile} WHERE title = 'location' AND userid = ?", into), "長野")
		testsite.Same(t, "picture", s.Numbers(t, `SELECT avatarblobid FROM {users} WHERE userid = ?
			UNION ALL SELECT avatarheight FROM {users} WHERE userid = ?
			UNION ALL SELECT flags FROM {users} WHERE userid = ?`, into, into, into), []int{4711, 9, 5})
		testsite.Same(t, "address", text(t, s, "SELECT email FROM {users} WHERE userid = ?", into), address)
		testsite.Same(t, "level", s.Scalar(t, "SELECT level FROM {users} WHERE userid = ?", into), level)
		testsite.Same(t, "levels in categories", s.Scalar(t, "SELECT COUNT(*) FROM {userlevels} WHERE userid = ?", into), 0)
		testsite.Same(t, "sign-in", text(t, s, "SELECT source FROM {userlogins} WHERE userid = ?", into), "google")
		testsite.Same(t, "subject of Cognito", text(t, s, "SELECT sub FROM {q2ab_people} WHERE userid = ?", into), "sub-1")
	})
}

// TestMergedMessages checks that messages and conversations are the other account's, what was read stays read,
// and private messages between the two are gone.
func TestMergedMessages(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const from, into, partner = testsite.Natsu, testsite.Haru, testsite.Superbee
		insert := func(kind string, sender, recipient int, content string) {
			s.Alter(t, "INSERT INTO {messages} (type, fromuserid, touserid, content, format, created) VALUES (?, ?, ?, ?, '', FROM_UNIXTIME(?))",
				kind, sender, recipient, content, s.App.DB.Now())
		}
		insert("PRIVATE", from, partner, "Merged to partner")
		insert("PRIVATE", partner, from, "Partner to merged")
		insert("PRIVATE", from, into, "Between the two")
		insert("PUBLIC", from, into, "On the wall of the other")
		insert("PUBLIC", partner, from, "On the wall of the merged")
		testsite.GetAs[object](t, s, "/v1/me/conversations", partner) // makes its rows
		testsite.GetAs[object](t, s, "/v1/me/conversations", from)
		s.Exec(t, "UPDATE {q2ab_conversations} SET read_at = 5, read_id = 6 WHERE userid = ? AND other = ?", partner, from)
		merge(t, s, from, into)
		runAccounts(t, s)
		for content, want := range map[string][]int{"Merged to partner": {into, partner}, "Partner to merged": {partner, into},
			"On the wall of the other": {into, into}, "On the wall of the merged": {partner, into}, "Between the two": nil} {
			testsite.Same(t, content, s.Numbers(t, `SELECT fromuserid FROM {messages} WHERE content = ?
				UNION ALL SELECT touserid FROM {messages} WHERE content = ?`, content, content), want)
		}
		testsite.Same(t, "what the partner read", s.Numbers(t, `SELECT read_at FROM {q2ab_conversations}
			WHERE userid = ? AND kind = 'P' AND other = ?`, partner, into), []int{5})
		testsite.Same(t, "rows that name the merged account", s.Scalar(t, `SELECT COUNT(*) FROM {q2ab_conversations}
			WHERE kind = 'P' AND (userid = ? OR other = ? OR userid = other)`, from, from), 0)
		wall := s.Scalar(t, "SELECT COUNT(*) FROM {messages} WHERE type = 'PUBLIC' AND touserid = ?", into)
		testsite.Same(t, "wall posts", s.Scalar(t, "SELECT wallposts FROM {users} WHERE userid = ?", into), wall)
		if list := fmt.Sprint(testsite.GetAs[object](t, s, "/v1/me/conversations", partner)); !strings.Contains(list, "haru") ||
			strings.Contains(list, "natsu") {
			t.Errorf("the partner's conversations: %s", list)
		}
	})
}

// text returns the one text that a query reads.
func text(t *testing.T, s *testsite.Site, query string, args ...any) (got string) {
	t.Helper()
	if _, err := s.App.DB.Get(t.Context(), []any{&got}, query, args...); err != nil {
		t.Fatal(err)
	}
	return got
}
