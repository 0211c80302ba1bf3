package mail_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/testsite"
)

// streamed returns what a user's own stream tells after the event with the id last, until it is live. Each
// line is the name of an event, with the number of unread entries where it says one.
func streamed(t *testing.T, s *testsite.Site, user int, last string) (got []string, raw string) {
	t.Helper()
	st := testsite.OpenStream(t, s, "?mine=true", last, "Authorization", "Bearer "+testsite.Token(user))
	defer st.Stop()
	for {
		e := st.Next(t)
		if e == nil || e["event"] == "hello" {
			return got, raw
		}
		var data struct {
			Mine   bool
			Unread *int
		}
		if err := json.Unmarshal([]byte(e["data"]), &data); err != nil || !data.Mine {
			t.Fatalf("%s: %v", e["data"], err)
		}
		line := e["event"]
		if data.Unread != nil {
			line += fmt.Sprintf(" %d", *data.Unread)
		}
		if strings.HasPrefix(line, "inbox") {
			raw += e["data"]
		}
		got = append(got, line)
	}
}

// TestInboxIsLive checks that the stream of each person, and no other, tells of changes to their inbox: of
// new entries, and of what was read on another page.
func TestInboxIsLive(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		told(t, s, testsite.Haru)
		q := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "Which mites are these, please?", "content": "They are red."})
		answers := fmt.Sprintf("/v1/questions/%d/answers", q)
		s.Do(t, testsite.Lurker, "POST", answers, object{"content": "Varroa mites, I am afraid."})
		told(t, s, testsite.Haru)
		s.Do(t, testsite.Aki, "POST", answers, object{"content": "They may be harmless ones, too."})
		page := told(t, s, testsite.Haru)
		entry := fmt.Sprintf("/v1/me/inbox/%d", page.Items[0].ID)
		for _, read := range []bool{true, true, false} { // of which one changes nothing
			s.Do(t, testsite.Haru, "PUT", entry, object{"read": read})
		}
		s.Do(t, testsite.Haru, "PUT", "/v1/me/inbox/read", object{})
		s.Do(t, testsite.Haru, "PUT", "/v1/me/inbox/read", object{})
		got, raw := streamed(t, s, testsite.Haru, "0")
		want := []string{"answer", "inbox", "answer", "inbox", "inbox-read 0", "inbox-read 1", "inbox-read 0"}
		if !slices.Equal(got, want) {
			t.Errorf("the asker is told %q, expected %q", got, want)
		}
		for _, secret := range []string{"mites", "lurker", "aki", fmt.Sprint(q), "postId"} {
			if strings.Contains(raw, secret) {
				t.Errorf("%q stands in %s", secret, raw)
			}
		}
		for _, other := range []int{testsite.Lurker, testsite.Aki, testsite.ModKenji, testsite.AdminHana} {
			if got, _ := streamed(t, s, other, "0"); len(got) != 0 {
				t.Errorf("user %d is told %q", other, got)
			}
		}
		everybody := testsite.OpenStream(t, s, "", "0")
		for {
			e := everybody.Next(t)
			if e["event"] == "hello" {
				break
			}
			if strings.HasPrefix(e["event"], "inbox") {
				t.Errorf("everybody is told %v", e)
			}
		}
		live := testsite.OpenStream(t, s, "?mine=true", "", "Authorization", "Bearer "+testsite.Token(testsite.Haru))
		live.Next(t) // hello
		s.Do(t, testsite.OldTimer, "POST", answers, object{"content": "Have a look at their legs first."})
		told(t, s, testsite.Haru)
		for _, want := range []string{"answer", "inbox"} {
			if e := live.Next(t); e["event"] != want {
				t.Fatalf("%v, expected %s", e, want)
			}
		}
	})
}

// TestManyAreToldLive checks that those who follow something are told in their streams, however many they are.
func TestManyAreToldLive(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		s.Exec(t, "DELETE FROM {userfavorites}")
		told(t, s, testsite.Haru)
		const followers = 1205
		for i := range followers {
			s.Exec(t, "INSERT INTO {users} (userid, created, createip, email, handle, level, loggedin, loginip) VALUES (?, FROM_UNIXTIME(1700000000), '', '', ?, 0, FROM_UNIXTIME(1700000000), '')", 10000+i, fmt.Sprint("follower ", i))
			s.Exec(t, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (?, 'U', ?, 0)", 10000+i, testsite.Lurker)
		}
		s.Do(t, testsite.Lurker, "POST", "/v1/questions", object{"title": "Are there many of you here?", "content": "Yes."})
		told(t, s, testsite.Haru)
		told(t, s, testsite.Haru) // its own event makes nothing
		list, err := events.Read(t.Context(), s.App.DB, 0, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		named := map[int]int{}
		for _, e := range list {
			if e.Name == "u_inbox" {
				for _, user := range e.Topics.For {
					named[user]++
				}
				if len(e.Topics.For) > 1000 {
					t.Errorf("one event names %d people", len(e.Topics.For))
				}
			}
		}
		if len(named) != followers || named[10000] != 1 || named[10000+followers-1] != 1 {
			t.Errorf("%d people are named", len(named))
		}
	})
}

// TestInboxOfGroups checks who is told of a message in a group: members who want to be, and nobody else.
func TestInboxOfGroups(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		if _, err := s.App.People.EnablePlugin(t.Context(), "messages"); err != nil {
			t.Fatal(err)
		}
		s.Exec(t, "INSERT INTO {msg_groups} (groupid, title, created) VALUES (7, '', FROM_UNIXTIME(1790000000))")
		for _, member := range []struct{ user, joined, notify int }{
			{testsite.Haru, 1, 1}, {testsite.Lurker, 1, 1}, {testsite.Aki, 1, 0}, {testsite.Jose, 0, 1}, {testsite.OBrien, 1, 1}} {
			s.Exec(t, "INSERT INTO {msg_group_users} (groupid, userid, `join`, notify) VALUES (7, ?, ?, ?)", member.user, member.joined, member.notify)
		}
		told(t, s, testsite.Haru)
		for _, text := range []string{"The first one.", "The second one."} {
			s.Do(t, testsite.Lurker, "POST", "/v1/me/groups/7/messages", object{"content": text})
		}
		for user, want := range map[int][]string{testsite.Haru: {"group-message ×2"}, testsite.OBrien: {"group-message ×2"}, testsite.Lurker: nil, testsite.Aki: nil, testsite.Jose: nil, testsite.AdminHana: nil} {
			page := told(t, s, user)
			if got := page.kinds(); !slices.Equal(got, want) {
				t.Errorf("user %d finds %q, expected %q", user, got, want)
			}
			if want != nil && (page.Items[0].GroupID != 7 || page.Items[0].MessageID == 0 || page.Items[0].By.Handle != "lurker") {
				t.Errorf("user %d finds %+v", user, page.Items[0])
			}
		}
	})
}

// TestInboxOfBadges checks that a badge that is awarded for what happens now is in the inbox, and one that is
// awarded for the past is not.
func TestInboxOfBadges(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		award := func() {
			t.Helper()
			if err := events.Consume(t.Context(), s.App.DB, "badges", s.App.Ranking.HandleEvent); err != nil {
				t.Fatal(err)
			}
		}
		award()
		told(t, s, testsite.Haru)
		testsite.RunJob(t, s.App, "badges") // for the past
		if got := told(t, s, testsite.Haru).kinds(); len(got) != 0 {
			t.Errorf("for the past haru is told %q", got)
		}
		s.Exec(t, "DELETE FROM {ysb_badges} WHERE userid = ?", testsite.Lurker)
		s.Do(t, testsite.Lurker, "POST", "/v1/questions", object{"title": "Is this my first question?", "content": "It earns something."})
		award()
		told(t, s, testsite.Lurker)
		page := told(t, s, testsite.Lurker)
		earned := s.Scalar(t, "SELECT COUNT(*) FROM {ysb_badges} WHERE userid = ?", testsite.Lurker)
		i := slices.Index(page.kinds(), "badge ×1")
		if earned == 0 || len(page.Items) != earned || i < 0 {
			t.Fatalf("%d badges, the inbox has %q", earned, page.kinds())
		}
		if badge := page.Items[i].Badge; badge == nil || badge.Title == "" || badge.ID == 0 || page.Items[i].By != nil {
			t.Errorf("the entry is %+v", page.Items[i])
		}
		s.Do(t, testsite.Lurker, "PATCH", "/v1/me/preferences", object{"badges": object{"inbox": false}})
		s.Exec(t, "DELETE FROM {ysb_badges} WHERE userid = ?", testsite.Lurker)
		s.Exec(t, "DELETE FROM {q2ab_inbox}")
		s.Do(t, testsite.Lurker, "POST", "/v1/questions", object{"title": "Is this my second question?", "content": "It earns something."})
		award()
		told(t, s, testsite.Lurker)
		if got := told(t, s, testsite.Lurker).kinds(); len(got) != 0 {
			t.Errorf("in spite of their choice they are told %q", got)
		}
	})
}
