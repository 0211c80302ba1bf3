package community_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// talk is a conversation as a test reads it.
type talk struct {
	Kind   string
	With   *struct{ Handle string }
	Group  *struct{ ID int }
	Latest *struct {
		ID      int
		Deleted bool
	}
	UpdatedAt   string
	UnreadCount int
	CanReply    bool
}

// String returns the conversation in one line: with whom, the latest message, and how many are unread.
func (c talk) String() string {
	with := "deleted"
	switch {
	case c.Group != nil:
		with = fmt.Sprint("group ", c.Group.ID)
	case c.With != nil:
		with = c.With.Handle
	}
	latest := 0
	if c.Latest != nil {
		latest = c.Latest.ID
	}
	return fmt.Sprintf("%s %d/%d", with, latest, c.UnreadCount)
}

func talks(t *testing.T, s *testsite.Site, user int, query string) (all []string) {
	t.Helper()
	for _, c := range testsite.GetAs[testsite.List[talk]](t, s, "/v1/me/conversations"+query, user).Items {
		all = append(all, c.String())
	}
	return all
}

// messageRows inserts private messages as the old site does: each is {id, from, to, time}.
func messageRows(t *testing.T, s *testsite.Site, rows ...[4]int64) {
	t.Helper()
	for _, r := range rows {
		s.Exec(t, `INSERT INTO {messages} (messageid, type, fromuserid, touserid, content, format, created)
			VALUES (?, 'PRIVATE', ?, ?, 'text', '', FROM_UNIXTIME(?))`, r[0], r[1], r[2], r[3])
	}
}

// newYear is the 1st of January 2027, after all that was recorded.
const newYear = 1798761600

// TestListConversations checks the list of conversations while the old site and this one write, hide
// and delete messages in turns.
func TestListConversations(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		see := func(what string, user int, want ...string) {
			t.Helper()
			testsite.Same(t, what, talks(t, s, user, ""), want)
		}
		const haru, lurker, jose, fuyu = testsite.Haru, testsite.Lurker, testsite.Jose, testsite.Fuyu
		see("nothing yet", haru)
		see("as recorded", testsite.BeeKeeper, "o'brien 10/1") // 11 of spammer99 is hidden
		messageRows(t, s, [4]int64{101, lurker, haru, newYear}, [4]int64{102, haru, jose, newYear}, [4]int64{103, lurker, haru, newYear + 1},
			[4]int64{104, fuyu, haru, newYear + 1})
		see("new ones of the old site", haru, "lurker 103/2", "fuyu 104/1", "José Miel 102/0")
		messageRows(t, s, [4]int64{105, jose, haru, newYear - 300}) // committed late
		see("a late one", haru, "lurker 103/2", "fuyu 104/1", "José Miel 102/0")
		messageRows(t, s, [4]int64{106, haru, fuyu, newYear + 2})
		see("who writes has read", haru, "fuyu 106/0", "lurker 103/2", "José Miel 102/0")
		see("the other side", fuyu, "haru 106/1")
		s.Exec(t, "UPDATE {messages} SET tohidden = 1 WHERE messageid = 103")
		see("the latest was hidden", haru, "fuyu 106/0", "lurker 101/1", "José Miel 102/0")
		see("on the other side it is there", lurker, "haru 103/0")
		s.Exec(t, "DELETE FROM {messages} WHERE messageid = 106")
		see("the latest was deleted", haru, "fuyu 104/1", "lurker 101/1", "José Miel 102/0")
		s.Exec(t, "UPDATE {messages} SET tohidden = 1 WHERE messageid = 101")
		see("all was hidden", haru, "fuyu 104/1", "José Miel 102/0")
		messageRows(t, s, [4]int64{107, lurker, haru, newYear + 9})
		see("a new one after that", haru, "lurker 107/1", "fuyu 104/1", "José Miel 102/0")

		is(t, s, "read up to", haru, "PUT", "/v1/me/messages/lurker/read?upTo=106", nil, 204, "")
		see("not read yet", haru, "lurker 107/1", "fuyu 104/1", "José Miel 102/0")
		is(t, s, "read", haru, "PUT", "/v1/me/messages/Lurker/read", nil, 204, "")
		see("one is read", haru, "lurker 107/0", "fuyu 104/1", "José Miel 102/0")
		messageRows(t, s, [4]int64{108, lurker, haru, newYear + 9})
		see("one more in the same second", haru, "lurker 108/1", "fuyu 104/1", "José Miel 102/0")
		is(t, s, "read less", haru, "PUT", "/v1/me/messages/lurker/read?upTo=101", nil, 204, "")
		see("what was read stays so", haru, "lurker 108/1", "fuyu 104/1", "José Miel 102/0")
		is(t, s, "with nobody", haru, "PUT", "/v1/me/messages/nobody/read", nil, 404, "not_found")
		is(t, s, "with whom there is nothing", haru, "PUT", "/v1/me/messages/superbee/read", nil, 204, "")
		is(t, s, "a visitor", testsite.Visitor, "PUT", "/v1/me/conversations/read", nil, 403, "login_required")

		is(t, s, "deletes one", haru, "DELETE", "/v1/me/messages/fuyu", nil, 204, "")
		see("without that", haru, "lurker 108/1", "José Miel 102/0")
		s.Exec(t, "UPDATE {messages} SET fromuserid = NULL WHERE fromuserid = 17")
		see("an account was deleted", haru, "deleted 108/2", "José Miel 102/0")
		s.Do(t, testsite.Superbee, "DELETE", "/v1/users/José%20Miel", nil)
		see("another one", haru, "deleted 108/2")
	})
}

// TestReadAllConversations checks that all messages can be read at once.
func TestReadAllConversations(t *testing.T) {
	t.Parallel()
	now := time.Unix(newYear+100, 0)
	s := testsite.New(t, testsite.At(&now))
	messageRows(t, s, [4]int64{101, testsite.Lurker, testsite.Haru, newYear}, [4]int64{102, testsite.Fuyu, testsite.Haru, newYear})
	testsite.Same(t, "before", talks(t, s, testsite.Haru, ""), []string{"lurker 101/1", "fuyu 102/1"})
	is(t, s, "read all", testsite.Haru, "PUT", "/v1/me/conversations/read", nil, 204, "")
	testsite.Same(t, "after", talks(t, s, testsite.Haru, ""), []string{"lurker 101/0", "fuyu 102/0"})
	messageRows(t, s, [4]int64{103, testsite.Lurker, testsite.Haru, newYear + 100})
	testsite.Same(t, "a new one", talks(t, s, testsite.Haru, ""), []string{"lurker 103/1", "fuyu 102/0"})
}

// TestUnreadIsBounded checks that unread messages are counted up to a hundred.
func TestUnreadIsBounded(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for id := int64(101); id <= 250; id++ {
		messageRows(t, s, [4]int64{id, testsite.Lurker, testsite.Haru, newYear + id})
	}
	testsite.Same(t, "conversations", talks(t, s, testsite.Haru, ""), []string{"lurker 250/100"})
}

// TestCanReply checks that a conversation says whether one may write there.
func TestCanReply(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(
		"INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (18, 'M', 16, 0)"))
	messageRows(t, s, [4]int64{101, testsite.Lurker, testsite.Haru, newYear}, [4]int64{102, testsite.OBrien, testsite.Haru, newYear},
		[4]int64{103, testsite.Aki, testsite.Haru, newYear})
	can := map[string]bool{}
	for _, c := range testsite.GetAs[testsite.List[talk]](t, s, "/v1/me/conversations", testsite.Haru).Items {
		can[c.With.Handle] = c.CanReply
	}
	testsite.Same(t, "to whom one may write", can, map[string]bool{"lurker": true, "o'brien": false, "aki": false})
}

// TestPagesOfConversations checks that the pages together are the whole list, over both kinds, in
// order, with each conversation once, and that a cursor is good only for its own list.
func TestPagesOfConversations(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		withPlugin(t, s)
		var want []string
		for i, user := range []int{testsite.Lurker, testsite.OBrien, testsite.Jose, testsite.Natsu, testsite.Fuyu, testsite.Taro, testsite.Tanaka} {
			messageRows(t, s, [4]int64{int64(200 + i), int64(user), testsite.Haru, newYear + int64(i/3)})
		}
		for id := 1; id <= 5; id++ {
			s.Exec(t, "INSERT INTO {msg_groups} (groupid, title, created) VALUES (?, '', FROM_UNIXTIME(?))", id, newYear+id%3)
			s.Exec(t, "INSERT INTO {msg_group_users} (groupid, userid, `join`, notify) VALUES (?, 16, 1, 1), (?, 17, 1, 1)", id, id)
		}
		s.Exec(t, "INSERT INTO {msg_group_messages} (messageid, groupid, userid, content, format, created) VALUES (7, 3, 17, '<p>Hi</p>', 'html', FROM_UNIXTIME(?))", newYear+5)
		want = []string{"group 3 7/1", "tanaka 206/1", "group 5 0/0", "group 2 0/0", "fuyu 204/1", "natsu 203/1", "みつばち太郎 205/1",
			"group 4 0/0", "group 1 0/0", "o'brien 201/1", "lurker 200/1", "José Miel 202/1"}
		byID := func(list []string) []string { return list }
		whole := talks(t, s, testsite.Haru, "?limit=100")
		slices.Sort(want)
		sorted := slices.Clone(byID(whole))
		slices.Sort(sorted)
		testsite.Same(t, "conversations", sorted, want)
		if whole[0] != "group 3 7/1" || whole[1] != "tanaka 206/1" || whole[2] != "group 5 0/0" {
			t.Errorf("in the order %v", whole)
		}
		for _, kind := range []string{"", "&kind=private", "&kind=group"} {
			all := talks(t, s, testsite.Haru, "?limit=100"+kind)
			for limit := 1; limit <= 4; limit++ {
				var paged []string
				for cursor, n := "", 0; n < 20; n++ {
					page := testsite.GetAs[testsite.List[talk]](t, s,
						fmt.Sprintf("/v1/me/conversations?limit=%d%s%s", limit, kind, cursor), testsite.Haru)
					for _, c := range page.Items {
						paged = append(paged, c.String())
					}
					if page.NextCursor == "" {
						break
					}
					cursor = "&cursor=" + page.NextCursor
				}
				testsite.Same(t, fmt.Sprint("pages of ", limit, kind), paged, all)
			}
			testsite.Same(t, "the second page by number", talks(t, s, testsite.Haru, "?limit=3&page=2"+kind), all[3:min(6, len(all))])
		}
		cursor := testsite.GetAs[testsite.List[talk]](t, s, "/v1/me/conversations?limit=1", testsite.Haru).NextCursor
		is(t, s, "a cursor of another list", testsite.Haru, "GET", "/v1/me/conversations?kind=group&cursor="+cursor, nil, 400, "invalid_cursor")
		is(t, s, "a cursor of nothing", testsite.Haru, "GET", "/v1/me/conversations?cursor=x", nil, 400, "invalid_cursor")
	})
}

// TestStatementsOfConversations checks that lists of messages take a number of statements that does not
// depend on how many there are.
func TestStatementsOfConversations(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	withPlugin(t, s)
	for i := range 30 {
		other := []int64{testsite.Lurker, testsite.OBrien, testsite.Jose, testsite.Natsu, testsite.Fuyu, testsite.Taro}[i%6]
		messageRows(t, s, [4]int64{int64(200 + i), other, testsite.Haru, newYear + int64(i)})
		s.Exec(t, "INSERT INTO {msg_groups} (title, created) VALUES ('', FROM_UNIXTIME(?))", newYear)
		s.Exec(t, "INSERT INTO {msg_group_users} (groupid, userid, `join`, notify) VALUES (?, 16, 1, 1), (?, ?, 1, 1)", i+1, i+1, other)
		s.Exec(t, "INSERT INTO {msg_group_messages} (groupid, userid, content, format, created) VALUES (?, ?, '<p>Hi</p>', 'html', FROM_UNIXTIME(?))",
			i+1, other, newYear+i)
	}
	for path, most := range map[string]int{
		"/v1/me/conversations": 15, "/v1/me/groups": 6, "/v1/me/groups/1/messages": 6, "/v1/me/messages/lurker": 4, "/v1/me/messages": 3,
		"/v1/users/lurker/wall": 4, "/v1/me/message-candidates": 10,
	} {
		const token = "Bearer test-16"
		s.Statements(t, path, "Authorization", token) // options, and what is new
		one := path + "?limit=3"
		if path == "/v1/me/message-candidates" { // which has no pages
			one = path
		}
		few := s.Statements(t, one, "Authorization", token)
		many := s.Statements(t, path, "Authorization", token)
		if len(many) > most || len(many) > len(few) {
			t.Errorf("%s: %d statements, %d for one item, at most %d:\n%s", path, len(many), len(few), most, strings.Join(many, "\n"))
		}
		for _, q := range many {
			if !strings.HasPrefix(strings.TrimSpace(q), "SELECT") {
				t.Errorf("%s writes what it has read: %s", path, q)
			}
		}
	}
}

// BenchmarkConversations measures the list of conversations of a member with 10,000 messages.
func BenchmarkConversations(b *testing.B) {
	s := testsite.New(b, testsite.Present())
	for base := range 10 {
		var values []string
		for i := range 1000 {
			id := base*1000 + i
			other := id % 20
			if other == 0 || other == 16 || other == 23 {
				other = 24
			}
			from, to := other, testsite.Haru
			if id%2 == 1 {
				from, to = to, from
			}
			values = append(values, fmt.Sprintf("(%d, 'PRIVATE', %d, %d, '%s', '', FROM_UNIXTIME(%d))", 1000+id, from, to,
				strings.Repeat("x", 200), 1700000000+id*1000))
		}
		if _, err := s.App.DB.Exec(b.Context(), `INSERT INTO {messages} (messageid, type, fromuserid, touserid, content, format, created)
			VALUES `+strings.Join(values, ", ")); err != nil {
			b.Fatal(err)
		}
	}
	s.Statements(b, "/v1/me/conversations", "Authorization", "Bearer test-16")
	for _, path := range []string{"/v1/me/conversations", "/v1/me/messages/lurker", "/v1/me/messages"} {
		b.Run(path, func(b *testing.B) {
			for b.Loop() {
				s.Statements(b, path, "Authorization", "Bearer test-16")
			}
		})
	}
}
