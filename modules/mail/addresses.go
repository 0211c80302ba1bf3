package mail

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"fmt"
	netmail "net/mail"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/mail/internal/undelivered"
)

// Nothing is mailed to an address that does not exist any more, or whose owner has reported a mail as spam:
// providers judge a sender by how many such mails they see. The addresses are kept as keyed hashes, and no
// longer than their accounts.

// What is wrong with an address, as the table and the API name it.
const (
	addressBounced    = "bounced"
	addressComplained = "complained"
)

const (
	day = int64(24 * 3600)
	// maxFailures is on how many days an address may fail for the time being until it counts as one that
	// does not exist, if no more than failuresApart seconds lie between two of them. Nothing is then mailed
	// to it for failuresRest seconds.
	maxFailures   = 5
	failuresApart = 7 * day
	failuresRest  = 30 * day
	// addressesKept is for how many seconds an address of no account is kept.
	addressesKept = 365 * day
)

// standing is what is known against an address.
type standing struct {
	// problem is addressBounced, addressComplained, or "".
	problem string
	// failures is on how many days in succession the address failed for the time being, and at when it
	// last did, or when the problem was reported.
	failures int
	at       int64
}

// after returns the standing after a report.
func (s standing) after(kind undelivered.Kind, now int64) standing {
	switch {
	case kind == undelivered.Complaint:
		return standing{addressComplained, s.failures, now}
	case s.problem != "" && kind == undelivered.Transient:
		return s
	case kind == undelivered.Permanent:
		if s.problem == "" {
			s.problem = addressBounced
		}
		s.at = now
		return s
	case s.failures > 0 && now-s.at < day:
		return s
	case now-s.at > failuresApart:
		s.failures = 0
	}
	s.failures, s.at = s.failures+1, now
	return s
}

// now returns what is wrong with the address at a time, "" if it may be mailed to.
func (s standing) now(now int64) string {
	if s.problem == "" && s.failures >= maxFailures && now-s.at < failuresRest {
		return addressBounced
	}
	return s.problem
}

// hashOf returns the form in which an address is kept. It does not depend on case. The key is in the
// settings, if at all: one in the database would keep nobody who can read that from trying addresses.
func (m *Module) hashOf(address string) []byte {
	h := hmac.New(sha256.New, []byte("mail addresses\n"+m.settings.Secret))
	h.Write([]byte(strings.ToLower(strings.TrimSpace(address))))
	return h.Sum(nil)
}

// standingOf returns what is known against the address with the hash.
func standingOf(ctx context.Context, db *database.DB, hash []byte, lock string) (s standing, err error) {
	if _, err = db.Get(ctx, []any{&s.problem, &s.failures, &s.at},
		"SELECT problem, failures, at FROM {q2ab_mail_addresses} WHERE address = ?"+lock, hash); err != nil {
		return s, fmt.Errorf("read the standing of an address: %w", err)
	}
	return s, nil
}

// AddressProblem returns why nothing is mailed to an address: "bounced" if mails to it came back,
// "complained" if its owner has reported one as spam, or "".
func (m *Module) AddressProblem(ctx context.Context, address string) (string, error) {
	if strings.TrimSpace(address) == "" {
		return "", nil
	}
	s, err := standingOf(ctx, m.db, m.hashOf(address), "")
	if err != nil {
		return "", err
	}
	if problem := s.now(m.db.Now()); problem != "" {
		return problem, nil
	}
	bounced, err := m.bouncedInPlugin(ctx, address)
	if err != nil || !bounced {
		return "", err
	}
	return addressBounced, nil
}

// record writes down what was reported of an address, here and in the table of the old site's plugin.
func (m *Module) record(ctx context.Context, tx *database.DB, address string, kind undelivered.Kind) error {
	hash := m.hashOf(address)
	before, err := standingOf(ctx, tx, hash, tx.ForUpdate())
	if err != nil {
		return err
	}
	var userID sql.NullInt64
	if _, err := tx.Get(ctx, []any{&userID}, "SELECT MIN(userid) FROM {users} WHERE email = ?",
		address); err != nil {
		return fmt.Errorf("look for the owner of an address: %w", err)
	}
	s := before.after(kind, tx.Now())
	_, err = tx.Exec(ctx, `INSERT INTO {q2ab_mail_addresses} (address, userid, problem, failures, at)
		VALUES (?, ?, ?, ?, ?)`+tx.Overwrite("address", "userid", "problem", "failures", "at"),
		hash, userID.Int64, s.problem, s.failures, s.at)
	if err != nil {
		return fmt.Errorf("write down what is known against an address: %w", err)
	}
	if kind != undelivered.Permanent {
		return nil
	}
	return m.bounceInPlugin(ctx, tx, address, userID)
}

// clearAddress drops what is known against an address of a user: it is confirmed, or not the user's any
// more. The user is 0 if it does not matter whose address it is.
func (m *Module) clearAddress(ctx context.Context, tx *database.DB, userID int, address string) error {
	if address == "" {
		return nil
	}
	if _, err := tx.Exec(ctx,
		"DELETE FROM {q2ab_mail_addresses} WHERE address = ? OR userid = ? AND userid > 0",
		m.hashOf(address), userID); err != nil {
		return fmt.Errorf("drop what is known against an address: %w", err)
	}
	return m.clearInPlugin(ctx, tx, address)
}

// forgetAddress drops what is known about the addresses of an account that is deleted.
func (m *Module) forgetAddress(ctx context.Context, tx *database.DB, userID int, address string) error {
	if err := m.clearAddress(ctx, tx, userID, address); err != nil {
		return err
	}
	return m.forgetInPlugin(ctx, tx, userID, address)
}

// ClearAddress drops what is known against an address, so that mails go to it again. It returns an error
// if the text is no address.
func (m *Module) ClearAddress(ctx context.Context, address string) error {
	parsed, err := netmail.ParseAddress(address)
	if err != nil {
		return fmt.Errorf("%q is no e-mail address", address)
	}
	return m.db.Tx(ctx, func(tx *database.DB) error { return m.clearAddress(ctx, tx, 0, parsed.Address) })
}
