package mail_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/testsite"
)

type object = map[string]any

// inboxPage is a page of the inbox, as clients read it.
type inboxPage struct {
	Items []struct {
		ID    int
		Kind  string
		Count int
		Read  bool
		// Of messages and badges.
		MessageID, GroupID int
		Badge              *struct {
			ID    int
			Title string
		}
		By   *struct{ Handle string }
		Post *struct {
			ID, QuestionID    int
			Type, Title, Path string
		}
	}
	NextCursor string
	Unread     int
}

// told hands the events so far to the inbox, and returns what a user finds in it.
func told(t *testing.T, s *testsite.Site, user int) inboxPage {
	t.Helper()
	if err := events.Consume(t.Context(), s.App.DB, "inbox", s.App.Mail.HandleForInbox); err != nil {
		t.Fatal(err)
	}
	return testsite.GetAs[inboxPage](t, s, "/v1/me/inbox", user)
}

func (p inboxPage) kinds() (list []string) {
	for _, n := range p.Items {
		list = append(list, fmt.Sprintf("%s ×%d", n.Kind, n.Count))
	}
	return list
}

// TestInbox follows a question: what its author, those who answer and those who comment are told.
func TestInbox(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		told(t, s, testsite.Haru) // from here on
		q := s.Do(t, testsite.Haru, "POST", "/v1/questions", object{"title": "Where do the bees go in winter?", "content": "They were here in October."})
		question := fmt.Sprintf("/v1/questions/%d", q)
		a := s.Do(t, testsite.Lurker, "POST", question+"/answers", object{"content": "Nowhere, ask @aki about it."})
		s.Do(t, testsite.OldTimer, "POST", question+"/answers", object{"content": "They stay in the hive and shiver."})
		s.Do(t, testsite.OldTimer, "POST", fmt.Sprintf("/v1/posts/%d/comments", a), object{"content": "Are you sure about that?"})
		asker := told(t, s, testsite.Haru)
		if want := []string{"answer ×2"}; !slices.Equal(asker.kinds(), want) || asker.Unread != 1 {
			t.Fatalf("the asker finds %q, %d unread, expected %q", asker.kinds(), asker.Unread, want)
		}
		if n := asker.Items[0]; n.By == nil || n.By.Handle != "OldTimer" || n.Post == nil || n.Post.Type != "answer" || n.Post.QuestionID != q || n.Post.Title != "Where do the bees go in winter?" {
			t.Errorf("%+v %+v", n, n.Post)
		}
		if got := told(t, s, testsite.Lurker).kinds(); !slices.Equal(got, []string{"comment ×1"}) {
			t.Errorf("who answered finds %q", got)
		}
		if got := told(t, s, testsite.Aki).kinds(); len(got) == 0 || got[0] != "mention ×1" {
			t.Errorf("who was mentioned finds %q", got)
		}
		// Once it is read, the next answer is another entry.
		s.Do(t, testsite.Haru, "PUT", fmt.Sprintf("/v1/me/inbox/%d", asker.Items[0].ID), object{"read": true})
		s.Do(t, testsite.Aki, "POST", question+"/answers", object{"content": "To the south, like the swallows."})
		if asker = told(t, s, testsite.Haru); !slices.Equal(asker.kinds(), []string{"answer ×1", "answer ×2"}) || asker.Unread != 1 || !asker.Items[1].Read {
			t.Errorf("%q, %d unread", asker.kinds(), asker.Unread)
		}
		// What is hidden since is not shown any more.
		s.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/visibility", q), object{"hidden": true})
		if got := told(t, s, testsite.Lurker).kinds(); len(got) != 0 {
			t.Errorf("of a hidden question, who answered finds %q", got)
		}
	})
}

// TestInboxIsOnesOwn checks that nobody reads or marks the entries of others, and visitors none.
func TestInboxIsOnesOwn(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	told(t, s, testsite.Haru)
	s.Do(t, testsite.Lurker, "POST", "/v1/questions/14/answers", object{"content": "Try formic acid in the evening."})
	asker := told(t, s, testsite.BeeKeeper) // who asked question 14
	if !slices.Contains(asker.kinds(), "answer ×1") {
		t.Fatalf("the asker finds %q", asker.kinds())
	}
	path := fmt.Sprintf("/v1/me/inbox/%d", asker.Items[0].ID)
	for _, c := range []struct {
		name      string
		user      int
		method    string
		path      string
		body      any
		status    int
		unaltered bool
	}{
		{"another member marks it", testsite.Haru, "PUT", path, object{"read": true}, http.StatusNotFound, true},
		{"a moderator marks it", testsite.ModKenji, "PUT", path, object{"read": true}, http.StatusNotFound, true},
		{"a visitor marks it", testsite.Visitor, "PUT", path, object{"read": true}, http.StatusForbidden, true},
		{"a visitor reads", testsite.Visitor, "GET", "/v1/me/inbox", nil, http.StatusForbidden, true},
		{"another marks all of their own", testsite.Haru, "PUT", "/v1/me/inbox/read", object{"upTo": asker.Items[0].ID}, http.StatusOK, true},
		{"an entry that there is not", testsite.BeeKeeper, "PUT", "/v1/me/inbox/999999", object{"read": true}, http.StatusNotFound, true},
		{"without saying what", testsite.BeeKeeper, "PUT", path, object{}, http.StatusUnprocessableEntity, true},
		{"its owner marks it", testsite.BeeKeeper, "PUT", path, object{"read": true}, http.StatusOK, false},
		{"and takes that back", testsite.BeeKeeper, "PUT", path, object{"read": false}, http.StatusOK, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body, _ := s.Try(t, c.user, c.method, c.path, c.body)
			if status != c.status {
				t.Errorf("%d %v, expected %d", status, body, c.status)
			}
			if unread := told(t, s, testsite.BeeKeeper).Unread; (unread == asker.Unread) != c.unaltered {
				t.Errorf("%d unread, before %d", unread, asker.Unread)
			}
		})
	}
}

// TestInboxPages goes through an inbox page by page, and marks what was seen.
func TestInboxPages(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		const entries = 25
		for i := range entries {
			s.Exec(t, `INSERT INTO {q2ab_inbox} (userid, kind, subject, seq, postid, at) VALUES (?, 'followed', ?, ?, 14, 1790000000)`,
				testsite.Haru, i+1, i+1)
		}
		var seen []int
		for cursor, pages := "", 0; ; pages++ {
			page := testsite.GetAs[inboxPage](t, s, "/v1/me/inbox?limit=10"+cursor, testsite.Haru)
			if page.Unread != entries || pages > 3 {
				t.Fatalf("page %d: %d unread", pages, page.Unread)
			}
			for _, n := range page.Items {
				seen = append(seen, n.ID)
			}
			if page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		if len(seen) != entries || !slices.IsSortedFunc(seen, func(a, b int) int { return b - a }) {
			t.Fatalf("seen %v", seen)
		}
		s.Do(t, testsite.Haru, "PUT", "/v1/me/inbox/read", object{"upTo": seen[5]})
		if page := testsite.GetAs[inboxPage](t, s, "/v1/me/inbox?unread=true", testsite.Haru); len(page.Items) != 5 || page.Unread != 5 {
			t.Errorf("%d of those that came later are unread, %d in all", len(page.Items), page.Unread)
		}
		s.Do(t, testsite.Haru, "PUT", "/v1/me/inbox/read", object{})
		if page := testsite.GetAs[inboxPage](t, s, "/v1/me/inbox?unread=true", testsite.Haru); len(page.Items) != 0 || page.Unread != 0 {
			t.Errorf("%d are unread after all", page.Unread)
		}
	})
}

// TestInboxOfFollowers checks who is told of a new question, and how turning that off counts.
func TestInboxOfFollowers(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		s.Exec(t, "DELETE FROM {userfavorites}")
		tag := s.Scalar(t, "SELECT wordid FROM {words} WHERE tagcount > 0 ORDER BY tagcount DESC, wordid LIMIT 1")
		var word string
		if _, err := s.App.DB.Get(t.Context(), []any{&word}, "SELECT word FROM {words} WHERE wordid = ?", tag); err != nil {
			t.Fatal(err)
		}
		for _, f := range []struct {
			user int
			kind string
			id   int
		}{
			{testsite.Aki, "U", testsite.Lurker}, {testsite.Aki, "T", tag}, {testsite.Haru, "T", tag}, {testsite.OldTimer, "C", 3},
			{testsite.Natsu, "T", tag}, {testsite.Lurker, "T", tag}, {testsite.Tanaka, "U", testsite.Aki},
		} {
			s.Exec(t, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (?, ?, ?, 0)", f.user, f.kind, f.id)
		}
		s.Do(t, testsite.Natsu, "PATCH", "/v1/me/preferences", object{"followed": object{"inbox": false}})
		told(t, s, testsite.Haru)
		s.Do(t, testsite.Lurker, "POST", "/v1/questions", object{"title": "What do followers learn?", "content": "Of new questions.", "tags": []string{word}, "categoryId": 3})
		for user, want := range map[int]int{testsite.Aki: 1, testsite.Haru: 1, testsite.OldTimer: 1, testsite.Natsu: 0, testsite.Lurker: 0, testsite.Tanaka: 0} {
			if got := told(t, s, user).kinds(); len(got) != want || want == 1 && got[0] != "followed ×1" {
				t.Errorf("user %d finds %q", user, got)
			}
		}
	})
}

// TestPreferences checks that choices are kept, one by one, and that mails which are turned off do not leave.
func TestPreferences(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		type channels struct{ Inbox, Mail bool }
		before := testsite.GetAs[map[string]channels](t, s, "/v1/me/preferences", testsite.Haru)
		if before["replies"] != (channels{true, true}) || before["followed"] != (channels{true, false}) || before["tips"] != (channels{false, true}) || len(before) != 11 {
			t.Errorf("by default %v", before)
		}
		s.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"replies": object{"mail": false}, "votes": object{"inbox": false}})
		s.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"replies": object{"inbox": false}})
		after := testsite.GetAs[map[string]channels](t, s, "/v1/me/preferences", testsite.Haru)
		before["replies"], before["votes"] = channels{}, channels{}
		testsite.Same(t, "preferences", after, before)
		if status, body, _ := s.Try(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"answers": object{"mail": false}}); status != http.StatusUnprocessableEntity {
			t.Errorf("an unknown topic: %d %v", status, body)
		}
		if testsite.GetAs[map[string]channels](t, s, "/v1/me/preferences", testsite.Aki)["replies"] != (channels{true, true}) {
			t.Error("the choice of one member is another's")
		}
		s.Do(t, testsite.AdminHana, "DELETE", "/v1/users/haru", nil)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_preferences}"); n != 0 {
			t.Errorf("%d choices of a deleted account are kept", n)
		}
	})
}

// TestInboxStatements checks that an inbox costs the same number of statements, however much is in it.
func TestInboxStatements(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	counts := map[int]int{}
	s.Statements(t, "/v1/me/inbox", "Authorization", "Bearer "+testsite.Token(testsite.Haru)) // what is read once
	for _, entries := range []int{1, 20} {
		for i := range entries {
			s.Exec(t, `INSERT INTO {q2ab_inbox} (userid, kind, subject, seq, postid, byuserid, at) VALUES (?, 'answer', ?, ?, ?, ?, 1790000000)`,
				testsite.Haru, 100*entries+i, 100*entries+i, 14+i, 5+i%4)
		}
		counts[entries] = len(s.Statements(t, "/v1/me/inbox", "Authorization", "Bearer "+testsite.Token(testsite.Haru)))
	}
	if counts[1] != counts[20] || counts[20] > 6 {
		t.Errorf("statements by entries: %v", counts)
	}
}
