package community_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// object is a JSON object.
type object = map[string]any

// refused checks that a request is refused with the status and the code.
func refused(t *testing.T, s *testsite.Site, user int, method, path string, status int, code string) {
	t.Helper()
	if got, body, _ := s.Try(t, user, method, path, nil); got != status || body["code"] != code {
		t.Errorf("%s %s as %d: %d %v, want %d %s", method, path, user, got, body, status, code)
	}
}

// idsOf returns the ids of a list's items.
func idsOf(t *testing.T, s *testsite.Site, user int, path string) (ids []int) {
	t.Helper()
	for _, item := range testsite.GetAs[testsite.List[struct{ ID int }]](t, s, path, user).Items {
		ids = append(ids, item.ID)
	}
	return ids
}

// TestNoticesAreClosed checks that only the recipient of a notice can close it, and that a notice that is
// closed cannot be closed again.
func TestNoticesAreClosed(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		notices := func(user int) []int { return idsOf(t, s, user, "/v1/me/notices") }
		refused(t, s, testsite.Visitor, "DELETE", "/v1/me/notices/1", http.StatusForbidden, "login_required")
		refused(t, s, testsite.Lurker, "DELETE", "/v1/me/notices/1", http.StatusNotFound, "not_found")
		refused(t, s, testsite.Aki, "DELETE", "/v1/me/notices/9999999999", http.StatusNotFound, "not_found")
		if got := notices(testsite.Aki); !slices.Equal(got, []int{1, 2}) {
			t.Fatalf("notices %v", got)
		}
		s.Do(t, testsite.Aki, "DELETE", "/v1/me/notices/1", nil)
		if got := notices(testsite.Aki); !slices.Equal(got, []int{2}) {
			t.Errorf("notices %v after one was closed", got)
		}
		refused(t, s, testsite.Aki, "DELETE", "/v1/me/notices/1", http.StatusNotFound, "not_found")
		if got := notices(testsite.Lurker); !slices.Equal(got, []int{3}) {
			t.Errorf("another's notices are %v", got)
		}
		refused(t, s, testsite.Visitor, "GET", "/v1/me/notices", http.StatusForbidden, "login_required")
	})
}

// TestWelcomeIsClosed checks that the site's welcome is shown to a user until this user closes it, without
// effect on other users.
func TestWelcomeIsClosed(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {users} SET flags = flags | 64 WHERE userid IN (13, 17)"))
	welcome := func(user int) bool {
		return testsite.GetAs[struct{ WelcomeNotice bool }](t, s, "/v1/me", user).WelcomeNotice
	}
	s.Do(t, testsite.Aki, "DELETE", "/v1/me/notices/welcome", nil)
	if welcome(testsite.Aki) || !welcome(testsite.Lurker) {
		t.Error("the welcome is closed for another, or not for who closed it")
	}
	if got := idsOf(t, s, testsite.Aki, "/v1/me/notices"); len(got) != 2 {
		t.Errorf("notices %v", got)
	}
}

// TestConversations checks that both users see their messages to each other until one of them hides a message
// in the own box, and that nobody else sees them.
func TestConversations(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		with := func(user int, handle string) []int {
			t.Helper()
			return idsOf(t, s, user, "/v1/me/messages/"+handle)
		}
		for _, c := range []struct {
			who    string
			user   int
			handle string
			want   []int
		}{
			{"one of both", testsite.BeeKeeper, "o'brien", []int{10, 9}},
			{"the other", testsite.OBrien, "Bee%20Keeper", []int{10, 9}},
			{"a third", testsite.Taro, "o'brien", nil},
			{"one who wrote to them", testsite.Spammer99, "Bee%20Keeper", []int{11}},
		} {
			t.Run(c.who, func(t *testing.T) {
				if got := with(c.user, c.handle); !slices.Equal(got, c.want) {
					t.Errorf("%v, want %v", got, c.want)
				}
			})
		}
		s.Exec(t, "UPDATE {messages} SET tohidden = 1 WHERE messageid = 10") // to Bee Keeper
		if got := with(testsite.BeeKeeper, "o'brien"); !slices.Equal(got, []int{9}) {
			t.Errorf("who hid a message sees %v", got)
		}
		if got := with(testsite.OBrien, "Bee%20Keeper"); !slices.Equal(got, []int{10, 9}) {
			t.Errorf("who wrote it sees %v", got)
		}
		s.Exec(t, "UPDATE {messages} SET fromhidden = 1 WHERE messageid = 10")
		if got := with(testsite.OBrien, "Bee%20Keeper"); !slices.Equal(got, []int{9}) {
			t.Errorf("who hid what was sent sees %v", got)
		}
		refused(t, s, testsite.Visitor, "GET", "/v1/me/messages/aki", http.StatusForbidden, "login_required")
		refused(t, s, testsite.Aki, "GET", "/v1/me/messages/nobody", http.StatusNotFound, "not_found")
	})
}

// TestPagesOfMessages checks that pages by cursor together make up the whole list, and that a cursor is valid
// only for the list that gave it.
func TestPagesOfMessages(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for id := 101; id <= 107; id++ { // two messages each in the same second
		s.Exec(t, `INSERT INTO {messages} (messageid, type, fromuserid, touserid, content, format, created)
			VALUES (?, 'PRIVATE', 18, 13, 'text', '', FROM_UNIXTIME(?))`, id, 1796000000+id/2)
	}
	var all []int
	cursor := ""
	for range 10 {
		page := testsite.GetAs[testsite.List[struct{ ID int }]](t, s, "/v1/me/messages?limit=2"+cursor,
			testsite.Aki)
		for _, m := range page.Items {
			all = append(all, m.ID)
		}
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + page.NextCursor
	}
	if want := []int{107, 106, 105, 104, 103, 102, 101}; !slices.Equal(all, want) {
		t.Errorf("%v, want %v", all, want)
	}
	refused(t, s, testsite.Aki, "GET", "/v1/me/messages?limit=2&box=out"+cursor, http.StatusBadRequest,
		"invalid_cursor")
}

// TestMessagesAndWallsAreSwitchedOff checks that messages and walls cannot be read where the site has them
// switched off.
func TestMessagesAndWallsAreSwitchedOff(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(`REPLACE INTO {options} (title, content)
		VALUES ('allow_private_messages', '0'), ('allow_user_walls', '0')`))
	for _, path := range []string{
		"/v1/me/messages", "/v1/me/messages?box=out", "/v1/me/messages/lurker", "/v1/users/aki/wall",
	} {
		t.Run(path, func(t *testing.T) {
			refused(t, s, testsite.Aki, "GET", path, http.StatusNotFound, "feature_off")
		})
	}
}

// TestFavoritesAreTheUsersOwn checks that nobody can read the favourites of others, and that both addresses
// show users the same favourites of their own.
func TestFavoritesAreTheUsersOwn(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	refused(t, s, testsite.Visitor, "GET", "/v1/users/aki/favorites", http.StatusForbidden, "login_required")
	refused(t, s, testsite.Superbee, "GET", "/v1/users/aki/favorites", http.StatusForbidden,
		"permission_level")
	refused(t, s, testsite.Aki, "GET", "/v1/users/nobody/favorites", http.StatusNotFound, "not_found")
	refused(t, s, testsite.Visitor, "GET", "/v1/me/favorites", http.StatusForbidden, "login_required")
	refused(t, s, testsite.Visitor, "GET", "/v1/me/updates", http.StatusForbidden, "login_required")
	mine := testsite.GetAs[any](t, s, "/v1/me/favorites", testsite.Aki)
	testsite.Same(t, "favourites",
		fmt.Sprint(testsite.GetAs[any](t, s, "/v1/users/aki/favorites", testsite.Aki)), fmt.Sprint(mine))
	if len(mine.(object)["questions"].([]any)) != 4 {
		t.Errorf("favourites %v", mine)
	}
}

// TestStatsOfUsers checks that a user's figures are the same at their own address as in the profile.
func TestStatsOfUsers(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	profile := testsite.Get[struct{ Stats map[string]int }](t, s, "/v1/users/aki")
	testsite.Same(t, "figures", testsite.Get[map[string]int](t, s, "/v1/users/aki/stats"), profile.Stats)
	if profile.Stats["answers"] == 0 {
		t.Errorf("figures %v", profile.Stats)
	}
	refused(t, s, testsite.Visitor, "GET", "/v1/users/nobody/stats", http.StatusNotFound, "not_found")
}
