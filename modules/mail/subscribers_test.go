package mail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
)

// TestWhoIsToldOfPosts has a row for each mail about posts of Q2A's event module for mails, with the
// conditions under which it is sent.
func TestWhoIsToldOfPosts(t *testing.T) {
	t.Parallel()
	asker := subscriber{postID: 1, userID: 5, notify: "@"}
	visitor := subscriber{postID: 2, cookieID: "77", notify: "guest@example.com"}
	noAddress := subscriber{postID: 3, cookieID: "78", notify: "@"}
	other := subscriber{postID: 4, userID: 6, notify: "@"}
	again := subscriber{postID: 8, userID: 6, notify: "@"}
	elsewhere := subscriber{postID: 9, userID: 7, notify: "guest@example.com"}
	one := func(s ...subscriber) []subscriber { return s }
	for name, c := range map[string]struct {
		event          string
		actor          events.Actor
		params         []events.Param
		options        map[string]string
		parent, thread []subscriber
		want           string // kinds, with the posts by which people asked
	}{
		"a question":                   {event: "q_post"},
		"a question, the site asks":    {event: "q_post", options: map[string]string{"notify_admin_q_post": "1"}, want: "q_posted 0"},
		"an answer":                    {event: "a_post", actor: events.Actor{UserID: 9}, parent: one(asker), want: "q_answered 1"},
		"an answer that is queued":     {event: "a_queue", actor: events.Actor{UserID: 9}, parent: one(asker), options: map[string]string{"moderate_notify_admin": "0"}},
		"the asker's own answer":       {event: "a_post", actor: events.Actor{UserID: 5}, parent: one(asker)},
		"nobody asked":                 {event: "a_post", actor: events.Actor{UserID: 9}},
		"an answer to a visitor":       {event: "a_post", actor: events.Actor{UserID: 9}, parent: one(visitor), want: "q_answered 2"},
		"a visitor's own answer":       {event: "a_post", actor: events.Actor{CookieID: "77"}, parent: one(visitor)},
		"another visitor's answer":     {event: "a_post", actor: events.Actor{CookieID: "70"}, parent: one(visitor), want: "q_answered 2"},
		"a visitor without an address": {event: "a_post", actor: events.Actor{UserID: 9}, parent: one(noAddress)},
		"a comment on a question":      {event: "c_post", actor: events.Actor{UserID: 9}, params: []events.Param{{Name: "parenttype", Value: "Q"}}, parent: one(asker), want: "q_commented 1"},
		"a comment on an answer":       {event: "c_post", actor: events.Actor{UserID: 9}, params: []events.Param{{Name: "parenttype", Value: "A"}}, parent: one(asker), want: "a_commented 1"},
		"one who commented twice":      {event: "c_post", actor: events.Actor{UserID: 9}, parent: one(asker), thread: one(other, again), want: "q_commented 1, c_commented 4"},
		"the author commented too":     {event: "c_post", actor: events.Actor{UserID: 9}, parent: one(other), thread: one(again), want: "q_commented 4"},
		"one address for two posts":    {event: "c_post", actor: events.Actor{UserID: 9}, parent: one(visitor), thread: one(elsewhere), want: "q_commented 2"},
		"own comments":                 {event: "c_post", actor: events.Actor{UserID: 6}, parent: one(asker), thread: one(other, visitor), want: "q_commented 1, c_commented 2"},
		"a selected answer":            {event: "a_select", actor: events.Actor{UserID: 9}, parent: one(asker), want: "a_selected 1"},
		"one's own answer selected":    {event: "a_select", actor: events.Actor{UserID: 5}, parent: one(asker)},
		"unselected":                   {event: "a_unselect", actor: events.Actor{UserID: 9}, parent: one(asker)},
		"a question waits":             {event: "q_queue", want: "moderate 0"},
		"a comment waits":              {event: "c_queue", want: "moderate 0"},
		"an edit waits":                {event: "a_requeue", want: "remoderate 0"},
		"an edit waits, not asked":     {event: "q_requeue", options: map[string]string{"moderate_notify_admin": "0"}},
		"first flag":                   {event: "q_flag", params: []events.Param{{Name: "flagcount", Value: 1}}, want: "flagged 0"},
		"second flag":                  {event: "a_flag", params: []events.Param{{Name: "flagcount", Value: 2}}},
		"third flag":                   {event: "c_flag", params: []events.Param{{Name: "flagcount", Value: 3}}, want: "flagged 0"},
		"before the first to tell":     {event: "q_flag", options: map[string]string{"flagging_notify_first": "3"}, params: []events.Param{{Name: "flagcount", Value: 2}}},
		"each flag":                    {event: "q_flag", options: map[string]string{"flagging_notify_every": "1"}, params: []events.Param{{Name: "flagcount", Value: 2}}, want: "flagged 0"},
		"an option that divides by 0":  {event: "q_flag", options: map[string]string{"flagging_notify_every": "0"}, params: []events.Param{{Name: "flagcount", Value: 2}}, want: "flagged 0"},
		"an edit":                      {event: "q_edit", parent: one(asker)},
		"a vote":                       {event: "a_vote_up", parent: one(asker)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := events.Event{Name: c.event, Actor: c.actor, Params: c.params, Topics: events.Topics{PostID: 40}}
			var got []string
			for _, q := range followingPost(site.NewOptions(c.options), e, c.parent, c.thread) {
				if q.about.Post != 40 {
					t.Errorf("%s tells of the post %d", q.kind, q.about.Post)
				}
				got = append(got, fmt.Sprintf("%s %d", q.kind, q.postID))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("%q, expected %q", text, c.want)
			}
		})
	}
}

// TestWhereMailsOfPostsGo checks that the mail of somebody's post goes to the address that the post names
// or else to the account's, and to nobody once the post does not ask for it any more.
func TestWhereMailsOfPostsGo(t *testing.T) {
	t.Parallel()
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "")
	mustExec(t, db, `INSERT INTO {posts} (postid, type, userid, cookieid, notify, created) VALUES
		(1, 'Q', 5, NULL, '@', '2026-01-02 03:04:05'), (2, 'Q', 5, NULL, 'other@example.com', '2026-01-02 03:04:05'),
		(3, 'Q', NULL, 77, 'guest@example.com', '2026-01-02 03:04:05'), (4, 'Q', 5, NULL, NULL, '2026-01-02 03:04:05'),
		(5, 'Q', NULL, 77, 'a@b.example, c@d.example', '2026-01-02 03:04:05')`)
	m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
	for name, c := range map[string]struct {
		post, user int
		want       string
	}{
		"the account's address": {1, 5, "<aki@example.com>"},
		"another address":       {2, 5, "<other@example.com>"},
		"a visitor's address":   {3, 0, "<guest@example.com>"},
		"mails turned off":      {4, 5, ""},
		"a post claimed since":  {1, 0, ""},
		"two addresses":         {5, 0, ""},
		"a post that is gone":   {6, 5, ""},
	} {
		t.Run(name, func(t *testing.T) {
			msg, err := m.compose(t.Context(), &row{queued: queued{kind: "q_answered", userID: c.user, postID: c.post,
				about: about{Post: 9}}})
			if g := gone(""); c.want == "" && errors.As(err, &g) {
				return
			}
			if err != nil || !slices.Equal(msg.GetToString(), []string{c.want}) {
				t.Errorf("to %v, %v, expected %s", msg, err, c.want)
			}
		})
	}
}

// TestMailsOfOneQuestionBelongTogether checks the headers by which mail programs make threads.
func TestMailsOfOneQuestionBelongTogether(t *testing.T) {
	t.Parallel()
	p := onSQLite(t)
	addUser(t, p.open(t, nil), 5, "aki", "aki@example.com", "")
	mail, err := written(t, p.module(t, Settings{URL: "smtp://127.0.0.1:1"}), "q_answered")
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"References", "In-Reply-To"} {
		if got := mail.header.Get(header); got != "<q2ab.question.7@qa.example>" {
			t.Errorf("%s %q", header, got)
		}
	}
}

// TestQuotation checks how texts that people wrote stand in mails.
func TestQuotation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"one":                     "> one",
		"two\r\nlines":            "> two\n> lines",
		"\n\nparts\n\n\nof it\n ": "> parts\n>\n>\n> of it",
		"a\x00b\x1b[31m":          "> a b [31m",
		"-- \nno signature":       "> --\n> no signature",
		strings.Repeat("長", 4001): "> " + strings.Repeat("長", 4000) + " …",
	} {
		if got := quote(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
