package mail

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// monday is when runs are due in tests: at eight in the morning, on a Monday.
var monday = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)

// ran works on a run of a job that was requested at the time of the module's clock.
func ran(t *testing.T, m *Module, job jobs.Job) {
	t.Helper()
	manager := jobs.New(m.db, jobs.Settings{}, job)
	run, err := manager.Start(t.Context(), job.Name, jobs.Options{})
	if err == nil {
		err = manager.Work(t.Context(), run, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// queuedMails returns the mails that wait, with their recipients.
func queuedMails(t *testing.T, db *database.DB) string {
	t.Helper()
	list := []string{}
	err := db.Select(t.Context(), func(rows *sql.Rows) error {
		var kind string
		var user, post int
		err := rows.Scan(&kind, &user, &post)
		list = append(list, fmt.Sprint(kind, " ", user, " ", post))
		return err
	}, "SELECT kind, userid, postid FROM {q2ab_mail} ORDER BY kind, userid, postid")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

// TestDailyMails has a member for each condition of the mails that are sent by schedule, and checks who gets
// which, and nobody twice.
func TestDailyMails(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		now := monday
		db := p.open(t, func() time.Time { return now })
		ago := func(days, hours int) time.Time {
			return monday.AddDate(0, 0, -days).Add(-time.Duration(hours) * time.Hour)
		}
		for id := 1; id <= 20; id++ {
			addUser(t, db, id, fmt.Sprint("user", id), fmt.Sprintf("user%d@example.com", id), "")
		}
		mustExec(t, db, "UPDATE {users} SET flags = 1")
		next := 100
		post := func(user int, kind string, parent int, at time.Time) int {
			next++
			addPost(t, db, next, kind, parent, user, at)
			if kind == "A" {
				mustExec(t, db, "UPDATE {posts} SET acount = acount + 1 WHERE postid = ?", parent)
			}
			return next
		}
		// The only question was ten calendar days ago: 2 gets a mail, also if it was in the night; of the
		// others it was on another day (3, 4), was not the only one (5), or is hidden (6).
		one := post(2, "Q", 0, ago(10, 7))
		post(3, "Q", 0, ago(9, 7))
		post(4, "Q", 0, ago(11, 0))
		post(5, "Q", 0, ago(10, 1))
		post(5, "Q", 0, ago(30, 0))
		post(6, "Q_HIDDEN", 0, ago(10, 1))
		post(7, "Q", 0, ago(10, 1)) // blocked
		post(8, "Q", 0, ago(10, 1)) // wants no mailings
		post(9, "Q", 0, ago(10, 1)) // not confirmed
		mustExec(t, db, "UPDATE {users} SET flags = 3 WHERE userid = 7")
		mustExec(t, db, "UPDATE {users} SET flags = 33 WHERE userid = 8")
		mustExec(t, db, "UPDATE {users} SET flags = 0 WHERE userid = 9")
		// The only post is an answer of that day: 10, and not 11, who has commented too.
		post(10, "A", one, ago(10, 2))
		answer := post(11, "A", one, ago(10, 2))
		post(11, "C", answer, ago(10, 1))
		// Two answers without comments: 12, and not 13, of whose answers one has a comment, nor 14, who has
		// answered too, nor 15, whose answers are old.
		for asker := 12; asker <= 15; asker++ {
			q := post(asker, "Q", 0, ago(300, 0))
			at := ago(20, 0)
			if asker == 15 {
				at = ago(200, 0)
			}
			first, second := post(16, "A", q, at), 16
			if asker == 14 {
				second = 14
			}
			post(second, "A", q, at)
			if asker == 13 {
				post(17, "C", first, at)
			}
		}
		set(t, db, "q2a_statics_emails", "a@example.com, b@example.com,a@example.com, nobody", "qa_ask_help_answer_to_address", "")
		var messages []string
		s := Settings{URL: "smtp://127.0.0.1:1", Kinds: map[string]Switch{pluginGroup: On, autoMessage: Off}}
		s.Message = func(_ context.Context, from, to int, text string, first func(*database.DB) (bool, error)) error {
			return db.Tx(t.Context(), func(tx *database.DB) error {
				ok, err := first(tx)
				if ok {
					messages = append(messages, fmt.Sprint(from, "→", to, " ", text))
				}
				return err
			})
		}
		const all = "comment_reminder 12 0, only_answer 10 0, only_question 2 0, statistics 0 1, statistics 0 2"
		off := s
		off.Kinds = nil
		ran(t, moduleOn(t, db, off), moduleOn(t, db, off).EngagementJob())
		if got := queuedMails(t, db); got != "" {
			t.Errorf("by default: %s", got)
		}
		m := moduleOn(t, db, s)
		ran(t, m, m.EngagementJob())
		if got := queuedMails(t, db); got != all {
			t.Errorf("%s, expected %s", got, all)
		}
		mustExec(t, db, "DELETE FROM {q2ab_mail}")
		ran(t, m, m.EngagementJob())
		if got := queuedMails(t, db); got != "" {
			t.Errorf("a second run: %s", got)
		}
		now = monday.AddDate(0, 0, 1)
		ran(t, m, m.EngagementJob())
		if got := queuedMails(t, db); !strings.HasPrefix(got, "only_question 3 0, statistics") || strings.Contains(got, "reminder") {
			t.Errorf("the next day: %s", got)
		}
		mustExec(t, db, "DELETE FROM {q2ab_mail}")
		now = monday.AddDate(0, 0, 7)
		ran(t, m, m.EngagementJob())
		if got := queuedMails(t, db); strings.Contains(got, "reminder") {
			t.Errorf("nothing new after a week: %s", got)
		}
		if len(messages) > 0 {
			t.Errorf("messages %v", messages)
		}

		now = monday
		mustExec(t, db, "UPDATE {users} SET created = FROM_UNIXTIME(?) WHERE userid IN (1, 2, 3, 7, 20)", ago(3, 7).Unix())
		mustExec(t, db, "UPDATE {users} SET flags = 17 WHERE userid = 3") // wants no messages
		ask := "Ask at ^siteurl"
		if db.Dialect() == database.SQLite {
			ask += "😀" // Q2A's tables on a server cannot hold it, so that it is left out of messages
		}
		set(t, db, "qa_auto_pmsg_message_for_posted", "Thank you, ^username", "qa_auto_pmsg_message_for_no_posted", ask)
		s.Kinds = map[string]Switch{autoMessage: On}
		m = moduleOn(t, db, s)
		ran(t, m, m.EngagementJob())
		ran(t, m, m.EngagementJob())
		if got := strings.Join(messages, "; "); got != "1→2 Thank you, user2; 1→20 Ask at https://qa.example/" {
			t.Errorf("messages %q", got)
		}
	})
}

// TestAdvice checks to whose questions advice is sent: those with six full hours and no answer, once.
func TestAdvice(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		now := monday
		db := p.open(t, func() time.Time { return now })
		addUser(t, db, 5, "aki", "aki@example.com", "")
		mustExec(t, db, "UPDATE {users} SET flags = 1")
		at := func(minutes int) time.Time { return monday.Add(-time.Duration(minutes) * time.Minute) }
		addPost(t, db, 1, "Q", 0, 5, at(359))
		addPost(t, db, 2, "Q", 0, 5, at(360))
		addPost(t, db, 3, "Q", 0, 5, at(419))
		addPost(t, db, 4, "Q", 0, 5, at(420))
		addPost(t, db, 5, "Q", 0, 5, at(400)) // answered
		addPost(t, db, 6, "Q", 0, 0, at(400)) // a visitor's
		addPost(t, db, 7, "Q", 0, 5, at(400)) // closed
		addPost(t, db, 8, "Q", 0, 5, at(400)) // answered before the mail leaves
		mustExec(t, db, "UPDATE {posts} SET acount = 1 WHERE postid = 5")
		mustExec(t, db, "UPDATE {posts} SET closedbyid = 2 WHERE postid = 7")
		m := moduleOn(t, db, Settings{URL: "smtp://127.0.0.1:1", Kinds: map[string]Switch{"no_answer": On}})
		advised := func() (list []int64) {
			t.Helper()
			if err := db.Select(t.Context(), database.Append(&list), "SELECT seq FROM {q2ab_mail} ORDER BY seq"); err != nil {
				t.Fatal(err)
			}
			return list
		}
		ran(t, m, m.AdviceJob())
		ran(t, m, m.AdviceJob())
		if got := fmt.Sprint(advised()); got != "[2 3 8]" {
			t.Errorf("advised of %s", got)
		}
		mustExec(t, db, "UPDATE {posts} SET acount = 1 WHERE postid = 8")
		list, err := m.due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if _, err := m.compose(t.Context(), &r); (err != nil) != (r.about.Post == 8) {
				t.Errorf("post %d: %v", r.about.Post, err)
			}
		}
		// A run that is days late sends nothing that nobody understands any more.
		mustExec(t, db, "DELETE FROM {q2ab_engagement}")
		mustExec(t, db, "DELETE FROM {q2ab_mail}")
		manager := jobs.New(db, jobs.Settings{}, m.AdviceJob())
		run, err := manager.Start(t.Context(), "advice-mails", jobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		now = monday.Add(stale + time.Hour)
		if err := manager.Work(t.Context(), run, nil); err != nil || len(advised()) > 0 {
			t.Errorf("late: %v %v", advised(), err)
		}
	})
}

// TestNarrow checks how texts are cut to a width.
func TestNarrow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		columns int
		want    string
	}{
		{"bee", 3, "bee"}, {"bees", 3, "bee…"}, {"みつばち", 8, "みつばち"}, {"みつばち", 7, "みつば…"}, {"a\nb", 3, "a b"}, {"みつ", 1, "…"}, {"", 0, ""},
	} {
		if got := narrow(c.text, c.columns); got != c.want {
			t.Errorf("%q in %d: %q, expected %q", c.text, c.columns, got, c.want)
		}
	}
}
