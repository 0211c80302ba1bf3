package mail_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// digestSite is a site in Tokyo at a time that tests set, where addresses need not be confirmed and nobody's
// posts wait.
func digestSite(t *testing.T, now *time.Time, options ...testsite.Option) *postbox {
	t.Helper()
	return newPostbox(t, append([]testsite.Option{testsite.At(now), testsite.TimeZone("Asia/Tokyo"), testsite.After(
		"UPDATE qa_options SET content = '0' WHERE title IN ('confirm_user_emails', 'notify_admin_q_post', 'moderate_unconfirmed')",
		"DELETE FROM qa_options WHERE title = 'moderate_unapproved'", "INSERT INTO qa_options (title, content) VALUES ('moderate_unapproved', '1')",
		"UPDATE qa_options SET content = '' WHERE title = 'site_language'")}, options...)...)
}

// tokyo is a time in Tokyo, on a day of December 2026; the 7th is a Monday.
func tokyo(day, hour int) time.Time { return time.Date(2026, 12, day, hour-9, 0, 0, 0, time.UTC) }

// arrivedMail is a mail as its reader sees it, by name and in plain text.
type arrivedMail struct{ to, subject, text, unsubscribe string }

// arrived sends what is due and returns the mails.
func (p *postbox) arrived(t *testing.T) (list []arrivedMail) {
	t.Helper()
	for _, m := range p.deliver(t) {
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, arrivedMail{to: m.Header.Get("To"), subject: subject, text: plain(t, m),
			unsubscribe: strings.TrimPrefix(strings.Trim(m.Header.Get("List-Unsubscribe"), "<>"), publicURL)})
	}
	slices.SortFunc(list, func(a, b arrivedMail) int { return strings.Compare(a.to, b.to) })
	return list
}

// plain is the text of a mail as it stands in the file, before the part in HTML.
func plain(t *testing.T, m *netmail.Message) string {
	t.Helper()
	raw, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(strings.ReplaceAll(string(raw), "\r\n", "\n"), "<!DOCTYPE html>")
	return text
}

// to returns the mails to an address.
func to(list []arrivedMail, address string) (found []arrivedMail) {
	for _, m := range list {
		if strings.Contains(m.to, address) {
			found = append(found, m)
		}
	}
	return found
}

// says checks what a text has and what it has not.
func says(t *testing.T, what, text string, has, hasNot []string) {
	t.Helper()
	for _, part := range has {
		if !strings.Contains(text, part) {
			t.Errorf("%s has no %q:\n%s", what, part, text)
		}
	}
	for _, part := range hasNot {
		if strings.Contains(text, part) {
			t.Errorf("%s has %q:\n%s", what, part, text)
		}
	}
}

// addressOf is the address of a member.
func (p *postbox) addressOf(t *testing.T, user int) (address string) {
	t.Helper()
	if _, err := p.App.DB.Get(t.Context(), []any{&address}, "SELECT email FROM {users} WHERE userid = ?", user); err != nil {
		t.Fatal(err)
	}
	return address
}

// followTag has a member follow a tag, and returns it.
func (p *postbox) followTag(t *testing.T, user int) (tag string) {
	t.Helper()
	var id int
	if _, err := p.App.DB.Get(t.Context(), []any{&id, &tag}, "SELECT wordid, word FROM {words} ORDER BY tagcount DESC, wordid LIMIT 1"); err != nil {
		t.Fatal(err)
	}
	p.Exec(t, "DELETE FROM {userfavorites} WHERE userid = ? AND entitytype = 'T'", user)
	p.Exec(t, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (?, 'T', ?, 0)", user, id)
	return tag
}

// ask asks a question with a tag.
func (p *postbox) ask(t *testing.T, user int, title, tag string) int {
	t.Helper()
	return p.Do(t, user, "POST", "/v1/questions", object{"title": title, "content": "What is to be found out.", "tags": []string{tag}})
}

// choose changes how often a member is mailed of what they follow.
func (p *postbox) choose(t *testing.T, user int, often object) {
	t.Helper()
	p.Do(t, user, "PATCH", "/v1/me/preferences", object{"followMails": often})
}

// TestDigests checks what daily and weekly digests tell, whom, and when.
func TestDigests(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := tokyo(1, 12)
		p := digestSite(t, &now, db)
		tag := p.followTag(t, testsite.Haru)
		p.followTag(t, testsite.Natsu)
		p.choose(t, testsite.Haru, object{"tags": "daily", "questions": "daily"})
		p.choose(t, testsite.Natsu, object{"tags": "weekly"})
		own := p.Ask(t, testsite.Haru, "What does the keeper say about it?", 0)
		p.Exec(t, "UPDATE {posts} SET notify = NULL WHERE postid = ?", own)
		followedQuestion := p.Ask(t, testsite.BeeKeeper, "What is to be followed here?", 0)
		p.Exec(t, "INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents) VALUES (?, 'Q', ?, 0)", testsite.Haru, followedQuestion)
		p.ask(t, testsite.OldTimer, "What has nobody answered yet?", tag)
		now = tokyo(2, 8)
		testsite.RunJob(t, p.App, "digests")
		p.arrived(t)
		haru, natsu := p.addressOf(t, testsite.Haru), p.addressOf(t, testsite.Natsu)

		now = tokyo(2, 12)
		p.ask(t, testsite.OldTimer, "What is <new> & good here?", tag)
		p.ask(t, testsite.Haru, "What do I ask by myself?", tag)
		p.Ask(t, testsite.OldTimer, "What has another tag than that?", 0)
		hidden := p.ask(t, testsite.OldTimer, "What is hidden soon after?", tag)
		p.Answer(t, testsite.Lurker, own)
		p.Answer(t, testsite.Lurker, followedQuestion)
		now = tokyo(3, 7)
		testsite.RunJob(t, p.App, "digests")
		if list := to(p.arrived(t), haru); len(list) != 0 {
			t.Errorf("%d mails before the hour: %v", len(list), list)
		}
		now = tokyo(3, 8)
		testsite.RunJob(t, p.App, "digests")
		p.Hide(t, hidden) // which a digest may tell no more
		list := p.arrived(t)
		if len(to(list, natsu)) != 0 || len(to(list, haru)) != 1 {
			t.Fatalf("mails %v", list)
		}
		daily := to(list, haru)[0]
		says(t, "the digest", daily.text, []string{"Hello haru,", "Answers to your questions", "* What does the keeper say about it?\n  Answer by lurker\n",
			"Answers to questions that you follow", "* What is to be followed here?\n  Answer by lurker\n", "New questions\n\n* What is <new> & good here?\n  OldTimer · 0 answers · 0 votes\n  http",
			"Can you answer these?\n\n* What has nobody answered yet?\n", "/v1/unsubscribe?token="}, []string{"hidden", "by myself", "another tag", "\n>"})
		if !strings.Contains(daily.subject, "What does the keeper say about it? and ") {
			t.Errorf("subject %q", daily.subject)
		}
		testsite.RunJob(t, p.App, "digests")
		now = tokyo(4, 8)
		testsite.RunJob(t, p.App, "digests")
		if list := p.arrived(t); len(list) != 0 {
			t.Errorf("mails though nothing has happened: %v", list)
		}
		now = tokyo(7, 9) // Monday
		testsite.RunJob(t, p.App, "digests")
		list = p.arrived(t)
		if len(list) != 1 || len(to(list, natsu)) != 1 {
			t.Fatalf("weekly mails %v", list)
		}
		says(t, "the weekly digest", list[0].text, []string{"since last week", "What has nobody answered yet?", "What is <new> & good here?", "What do I ask by myself?"}, []string{"hidden", "Answers to"})
		p.Do(t, testsite.AdminHana, "DELETE", "/v1/users/natsu", nil)
		for _, table := range []string{"q2ab_digests", "q2ab_follow_mails", "q2ab_followed"} {
			if n := p.Scalar(t, "SELECT COUNT(*) FROM {"+table+"} WHERE userid = ?", testsite.Natsu); n != 0 {
				t.Errorf("%s has %d rows of a deleted account", table, n)
			}
		}
	})
}

// TestFollowersByMail checks the whole way of mails at once: a question with a followed tag is mailed when
// everybody can see it, with its reason, but not to those who may not see it, or do not follow any more, when
// it is sent.
func TestFollowersByMail(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := tokyo(1, 12)
		p := digestSite(t, &now, db)
		tag := p.followTag(t, testsite.Haru)
		haru := p.addressOf(t, testsite.Haru)
		p.choose(t, testsite.Haru, object{"tags": "at-once"})
		queued := p.ask(t, testsite.Newbie2, "What waits until it is approved?", tag)
		if list := to(p.arrived(t), haru); len(list) != 0 {
			t.Errorf("mails about a post that waits: %v", list)
		}
		p.Do(t, testsite.ModKenji, "PUT", fmt.Sprintf("/v1/posts/%d/approval", queued), object{"approved": true})
		list := to(p.arrived(t), haru)
		if len(list) != 1 {
			t.Fatalf("mails about an approved post: %v", list)
		}
		says(t, "the mail", list[0].subject+list[0].text, []string{"New question: What waits until it is approved?", "newbie2 has asked", "You follow the tag", tag, "/v1/unsubscribe?token="}, nil)
		for name, undo := range map[string]func(id int){
			"hidden":     func(id int) { p.Hide(t, id) },
			"unfollowed": func(int) { p.Exec(t, "DELETE FROM {userfavorites} WHERE userid = ?", testsite.Haru) },
			"blocked":    func(int) { p.Exec(t, "UPDATE {users} SET flags = flags | 2 WHERE userid = ?", testsite.Haru) },
			"retagged":   func(id int) { p.Exec(t, "DELETE FROM {posttags} WHERE postid = ?", id) },
			"turned off": func(int) { p.choose(t, testsite.Haru, object{"tags": "daily"}) },
			"unsubscribed": func(int) {
				if status, page := p.oneClick(t, http.MethodPost, list[0].unsubscribe); status != http.StatusOK {
					t.Fatalf("%d %s", status, page)
				}
			},
		} {
			id := p.ask(t, testsite.OldTimer, "What becomes of a question that is "+name+"?", tag)
			p.consume(t)
			if n := p.Scalar(t, "SELECT COUNT(*) FROM {q2ab_mail} WHERE kind = 'followed_question' AND userid = ?", testsite.Haru); n != 1 {
				t.Errorf("%s: %d mails are queued", name, n)
			}
			undo(id)
			if list := to(p.arrived(t), haru); len(list) != 0 {
				t.Errorf("%s: %v", name, list)
			}
			p.Exec(t, "UPDATE {users} SET flags = 1 WHERE userid = ?", testsite.Haru)
			p.followTag(t, testsite.Haru)
			p.choose(t, testsite.Haru, object{"tags": "at-once"})
		}
	})
}

// TestUnsubscribeFromDigests checks that the links of digests turn off what the digest came from, also for those
// that are queued, and that a second click does nothing more.
func TestUnsubscribeFromDigests(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := tokyo(1, 12)
		p := digestSite(t, &now, db, testsite.Config(func(c *config.Config) { c.MailsPerDay = 1 }))
		haru := p.addressOf(t, testsite.Haru)
		chosen := func() map[string]string {
			type preferences struct{ FollowMails map[string]string }
			return testsite.GetAs[preferences](t, p.Site, "/v1/me/preferences", testsite.Haru).FollowMails
		}
		day := 2
		// next makes the digest of the next day, about two questions, and returns the mails.
		next := func(before func()) []arrivedMail {
			for i := range 2 {
				p.Ask(t, testsite.OldTimer, fmt.Sprintf("What happens on the day %d, %d?", day, i), 0)
			}
			p.consume(t)
			now = tokyo(day, 8)
			day++
			testsite.RunJob(t, p.App, "digests")
			before()
			return to(p.arrived(t), haru)
		}
		click := func(link string) {
			t.Helper()
			for range 2 {
				if status, page := p.oneClick(t, http.MethodPost, link); status != http.StatusOK {
					t.Fatalf("%d %s", status, page)
				}
			}
		}
		p.choose(t, testsite.Haru, object{"site": "daily", "tags": "at-once", "users": "weekly"})
		list := next(func() {})
		if len(list) != 1 {
			t.Fatalf("a digest: %v", list)
		}
		if list := next(func() { click(list[0].unsubscribe) }); len(list) != 0 {
			t.Errorf("a digest that was queued already: %v", list)
		}
		testsite.Same(t, "what is chosen", chosen(), map[string]string{"tags": "at-once", "categories": "none", "users": "weekly", "questions": "none", "site": "none"})
		// What is too much for a day comes in a digest, whose link turns off mails at once.
		p.choose(t, testsite.Haru, object{"site": "at-once", "users": "none"})
		list = next(func() {})
		if len(list) != 2 {
			t.Fatalf("a mail and a digest: %v", list)
		}
		i := slices.IndexFunc(list, func(m arrivedMail) bool { return strings.Contains(m.subject, "today") })
		says(t, "the digest", list[i].text, []string{"too many", ", 1?"}, []string{", 0?"})
		if list := next(func() { click(list[i].unsubscribe) }); len(list) != 0 {
			t.Errorf("mails after that: %v", list)
		}
		testsite.Same(t, "what is chosen", chosen(), map[string]string{"tags": "none", "categories": "none", "users": "none", "questions": "none", "site": "none"})
	})
}

// TestKilledDigests ends the job in the middle and checks that each member gets the digest, and once: when the
// run goes on, and when it is cancelled and another one begins.
func TestKilledDigests(t *testing.T) {
	t.Parallel()
	const many = 1200 // more than two batches
	killed := errors.New("killed")
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for name, goOn := range map[string]func(t *testing.T, p *postbox){
			"going on": func(*testing.T, *postbox) {},
			"anew": func(t *testing.T, p *postbox) {
				if err := p.App.Jobs.Cancel(t.Context(), "digests"); err != nil {
					t.Fatal(err)
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				now := tokyo(1, 12)
				p := digestSite(t, &now, db)
				for base := 1000; base < 1000+many; base += 100 {
					var users, choices []string
					for id := base; id < base+100; id++ {
						users = append(users, fmt.Sprintf("(%d, '2026-01-02 03:04:05', '', 'u%d@example.com', 'u%d', 20, '2026-01-02 03:04:05', '', 0)", id, id, id))
						choices = append(choices, fmt.Sprintf("(%d, 'none', 'none', 'none', 'none', 'daily')", id))
					}
					p.Exec(t, "INSERT INTO {users} (userid, created, createip, email, handle, level, loggedin, loginip, flags) VALUES "+strings.Join(users, ", "))
					p.Exec(t, "INSERT INTO {q2ab_follow_mails} (userid, tags, categories, users, questions, site) VALUES "+strings.Join(choices, ", "))
				}
				p.Ask(t, testsite.OldTimer, "What is told to so many people?", 0)
				now = tokyo(2, 8)
				queued := func() int {
					return p.Scalar(t, "SELECT COUNT(*) FROM {q2ab_mail} WHERE kind = 'digest_daily'")
				}
				run, err := p.App.Jobs.Start(t.Context(), "digests", jobs.Options{})
				if err != nil {
					t.Fatal(err)
				}
				ctx, kill := context.WithCancelCause(t.Context())
				if err := p.App.Jobs.Work(ctx, run, func(*jobs.Run, *jobs.Work) { kill(killed) }); !errors.Is(err, killed) && !errors.Is(err, context.Canceled) {
					t.Fatalf("the killed run: %v", err)
				}
				if n := queued(); n == 0 || n >= many {
					t.Fatalf("%d digests are queued when it is killed", n)
				}
				// Those that were sent meanwhile leave no row in the queue.
				p.Exec(t, "DELETE FROM {q2ab_mail} WHERE userid < 1100")
				goOn(t, p)
				testsite.RunJob(t, p.App, "digests")
				if n := queued(); n != many-100 {
					t.Errorf("%d digests are queued in the end, %d expected", n, many-100)
				}
				if n := p.Scalar(t, "SELECT COUNT(*) FROM {q2ab_digests} WHERE userid > 0"); n != many {
					t.Errorf("%d digests are recorded", n)
				}
			})
		}
	})
}

// TestFollowMailsInPreferences checks that choices are kept one by one, and that unknown words are refused.
func TestFollowMailsInPreferences(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		type preferences struct{ FollowMails map[string]string }
		get := func(user int) map[string]string {
			return testsite.GetAs[preferences](t, s, "/v1/me/preferences", user).FollowMails
		}
		none := map[string]string{"tags": "none", "categories": "none", "users": "none", "questions": "none", "site": "none"}
		testsite.Same(t, "defaults", get(testsite.Haru), none)
		s.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"followMails": object{"tags": "at-once", "site": "weekly"}})
		s.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"followMails": object{"tags": "daily"}, "votes": object{"inbox": false}})
		s.Do(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"votes": object{"inbox": true}})
		testsite.Same(t, "choices", get(testsite.Haru), map[string]string{"tags": "daily", "categories": "none", "users": "none", "questions": "none", "site": "weekly"})
		testsite.Same(t, "another member's", get(testsite.Aki), none)
		for _, wrong := range []object{{"tags": "hourly"}, {"tags": "at_once"}, {"badges": "daily"}} {
			if status, body, _ := s.Try(t, testsite.Haru, "PATCH", "/v1/me/preferences", object{"followMails": wrong}); status != http.StatusUnprocessableEntity {
				t.Errorf("%v: %d %v", wrong, status, body)
			}
		}
	})
}
