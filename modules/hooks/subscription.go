package hooks

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/problem"
)

// maxWebhooks is how many webhooks a site may have.
const maxWebhooks = 100

// subscription is a row of {q2ab_webhooks}. Times are in Unix seconds.
type subscription struct {
	id               int
	url, description string
	// kinds are the kinds of events that are wanted; empty for all.
	kinds          []string
	enabled        bool
	disabledReason string
	revision       int
	created        int64
	updated        int64
	failingSince   int64
	pausedUntil    int64
	fence          int

	secret, previous       []byte
	sealed, previousSealed bool
	previousUntil          int64
}

// revisionText returns the revision for entity tags.
func (s *subscription) revisionText() string { return strconv.Itoa(s.revision) }

const subscriptionColumns = `id, url, description, kinds, enabled, disabled_reason, secret, sealed,
	old_secret, old_sealed, old_until, revision, created, updated, failing_since, paused_until, fence`

func scanSubscription(rows *sql.Rows) (*subscription, error) {
	var s subscription
	var kinds string
	err := rows.Scan(&s.id, &s.url, &s.description, &kinds, &s.enabled, &s.disabledReason, &s.secret,
		&s.sealed, &s.previous, &s.previousSealed, &s.previousUntil, &s.revision, &s.created, &s.updated,
		&s.failingSince, &s.pausedUntil, &s.fence)
	if kinds != "" {
		s.kinds = strings.Split(kinds, ",")
	}
	return &s, err
}

// read reads the webhook with the id.
func (m *Module) read(ctx context.Context, db *database.DB, id int) (s *subscription, found bool, err error) {
	return m.readWith(ctx, db, id, "")
}

// lock reads the webhook with the id for a change, or returns the problem not_found.
func (m *Module) lock(ctx context.Context, tx *database.DB, id int) (*subscription, error) {
	s, found, err := m.readWith(ctx, tx, id, tx.ForUpdate())
	if err == nil && !found {
		err = problem.NotFound()
	}
	return s, err
}

func (m *Module) readWith(ctx context.Context, db *database.DB, id int, lock string) (
	s *subscription, found bool, err error,
) {
	err = db.Select(ctx, func(rows *sql.Rows) (err error) {
		found = true
		s, err = scanSubscription(rows)
		return err
	}, "SELECT "+subscriptionColumns+" FROM {q2ab_webhooks} WHERE id = ?"+lock, id)
	if err != nil {
		return nil, false, fmt.Errorf("read a webhook: %w", err)
	}
	return s, found, nil
}

// place is where the keys of the webhook with the id are stored, for the sealer.
func place(id int) string { return "webhook " + strconv.Itoa(id) }

// newestKeys returns the keys that the webhook has now.
func (m *Module) newestKeys(s *subscription) (keys, error) {
	return m.openKeys(s.id, s.secret, s.sealed)
}

// signingKeys returns the keys with which messages are signed at a time, the newest first.
func (m *Module) signingKeys(s *subscription, now int64) ([]keys, error) {
	newest, err := m.newestKeys(s)
	if err != nil || s.previous == nil || now >= s.previousUntil {
		return []keys{newest}, err
	}
	previous, err := m.openKeys(s.id, s.previous, s.previousSealed)
	return []keys{newest, previous}, err
}

func (m *Module) openKeys(id int, stored []byte, sealed bool) (keys, error) {
	plain, err := m.sealer.Open(stored, sealed, place(id))
	if err != nil {
		return keys{}, fmt.Errorf("the secret of webhook %d cannot be used: %w", id, err)
	}
	k, ok := parseKeys(plain)
	if !ok {
		return keys{}, fmt.Errorf("the secret of webhook %d is broken", id)
	}
	return k, nil
}

// setNewKeys gives the webhook new keys. Those that it had, if any, sign too until the given time.
func (m *Module) setNewKeys(ctx context.Context, tx *database.DB, s *subscription, until int64) error {
	_, plain := newKeys()
	stored, sealed, err := m.sealer.Seal(plain, place(s.id))
	if err != nil {
		return fmt.Errorf("seal the secret of a webhook: %w", err)
	}
	s.previous, s.previousSealed, s.previousUntil = nil, false, 0
	if len(s.secret) > 0 && until > tx.Now() {
		s.previous, s.previousSealed, s.previousUntil = s.secret, s.sealed, until
	}
	s.secret, s.sealed = stored, sealed
	_, err = tx.Exec(ctx, `UPDATE {q2ab_webhooks}
		SET secret = ?, sealed = ?, old_secret = ?, old_sealed = ?, old_until = ? WHERE id = ?`,
		s.secret, s.sealed, nullIfNone(s.previous), s.previousSealed, s.previousUntil, s.id)
	if err != nil {
		return fmt.Errorf("store the secret of a webhook: %w", err)
	}
	return nil
}

// nullIfNone returns the argument for a column that is NULL for no bytes.
func nullIfNone(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// isReceiver reports whether an address can be that of a receiver: an address of the web with TLS, which
// plain allows to be without, of a host that is not known not to be public. Where the host's name leads is
// checked whenever it is called.
func isReceiver(address string, plain bool, allow []netip.Prefix) bool {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !plain) || u.Opaque != "" || u.User != nil ||
		strings.Contains(address, "#") || u.Hostname() == "" {
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	}
	return outbound.MayCall(u.Hostname(), allow)
}

// auditedWebhook is what the log of changes keeps of a webhook. Of its address that is the host alone, because
// the rest may hold secrets.
type auditedWebhook struct {
	Host        string   `json:"host"`
	Description string   `json:"description,omitempty"`
	Kinds       []string `json:"kinds,omitempty"`
	Enabled     bool     `json:"enabled"`
}

func (s *subscription) audited() *auditedWebhook {
	a := &auditedWebhook{Description: s.description, Kinds: s.kinds, Enabled: s.enabled}
	if u, err := url.Parse(s.url); err == nil {
		a.Host = u.Host
	}
	return a
}

// audit keeps that the caller has changed the webhook.
func (s *subscription) audit(ctx context.Context, tx *database.DB, before, after *auditedWebhook) error {
	e := audit.Entry{Kind: "webhook", Subject: strconv.Itoa(s.id)}
	if before != nil { // a nil pointer in an interface is not nil
		e.Before = before
	}
	if after != nil {
		e.After = after
	}
	return audit.Record(ctx, tx, e)
}
