package mail

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
)

// Those whom the tests of mails to followers are about.
const (
	theAuthor   = 4
	theFollower = 5
	theAsker    = 6
	theQuestion = 9
	theAnswer   = 10
)

// followedSite is a site with a new question of theAuthor in the categories 2 and 3 with the tag 7, and an answer of
// theAuthor to the question 8 of theAsker. All addresses are confirmed.
func (p place) followedSite(t *testing.T, clock database.Clock) *database.DB {
	t.Helper()
	db := p.open(t, clock)
	for id, handle := range map[int]string{theAuthor: "author", theFollower: "follower", theAsker: "asker"} {
		addUser(t, db, id, handle, handle+"@example.com", "")
	}
	mustExec(t, db, "UPDATE {users} SET flags = 1")
	mustExec(t, db, `INSERT INTO {categories} (categoryid, parentid, title, tags, position) VALUES
		(2, NULL, 'Bees', 'bees', 1), (3, 2, 'Hives', 'hives', 1), (4, 2, 'Honey', 'honey', 2)`)
	mustExec(t, db, `INSERT INTO {posts} (postid, type, parentid, userid, categoryid, catidpath1, notify, created) VALUES
		(8, 'Q', NULL, 6, NULL, NULL, '@', '2026-01-02 03:04:05'), (9, 'Q', NULL, 4, 3, 2, NULL, '2026-01-02 03:04:05'),
		(10, 'A', 8, 4, NULL, NULL, NULL, '2026-01-02 03:04:05')`)
	mustExec(t, db, "INSERT INTO {words} (wordid, word) VALUES (7, 'honey'), (17, 'wax')")
	mustExec(t, db, "INSERT INTO {posttags} (postid, wordid, postcreated) VALUES (9, 7, '2026-01-02 03:04:05')")
	return db
}

// addFollowed stores what the mails about what people follow tell of: a question with a tag that the user 5
// follows, and an answer to a question.
func addFollowed(t *testing.T, db *database.DB) {
	t.Helper()
	mustExec(t, db, `INSERT INTO {posts} (postid, type, parentid, userid, created) VALUES
		(7, 'Q', NULL, 5, '2026-01-02 03:04:05'), (9, 'Q', NULL, 5, '2026-01-02 03:04:05'), (10, 'A', 7, 5, '2026-01-02 03:04:05')`)
	mustExec(t, db, "INSERT INTO {words} (wordid, word) VALUES (3, '蜂蜜')")
	mustExec(t, db, "INSERT INTO {posttags} (postid, wordid, postcreated) VALUES (9, 3, '2026-01-02 03:04:05')")
	mustExec(t, db, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (5, 'T', 3, 0), (5, 'Q', 7, 0)")
	mustExec(t, db, `INSERT INTO {q2ab_follow_mails} (userid, tags, categories, users, questions, site)
		VALUES (5, 'at-once', 'daily', 'weekly', 'at-once', 'none')`)
}

// follow has a user follow something, and choose how often to be mailed of it.
func follow(t *testing.T, db *database.DB, userID int, kind string, id int) {
	t.Helper()
	mustExec(t, db, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (?, ?, ?, 0)", userID, kind, id)
}

// choosing stores how often a user is mailed of what they follow.
func choosing(t *testing.T, db *database.DB, userID int, f followMails) {
	t.Helper()
	if err := storeFollowMails(t.Context(), db, userID, f); err != nil {
		t.Fatal(err)
	}
}

// followedPost is the event of the new question or answer.
func followedPost(name string, at int64) events.Event {
	e := event(name, theAuthor, events.Param{Name: "parentid", Value: 8})
	e.At = at
	e.Topics = events.Topics{Public: true, PostID: theQuestion, QuestionID: theQuestion, CategoryIDs: []int{2, 3}, Tags: []string{"honey"}}
	if name == "a_post" {
		e.Topics = events.Topics{Public: true, PostID: theAnswer, QuestionID: 8}
	}
	return e
}

// mailsTo are the mails in the queue, by kind and user.
func mailsTo(t *testing.T, db *database.DB) string {
	t.Helper()
	var list []string
	err := db.Select(t.Context(), func(rows *sql.Rows) error {
		var kind string
		var user int
		err := rows.Scan(&kind, &user)
		list = append(list, fmt.Sprintf("%s %d", kind, user))
		return err
	}, "SELECT kind, userid FROM {q2ab_mail} ORDER BY kind, userid")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

// TestWhichFollowersAreMailed has a row for each rule about who is mailed at once of what they follow.
func TestWhichFollowersAreMailed(t *testing.T) {
	t.Parallel()
	everything := func(often frequency) followMails { return followMails{often, often, often, often, never} }
	only := func(tags, categories, users, questions, site frequency) followMails {
		return followMails{tags, categories, users, questions, site}
	}
	const question, answer = "followed_question 5", "followed_answer 5"
	type follows struct {
		kind string
		id   int
	}
	for name, c := range map[string]struct {
		event   string
		follows []follows
		mails   followMails
		change  string // of the site beforehand
		options []string
		private bool
		want    string
	}{
		"a tag":                           {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), want: question},
		"another tag":                     {event: "q_post", follows: []follows{{"T", 17}}, mails: everything(atOnce)},
		"a tag, by default":               {event: "q_post", follows: []follows{{"T", 7}}, mails: nothingByMail},
		"a tag, daily":                    {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(daily)},
		"a tag, weekly":                   {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(weekly)},
		"a tag, others at once":           {event: "q_post", follows: []follows{{"T", 7}}, mails: only(daily, atOnce, atOnce, atOnce, never)},
		"a category":                      {event: "q_post", follows: []follows{{"C", 3}}, mails: only(never, atOnce, never, never, never), want: question},
		"a category above":                {event: "q_post", follows: []follows{{"C", 2}}, mails: only(never, atOnce, never, never, never), want: question},
		"a category beside":               {event: "q_post", follows: []follows{{"C", 4}, {"T", 3}}, mails: everything(atOnce)},
		"an author":                       {event: "q_post", follows: []follows{{"U", theAuthor}}, mails: only(never, never, atOnce, never, never), want: question},
		"another author":                  {event: "q_post", follows: []follows{{"U", theAsker}}, mails: everything(atOnce)},
		"the whole site":                  {event: "q_post", mails: only(never, never, never, never, atOnce), want: question},
		"the whole site, an answer":       {event: "a_post", mails: only(never, never, never, never, atOnce), want: "q_answered 6"},
		"an answer":                       {event: "a_post", follows: []follows{{"Q", 8}}, mails: only(never, never, never, atOnce, never), want: answer + ", q_answered 6"},
		"an answer of somebody":           {event: "a_post", follows: []follows{{"U", theAuthor}}, mails: everything(atOnce), want: "q_answered 6"},
		"an answer to another one":        {event: "a_post", follows: []follows{{"Q", 9}}, mails: everything(atOnce), want: "q_answered 6"},
		"all reasons at once":             {event: "q_post", follows: []follows{{"T", 7}, {"C", 2}, {"C", 3}, {"U", theAuthor}}, mails: only(atOnce, atOnce, atOnce, atOnce, atOnce), want: question},
		"a queued question":               {event: "q_queue", follows: []follows{{"T", 7}}, mails: everything(atOnce), options: []string{"moderate_notify_admin", "0"}},
		"a question that is not public":   {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), private: true},
		"an edit":                         {event: "q_edit", follows: []follows{{"T", 7}}, mails: everything(atOnce)},
		"a blocked follower":              {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), change: "UPDATE {users} SET flags = 3 WHERE userid = 5"},
		"an unconfirmed address":          {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), change: "UPDATE {users} SET flags = 0 WHERE userid = 5"},
		"an expert's unconfirmed address": {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), change: "UPDATE {users} SET flags = 0, level = 20 WHERE userid = 5", want: question},
		"nobody confirms":                 {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), change: "UPDATE {users} SET flags = 0 WHERE userid = 5", options: []string{"confirm_user_emails", "0"}, want: question},
		"no address":                      {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), change: "UPDATE {users} SET email = '' WHERE userid = 5"},
		"a muted author":                  {event: "q_post", follows: []follows{{"T", 7}, {"M", theAuthor}}, mails: everything(atOnce)},
		"another muted one":               {event: "q_post", follows: []follows{{"T", 7}, {"M", theAsker}}, mails: everything(atOnce), want: question},
		"one's own question":              {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), change: "UPDATE {q2ab_follow_mails} SET userid = 4"},
		"the site's own address":          {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), options: []string{"notify_admin_q_post", "1", "feedback_email", "Follower@example.com"}, want: "q_posted 0"},
		"the site is told too":            {event: "q_post", follows: []follows{{"T", 7}}, mails: everything(atOnce), options: []string{"notify_admin_q_post", "1"}, want: question + ", q_posted 0"},
		"an address that a question names": {event: "a_post", follows: []follows{{"Q", 8}}, mails: everything(atOnce),
			change: "UPDATE {posts} SET userid = NULL, notify = 'follower@example.com' WHERE postid = 8", want: "q_answered 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := onSQLite(t)
			db := p.followedSite(t, nil)
			for _, f := range c.follows {
				follow(t, db, theFollower, f.kind, f.id)
				if strings.Contains(c.change, "userid = 4") {
					follow(t, db, theAuthor, f.kind, f.id)
				}
			}
			choosing(t, db, theFollower, c.mails)
			if c.change != "" {
				mustExec(t, db, c.change)
			}
			set(t, db, c.options...)
			m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
			e := followedPost(c.event, 1_796_000_000)
			if c.event == "q_queue" || c.event == "q_edit" {
				e.Topics.Public = c.event == "q_edit"
			}
			e.Topics.Public = e.Topics.Public && !c.private
			handle(t, m, e, e) // as if a process had died in between
			if got := mailsTo(t, db); got != c.want {
				t.Errorf("%q, expected %q", got, c.want)
			}
		})
	}
}

// TestAskersWhoFollow checks that the asker who follows the own question is mailed of an answer once, as the
// asker or, if mails about replies are off, as a follower.
func TestAskersWhoFollow(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p place) {
		db := p.followedSite(t, nil)
		follow(t, db, theAsker, "Q", 8)
		choosing(t, db, theAsker, followMails{never, never, never, atOnce, never})
		m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
		handle(t, m, followedPost("a_post", 1_796_000_000))
		if got := mailsTo(t, db); got != "q_answered 6" {
			t.Errorf("with mails about replies: %q", got)
		}
		mustExec(t, db, "INSERT INTO {q2ab_preferences} (userid, kind, inbox, mail) VALUES (6, 'replies', 1, 0)")
		mustExec(t, db, "DELETE FROM {q2ab_mail}")
		handle(t, m, followedPost("a_post", 1_796_000_000))
		// The other mail is left out when it is to be sent.
		if got := mailsTo(t, db); got != "followed_answer 6, q_answered 6" {
			t.Errorf("without: %q", got)
		}
	})
}

// TestMailsPerDay checks that what is more than a member gets in a day of the community is kept for a digest.
func TestMailsPerDay(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p place) {
		db := p.followedSite(t, nil)
		choosing(t, db, theFollower, followMails{never, never, never, never, atOnce})
		choosing(t, db, theAsker, followMails{never, never, never, never, atOnce})
		zone, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			t.Fatal(err)
		}
		m := moduleOn(t, db, Settings{URL: "smtp://127.0.0.1:1", MailsPerDay: 2})
		m.site = site.New(db, site.Settings{Zone: zone})
		states := func() (list string) {
			err := db.Select(t.Context(), func(rows *sql.Rows) error {
				var post int
				var state string
				err := rows.Scan(&post, &state)
				list += fmt.Sprintf("%d %s ", post, state)
				return err
			}, "SELECT postid, state FROM {q2ab_followed} WHERE userid = ? ORDER BY postid", theFollower)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		midnight := time.Date(2026, 12, 1, 0, 0, 0, 0, zone).Unix()
		for i, at := range []int64{midnight - 30, midnight - 20, midnight - 10, midnight, midnight + 10, midnight + 20} {
			e := followedPost("q_post", at)
			e.Topics.PostID = 100 + i
			if i == 1 {
				mustExec(t, db, "DELETE FROM {q2ab_mail}") // as when it was sent
			}
			handle(t, m, e)
		}
		if got := states(); got != "100 mailed 101 mailed 102 over 103 mailed 104 mailed 105 over " {
			t.Errorf("%s", got)
		}
		if n := waiting(t, db); n != 6 { // 3 for each of the two
			t.Errorf("%d mails are queued", n)
		}
	})
}
