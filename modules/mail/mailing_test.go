package mail

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// mailer is a module with the manager of its job, on a clock that the test moves.
type mailer struct {
	*Module
	manager *jobs.Manager
}

// newMailer returns a mailer as another process has it. Its clock moves on while it rests.
func newMailer(t *testing.T, p place, now *time.Time) mailer {
	t.Helper()
	m := moduleOn(t, p.open(t, func() time.Time { return *now }), Settings{URL: "smtp://127.0.0.1:1"})
	m.rest = func(_ context.Context, d time.Duration) { *now = now.Add(max(d, time.Second)) }
	m.jobs = jobs.New(m.db, jobs.Settings{}, m.MailingJob())
	return mailer{m, m.jobs}
}

// begin begins a mailing with the given pace.
func (m mailer) begin(t *testing.T, perMinute int) {
	t.Helper()
	set(t, m.db, "mailing_subject", "News", "mailing_body", "Hello", "mailing_per_minute", strconv.Itoa(perMinute))
	m.site.Forget()
	o, err := m.site.Options(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.db.Tx(t.Context(), func(tx *database.DB) error { return beginMailing(t.Context(), tx, o, 1) }); err != nil {
		t.Fatal(err)
	}
}

// send takes the mails out of the queue and adds their recipients to those who have got it.
func (m mailer) send(t *testing.T, got map[int]int) {
	t.Helper()
	for {
		list, err := m.due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			got[r.userID]++
			mustExec(t, m.db, "DELETE FROM {q2ab_mail} WHERE id = ?", r.id)
		}
		if len(list) < candidates {
			return
		}
	}
}

// batch does one batch of the mailing in a run, and reports whether more is left. If kill is set, the
// process dies before the batch is recorded.
func (m mailer) batch(t *testing.T, kill bool) (more bool) {
	t.Helper()
	run, err := m.manager.Start(t.Context(), mailingJob, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if kill {
		before := m.rest
		m.rest = func(ctx context.Context, d time.Duration) {
			before(ctx, d)
			cancel() // the batch is written, and the run is not
		}
		defer func() { m.rest = before }()
	}
	more = true
	_ = m.manager.Work(ctx, run, func(_ *jobs.Run, _ *jobs.Work) { // what is left is looked at below
		cancel()
	})
	p, err := readProgress(t.Context(), m.db, "")
	if err != nil {
		t.Fatal(err)
	}
	return more && p.under
}

// TestMailingReachesEverybodyOnce sends a mailing with processes that die at random, while the old site sends
// parts of it too, and counts who gets it.
func TestMailingReachesEverybodyOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		now := monday
		const users = 230
		a, b := newMailer(t, p, &now), newMailer(t, p, &now)
		for id := 1; id <= users; id++ {
			addUser(t, a.db, id, fmt.Sprint("user", id), fmt.Sprintf("user%d@example.com", id), "")
		}
		mustExec(t, a.db, "UPDATE {users} SET flags = 2 WHERE userid = 7")
		mustExec(t, a.db, "UPDATE {users} SET flags = 32 WHERE userid = 8")
		a.begin(t, 100)
		got := map[int]int{}
		random := rand.New(rand.NewPCG(1, 2))
		old := 0
		for n := 0; ; n++ {
			m := []mailer{a, b}[n%2]
			if n > 1000 {
				t.Fatal("it does not end")
			}
			if !m.batch(t, random.IntN(3) == 0) {
				break
			}
			if random.IntN(2) == 0 {
				m.send(t, got)
			}
			if n%40 == 20 { // the servers are away, and an administrator opens the old site's page
				now = now.Add(time.Minute)
				old += phpStep(t, m.db, now, got, 5)
			}
		}
		a.send(t, got)
		for id := 1; id <= users; id++ {
			if want := map[bool]int{true: 1}[id != 7 && id != 8]; got[id] != want {
				t.Errorf("user %d got it %d times", id, got[id])
			}
		}
		if old == 0 {
			t.Error("the old site has sent nothing")
		}
		var open int
		if _, err := a.db.Get(t.Context(), []any{&open}, "SELECT COUNT(*) FROM {q2ab_mailings} WHERE ended = 0"); err != nil || open != 0 {
			t.Errorf("%d mailings are open, %v", open, err)
		}
	})
}

// phpStep sends to the next users as the old site's page does, unless the stamp is ahead, and returns to
// how many.
func phpStep(t *testing.T, db *database.DB, now time.Time, got map[int]int, count int) int {
	t.Helper()
	p, err := readProgress(t.Context(), db, "")
	if err != nil {
		t.Fatal(err)
	}
	if !p.under || p.at() >= now.Unix() {
		return 0
	}
	var ids []int
	if err := db.Select(t.Context(), database.Append(&ids),
		"SELECT userid FROM {users} WHERE userid > ? ORDER BY userid LIMIT ?", p.last, count); err != nil {
		t.Fatal(err)
	}
	if len(ids) == 0 {
		return 0
	}
	set(t, db, "mailing_last_userid", strconv.Itoa(ids[len(ids)-1]), "mailing_done_users", strconv.Itoa(p.done+len(ids)),
		"mailing_last_timestamp", strconv.FormatFloat(float64(now.Unix())+0.6, 'f', -1, 64))
	for _, id := range ids {
		got[id]++
	}
	return len(ids)
}

// TestMailingKeepsTheOldSiteAway checks that the stamp is ahead by less than a minute at all times while a
// run holds the mailing, that the run waits after the old site has sent, and that it sends at the site's
// pace.
func TestMailingKeepsTheOldSiteAway(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		now := monday
		m := newMailer(t, p, &now)
		for id := 1; id <= 40; id++ {
			addUser(t, m.db, id, fmt.Sprint("user", id), fmt.Sprintf("user%d@example.com", id), "")
		}
		m.begin(t, 3) // one mail in 20 seconds
		got := map[int]int{}
		rest := m.rest
		m.rest = func(ctx context.Context, d time.Duration) {
			rest(ctx, d)
			q, err := readProgress(ctx, m.db, "")
			if ahead := q.at() - now.Unix(); err != nil || ahead <= 0 || ahead >= 60 {
				t.Errorf("the stamp is %d seconds ahead, %v", ahead, err)
			}
		}
		for now.Before(monday.Add(10 * time.Minute)) {
			m.batch(t, false)
			m.send(t, got)
		}
		if len(got) < 25 || len(got) > 31 {
			t.Errorf("%d mails in ten minutes", len(got))
		}
		set(t, m.db, "mailing_last_timestamp", strconv.FormatInt(now.Unix()-1, 10)) // the old site was there
		before, since := len(got), now
		for len(got) == before {
			m.batch(t, false)
			m.send(t, got)
		}
		if waited := now.Sub(since); waited < settling*time.Second {
			t.Errorf("it waited for %s only", waited)
		}
	})
}

// TestMailingWaitsForTheQueue checks that no more of a mailing is queued than leaves soon.
func TestMailingWaitsForTheQueue(t *testing.T) {
	p := onSQLite(t)
	now := monday
	m := newMailer(t, p, &now)
	for id := 1; id <= 100; id++ {
		addUser(t, m.db, id, fmt.Sprint("user", id), fmt.Sprintf("user%d@example.com", id), "")
	}
	m.begin(t, 100)
	for range 50 {
		m.batch(t, false)
	}
	if n := waiting(t, m.db); n != mailingBacklog*10 {
		t.Errorf("%d mails wait", n)
	}
	if err := m.db.Tx(t.Context(), func(tx *database.DB) error { return cancelMailing(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	if n := waiting(t, m.db); n != 0 || m.batch(t, false) {
		t.Errorf("cancelled, and %d mails wait", n)
	}
}

// TestMailingOfTheOldSite checks that a mailing that the old site has begun is finished here, with the text
// of the options, from where it stood.
func TestMailingOfTheOldSite(t *testing.T) {
	p := onSQLite(t)
	now := monday
	m := newMailer(t, p, &now)
	for id := 1; id <= 9; id++ {
		addUser(t, m.db, id, fmt.Sprint("user", id), fmt.Sprintf("user%d@example.com", id), "")
	}
	set(t, m.db, "mailing_subject", "Old news", "mailing_body", "From there", "mailing_last_userid", "6", "mailing_done_users", "6",
		"mailing_total_users", "9", "mailing_last_timestamp", strconv.FormatInt(now.Unix()-500, 10))
	got := map[int]int{}
	for m.batch(t, false) {
		list, err := m.due(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if mail, err := m.compose(t.Context(), &r); err != nil || mail.GetGenHeader("Subject")[0] != "Old news" {
				t.Errorf("%v", err)
			}
		}
		m.send(t, got)
	}
	var to []int
	for id := range got {
		to = append(to, id)
	}
	slices.Sort(to)
	if fmt.Sprint(to) != "[7 8 9]" {
		t.Errorf("sent to %v", to)
	}
}

// TestPace checks how many users a step looks at, and for how long it rests.
func TestPace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		perMinute, users int
		pause            time.Duration // after so many mails
	}{
		{1, 1, time.Minute}, {9, 1, time.Minute / 9}, {100, 10, 6 * time.Second}, {500, 50, 6 * time.Second}, {6000, 100, time.Second},
	} {
		p := pace{c.perMinute}
		if got := p.users(); got != c.users || (p.pause(got)-c.pause).Abs() > time.Microsecond {
			t.Errorf("%d a minute: %d users, then %s", c.perMinute, got, p.pause(got))
		}
	}
}
