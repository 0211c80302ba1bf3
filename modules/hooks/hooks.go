// Package hooks tells other programs by HTTP what happens on the site: webhooks, by Standard Webhooks 1.0.
// docs/webhooks.md says what receivers are promised.
//
// Its public face: New returns the module, Register adds the operations of administrators, Handle consumes
// the outbox of events, Serve sends, and CleanUpJob returns the job that bounds the log. It publishes no
// events. It holds nothing of single accounts, and so does not listen to them.
//
// Handle makes a row for each event and each receiver that wants it. The row says which post the event is
// about; what the receiver is told of the post is read when it is sent, and only if everybody may still see
// it. The rows are the queue and, afterwards, the log.
//
// A process that sends to a receiver holds the receiver, not the single row: so each receiver gets one
// request at a time and first attempts in the order of the events, however many processes there are. A
// delivery is repeated if a process dies between the receiver's response and the note of it; both have the
// same webhook-id.
package hooks

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/secret"
)

// Settings are the settings of the module; package config describes those of them that it has.
type Settings struct {
	// AllowHTTP lets receivers have addresses without TLS, for development.
	AllowHTTP bool
	// Outbound is how receivers are reached. Its Allow lists networks in which receivers may be although they
	// are not public. The time limit is sendTimeout where it has none.
	Outbound outbound.Settings
	// LogFor is how long deliveries are kept; 0 means for ever.
	LogFor time.Duration
	// Secret, if set, seals the secrets of webhooks in the database.
	Secret string
	// May returns a problem if visitors may not read the site's questions.
	May func(context.Context) error
	// Still reduces what events are about, in place, to what everybody may know now. It clears Public of
	// those that are not to be told any more.
	Still func(context.Context, []*events.Topics) error
	// Posts returns those of the posts with the ids that the caller, here a visitor, may see.
	Posts func(context.Context, []int) (map[int]Post, error)
	// Auth is the module that knows callers; it writes what they may write.
	Auth *auth.Module
	// Poll is the longest time until this process notices a delivery that another process has queued or
	// that has become due; 0 means 5 seconds.
	Poll time.Duration
}

// Post is what receivers are told of a post besides its ids.
type Post struct {
	// Title is the title of the question, and Address the post's address. It is relative if the site does
	// not know its own address.
	Title, Address string
}

// Module is the module of webhooks.
type Module struct {
	db       *database.DB
	settings Settings
	client   *http.Client
	sealer   *secret.Sealer
	// wake holds a token after Handle has queued a delivery or a receiver has been released, so that Serve
	// looks at once.
	wake background.Wake
}

// New returns the module.
func New(db *database.DB, s Settings) *Module {
	if s.Poll <= 0 {
		s.Poll = 5 * time.Second
	}
	if s.Outbound.Timeout <= 0 {
		s.Outbound.Timeout = sendTimeout
	}
	return &Module{db: db, settings: s, client: outbound.NewClient(s.Outbound),
		sealer: secret.NewSealer(s.Secret), wake: background.NewWake()}
}

// Register adds the module's operations to the API, and the messages that receivers get.
func (m *Module) Register(api huma.API) {
	m.registerWebhooks(api)
	m.registerDeliveries(api)
	describeMessages(api)
}
