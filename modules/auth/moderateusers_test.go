package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// moderateUsers sends a request about many users, and returns what became of each.
func moderateUsers(t *testing.T, s *testsite.Site, user int, action string, ids []int, header ...string) string {
	t.Helper()
	type outcome struct {
		ID   int
		Done bool
		User *struct {
			Level   string
			Blocked bool
		}
		Problem *struct{ Code string }
	}
	res := s.Send(t, user, "POST", "/v1/admin/users/actions",
		map[string]any{"action": action, "ids": ids}, header...)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("%s by %d: %d %s", action, user, res.StatusCode, testsite.Text(t, res))
	}
	var all []string
	for i, o := range testsite.Decode[testsite.List[outcome]](t, res).Items {
		if o.ID != ids[i] || o.Done == (o.Problem != nil) || o.Done == (o.User == nil) {
			t.Errorf("item %d: %+v", i, o)
		}
		switch {
		case o.Problem != nil:
			all = append(all, o.Problem.Code)
		case o.User != nil && o.User.Blocked:
			all = append(all, o.User.Level+"-blocked")
		case o.User != nil:
			all = append(all, o.User.Level)
		}
	}
	return strings.Join(all, " ")
}

// TestModerateUsers checks that each user of a request is judged by the rules for that user alone, and that
// a request that is sent again does nothing twice.
func TestModerateUsers(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		for _, c := range []struct {
			action string
			ids    []int
			want   string
		}{
			{"approve", []int{testsite.Fuyu, testsite.Spammer99, 4_000_000_000, testsite.Aki, testsite.EditorYuki},
				"approved target_blocked not_found approved editor"},
			{"block", []int{testsite.Aki, testsite.ModKenji, testsite.AdminHana, testsite.TrollX, testsite.Natsu},
				"approved-blocked own_account permission_level approved-blocked approved-blocked"},
			{"unblock", []int{testsite.Natsu, testsite.Haru}, "approved approved"},
		} {
			testsite.Same(t, c.action, moderateUsers(t, s, testsite.ModKenji, c.action, c.ids), c.want)
		}
		testsite.Same(t, "entries in the log", s.Scalar(t,
			"SELECT COUNT(*) FROM {q2ab_audit} WHERE kind = 'user' AND action = 'moderate-users'"), 4)
		testsite.Same(t, "users to approve", s.Scalar(t,
			"SELECT CAST(content AS DECIMAL) FROM {options} WHERE title = 'cache_uapprovecount'"),
			s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE level < 10 AND (flags & 2) = 0"))

		key := []string{"Idempotency-Key", "block-them"}
		ids := []int{testsite.Lurker, testsite.ModKenji}
		first := moderateUsers(t, s, testsite.ModKenji, "block", ids, key...)
		testsite.Same(t, "first", first, "approved-blocked own_account")
		s.Exec(t, "UPDATE {q2ab_idempotency} SET status = NULL, headers = NULL, body = NULL")
		s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/lurker/block", nil)
		testsite.Same(t, "after a crash, and another's decision",
			moderateUsers(t, s, testsite.ModKenji, "block", ids, key...), "approved own_account")
	})
}

// TestWhoModeratesUsers checks who may send requests about many users.
func TestWhoModeratesUsers(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {users} SET flags = flags | 2 WHERE userid = 3"))
	body := map[string]any{"action": "block", "ids": []int{testsite.Aki}}
	for user, want := range map[int]string{
		testsite.Visitor: "403 login_required", testsite.Haru: "403 permission_level",
		testsite.EditorYuki: "403 permission_level", testsite.CatExpert: "403 permission_level",
		testsite.ModKenji: "403 user_blocked", testsite.AdminHana: "200 <nil>",
	} {
		status, answer, _ := s.Try(t, user, "POST", "/v1/admin/users/actions", body)
		testsite.Same(t, fmt.Sprint("user ", user), fmt.Sprint(status, " ", answer["code"]), want)
	}
}
