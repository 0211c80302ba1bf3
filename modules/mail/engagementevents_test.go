package mail

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
)

// TestWhatFollowsFromNewPosts has the rows of the plugins that act on new posts, with their conditions.
func TestWhatFollowsFromNewPosts(t *testing.T) {
	t.Parallel()
	const days = 24 * 60 * 60
	for name, c := range map[string]struct {
		post    newPost
		options map[string]string
		want    string // kinds with their numbers
	}{
		"a first question":               {post: newPost{kind: "Q", own: 1, all: 7}},
		"the third question":             {post: newPost{kind: "Q", own: 3, all: 7}, want: "step_question 1"},
		"the tenth answer":               {post: newPost{kind: "A", own: 10, all: 11}, want: "step_answer 2"},
		"the twentieth answer":           {post: newPost{kind: "A", own: 20, all: 21}, want: "step_answer 3"},
		"the thirtieth question":         {post: newPost{kind: "Q", own: 30, all: 31}, want: "step_question 4"},
		"the fourth question":            {post: newPost{kind: "Q", own: 4, all: 7}},
		"the third comment":              {post: newPost{kind: "C", own: 3, all: 50}},
		"another round":                  {post: newPost{kind: "Q", own: 5, all: 7}, options: map[string]string{"q2a-stepmail-question-round-2": "5"}, want: "step_question 2"},
		"two rounds of one number":       {post: newPost{kind: "Q", own: 3, all: 7}, options: map[string]string{"q2a-stepmail-question-round-2": "3"}, want: "step_question 1"},
		"a round that is off":            {post: newPost{kind: "Q", own: 0, all: 7}, options: map[string]string{"q2a-stepmail-question-round-1": "0"}},
		"question number 50":             {post: newPost{kind: "Q", own: 1, all: 50}, want: "round_question 50"},
		"answer number 100":              {post: newPost{kind: "A", own: 1, all: 100}, want: "round_answer 100"},
		"answer number 101":              {post: newPost{kind: "A", own: 1, all: 101}},
		"both":                           {post: newPost{kind: "A", own: 3, all: 50}, want: "step_answer 1, round_answer 50"},
		"after ten days":                 {post: newPost{kind: "C", at: 20 * days, before: 10 * days}, want: "again_post 9"},
		"after less":                     {post: newPost{kind: "C", at: 20*days - 1, before: 10 * days}},
		"the first post ever":            {post: newPost{kind: "C", at: 20 * days}},
		"after as long as the site says": {post: newPost{kind: "C", at: 20 * days, before: 15 * days}, options: map[string]string{"q2a-again-posts-thanks-day": "5"}, want: "again_post 9"},
		"silence that is off":            {post: newPost{kind: "C", at: 20 * days, before: days}, options: map[string]string{"q2a-again-posts-thanks-day": "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.post.id, c.post.author = 9, 5
			var got []string
			for _, s := range onNewPost(site.NewOptions(c.options), c.post) {
				if s.userID != 5 || s.about.Post != 9 {
					t.Errorf("%+v", s)
				}
				got = append(got, fmt.Sprintf("%s %d", s.kind, s.number))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("%q, expected %q", text, c.want)
			}
			c.post.author = 0
			if list := onNewPost(site.NewOptions(c.options), c.post); len(list) > 0 {
				t.Errorf("a visitor gets %+v", list)
			}
		})
	}
}

// TestWhoMayBeEngaged has a row for each condition of mails that nobody asked for.
func TestWhoMayBeEngaged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		level, flags int
		options      map[string]string
		engage, mail bool
	}{
		"a confirmed member":                   {flags: 1, engage: true, mail: true},
		"not confirmed":                        {mail: true},
		"not confirmed, the site does not ask": {options: map[string]string{"confirm_user_emails": "0"}, engage: true, mail: true},
		"blocked":                              {flags: 1 | 2},
		"wants no mailings":                    {flags: 1 | 32},
		"wants no messages":                    {flags: 1 | 16, engage: true, mail: true},
		"not approved":                         {flags: 1, options: map[string]string{"moderate_users": "1"}},
		"approved":                             {flags: 1, level: 10, options: map[string]string{"moderate_users": "1"}, engage: true, mail: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := site.NewOptions(c.options)
			if e, m := mayEngage(o, c.level, c.flags), mayMail(o, c.level, c.flags); (e == "") != c.engage || (m == "") != c.mail {
				t.Errorf("engaged: %q, mailed: %q", e, m)
			}
		})
	}
}

// TestEngagedOnce has members post and checks which mails are queued, by what the database holds, and that
// handling an event again, or a later one about the same step, adds none.
func TestEngagedOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		db := p.open(t, nil)
		addUser(t, db, 5, "aki", "aki@example.com", "")
		addUser(t, db, 6, "haru", "haru@example.com", "")
		mustExec(t, db, "UPDATE {users} SET flags = 1")
		start := time.Now().Add(-100 * 24 * time.Hour)
		for i := range 49 { // the site's first questions, two of them aki's
			user := 6
			if i < 2 {
				user = 5
			}
			addPost(t, db, i+1, "Q", 0, user, start.Add(time.Duration(i)*time.Minute))
		}
		addPost(t, db, 70, "Q_HIDDEN", 0, 5, start)
		addPost(t, db, 80, "Q", 0, 5, start.Add(20*24*time.Hour)) // aki's third, the site's 50th
		post := func(id int) events.Event {
			e := event("q_post", 5)
			e.Topics.PostID = id
			return e
		}
		queued := func() string {
			t.Helper()
			var kinds []string
			rows, err := db.Pool().QueryContext(t.Context(), "SELECT kind, userid FROM qa_q2ab_mail ORDER BY kind, userid")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var kind string
				var user int
				if err := rows.Scan(&kind, &user); err != nil {
					t.Fatal(err)
				}
				kinds = append(kinds, fmt.Sprint(kind, " ", user))
			}
			return strings.Join(kinds, ", ")
		}
		off := moduleOn(t, db, Settings{URL: "smtp://127.0.0.1:1"})
		e := post(80)
		handle(t, off, e)
		if got := queued(); got != "" {
			t.Errorf("by default %s is queued", got)
		}
		m := moduleOn(t, db, Settings{URL: "smtp://127.0.0.1:1", Kinds: map[string]Switch{pluginGroup: On, "again_post": Off}})
		const all = "round_question 5, step_question 5"
		handle(t, m, e, e, post(80))
		if got := queued(); got != all {
			t.Errorf("%q, expected %q", got, all)
		}
		// An earlier question is hidden, so that the next one is the 50th, and aki's third, once more.
		mustExec(t, db, "UPDATE {posts} SET type = 'Q_HIDDEN' WHERE postid = 1")
		addPost(t, db, 81, "Q", 0, 5, start.Add(21*24*time.Hour))
		handle(t, m, post(81))
		if got := queued(); got != all {
			t.Errorf("after a post was hidden: %q, expected %q", got, all)
		}
		// Of one who celebrates, nobody else does.
		mustExec(t, db, "UPDATE {posts} SET userid = 6 WHERE postid = 81")
		handle(t, m, post(81))
		if got := queued(); got != all {
			t.Errorf("somebody else's post of the same number: %q", got)
		}
		// A silence counts from the post before, and not from the one that ends it.
		mustExec(t, db, "DELETE FROM {q2ab_mail}")
		silence := moduleOn(t, db, Settings{URL: "smtp://127.0.0.1:1", Kinds: map[string]Switch{"again_post": On}})
		addPost(t, db, 90, "Q", 0, 5, start.Add(40*24*time.Hour))
		addPost(t, db, 91, "Q", 0, 5, start.Add(41*24*time.Hour))
		handle(t, silence, post(91))
		if got := queued(); got != "" {
			t.Errorf("after a day: %q", got)
		}
		handle(t, silence, post(90), post(90))
		if got := queued(); got != "again_post 5" {
			t.Errorf("after three weeks: %q", got)
		}
	})
}

// TestInquiryReply checks to whom the site replies at once, and who gets a copy of the message.
func TestInquiryReply(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "")
	mustExec(t, db, "UPDATE {users} SET flags = 1")
	m := moduleOn(t, db, Settings{URL: "smtp://127.0.0.1:1", Kinds: map[string]Switch{"inquiry_reply": On}})
	for name, c := range map[string]struct {
		user   int
		email  string
		queued int
		copies bool
	}{
		"without an address":          {user: 5},
		"a bad address":               {email: "a@b.example, c@d.example"},
		"a visitor":                   {email: "guest@example.com", queued: 1},
		"a member":                    {user: 5, email: "Aki@example.com", queued: 1, copies: true},
		"a member, for somebody else": {user: 5, email: "guest@example.com", queued: 1},
	} {
		mustExec(t, db, "DELETE FROM {q2ab_mail}")
		handle(t, m, event("feedback", c.user, events.Param{Name: "email", Value: c.email},
			events.Param{Name: "message", Value: "Buy hives"}, events.Param{Name: "name", Value: "Buy hives"}))
		list, err := m.due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		replies := 0
		for _, r := range list {
			if r.kind != "inquiry_reply" {
				continue
			}
			replies++
			msg, err := m.compose(t.Context(), &r)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var raw strings.Builder
			if _, err := msg.WriteTo(&raw); err != nil {
				t.Fatal(err)
			}
			mail, err := decode([]byte(raw.String()))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(mail.body, "Buy hives") != c.copies || mail.header.Get("To") != "<"+c.email+">" || mail.header.Get("Reply-To") != "" {
				t.Errorf("%s: %v\n%s", name, mail.header, mail.body)
			}
		}
		if replies != c.queued {
			t.Errorf("%s: %d replies", name, replies)
		}
	}
}

// TestWordsOfPlugins checks that the plugins' own texts are used with their placeholders, that they cannot
// write headers or end the body, and that ours stand where there are none.
func TestWordsOfPlugins(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki\r\nBcc: x@y.example", "aki@example.com", "")
	mustExec(t, db, "UPDATE {users} SET flags = 1")
	addPost(t, db, 9, "Q", 0, 5, time.Now())
	for _, c := range []struct{ kind, language, option, text, subject, body string }{
		{"step_question", "ja", "q2a-stepmail-question-title-2", "二つ目\r\nX-Evil: 1", "【Example Q&A】二つ目 X-Evil: 1", "aki Bcc: x@y.example 様"},
		{"step_question", "ja", "q2a-stepmail-question-2", "^usernameさん\r\n\r\n\r\n^sitename ^siteurl\n-- \nend", "【Example Q&A】50 件の質問をありがとうございます", "aki Bcc: x@y.exampleさん\n\nExample Q&A https://qa.example/\n--\nend\n\n-- \n"},
		{"round_answer", "ja", "q2a-get-roundnumber-celebrate-body", "^count 番目の^type {{.Handle}}", "【Example Q&A】50 件目の回答です", "50 番目の回答 {{.Handle}}\n\n-- \n"},
		{"round_question", "", "q2a-get-roundnumber-celebrate-body", "^count: ^type", "Example Q&A: question number 50 is yours", "50: question\n\n-- \n"},
		{"only_answer", "", "q2a-only-once-answer-body", " \n", "Example Q&A: your answers are welcome", "Hello aki Bcc: x@y.example,\n"},
	} {
		set(t, db, "site_language", c.language, c.option, c.text)
		mail, err := written(t, p.module(t, Settings{URL: "smtp://127.0.0.1:1"}), c.kind)
		if err != nil {
			t.Fatalf("%s: %v", c.kind, err)
		}
		if mail.subject != c.subject || !strings.HasPrefix(mail.body, c.body) || mail.header.Get("Bcc") != "" || mail.header.Get("X-Evil") != "" {
			t.Errorf("%s: %q\n%s", c.kind, mail.subject, mail.body)
		}
		set(t, db, c.option, "")
	}
}
