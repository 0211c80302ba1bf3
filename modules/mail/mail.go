// Package mail tells people what happens on the site: it decides from the events of the outbox who is
// told of what, in the inbox of the site and by mail.
//
// Its public face: New returns the module, Register adds the operations of the inbox and of preferences,
// Handle and HandleForInbox consume the outbox of events, Serve sends mails, and ServePushes pushes entries
// of the inbox to devices. Its own events u_inbox and u_inbox_read are for the streams of those concerned.
//
// The mails are those that Q2A sends, to the same people under the same options, and those about what
// members follow, if they choose them: at once or in a digest. The inbox is of our own; Q2A has none.
//
// Handle does not send, because a mail server may be slow or down and the outbox must not wait for
// it. It puts mails into a queue in the database, from which Serve takes them. A row of the queue
// records only which kind of mail goes to which user, and about which post or message. The address, the
// texts and the code are read when the mail is sent, so that a mail is up to date and the queue holds no
// personal data. Only what is kept nowhere else stands in the queue itself, until it is sent: feedback, and
// private messages where the site does not keep them.
//
// Normally each mail is sent once, however many processes there are. It is sent again only if a
// process dies or loses the database after the mail server has accepted the mail and before its row
// is removed. Both copies then have the same Message-ID, by which mail programs and people can
// recognise them.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	netmail "net/mail"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/secret"
	"38qa.net/backend/modules/mail/internal/sns"
	"38qa.net/backend/modules/site"
)

// Settings are the settings of the module; package config describes them.
type Settings struct {
	// URL is where mails go:
	//
	//	smtp://user:password@host:587   to a mail server. TLS is used if the server offers STARTTLS;
	//	                                ?tls=required insists on it, ?tls=off never uses it, even for
	//	                                the password.
	//	smtps://user:password@host:465  to a mail server, with TLS from the start.
	//	ses:?region=R                   to Amazon SES, with credentials where AWS's programs look for them;
	//	                                &configuration-set=NAME names the set whose events report bounces,
	//	                                &endpoint=URL is for emulators.
	//	file:DIR                        each into a file of that folder, for development.
	//	off, or empty                   nowhere: no mails are queued, and those already in the queue
	//	                                stay there.
	//
	// Special characters in the user and the password must be percent-encoded. The server's
	// certificate must be valid for its name; the environment variable SSL_CERT_FILE may name the
	// certificate of an additional authority.
	URL string
	// From is the sender's address. If it is empty, the option from_email is used.
	From string
	// ConfirmURL is the address of the page that confirms an e-mail address, with the placeholders
	// {code} and {user}. If it is empty, the old site's page is used.
	ConfirmURL string
	// ResetURL is the address of the page that sets a new password, with the placeholders {code}
	// and {email}. If it is empty, the old site's page is used.
	ResetURL string
	// Code returns the code to put into a mail to a user at an address, at the time it is sent. The
	// purpose is "confirm", for a code that confirms the address, or "reset", for one that allows
	// the user to choose a new password. Code returns "" if there is no valid code any more.
	Code func(ctx context.Context, userID int, address, purpose string) (string, error)
	// Post returns the post with an id, or nil if there is none. The site's blocked words are replaced
	// if censored is set.
	Post func(ctx context.Context, id int, censored bool) (*Post, error)
	// Text returns a content, in one of the formats of posts and messages, as plain text.
	Text func(content, format string) string
	// Censor replaces the site's blocked words in a text.
	Censor func(ctx context.Context, text string) (string, error)
	// Posts returns those of the posts with the ids that the caller of a request may see.
	Posts func(ctx context.Context, ids []int) (map[int]InboxPost, error)
	// PostsFor returns those of the posts with the ids that a user may see, and none if there is no such
	// user.
	PostsFor func(ctx context.Context, userID int, ids []int) (map[int]PostLink, error)
	// Export returns the address of the copy of a user's data with an id, and until when it works; the
	// address is "" if there is no such copy.
	Export func(ctx context.Context, userID, id int) (address string, until time.Time, err error)
	// MailsPerDay is how many mails a day tell a member at once of what they follow, at most; further ones
	// become part of the digest. 0 means no limit.
	MailsPerDay int
	// DigestHour is the hour of the day, in the community's time zone, at which digests are made.
	DigestHour int
	// Badge returns the badge with an id, with its title in the language, and whether there is one.
	Badge func(id int, l problem.Language) (InboxBadge, bool)
	// StopTelling makes a post ask for no mails any more, as if its author had taken that back, and the
	// comments beside it that name the same address.
	StopTelling func(ctx context.Context, postID int) error
	// Message writes a private message, which is plain text, from one user to another, by the rules of
	// what the site keeps of messages. Within the same transaction it calls first, and writes nothing if
	// that returns false.
	Message func(ctx context.Context, from, to int, text string, first func(tx *database.DB) (bool, error)) error
	// Kinds switch kinds of mail, by their names. docs/mail.md lists them with their defaults.
	Kinds map[string]Switch
	// Secret is what the links by which people unsubscribe are signed with. If it is empty, a secret is
	// made and kept in the database. It also keys the hashes of addresses that mails come back from.
	Secret string
	// Push says how entries of the inbox are pushed to devices.
	Push PushSettings
	// DKIM says how mails are signed that leave by SMTP.
	DKIM DKIM
	// HostLimit is how many mails may go to the addresses of one host in a minute, from all processes; 0
	// means any number.
	HostLimit int
	// SNSTopics are the ARNs of the topics of Amazon SNS whose notifications about bounces and complaints
	// are taken.
	SNSTopics []string
	// SNSTransport carries the requests to SNS. It is for tests; nil is the usual one.
	SNSTransport http.RoundTripper
	// Auth is the module that knows callers; it writes what they may write.
	Auth *auth.Module
	// Poll is the longest time until this process notices a mail that another process has queued or
	// that has become due; 0 means 5 seconds.
	Poll time.Duration
}

// Post is what mails say of a post, in plain text.
type Post struct {
	// Author is the author's handle, or the name that a visitor has given, or "".
	Author string
	// Title is the title of the post's question, Text the post's own text, and Parent, for a comment on
	// an answer, the answer's.
	Title, Text, Parent string
	// Address is the post's address. It is relative if the site does not know its own address.
	Address    string
	QuestionID int
	// Visible reports whether everybody who may read the question can see the post.
	Visible bool
}

// PostLink is what digests say of a post, beside figures.
type PostLink struct {
	// Title is the title of the post's question.
	Title      string
	QuestionID int
	// Address is the post's address. It is relative if the site does not know its own address.
	Address string
}

// Link returns the post's address, or "" if it is relative and so of no use in a mail.
func (p *Post) Link() string {
	if !strings.Contains(p.Address, "://") {
		return ""
	}
	return p.Address
}

// Module is the mail module.
type Module struct {
	db       *database.DB
	site     *site.Module
	settings Settings
	target   target // nil when mails are off
	// retry is the pause after the first failure of a mail. It is firstRetry except in tests.
	retry time.Duration
	// signing is the key of the links by which people unsubscribe.
	signing *secret.Secret
	push    *pusher // nil when nothing is pushed
	// noticeColumns are the columns of the old site's table of notices, as far as they are known.
	noticeColumns atomic.Pointer[noticeColumns]
	// sns receives notifications; nil if no topics are configured.
	sns *sns.Receiver
	// bouncePlugin says whether the old site has the table of its plugin for bounces.
	bouncePlugin atomic.Pointer[pluginSeen]
	// wake holds a token after Handle has queued a mail, so that Serve looks at once.
	wake background.Wake
	// jobs runs mailings.
	jobs *jobs.Manager
	// rest pauses for a time, or until the context ends. It is replaced in tests only.
	rest func(ctx context.Context, d time.Duration)
}

// New returns the module for the site in the given database. It returns an error if a setting is
// not valid. It does not connect to the mail server.
func New(db *database.DB, s *site.Module, set Settings) (*Module, error) {
	t, err := newTarget(set.URL)
	if err != nil {
		return nil, fmt.Errorf("MAIL_URL: %w", err)
	}
	signs, err := newSigner(set.DKIM)
	if err != nil {
		return nil, err
	}
	if s, ok := t.(*server); ok {
		s.signer = signs
	}
	if set.From != "" {
		if _, err := netmail.ParseAddress(set.From); err != nil {
			return nil, fmt.Errorf("sender of mails %q: it is no e-mail address", set.From)
		}
	}
	if err := errors.Join(checkPage(set.ConfirmURL, "{code}", "{user}"),
		checkPage(set.ResetURL, "{code}", "{email}")); err != nil {
		return nil, err
	}
	if err := checkSwitches(set.Kinds); err != nil {
		return nil, fmt.Errorf("MAIL_KINDS: %w", err)
	}
	if set.Poll <= 0 {
		set.Poll = 5 * time.Second
	}
	push, err := newPusher(set)
	if err != nil {
		return nil, err
	}
	m := &Module{db: db, site: s, settings: set, target: t, retry: firstRetry, push: push,
		signing: secret.New("unsubscribe", set.Secret), wake: background.NewWake(),
		rest: func(ctx context.Context, d time.Duration) { background.Wait(ctx, d, nil) }}
	if len(set.SNSTopics) > 0 {
		if m.sns, err = sns.New(set.SNSTopics, set.SNSTransport); err != nil {
			return nil, fmt.Errorf("MAIL_SNS_TOPICS: %w", err)
		}
	}
	return m, nil
}

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerInbox(api)
	m.registerPreferences(api)
	m.registerFeedback(api)
	m.registerUnsubscribe(api)
	m.registerPush(api)
	m.registerOldNotices(api)
	m.registerMailing(api)
	m.registerNotifications(api)
	m.registerDeadMail(api)
}

// ListenToAccounts removes what the module holds of accounts that are deleted, and what is known against
// addresses that are confirmed or given up.
func (m *Module) ListenToAccounts(accounts *auth.Module) {
	accounts.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		switch c.Kind {
		case auth.Anonymised:
			return errors.Join(forget(ctx, tx, c.UserID), forgetDevices(ctx, tx, c.UserID),
				forgetQueued(ctx, tx, c.UserID), m.forgetAddress(ctx, tx, c.UserID, c.Email))
		case auth.Deleting:
			return errors.Join(forget(ctx, tx, c.UserID), forgetDevices(ctx, tx, c.UserID),
				m.forgetAddress(ctx, tx, c.UserID, c.Email))
		case auth.Readdressed, auth.Confirmed:
			return m.clearAddress(ctx, tx, c.UserID, c.Email)
		}
		return nil
	})
}

// On reports whether mails are sent at all.
func (m *Module) On() bool { return m.target != nil }

var _ events.Handler = (*Module)(nil).Handle

// Handle queues the mails that follow from an event of the outbox. Each mail is queued once even if
// the same event is handled several times.
func (m *Module) Handle(ctx context.Context, tx *database.DB, e events.Event) error {
	if m.target == nil {
		return nil
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	parent, thread, err := subscribers(ctx, tx, e)
	if err != nil {
		return err
	}
	list := append(following(e), followingPost(o, e, parent, thread)...)
	for _, mail := range list {
		if !m.sends(o, mail.kind) {
			continue
		}
		if err := add(ctx, tx, e.Seq, mail); err != nil {
			return err
		}
	}
	followed, err := m.mailFollowers(ctx, tx, o, e, list, parent)
	if err != nil {
		return err
	}
	engaging, err := m.engage(ctx, tx, o, e)
	if err != nil {
		return err
	}
	if followed || len(list)+engaging > 0 {
		m.wake.Signal()
	}
	return nil
}

// sends reports whether this module sends a kind of mail.
func (m *Module) sends(o *site.Options, kind string) bool { return sends(m.settings.Kinds, o, kind) }
