package main

import (
	"context"
	"errors"
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// mailbox is a mail server that takes every mail and notes who sent it.
type mailbox struct {
	server  *smtp.Server
	address string
	// accepted receives the sender of each mail, if somebody waits for it, just before the mail is
	// acknowledged.
	accepted chan string

	mu    sync.Mutex
	mails []delivery
}

// delivery is a mail that was accepted.
type delivery struct {
	// by is the life of the server that sent it: the name with which it signed in.
	by, to, messageID string
}

func newMailbox(ctx context.Context) (*mailbox, error) {
	b := &mailbox{accepted: make(chan string)}
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{box: b}, nil
	}))
	b.server.Domain, b.server.AllowInsecureAuth, b.server.ErrorLog = "localhost", true, quiet{}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b.address = l.Addr().String()
	go b.server.Serve(l) //nolint:errcheck // it ends with close
	return b, nil
}

// quiet drops what the server has to say about connections that break, as those of killed processes do.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (b *mailbox) close() { b.server.Close() }

// all are the mails so far, in the order in which they were accepted.
func (b *mailbox) all() []delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]delivery(nil), b.mails...)
}

func (b *mailbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.mails)
}

// session is a connection to the mailbox.
type session struct {
	box  *mailbox
	mail delivery
}

// Reset implements smtp.Session.
func (*session) Reset() {}

// Logout implements smtp.Session.
func (*session) Logout() error { return nil }

// AuthMechanisms implements smtp.AuthSession.
func (*session) AuthMechanisms() []string { return []string{"PLAIN"} }

// Auth implements smtp.AuthSession. The name says which life of which server it is; any password does.
func (s *session) Auth(string) (sasl.Server, error) { //nolint:unparam // the interface has it
	return sasl.NewPlainServer(func(_, user, _ string) error {
		s.mail.by = user
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(string, *smtp.MailOptions) error {
	if s.mail.by == "" {
		return errors.New("nobody signed in")
	}
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, m.Body); err != nil {
		return err // the sender was killed in the middle
	}
	s.mail.messageID = strings.TrimSpace(m.Header.Get("Message-Id"))
	s.box.mu.Lock()
	s.box.mails = append(s.box.mails, s.mail)
	s.box.mu.Unlock()
	select {
	case s.box.accepted <- s.mail.by:
	default:
	}
	return nil
}
