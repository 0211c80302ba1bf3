package community_test

import (
	"fmt"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestWhoMayDeleteMessages checks who may hide which private message, and who may delete which post on
// a wall. Everybody else is refused and changes nothing.
func TestWhoMayDeleteMessages(t *testing.T) {
	t.Parallel()
	const (
		hidesReceived = "tohidden = 1 AND fromhidden = 0"
		hidesSent     = "tohidden = 0 AND fromhidden = 1"
		gone          = "gone"
	)
	// 1, 2 and 3 are on the wall of みつばち太郎 (6), by aki (13), himself and Bee Keeper (8), in that order.
	// 7 is a private message of expert_sato (5) to him. spammer99 (25) wrote 11 to Bee Keeper, who has
	// hidden it.
	more := testsite.After(`INSERT INTO {messages} (messageid, type, fromuserid, touserid, content, format, created) VALUES
			(20, 'PUBLIC', 8, 6, 'Bees!', '', '2026-03-13 02:00:44'), (21, 'PRIVATE', 6, 6, 'To oneself', '', '2026-03-13 02:00:45'),
			(22, 'PRIVATE', NULL, 6, 'From whom was deleted', '', '2026-03-13 02:00:46')`,
		"UPDATE {users} SET wallposts = 4 WHERE userid = 6")
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for _, c := range []struct {
			what      string
			user, id  int
			status    int
			code      string
			condition string
		}{
			{"the receiver", testsite.Taro, 7, 204, "", hidesReceived},
			{"the sender", testsite.ExpertSato, 7, 204, "", hidesSent},
			{"a third", testsite.Haru, 7, 404, "not_found", ""},
			{"a super administrator", testsite.Superbee, 7, 404, "not_found", ""},
			{"a visitor", testsite.Visitor, 7, 403, "login_required", ""},
			{"the second side", testsite.Spammer99, 11, 204, "", gone},
			{"the first side again", testsite.BeeKeeper, 11, 404, "not_found", ""},
			{"who wrote to oneself", testsite.Taro, 21, 204, "", gone},
			{"who has it from a deleted account", testsite.Taro, 22, 204, "", hidesReceived},
			{"what is not there", testsite.Taro, 4711, 404, "not_found", ""},
			{"the wall's owner", testsite.Taro, 1, 204, "", gone},
			{"who wrote last on the wall", testsite.BeeKeeper, 20, 204, "", gone},
			{"who wrote the one before too", testsite.BeeKeeper, 3, 204, "", gone},
			{"who wrote before others", testsite.Aki, 1, 403, "permission_level", ""},
			{"who has nothing to do with the wall", testsite.Haru, 3, 403, "permission_level", ""},
			{"a moderator", testsite.ModKenji, 3, 204, "", gone},
			{"an editor", testsite.EditorYuki, 3, 403, "permission_level", ""},
			{"a visitor of the wall", testsite.Visitor, 3, 403, "login_required", ""},
		} {
			t.Run(c.what, func(t *testing.T) {
				t.Parallel()
				s := testsite.New(t, db, more)
				before := testsite.ReadTables(t, s.App.DB)
				is(t, s, c.what, c.user, "DELETE", fmt.Sprint("/v1/messages/", c.id), nil, c.status, c.code)
				rows := s.Scalar(t, "SELECT COUNT(*) FROM {messages} WHERE messageid = ?", c.id)
				switch c.condition {
				case "":
					if d := before.Diff(testsite.ReadTables(t, s.App.DB)); len(d) > 0 {
						t.Errorf("rows have changed: %v", testsite.Describe(nil, d))
					}
				case gone:
					if rows != 0 {
						t.Error("the row is still there")
					}
				default:
					if rows != 1 || s.Scalar(t, "SELECT COUNT(*) FROM {messages} WHERE messageid = ? AND "+c.condition, c.id) != 1 {
						t.Errorf("%d rows, and none with %s", rows, c.condition)
					}
				}
				if n := s.Scalar(t, "SELECT wallposts - (SELECT COUNT(*) FROM {messages} WHERE type = 'PUBLIC' AND touserid = 6) FROM {users} WHERE userid = 6"); n != 0 {
					t.Errorf("the wall counts %d posts more than it has", n)
				}
			})
		}
	})
}

// TestDeletedWallPostIsReported checks the event of a deleted post, in the outbox and in Q2A's log.
func TestDeletedWallPostIsReported(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(
		"REPLACE INTO {options} (title, content) VALUES ('event_logger_to_database', '1')",
		`CREATE TABLE IF NOT EXISTS {eventlog} (datetime TEXT, ipaddress TEXT, userid INTEGER, handle TEXT, cookieid TEXT, event TEXT, params TEXT)`))
	s.Do(t, testsite.Taro, "DELETE", "/v1/messages/3", nil)
	text, _ := event(t, s, "u_wall_delete")
	if !strings.HasPrefix(text, `{"messageid":3,"oldmessage":{"content":"Nice to meet you, 太郎さん!"`) {
		t.Errorf("the event is %s", text)
	}
	var logged string
	if _, err := s.App.DB.Get(t.Context(), []any{&logged}, "SELECT params FROM {eventlog} WHERE event = 'u_wall_delete'"); err != nil ||
		logged != "messageid=3\toldmessage=array(21)" {
		t.Errorf("the log has %q, %v", logged, err)
	}
}

// TestDeleteConversation checks that a conversation is hidden on one side only, and gone for good when
// the other side hides it too, and that later messages are shown again.
func TestDeleteConversation(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		seen := func(user int, handle string) []int { return idsOf(t, s, user, "/v1/me/messages/"+handle) }
		is(t, s, "with nobody", testsite.BeeKeeper, "DELETE", "/v1/me/messages/nobody", nil, 404, "not_found")
		is(t, s, "with whom there is none", testsite.BeeKeeper, "DELETE", "/v1/me/messages/haru", nil, 204, "")
		is(t, s, "one side", testsite.BeeKeeper, "DELETE", "/v1/me/messages/o'brien", nil, 204, "")
		if own, other := seen(testsite.BeeKeeper, "o'brien"), seen(testsite.OBrien, "Bee%20Keeper"); len(own) != 0 || len(other) != 2 {
			t.Errorf("one side sees %v, the other %v", own, other)
		}
		id := s.Do(t, testsite.OBrien, "POST", "/v1/me/messages/Bee%20Keeper", object{"content": "Still there?"})
		testsite.Same(t, "after a new one", seen(testsite.BeeKeeper, "o'brien"), []int{id})
		is(t, s, "the other side", testsite.OBrien, "DELETE", "/v1/me/messages/Bee%20Keeper", nil, 204, "")
		testsite.Same(t, "rows", s.Numbers(t, "SELECT messageid FROM {messages} WHERE type = 'PRIVATE' AND 18 IN (fromuserid, touserid)"),
			[]int{id})
		is(t, s, "the rest", testsite.BeeKeeper, "DELETE", "/v1/me/messages/o'brien", nil, 204, "")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {messages} WHERE type = 'PRIVATE' AND 18 IN (fromuserid, touserid)"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}
