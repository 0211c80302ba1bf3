package mail

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/mail/internal/undelivered"
)

// composed composes the mail by which user 5 confirms an address.
func composed(t *testing.T, m *Module) *gomail.Msg {
	t.Helper()
	mustExec(t, m.db, "DELETE FROM {users} WHERE userid = 5")
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	msg, err := m.compose(t.Context(), &row{queued: queued{kind: "confirm", userID: 5}, id: 1, seq: 2, created: 3})
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func TestStanding(t *testing.T) {
	t.Parallel()
	const hour = 3600
	permanent, transient, complaint := undelivered.Permanent, undelivered.Transient, undelivered.Complaint
	type report struct {
		kind  undelivered.Kind
		after int64 // hours since the report before
	}
	daily := func(n int) (list []report) {
		for range n {
			list = append(list, report{transient, 24})
		}
		return list
	}
	for name, c := range map[string]struct {
		reports []report
		later   int64 // hours after the last one
		want    string
	}{
		"nothing":                       {nil, 0, ""},
		"one bounce":                    {[]report{{permanent, 0}}, 0, "bounced"},
		"it lasts":                      {[]report{{permanent, 0}}, 24 * 3000, "bounced"},
		"complaint":                     {[]report{{complaint, 0}}, 24 * 3000, "complained"},
		"complaint, then bounce":        {[]report{{complaint, 0}, {permanent, 1}}, 0, "complained"},
		"bounce, then complaint":        {[]report{{permanent, 0}, {complaint, 1}}, 0, "complained"},
		"full for four days":            {daily(4), 0, ""},
		"full for five days":            {daily(5), 0, "bounced"},
		"full long ago":                 {daily(5), 24 * 30, ""},
		"full for a month but a minute": {daily(5), 24*30 - 1, "bounced"},
		"full, five mails a day":        {[]report{{transient, 0}, {transient, 1}, {transient, 1}, {transient, 1}, {transient, 1}, {transient, 1}}, 0, ""},
		"full each second week":         {[]report{{transient, 0}, {transient, 24 * 14}, {transient, 24 * 14}, {transient, 24 * 14}, {transient, 24 * 14}}, 0, ""},
		"full once a week":              {[]report{{transient, 0}, {transient, 24 * 7}, {transient, 24 * 7}, {transient, 24 * 7}, {transient, 24 * 7}}, 0, "bounced"},
		"full, after a complaint":       {append([]report{{complaint, 0}}, daily(9)...), 0, "complained"},
		"full, then gone":               {append(daily(2), report{permanent, 1}), 0, "bounced"},
	} {
		var s standing
		now := int64(1_800_000_000)
		for _, r := range c.reports {
			now += r.after * hour
			s = s.after(r.kind, now)
		}
		if got := s.now(now + c.later*hour); got != c.want {
			t.Errorf("%s: %q, expected %q (%+v)", name, got, c.want, s)
		}
	}
}

func TestNextInPlugin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state int
		age   int64
		next  int
		write bool
	}{
		{pluginFine, 0, pluginPending, true}, {pluginFine, 99 * day, pluginPending, true}, {pluginPending, day - 1, pluginPending, false},
		{pluginPending, day, pluginBounced, true}, {pluginPending, 9 * day, pluginBounced, true}, {pluginBounced, 0, pluginBounced, true},
	} {
		if next, write := nextInPlugin(c.state, c.age); next != c.next || write != c.write {
			t.Errorf("%d after %d s: %d %v", c.state, c.age, next, write)
		}
	}
}

// bouncePluginDDL is the table as the plugin makes it.
const bouncePluginDDL = "CREATE TABLE `{emailbounce}` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `userid` int(10) unsigned DEFAULT NULL,\n" +
	"  `email` varchar(255) NOT NULL,\n  `bounced` tinyint(4) NOT NULL DEFAULT 0,\n  `notify` tinyint(4) NOT NULL DEFAULT 0,\n" +
	"  `created` datetime NOT NULL,\n  `updated` datetime NOT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8"

func makeBouncePlugin(t *testing.T, db *database.DB) {
	t.Helper()
	if err := db.CreateTable(t.Context(), strings.ReplaceAll(bouncePluginDDL, "{emailbounce}", db.Prefix()+"emailbounce")); err != nil {
		t.Fatal(err)
	}
}

// inPlugin are the rows of the plugin's table, as text.
func inPlugin(t *testing.T, db *database.DB) string {
	t.Helper()
	var list []string
	err := db.Select(t.Context(), func(rows *sql.Rows) error {
		var user sql.NullInt64
		var email string
		var bounced int
		err := rows.Scan(&user, &email, &bounced)
		list = append(list, fmt.Sprintf("%d %s %d", user.Int64, email, bounced))
		return err
	}, "SELECT userid, email, bounced FROM {emailbounce} ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, ", ")
}

// TestAddresses goes through the life of addresses, with the old site's plugin and without it.
func TestAddresses(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		var now atomic.Int64
		now.Store(time.Now().Unix())
		clock := func() time.Time { return time.Unix(now.Load(), 0) }
		db := p.open(t, clock)
		makeBouncePlugin(t, db)
		sink := newSink(t, "", nil)
		m := moduleOn(t, db, Settings{URL: sink.url()})
		addUser(t, db, 5, "aki", "Aki@example.com", "c0de1234")
		addUser(t, db, 6, "haru", "haru@example.com", "c0de1234")
		report := func(address string, kind undelivered.Kind) {
			t.Helper()
			if err := db.Tx(t.Context(), func(tx *database.DB) error { return m.record(t.Context(), tx, address, kind) }); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(address, problem, plugin string) {
			t.Helper()
			got, err := m.AddressProblem(t.Context(), address)
			if err != nil || got != problem || inPlugin(t, db) != plugin {
				t.Fatalf("%q (%v), plugin %q; expected %q, %q", got, err, inPlugin(t, db), problem, plugin)
			}
		}
		clearing := func(f func(tx *database.DB) error) {
			t.Helper()
			if err := db.Tx(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		expect("aki@example.com", "", "")
		report("aki@example.com", undelivered.Permanent)
		expect("AKI@example.com", "bounced", "5 aki@example.com 2")
		expect("haru@example.com", "", "5 aki@example.com 2")
		// Nothing is sent but what confirms the address.
		handle(t, m, event("u_reset_code", 0, userParam(5)), event("u_confirm_code", 0, userParam(5)), event("u_reset_code", 0, userParam(6)))
		if err := m.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		var to []string
		for _, mail := range sink.got() {
			to = append(to, mail.to+" "+mail.subject[:6])
		}
		if got := strings.Join(to, ", "); got != "Aki@example.com Please, haru@example.com A new " || waiting(t, db) != 0 {
			t.Errorf("%q, %d wait", got, waiting(t, db))
		}
		now.Add(day)
		report("aki@example.com", undelivered.Permanent)
		expect("aki@example.com", "bounced", "5 aki@example.com 1")
		// The address is confirmed.
		clearing(func(tx *database.DB) error { return m.clearAddress(t.Context(), tx, 5, "aki@example.com") })
		expect("aki@example.com", "", "5 aki@example.com 0")
		// PHP's side alone says that it does not work.
		mustExec(t, db, "UPDATE {emailbounce} SET bounced = 1")
		expect("aki@example.com", "bounced", "5 aki@example.com 1")
		if err := m.ClearAddress(t.Context(), "aki@example.com"); err != nil {
			t.Fatal(err)
		}
		expect("aki@example.com", "", "5 aki@example.com 0")
		// A pending state ends after two days by the job, but no earlier.
		report("aki@example.com", undelivered.Permanent)
		manager := jobs.New(db, jobs.Settings{}, m.CleanUpJob())
		work := func() {
			t.Helper()
			run, err := manager.Request(t.Context(), "mail-clean-up", jobs.Options{})
			if err == nil {
				err = manager.Work(t.Context(), run, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		now.Add(2*day - 1)
		work()
		expect("aki@example.com", "bounced", "5 aki@example.com 2")
		now.Add(1)
		work()
		expect("aki@example.com", "bounced", "5 aki@example.com 0") // what is known here stays
		report("visitor@example.com", undelivered.Complaint)
		report("full@example.com", undelivered.Transient)
		expect("visitor@example.com", "complained", "5 aki@example.com 0") // which the plugin does not know
		// The account is deleted.
		clearing(func(tx *database.DB) error { return m.forgetAddress(t.Context(), tx, 5, "aki@example.com") })
		expect("aki@example.com", "", "")
		rows := func() (n int) {
			if _, err := db.Get(t.Context(), []any{&n}, "SELECT COUNT(*) FROM {q2ab_mail_addresses}"); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, c := range []struct {
			later int64
			want  int
		}{{30 * day, 2}, {1, 1}, {335 * day, 0}} {
			now.Add(c.later)
			work()
			if n := rows(); n != c.want {
				t.Errorf("after %d s more: %d rows, expected %d", c.later, n, c.want)
			}
		}
	})
}

// TestOldAddressIsForgotten checks that what is known against a former address of an account goes with it.
func TestOldAddressIsForgotten(t *testing.T) {
	t.Parallel()
	p := onSQLite(t)
	m := p.module(t, Settings{})
	addUser(t, m.db, 5, "aki", "old@example.com", "")
	err := m.db.Tx(t.Context(), func(tx *database.DB) error {
		return errors.Join(m.record(t.Context(), tx, "old@example.com", undelivered.Permanent),
			m.clearAddress(t.Context(), tx, 5, "another@example.com"))
	})
	if problem, problemErr := m.AddressProblem(t.Context(), "old@example.com"); err != nil || problemErr != nil || problem != "" {
		t.Error(err, problemErr, problem)
	}
	if m.ClearAddress(t.Context(), "nobody") == nil {
		t.Error("no address is taken")
	}
}

// TestTakeReport sends a mail and takes the report about it back, and no report about others.
func TestTakeReport(t *testing.T) {
	t.Parallel()
	p := onSQLite(t)
	m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
	id := strings.Trim(composed(t, m).GetMessageID(), "<>")
	if again := strings.Trim(composed(t, m).GetMessageID(), "<>"); id != again || !strings.HasPrefix(id, "q2ab.3.2.1.") {
		t.Errorf("%s, then %s", id, again)
	}
	raw, err := os.ReadFile("internal/undelivered/testdata/sendmail-forwarded.eml")
	if err != nil {
		t.Fatal(err)
	}
	const other = "q2ab.1764471840.7.12.0123456789abcdef@qa.example"
	own := bytes.ReplaceAll(raw, []byte(other), []byte(id))
	for name, c := range map[string]struct {
		text    []byte
		trusted bool
		err     error
		problem string // of aki@, to whom the mail went
		behind  string // of the address behind the forwarder
	}{
		"own":                 {own, false, nil, "bounced", ""},
		"of somebody else":    {raw, false, ErrForeignReport, "", ""},
		"trusted":             {raw, true, nil, "", "bounced"},
		"another recipient":   {bytes.ReplaceAll(own, []byte("To: <aki@"), []byte("To: <haru@")), false, ErrForeignReport, "", ""},
		"another number":      {bytes.ReplaceAll(own, []byte("q2ab.3."), []byte("q2ab.4.")), false, ErrForeignReport, "", ""},
		"nothing of the kind": {[]byte("Subject: hello\n\nhello"), true, undelivered.ErrNoReport, "", ""},
	} {
		mustExec(t, m.db, "DELETE FROM {q2ab_mail_addresses}")
		n, err := m.TakeReport(context.Background(), bytes.NewReader(c.text), c.trusted)
		problem, _ := m.AddressProblem(t.Context(), "aki@example.com")
		behind, _ := m.AddressProblem(t.Context(), "elsewhere@example.net")
		if !errors.Is(err, c.err) || (n == 1) != (c.err == nil) || problem != c.problem || behind != c.behind {
			t.Errorf("%s: %d (%v), %q, %q", name, n, err, problem, behind)
		}
	}
}
