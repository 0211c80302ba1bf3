package community_test

import (
	"fmt"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// groupSite opens a site with the plugin's tables and rows as the plugin writes them. Group 1 is of
// haru, lurker and o'brien; José has left it, and fuyu was invited but has not joined. Messages 1 and 3
// are lurker's, 2 is haru's. Group 2 is of others.
func groupSite(t *testing.T, db testsite.Database) *testsite.Site {
	t.Helper()
	s := testsite.New(t, db)
	withPlugin(t, s)
	s.Exec(t, "INSERT INTO {msg_groups} (groupid, title, created) VALUES (1, '', FROM_UNIXTIME(?)), (2, NULL, FROM_UNIXTIME(?))", newYear, newYear)
	s.Exec(t, "INSERT INTO {msg_group_users} (groupid, userid, `join`, notify) VALUES (1, 16, 1, 1), (1, 17, 1, 1), (1, 18, 1, 0), (1, 15, 0, 1), (2, 6, 1, 1), (2, 8, 1, 1)")
	s.Exec(t, `INSERT INTO {msg_group_messages} (messageid, groupid, userid, content, format, created) VALUES
		(1, 1, 17, '<p>secret-one</p>', 'html', FROM_UNIXTIME(?)), (2, 1, 16, '<p>secret-two</p>', 'html', FROM_UNIXTIME(?)),
		(3, 1, 17, '<p onclick="x()">secret-three</p>', 'html', FROM_UNIXTIME(?)), (4, 2, 6, '<p>secret-four</p>', 'html', FROM_UNIXTIME(?))`,
		newYear+1, newYear+2, newYear+3, newYear+4)
	return s
}

// TestPrivacyOfGroups checks, for each operation and each kind of caller, who may read and change a group.
func TestPrivacyOfGroups(t *testing.T) {
	t.Parallel()
	hello, lurkers := object{"content": "Hello"}, object{"handles": []string{"lurker"}}
	operations := []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil}, {"GET", "/messages", nil}, {"GET", "/members", nil}, {"PATCH", "", object{"notify": false}},
		{"PUT", "/read", nil}, {"POST", "/messages", hello}, {"POST", "/members", lurkers},
		{"DELETE", "/messages/2", nil}, {"DELETE", "", nil},
	}
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := groupSite(t, db)
		before := s.Scalar(t, "SELECT COUNT(*) FROM {msg_group_messages}")
		for who, c := range map[string]struct {
			user, status int
			code         string
		}{
			"a visitor":             {testsite.Visitor, 403, "login_required"},
			"who has left":          {testsite.Jose, 404, "not_found"},
			"who has not joined":    {testsite.Fuyu, 404, "not_found"},
			"a stranger":            {testsite.Taro, 404, "not_found"},
			"a super administrator": {testsite.Superbee, 404, "not_found"},
		} {
			for _, o := range operations {
				is(t, s, who, c.user, o.method, "/v1/me/groups/1"+o.path, o.body, c.status, c.code)
			}
			if c.user == testsite.Visitor {
				continue
			}
			for _, path := range []string{"/v1/me/groups", "/v1/me/conversations", "/v1/me/conversations?kind=group"} {
				if text := testsite.Text(t, s.Request(t, "GET", path, c.user)); strings.Contains(text, "secret-one") ||
					strings.Contains(text, "secret-three") || strings.Contains(text, `"id":1,"members"`) {
					t.Errorf("%s is shown %s", who, text)
				}
			}
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {msg_group_messages}"); n != before {
			t.Errorf("%d messages, before %d", n, before)
		}
		// Deleting: only one's own messages, and only as a member of that group.
		is(t, s, "another's message", testsite.OBrien, "DELETE", "/v1/me/groups/1/messages/2", nil, 403, "permission_level")
		is(t, s, "of another group", testsite.Haru, "DELETE", "/v1/me/groups/1/messages/4", nil, 404, "not_found")
		is(t, s, "by the wrong group", testsite.Taro, "DELETE", "/v1/me/groups/1/messages/4", nil, 404, "not_found")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {msg_group_messages} WHERE content LIKE '%secret%'"); n != 4 {
			t.Errorf("%d messages are left", n)
		}
		for _, o := range operations {
			status := map[string]int{"GET": 200, "PATCH": 200, "PUT": 204, "POST": 201, "DELETE": 204}[o.method]
			if o.path == "/members" {
				status = 200
			}
			is(t, s, "a member", testsite.Haru, o.method, "/v1/me/groups/1"+o.path, o.body, status, "")
		}
		is(t, s, "after leaving", testsite.Haru, "GET", "/v1/me/groups/1/messages", nil, 404, "not_found")
		is(t, s, "a message that is not there", testsite.Lurker, "DELETE", "/v1/me/groups/1/messages/99", nil, 404, "not_found")
	})
}

// TestGroup checks what a member sees of a group, writes and deletes there.
func TestGroup(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := groupSite(t, db)
		type shown struct {
			ID      int
			Title   string
			Notify  bool
			Members []struct{ Handle string }
		}
		g := testsite.GetAs[shown](t, s, "/v1/me/groups/1", testsite.OBrien)
		if fmt.Sprint(g) != "{1  false [{haru} {lurker} {o'brien}]}" {
			t.Errorf("the group is %v", g)
		}
		for _, notify := range []bool{true, false} {
			s.Do(t, testsite.OBrien, "PATCH", "/v1/me/groups/1", object{"notify": notify})
			if testsite.GetAs[shown](t, s, "/v1/me/groups/1", testsite.OBrien).Notify != notify ||
				!testsite.GetAs[shown](t, s, "/v1/me/groups/1", testsite.Lurker).Notify {
				t.Errorf("notices %t: not so for this member, or for another", notify)
			}
		}
		see := func(user int, want string) {
			t.Helper()
			testsite.Same(t, "conversations", talks(t, s, user, "?kind=group"), []string{want})
		}
		see(testsite.Haru, "group 1 3/1")
		see(testsite.Lurker, "group 1 3/0")
		see(testsite.OBrien, "group 1 3/3")
		is(t, s, "reads some", testsite.OBrien, "PUT", "/v1/me/groups/1/read?upTo=2", nil, 204, "")
		is(t, s, "reads less", testsite.OBrien, "PUT", "/v1/me/groups/1/read?upTo=1", nil, 204, "")
		see(testsite.OBrien, "group 1 3/1")

		limits := s.Scalar(t, "SELECT COUNT(*) FROM {userlimits}")
		answer := is(t, s, "writes", testsite.Haru, "POST", "/v1/me/groups/1/messages", object{"content": "1 < 2\n& 🐝"}, 201, "")
		id := int(answer["id"].(float64))
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {msg_group_messages} WHERE messageid = ? AND groupid = 1 AND userid = 16 AND content = ? AND format = 'html'",
			id, "<p>1 &lt; 2<br>&amp;</p>"); n != 1 {
			t.Errorf("the row is not as the plugin's: %v", answer)
		}
		if text, _ := event(t, s, "g_message"); text != fmt.Sprintf(`{"groupid":1,"messageid":%d,"message":"\u003cp\u003e1 \u0026lt; 2\u003cbr\u003e\u0026amp;\u003c/p\u003e","join_users":[16,17,18]}`, id) {
			t.Errorf("the event is %s", text)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {userlimits}"); n != limits {
			t.Error("a message in a group counts against a limit")
		}
		see(testsite.OBrien, fmt.Sprintf("group 1 %d/2", id))
		is(t, s, "reads all", testsite.OBrien, "PUT", "/v1/me/groups/1/read", nil, 204, "")
		see(testsite.OBrien, fmt.Sprintf("group 1 %d/0", id))
		is(t, s, "a stranger reads all", testsite.Taro, "PUT", "/v1/me/conversations/read", nil, 204, "")

		is(t, s, "deletes", testsite.Haru, "DELETE", fmt.Sprint("/v1/me/groups/1/messages/", id), nil, 204, "")
		type item struct {
			ID      int
			Deleted bool
			Content string
			HTML    string
		}
		items := testsite.GetAs[testsite.List[item]](t, s, "/v1/me/groups/1/messages?limit=2", testsite.Lurker)
		if len(items.Items) != 2 || !items.Items[0].Deleted || items.Items[0].Content != "メッセージが削除されました。" ||
			items.Items[1].HTML != "<p>secret-three</p>" {
			t.Errorf("messages %+v", items)
		}
		rest := testsite.GetAs[testsite.List[item]](t, s, "/v1/me/groups/1/messages?limit=2&cursor="+items.NextCursor, testsite.Lurker)
		if len(rest.Items) != 2 || rest.Items[0].ID != 2 || rest.NextCursor != "" {
			t.Errorf("the next page is %+v", rest)
		}
		is(t, s, "a cursor of another group", testsite.Taro, "GET", "/v1/me/groups/2/messages?cursor="+items.NextCursor, nil, 400, "invalid_cursor")
		for what, c := range map[string]struct{ content, code string }{
			"empty": {" ", "content required"}, "too long": {strings.Repeat("a", 8001), "content too_long"},
			"too long as HTML": {strings.Repeat("&", 2000), "content too_long"},
		} {
			is(t, s, what, testsite.Haru, "POST", "/v1/me/groups/1/messages", object{"content": c.content}, 422, c.code)
		}
	})
}

// TestStartGroup checks who can be in a new group, that the same people get the same group, and the
// rows and events.
func TestStartGroup(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := groupSite(t, db)
		many := []int{testsite.Taro, testsite.Hanako, testsite.BeeKeeper, testsite.Jose, testsite.Tanaka, testsite.OldTimer, testsite.Aki,
			testsite.Lurker, testsite.OBrien, testsite.Nihonmitsubachi}
		var handles []string
		for _, user := range many {
			followEachOther(t, s, testsite.Haru, user)
			for handle, id := range testsite.People {
				if id == user {
					handles = append(handles, handle)
				}
			}
		}
		s.Exec(t, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (7, 'M', 16, 0)")
		for _, c := range []struct {
			what    string
			user    int
			handles []string
			status  int
			code    string
		}{
			{"nobody", testsite.Haru, []string{}, 422, "handles too_few"},
			{"one", testsite.Haru, []string{"lurker"}, 422, "handles too_few"},
			{"oneself and one", testsite.Haru, []string{"lurker", "haru", "Lurker"}, 422, "handles too_few"},
			{"ten others", testsite.Haru, handles, 422, "handles too_many"},
			{"an unknown", testsite.Haru, []string{"lurker", "no one"}, 422, "handles[1] no_user"},
			{"beyond the tables", testsite.Haru, []string{"🐝", "lurker"}, 422, "handles[0] no_user"},
			{"a stranger", testsite.Haru, []string{"lurker", "natsu"}, 422, "handles[1] not_reachable"},
			{"who has muted", testsite.Haru, []string{"養蜂 花子", "lurker"}, 422, "handles[0] not_reachable"},
			{"by a blocked user", testsite.TrollX, []string{"lurker", "haru"}, 403, "user_blocked"},
			{"by a visitor", testsite.Visitor, []string{"lurker", "haru"}, 403, "login_required"},
		} {
			is(t, s, c.what, c.user, "POST", "/v1/me/groups", object{"handles": c.handles}, c.status, c.code)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {msg_groups}"); n != 2 {
			t.Fatalf("%d groups", n)
		}
		status, answer, header := s.Try(t, testsite.Haru, "POST", "/v1/me/groups", object{"handles": []string{"aki", "Bee Keeper", "JOSE MIEL"}})
		id := int(answer["id"].(float64))
		if status != 201 || header.Get("Location") != fmt.Sprint("/v1/me/groups/", id) || len(answer["members"].([]any)) != 4 {
			t.Fatalf("%d %v", status, answer)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {msg_group_users} WHERE groupid = ? AND `join` = 1 AND notify = 1", id); n != 4 {
			t.Errorf("%d members", n)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {msg_groups} WHERE groupid = ? AND title = ''", id); n != 1 {
			t.Error("the title is not as the plugin's")
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_outbox} WHERE name = 'g_invite'"); n != 3 {
			t.Errorf("%d invitations", n)
		}
		// José has never written to these, but is in a group of the same people.
		for _, user := range []int{testsite.Haru, testsite.Jose} {
			others := []string{"aki", "Bee Keeper", "José Miel", "haru"}
			if again := s.Do(t, user, "POST", "/v1/me/groups", object{"handles": others}); again != id {
				t.Errorf("the same people get group %d, not %d", again, id)
			}
		}
		s.Do(t, testsite.Aki, "DELETE", fmt.Sprint("/v1/me/groups/", id), nil)
		if other := s.Do(t, testsite.Haru, "POST", "/v1/me/groups", object{"handles": []string{"aki", "Bee Keeper", "José Miel"}}); other == id {
			t.Error("a group that somebody has left is taken for that of the same people")
		}
		if same := s.Do(t, testsite.Haru, "POST", "/v1/me/groups", object{"handles": []string{"Bee Keeper", "José Miel"}}); same != id {
			t.Errorf("those who are left get group %d, not %d", same, id)
		}
	})
}

// TestAddToGroup checks who can be added to a group, and that a group has at most ten members.
func TestAddToGroup(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := groupSite(t, db)
		add := func(what string, status int, code string, handles ...string) {
			t.Helper()
			is(t, s, what, testsite.Haru, "POST", "/v1/me/groups/1/members", object{"handles": handles}, status, code)
		}
		add("a stranger", 422, "handles[0] not_reachable", "natsu")
		add("an unknown", 422, "handles[0] no_user", "nobody")
		add("who is in it", 200, "", "lurker", "haru")
		var handles []string
		for handle, user := range testsite.People {
			if user >= testsite.Taro && user <= testsite.Aki { // eight
				followEachOther(t, s, testsite.Haru, user)
				handles = append(handles, handle)
			}
		}
		if add("too many", 422, "handles too_many", handles...); len(handles) != 8 {
			t.Fatal(handles)
		}
		add("as many as fit", 200, "", append(handles[:6], "lurker")...)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {msg_group_users} WHERE groupid = 1"); n != 10 { // with fuyu, who has not joined
			t.Errorf("%d members", n)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_outbox} WHERE name = 'g_invite'"); n != 6 {
			t.Errorf("%d invitations", n)
		}
		add("one more", 422, "handles too_many", "superbee")
	})
}

// TestGroupsNeedThePlugin checks that a site without the plugin's tables has no groups, and gets no tables.
func TestGroupsNeedThePlugin(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, o := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil}, {"POST", "", object{"handles": []string{"lurker", "aki"}}}, {"GET", "/1", nil}, {"PATCH", "/1", object{}},
		{"DELETE", "/1", nil}, {"GET", "/1/messages", nil}, {"POST", "/1/messages", object{"content": "a"}}, {"DELETE", "/1/messages/1", nil},
		{"GET", "/1/members", nil}, {"POST", "/1/members", object{"handles": []string{"aki"}}}, {"PUT", "/1/read", nil},
	} {
		is(t, s, "without the plugin", testsite.Haru, o.method, "/v1/me/groups"+o.path, o.body, 404, "feature_off")
	}
	testsite.Same(t, "conversations", talks(t, s, testsite.Haru, ""), []string(nil))
	if there, err := s.App.DB.HasTable(t.Context(), "msg_groups"); err != nil || there {
		t.Errorf("there is a table of groups: %t, %v", there, err)
	}
}
