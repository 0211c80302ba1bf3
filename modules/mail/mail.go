// Package mail sends the mails that follow from what happens on the site; so far those about accounts.
//
// Its public face: New, Handle, which consumes the outbox of events, and Serve, which sends. It publishes no events.
//
// Between the two stands a queue in the database, because a mail server may be slow or away and the outbox must not wait for
// it. A row of the queue says which kind of mail goes to which user. The address, the name and the code are read when the mail
// is sent, so that a mail tells what is true then, and no personal data is kept.
//
// A mail is sent once as long as all goes well, with any number of processes. It is sent again if a process dies, or loses
// the database, between the mail server's OK and the removal of the row; both then bear the same Message-ID, by which
// mail programs and people can recognise them.
package mail

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site"
)

// Settings of the module; see package config for their meaning.
type Settings struct {
	// URL says where mails go:
	//
	//	smtp://user:password@host:587   to a mail server. TLS is used where the server offers STARTTLS; ?tls=required
	//	                                insists on it, ?tls=off never uses it, even for the password.
	//	smtps://user:password@host:465  the same with TLS from the start.
	//	file:DIR                        each into a file of that folder, for development.
	//	off, or empty                   nowhere: none are queued, and those that wait keep waiting.
	//
	// Special characters of the user and the password are percent-encoded. The server's certificate has to be valid for its
	// name; SSL_CERT_FILE names the certificate of an authority of one's own.
	URL string
	// From is the address of the sender, instead of the option from_email.
	From string
	// ConfirmURL is the page that confirms an address, instead of the old site's, with {code} and {user} in it.
	ConfirmURL string
	// ResetURL is the page that sets a new password, instead of the old site's, with {code} and {email} in it.
	ResetURL string
	// Code returns the code that a mail to a user at an address may bear as things are when it is sent,
	// "confirm" to confirm the address or "reset" to choose a new password; "" if there is none any more.
	Code func(ctx context.Context, userID int, address, purpose string) (string, error)
	// Poll is the longest time until a mail is seen that another process queued, or whose time has come; 0 for 5 seconds.
	Poll time.Duration
}

// Module is the mail module.
type Module struct {
	db       *database.DB
	site     *site.Module
	settings Settings
	target   target // nil when mails are off
	// retry is the pause after the first failure: firstRetry, but for tests.
	retry time.Duration
	// wake has a token when Handle has queued something.
	wake chan struct{}
}

// New returns the module on the site's database. It does not reach for the mail server.
func New(db *database.DB, s *site.Module, set Settings) (*Module, error) {
	t, err := newTarget(set.URL)
	if err != nil {
		return nil, fmt.Errorf("MAIL_URL: %w", err)
	}
	if set.From != "" {
		if _, err := netmail.ParseAddress(set.From); err != nil {
			return nil, fmt.Errorf("sender of mails %q: it is no e-mail address", set.From)
		}
	}
	if err := errors.Join(checkPage(set.ConfirmURL, "{code}", "{user}"), checkPage(set.ResetURL, "{code}", "{email}")); err != nil {
		return nil, err
	}
	if set.Poll <= 0 {
		set.Poll = 5 * time.Second
	}
	return &Module{db: db, site: s, settings: set, target: t, retry: firstRetry, wake: make(chan struct{}, 1)}, nil
}

// On tells whether mails are sent at all.
func (m *Module) On() bool { return m.target != nil }

var _ events.Handler = (*Module)(nil).Handle

// Handle queues the mails that follow from an event of the outbox, each once however often the event comes.
func (m *Module) Handle(ctx context.Context, tx *database.DB, e events.Event) error {
	if m.target == nil {
		return nil
	}
	list := following(e)
	for _, mail := range list {
		if err := add(ctx, tx, e.Seq, mail); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		select { // a courtesy: Serve finds them anyway
		case m.wake <- struct{}{}:
		default:
		}
	}
	return nil
}
