package mail

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

// logged collects what is logged during a test. Tests that use it must not run beside others.
func logged(t *testing.T) func() string {
	t.Helper()
	var text safeBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return text.String
}

type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func userParam(id int) events.Param { return events.Param{Name: "userid", Value: id} }

// TestFromTheOutboxToTheMailbox goes the whole way, in Japanese.
func TestFromTheOutboxToTheMailbox(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		sink := newSink(t, "", nil)
		db := p.open(t, nil)
		set(t, db, "site_title", "質問の広場", "site_language", "ja", "register_notify_admin", "1", "moderate_users", "1")
		addUser(t, db, 5, "あき", "aki@example.com", "c0de1234")
		m := moduleOn(t, db, Settings{URL: sink.url(), Poll: time.Minute}) // so that it is woken, or late
		follower := events.NewFollower(db, events.Settings{Poll: 10 * time.Millisecond})
		t.Cleanup(follower.Close)
		if err := events.Consume(t.Context(), db, "mail", m.Handle); err != nil {
			t.Fatal(err)
		}
		go follower.Consume(t.Context(), "mail", m.Handle)
		serve(t, m)
		time.Sleep(50 * time.Millisecond) // the first look is over
		err := db.Tx(t.Context(), func(tx *database.DB) error {
			return events.Append(t.Context(), tx, events.Event{Name: "u_register", At: tx.Now(), Actor: events.Actor{UserID: 5, Handle: "あき"},
				Params: []events.Param{{Name: "email", Value: "aki@example.com"}, {Name: "level", Value: 0}}})
		})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		eventually(t, "two mails", func() bool { return len(sink.got()) == 2 })
		eventually(t, "empty queue", func() bool { return waiting(t, db) == 0 })
		t.Logf("both were there after %v", time.Since(start))
		for _, mail := range sink.got() {
			switch mail.to {
			case "aki@example.com":
				if mail.subject != "質問の広場 へようこそ" || !strings.HasPrefix(mail.body, "あき 様\n\n質問の広場 にご参加いただき") || mail.from != "hello@qa.example" {
					t.Errorf("%s %q\n%s", mail.from, mail.subject, mail.body)
				}
			case "staff@qa.example":
				if mail.subject != "質問の広場: 新規ユーザー あき" || !strings.Contains(mail.body, "\nhttps://qa.example/admin/approve\n") {
					t.Errorf("%q\n%s", mail.subject, mail.body)
				}
			default:
				t.Errorf("mail to %s", mail.to)
			}
		}
	})
}

func TestOff(t *testing.T) {
	p := onSQLite(t)
	for _, url := range []string{"", "off"} {
		m := p.module(t, Settings{URL: url})
		handle(t, m, event("u_register", 5))
		if n := waiting(t, m.db); n != 0 {
			t.Errorf("%d mails wait", n)
		}
		m.Serve(t.Context()) // returns
	}
}

// TestTriesAgain: a temporary refusal comes again after a pause, with the same Message-ID.
func TestTriesAgain(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		logs := logged(t)
		sink := newSink(t, "", nil)
		var ids []string
		sink.data = func(mail received) error {
			if ids = append(ids, mail.header.Get("Message-Id")); len(ids) == 1 {
				return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later, aki@example.com"}
			}
			return nil
		}
		m := p.module(t, Settings{URL: sink.url()})
		addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
		handle(t, m, event("u_reset_code", 0, userParam(5)))
		serve(t, m)
		eventually(t, "the mail", func() bool { return len(sink.got()) == 1 && waiting(t, m.db) == 0 })
		if len(ids) != 2 || ids[0] != ids[1] || !strings.HasSuffix(ids[0], "@qa.example>") {
			t.Error(ids)
		}
		if text := logs(); !strings.Contains(text, "mail not sent; it is tried again") || !strings.Contains(text, "451 4.3.0") || !strings.Contains(text, "user=5") || strings.Contains(text, "aki@") {
			t.Error(text)
		}
	})
}

// TestRefused: what is refused for good is dropped, without the address in the log; what settings may mend is not.
func TestRefused(t *testing.T) {
	logs := logged(t)
	p := onSQLite(t)
	sink := newSink(t, "", nil)
	m := p.module(t, Settings{URL: sink.url()})
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	queue := func() { handle(t, m, event("u_reset_code", 0, userParam(5))) }
	for _, c := range []struct {
		code    int
		ext     smtp.EnhancedCode
		dropped bool
	}{
		{550, smtp.EnhancedCode{5, 1, 1}, true}, {552, smtp.EnhancedCode{5, 2, 2}, true}, {553, smtp.NoEnhancedCode, true},
		{554, smtp.EnhancedCode{5, 7, 1}, false}, {530, smtp.EnhancedCode{5, 7, 0}, false}, {450, smtp.EnhancedCode{4, 2, 0}, false}, {421, smtp.NoEnhancedCode, false},
	} {
		sink.answer(func(to string) error {
			return &smtp.SMTPError{Code: c.code, EnhancedCode: c.ext, Message: to + " is refused"}
		})
		queue()
		if found, err := m.sendNext(t.Context()); !found || err != nil {
			t.Fatalf("%d: %v %v", c.code, found, err)
		}
		if n := waiting(t, m.db); (n == 0) != c.dropped {
			t.Errorf("%d %v: %d mails wait", c.code, c.ext, n)
		}
		if problem, err := m.AddressProblem(t.Context(), "AKI@example.com"); err != nil || (problem == addressBounced) != (c.ext == smtp.EnhancedCode{5, 1, 1}) {
			t.Errorf("%d %v: the address is said to be %q (%v)", c.code, c.ext, problem, err)
		}
		mustExec(t, m.db, "DELETE FROM {q2ab_mail_addresses}")
		mustExec(t, m.db, "DELETE FROM {q2ab_mail}")
	}
	if text := logs(); strings.Contains(text, "aki@") || strings.Count(text, `msg="mail refused"`) != 3 || !strings.Contains(text, "550 5.1.1") {
		t.Error(text)
	}
	if len(sink.got()) != 0 {
		t.Error("mails arrived")
	}
	// The mail itself is refused, and the sender.
	sink.answer(nil)
	sink.data = func(received) error {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "no"}
	}
	queue()
	if _, err := m.sendNext(t.Context()); err != nil || waiting(t, m.db) != 0 {
		t.Errorf("%v, %d mails wait", err, waiting(t, m.db))
	}
	sink.sender = func(string) error {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 8}, Message: "who is that"}
	}
	queue()
	if _, err := m.sendNext(t.Context()); err != nil || waiting(t, m.db) != 1 {
		t.Errorf("%v, %d mails wait", err, waiting(t, m.db))
	}
}

// TestServerDownThenUp: an outage costs no attempts, and all mails go out once it is over.
func TestServerDownThenUp(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		logs := logged(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		l.Close()
		m := p.module(t, Settings{URL: "smtp://" + addr})
		addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
		serve(t, m)
		const n = 5
		for range n {
			handle(t, m, event("u_reset_code", 0, userParam(5)))
		}
		eventually(t, "the outage is noticed", func() bool { return strings.Contains(logs(), "mails cannot be sent") })
		time.Sleep(300 * time.Millisecond)
		var attempts int
		if _, err := m.db.Get(t.Context(), []any{&attempts}, "SELECT SUM(attempts) FROM {q2ab_mail}"); err != nil || attempts != 0 {
			t.Errorf("%d attempts were counted (%v)", attempts, err)
		}
		sink := newSink(t, addr, nil)
		eventually(t, "the mails", func() bool { return len(sink.got()) == n && waiting(t, m.db) == 0 })
		eventually(t, "the end of the outage in the log", func() bool { return strings.Contains(logs(), "mails can be sent again") })
		if text := logs(); strings.Count(text, "mails cannot be sent") != 1 {
			t.Error(text)
		}
	})
}

// TestGivesUp: the pauses grow to an hour, and after a day a mail that still fails is dropped.
func TestGivesUp(t *testing.T) {
	logs := logged(t)
	p := onSQLite(t)
	sink := newSink(t, "", nil)
	sink.answer(func(string) error {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
	})
	var now atomic.Int64
	now.Store(time.Now().Unix())
	begin := now.Load()
	m := moduleOn(t, p.open(t, func() time.Time { return time.Unix(now.Load(), 0) }), Settings{URL: sink.url()})
	m.retry = firstRetry
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)))
	var pauses []string
	for last := begin; waiting(t, m.db) > 0; {
		if found, err := m.sendNext(t.Context()); err != nil || !found {
			t.Fatal(found, err)
		}
		var due int64
		if found, err := m.db.Get(t.Context(), []any{&due}, "SELECT due FROM {q2ab_mail}"); err != nil {
			t.Fatal(err)
		} else if found {
			pauses = append(pauses, fmt.Sprint(due-last))
			last = due
			now.Store(due)
		}
	}
	if got := strings.Join(pauses[:9], " "); got != "30 60 120 240 480 960 1920 3600 3600" {
		t.Error(got)
	}
	if hours := float64(now.Load()-begin) / 3600; hours < 22 || hours > 24 {
		t.Errorf("given up after %.1f hours", hours)
	}
	if text := logs(); !strings.Contains(text, `level=ERROR msg="mail given up" kind=reset user=5`) {
		t.Error(text)
	}
}

// TestOutageOfADay: mails that a whole outage of a day has not let out are dropped at last.
func TestOutageOfADay(t *testing.T) {
	p := onSQLite(t)
	clock := time.Now()
	m := moduleOn(t, p.open(t, func() time.Time { return clock }), Settings{URL: "smtp://127.0.0.1:1"})
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)))
	for _, c := range []struct {
		later time.Duration
		want  int
	}{{0, 1}, {23 * time.Hour, 1}, {time.Hour, 0}} {
		clock = clock.Add(c.later)
		if found, err := m.sendNext(t.Context()); !found || err == nil || waiting(t, m.db) != c.want {
			t.Errorf("%v: %v %v, %d mails wait", c.later, found, err, waiting(t, m.db))
		}
	}
}

// TestStops: what is under way is finished, and what would take too long is cut and left to others.
func TestStops(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p place) {
		for _, c := range []struct {
			takes       time.Duration
			sent        int
			least, most time.Duration
		}{{500 * time.Millisecond, 1, 0, 2 * time.Second}, {time.Minute, 0, finishTimeout, finishTimeout + 2*time.Second}} {
			sink := newSink(t, "", nil)
			reached, end := make(chan struct{}), make(chan struct{})
			var once sync.Once
			sink.answer(func(string) error {
				once.Do(func() { close(reached) })
				select {
				case <-time.After(c.takes):
				case <-end:
				}
				return nil
			})
			m := p.module(t, Settings{URL: sink.url()})
			mustExec(t, m.db, "DELETE FROM {users}")
			mustExec(t, m.db, "DELETE FROM {q2ab_mail}")
			addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
			handle(t, m, event("u_reset_code", 0, userParam(5)))
			stop := serve(t, m)
			<-reached
			start := time.Now()
			stop()
			if took := time.Since(start); took > c.most || took < c.least {
				t.Errorf("a mail of %v: stopped after %v", c.takes, took)
			}
			close(end)
			if len(sink.got()) != c.sent || waiting(t, m.db) != 1-c.sent {
				t.Errorf("a mail of %v: %d arrived, %d wait", c.takes, len(sink.got()), waiting(t, m.db))
			}
			if r, err := m.claim(t.Context()); err != nil || (r == nil) != (c.sent == 1) {
				t.Errorf("a mail of %v is left as %+v (%v)", c.takes, r, err)
			}
		}
	})
}

func TestStopsAtOnceWhenIdle(t *testing.T) {
	m := onSQLite(t).module(t, Settings{URL: "smtp://127.0.0.1:1", Poll: time.Hour})
	stop := serve(t, m)
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	stop()
	if took := time.Since(start); took > time.Second {
		t.Errorf("stopped after %v", took)
	}
}

// TestUnknownKind: a mail that a newer release queued waits for that one's processes.
func TestUnknownKind(t *testing.T) {
	p := onSQLite(t)
	m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
	if err := add(t.Context(), m.db, 1, queued{kind: "digest", userID: 5}); err != nil {
		t.Fatal(err)
	}
	if found, err := m.sendNext(t.Context()); !found || err != nil || waiting(t, m.db) != 1 {
		t.Errorf("%v %v, %d wait", found, err, waiting(t, m.db))
	}
}

// TestPanicIsOfOneMail: it goes back into the queue, and the loop goes on.
func TestPanicIsOfOneMail(t *testing.T) {
	logs := logged(t)
	p := onSQLite(t)
	m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
	kinds["bad"] = kind{prepare: func(*content) gone { panic("oh") }}
	defer delete(kinds, "bad")
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	if err := add(t.Context(), m.db, 1, queued{kind: "bad", userID: 5}); err != nil {
		t.Fatal(err)
	}
	if found, err := m.sendNext(t.Context()); !found || err != nil || waiting(t, m.db) != 1 || !strings.Contains(logs(), "mail panics") {
		t.Errorf("%v %v, %d wait", found, err, waiting(t, m.db))
	}
}

// TestDatabaseAwayAfterSending: the mail is not sent again only because its row could not be removed at once.
func TestDatabaseAwayAfterSending(t *testing.T) {
	p := onSQLite(t)
	sink := newSink(t, "", nil)
	m := p.module(t, Settings{URL: sink.url()})
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)))
	sink.data = func(received) error {
		mustExec(t, m.db, "ALTER TABLE {q2ab_mail} RENAME TO {away}")
		time.AfterFunc(500*time.Millisecond, func() { m.db.Exec(context.Background(), "ALTER TABLE {away} RENAME TO {q2ab_mail}") })
		return nil
	}
	if found, err := m.sendNext(t.Context()); !found || err != nil || waiting(t, m.db) != 0 || len(sink.got()) != 1 {
		t.Errorf("%v %v, %d arrived", found, err, len(sink.got()))
	}
}
