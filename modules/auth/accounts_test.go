package auth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestDeletedUsersLeaveNothingToRecount checks that votes, selected answers, points and cached counts are
// right after the most active users are deleted. Q2A leaves some of them to its recalculation.
func TestDeletedUsersLeaveNothingToRecount(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		known := testsite.Recount(t, s.App, true)
		for _, handle := range []string{"haru", "aki", "natsu", "OldTimer", "spammer99", "fuyu"} {
			if status, body, _ := s.Try(t, testsite.AdminHana, "DELETE", "/v1/users/"+handle,
				nil); status != http.StatusNoContent {
				t.Fatalf("delete %s: %d %v", handle, status, body)
			}
			if status, _, _ := s.Try(t, testsite.AdminHana, "GET", "/v1/users/"+handle,
				nil); status != http.StatusNotFound {
				t.Errorf("%s is still there: %d", handle, status)
			}
			if found := testsite.Recount(t, s.App, true); fmt.Sprint(found) != fmt.Sprint(known) {
				t.Errorf("after %s a recount finds %v, before %v", handle, found, known)
			}
		}
		var unapproved, counted int
		if _, err := s.App.DB.Get(t.Context(), []any{&unapproved, &counted},
			`SELECT (SELECT content + 0 FROM {options} WHERE title = 'cache_uapprovecount'),
				(SELECT COUNT(*) FROM {users} WHERE level < 10 AND flags & 2 = 0)`); err != nil ||
			unapproved != counted {
			t.Errorf("%d users wait for approval, %d are counted, %v", counted, unapproved, err)
		}
	})
}

// TestOwnAccountIsDeleted checks that users can delete their own accounts only in the first five minutes
// after a sign-in, that moderators cannot delete theirs, and that the tokens of a deleted account are
// refused.
func TestOwnAccountIsDeleted(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		remove := func(token string) (int, testsite.Me) {
			return testsite.Ask[testsite.Me](t, s, "DELETE", "/v1/me", token, testsite.Home, nil)
		}
		in, moderator := s.SignIn(t, "haru", "haru-pass-123"), s.SignIn(t, "mod_kenji", "kenji-mod-pass")
		if status, refused := remove(moderator.AccessToken); status != 403 ||
			refused.Code != "permission_level" {
			t.Errorf("a moderator: %d %+v", status, refused)
		}
		s.Pass(5*time.Minute + time.Second)
		if status, refused := remove(in.AccessToken); status != 403 || refused.Code != "sign_in_again" {
			t.Errorf("after 5 minutes: %d %+v", status, refused)
		}
		_, in = testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home,
			map[string]any{"refreshToken": in.RefreshToken})
		if status, refused := remove(in.AccessToken); status != 403 || refused.Code != "sign_in_again" {
			t.Errorf("a refresh is no sign-in: %d %+v", status, refused)
		}
		in = s.SignIn(t, "haru", "haru-pass-123")
		if status, _ := remove(in.AccessToken); status != http.StatusNoContent {
			t.Errorf("soon after: %d", status)
		}
		if status, _ := s.Me(t, in.AccessToken); status != 401 {
			t.Errorf("the token of a deleted account: %d", status)
		}
		if status, _ := testsite.Ask[testsite.Me](t, s, "POST", "/v1/auth/refresh", "", testsite.Home,
			map[string]any{"refreshToken": in.RefreshToken}); status != 401 {
			t.Errorf("the session of a deleted account: %d", status)
		}
	})
}

// TestAccountPage checks what users can change of their own accounts, which changes are refused, and that
// each wrong field is named.
func TestAccountPage(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		change := func(user int, body map[string]any) (int, map[string]any) {
			status, answer, _ := s.Try(t, user, "PATCH", "/v1/me", body)
			return status, answer
		}
		status, wrong := change(testsite.Haru, map[string]any{
			"handle": "a/b", "email": "nonsense", "avatar": "upload",
			"fields": map[string]any{"shoe size": "42", "about": strings.Repeat("蜂", 8001), "name": "はる"},
		})
		var codes []string
		for _, e := range wrong["errors"].([]any) {
			e := e.(map[string]any)
			codes = append(codes, fmt.Sprint(e["field"], "=", e["code"]))
		}
		for _, want := range []string{
			"handle=bad_characters", "email=bad_email", "avatar=no_upload", "fields.shoe size=unknown",
			"fields.about=too_long",
		} {
			if status != 422 || !strings.Contains(strings.Join(codes, " "), want) {
				t.Errorf("%d %v, want %s", status, codes, want)
			}
		}
		if status, _ := change(testsite.Haru, map[string]any{"email": "AKI@example.jp"}); status != 422 {
			t.Errorf("an address of somebody else: %d", status)
		}
		status, answer := change(testsite.Haru, map[string]any{
			"handle": "HARU", "fields": map[string]any{"name": "🐝はる\r\n"},
		})
		if status != 200 || answer["user"].(map[string]any)["handle"] != "HARU" ||
			answer["fields"].(map[string]any)["name"] != "はる" {
			t.Errorf("%d %v", status, answer)
		}
		for title, value := range map[string]string{"allow_change_usernames": "0", "mailing_enabled": "0"} {
			if _, err := s.App.DB.Exec(t.Context(), "INSERT INTO {options} (title, content) VALUES (?, ?)"+
				s.App.DB.Overwrite("title", "content"), title, value); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(1100 * time.Millisecond) // options are at most a second old
		if status, answer := change(testsite.Haru, map[string]any{"handle": "hall"}); status != 403 ||
			answer["code"] != "handle_fixed" {
			t.Errorf("handles cannot change: %d %v", status, answer)
		}
		if status, answer := change(testsite.Haru, map[string]any{"mailings": false}); status != 200 ||
			answer["notifications"].(map[string]any)["mailings"] != true {
			t.Errorf("the site has no mailings, and the choice was changed: %d %v", status, answer)
		}
		if status, answer := change(testsite.TrollX, map[string]any{"mailings": false}); status != 403 ||
			answer["code"] != "user_blocked" {
			t.Errorf("somebody blocked: %d %v", status, answer)
		}
		if _, err := s.App.DB.Exec(t.Context(),
			"UPDATE {users} SET flags = flags | 128 WHERE userid = 27"); err != nil {
			t.Fatal(err)
		}
		if status, answer := change(testsite.NewbieUnconf, map[string]any{
			"fields": map[string]any{"name": "x"},
		}); status != 403 || answer["code"] != "email_unconfirmed" {
			t.Errorf("who has to confirm an address first: %d %v", status, answer)
		}
		if status, answer := change(testsite.NewbieUnconf, map[string]any{
			"email": "corrected@example.com",
		}); status != 200 || answer["email"] != "corrected@example.com" {
			t.Errorf("may correct it: %d %v", status, answer)
		}
		if status, _, _ := s.Try(t, testsite.Hanako, "DELETE", "/v1/me/notices/welcome",
			nil); status != http.StatusNoContent {
			t.Errorf("welcome: %d", status)
		}
		_, answer, h := s.Try(t, testsite.Hanako, "GET", "/v1/me", nil)
		if answer["welcomeNotice"] != nil || h.Get("ETag") == "" {
			t.Errorf("%v", answer)
		}
	})
}

// TestLevelsInCategories checks which callers may give which levels to whom, for the whole site and for
// single categories.
func TestLevelsInCategories(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		type levels = []map[string]any
		level := func(t *testing.T, by int, handle, level string, in levels) (int, map[string]any) {
			body := map[string]any{"level": level}
			if in != nil {
				body["categoryLevels"] = in
			}
			status, answer, _ := s.Try(t, by, "PUT", "/v1/users/"+handle+"/level", body)
			return status, answer
		}
		if status, answer := level(t, testsite.AdminHana, "aki", "expert", levels{
			{"categoryId": 3, "level": "editor"}, {"categoryId": 11, "level": "moderator"},
		}); status != 200 || len(answer["categoryLevels"].([]any)) != 2 {
			t.Errorf("%d %v", status, answer)
		}
		for _, c := range []struct {
			by     int
			handle string
			level  string
			in     levels
			status int
			code   string
		}{
			{testsite.AdminHana, "aki", "admin", nil, 403, "permission_level"},
			{testsite.ModKenji, "haru", "editor", nil, 403, "permission_level"},
			{testsite.ModKenji, "haru", "expert", nil, 200, ""},
			{testsite.ModKenji, "aki", "basic", nil, 403, "permission_level"}, // is moderator somewhere
			{testsite.AdminHana, "haru", "expert", levels{{"categoryId": 3, "level": "admin"}}, 403, "permission_level"},
			{testsite.AdminHana, "haru", "expert", levels{{"categoryId": 9999, "level": "editor"}}, 422, "validation"},
			{testsite.AdminHana, "haru", "expert", levels{{"categoryId": 3, "level": "editor"}, {"categoryId": 3, "level": "expert"}}, 422, "validation"},
			{testsite.AdminHana, "admin_hana", "basic", nil, 403, "own_account"},
			{testsite.EditorYuki, "haru", "approved", nil, 403, "permission_level"},
			{testsite.Haru, "natsu", "basic", nil, 403, "permission_level"},
			{testsite.Visitor, "natsu", "basic", nil, 403, "login_required"},
			{testsite.AdminHana, "superbee", "basic", nil, 403, "permission_level"},
			{testsite.Superbee, "admin_hana", "super", nil, 200, ""},
			{testsite.Superbee, "troll_x", "moderator", nil, 403, "permission_level"},
			{testsite.Superbee, "troll_x", "editor", nil, 200, ""},
			{testsite.AdminHana, "nobody-here", "basic", nil, 404, "not_found"},
		} {
			t.Run(fmt.Sprintf("%d makes %s %s", c.by, c.handle, c.level), func(t *testing.T) {
				status, answer := level(t, c.by, c.handle, c.level, c.in)
				if status != c.status || c.code != "" && answer["code"] != c.code {
					t.Errorf("user %d makes %s %s %v: %d %v, want %d %s", c.by, c.handle, c.level, c.in,
						status, answer, c.status, c.code)
				}
			})
		}
		var n int
		if _, err := s.App.DB.Get(t.Context(), []any{&n},
			"SELECT COUNT(*) FROM {userlevels} WHERE userid = 16"); err != nil || n != 0 {
			t.Errorf("%d levels of haru were half-written, %v", n, err)
		}
		if status, answer, _ := s.Try(t, testsite.Superbee, "DELETE", "/v1/users/aki/level",
			nil); status != 200 || answer["level"] != "basic" || len(answer["categoryLevels"].([]any)) != 0 {
			t.Errorf("%d %v", status, answer)
		}
	})
}

// TestBlockedUsersKeepReading checks that a blocked user can still read but not vote, and can be unblocked;
// and which callers may block, approve, edit and delete other users.
func TestBlockedUsersKeepReading(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		status := func(method, path string, body any, by int) int {
			t.Helper()
			got, _, _ := s.Try(t, by, method, path, body)
			return got
		}
		vote := map[string]any{"value": 1}
		for i, step := range []struct {
			method, path string
			body         any
			by, status   int
		}{
			{"PUT", "/v1/users/haru/block", nil, 3, 200}, {"PUT", "/v1/posts/27/vote", vote, 16, 403}, {"GET", "/v1/questions/27", nil, 16, 200},
			{"PUT", "/v1/users/haru/block", nil, 3, 200}, {"PUT", "/v1/users/haru/approval", nil, 3, 403}, {"DELETE", "/v1/users/haru/block", nil, 3, 200},
			{"PUT", "/v1/posts/27/vote", vote, 16, 200}, {"PUT", "/v1/users/mod_kenji/block", nil, 2, 403}, {"PUT", "/v1/users/haru/block", nil, 4, 403},
			{"DELETE", "/v1/users/haru", nil, 3, 403}, {"PUT", "/v1/users/haru/hidden-posts", nil, 5, 403}, {"PUT", "/v1/users/fuyu/approval", nil, 3, 200},
			{"DELETE", "/v1/users/fuyu/approval", nil, 3, 200}, {"DELETE", "/v1/users/editor_yuki/approval", nil, 2, 403}, {"PUT", "/v1/users/aki/bonus-points", map[string]any{"bonus": 5}, 3, 403},
			{"PUT", "/v1/users/aki/bonus-points", map[string]any{"bonus": 5}, 2, 200}, {"DELETE", "/v1/users/aki/bonus-points", nil, 2, 200}, {"PATCH", "/v1/users/aki", map[string]any{"email": "x@example.jp"}, 3, 403},
			{"PATCH", "/v1/users/aki", map[string]any{"removeAvatar": true}, 3, 200}, {"POST", "/v1/users/aki/password-reset", nil, 3, 403}, {"POST", "/v1/users/aki/password-reset", nil, 2, 202},
		} {
			if got := status(step.method, step.path, step.body, step.by); got != step.status {
				t.Errorf("step %d, user %d %s %s: %d, want %d", i, step.by, step.method, step.path, got,
					step.status)
			}
		}
		var events []string
		if err := s.App.DB.Select(t.Context(), database.Append(&events),
			"SELECT name FROM {q2ab_outbox} WHERE name LIKE 'u!_%' ESCAPE '!' ORDER BY id"); err != nil ||
			fmt.Sprint(events) != "[u_block u_unblock u_level u_level u_reset_code]" {
			t.Errorf("events %v %v", events, err)
		}
	})
}
