package mail

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"
)

func TestOneEventQueuesOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		m := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
		e := event("u_register", 5)
		handle(t, m, e, e, event("u_reset_code", 0, userParam(5)), e)
		if n := waiting(t, m.db); n != 3 {
			t.Errorf("%d mails wait", n)
		}
		e.Seq = 0
		if m.Handle(t.Context(), m.db, e) == nil {
			t.Error("an event without a place was taken")
		}
	})
}

// TestManyProcesses share the work, and send nothing twice.
func TestManyProcesses(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		sink := newSink(t, "", nil)
		db := p.open(t, nil)
		const n = 120
		for i := range n {
			addUser(t, db, i+1, fmt.Sprint("user", i+1), fmt.Sprintf("user%d@example.com", i+1), "c0de1234")
		}
		var modules []*Module
		for range 3 {
			m := p.module(t, Settings{URL: sink.url()})
			serve(t, m)
			modules = append(modules, m)
		}
		for i := range n {
			handle(t, modules[i%3], event("u_confirm_code", 0, userParam(i+1)))
		}
		eventually(t, "all mails", func() bool { return waiting(t, db) == 0 })
		ids := map[string]bool{}
		for _, mail := range sink.got() {
			ids[mail.header.Get("Message-Id")] = true
		}
		if len(ids) != n || len(sink.got()) != n {
			t.Errorf("%d mails with %d ids, expected %d", len(sink.got()), len(ids), n)
		}
	})
}

// TestHolderThatIsKilled: the mail of a process that dies while it sends is sent by another when the lease has run out, and
// not before.
func TestHolderThatIsKilled(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		sink := newSink(t, "", nil)
		var reached atomic.Bool
		end := make(chan struct{})
		sink.answer(func(string) error { reached.Store(true); <-end; return nil })
		db := p.open(t, nil)
		addUser(t, db, 5, "aki", "aki@example.com", "c0de1234")
		m := moduleOn(t, db, Settings{URL: sink.url()})
		handle(t, m, event("u_reset_code", 0, userParam(5)))
		child := exec.Command(os.Args[0], "-test.run=^TestDyingHolder$", "-test.timeout=60s")
		child.Env = append(os.Environ(), "MAIL_TEST_DATABASE="+p.url, "MAIL_TEST_URL="+sink.url())
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the other process is at the mail", reached.Load)
		if err := child.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		_ = child.Wait() // it was killed
		close(end)
		if found, err := m.sendNext(t.Context()); found || err != nil {
			t.Errorf("it was taken within the lease (%v)", err)
		}
		later := moduleOn(t, p.open(t, func() time.Time { return time.Now().Add(lease + time.Second) }), Settings{URL: sink.url()})
		if found, err := later.sendNext(t.Context()); !found || err != nil || waiting(t, db) != 0 || len(sink.got()) != 1 {
			t.Errorf("found %v, %v; %d wait, %d arrived", found, err, waiting(t, db), len(sink.got()))
		}
	})
}

// TestDyingHolder is the process that TestHolderThatIsKilled kills.
func TestDyingHolder(t *testing.T) {
	url := os.Getenv("MAIL_TEST_DATABASE")
	if url == "" {
		t.Skip("another test runs it in a process of its own")
	}
	place{url}.module(t, Settings{URL: os.Getenv("MAIL_TEST_URL")}).Serve(t.Context())
}

// TestLateHolder: who held a mail for too long changes nothing of it any more.
func TestLateHolder(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		early := p.module(t, Settings{URL: "smtp://127.0.0.1:1"})
		late := moduleOn(t, p.open(t, func() time.Time { return time.Now().Add(lease + time.Second) }), Settings{URL: "smtp://127.0.0.1:1"})
		handle(t, early, event("u_reset_code", 0, userParam(5)))
		first, err := early.claim(t.Context())
		if err != nil || first == nil {
			t.Fatal(err)
		}
		second, err := late.claim(t.Context())
		if err != nil || second == nil || second.id != first.id {
			t.Fatalf("%+v %v", second, err)
		}
		if err := early.remove(t.Context(), first); !errors.Is(err, errTaken) {
			t.Error(err)
		}
		if err := early.putBack(t.Context(), first, 0); !errors.Is(err, errTaken) {
			t.Error(err)
		}
		if err := late.remove(t.Context(), second); err != nil || waiting(t, late.db) != 0 {
			t.Error(err)
		}
	})
}
