package mail

import (
	"context"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// Providers of mailboxes slow down or refuse senders from whom many mails come at once. A setting limits the
// mails to the addresses of one host in a minute, over all processes: each mail gets a place in the first
// minute that has one, and waits for that minute.

const minute = int64(60)

// later is the result of a mail that has to wait for the minute that begins at the time.
type later int64

func (later) Error() string { return "the recipient's host gets no more mails in this minute" }

// nextPlace returns the minute of the next place for a mail to a host, and how many places that minute has
// then lost. last is the last minute in which mails are planned, and mails how many. All minutes are
// counted from the Unix epoch.
func nextPlace(last int64, mails, limit int, now int64) (int64, int) {
	switch {
	case last < now:
		return now, 1
	case mails < limit:
		return last, mails + 1
	}
	return last + 1, 1
}

// awaitPlace returns nil if the mail may go to the address now, and a later if it has to wait.
func (m *Module) awaitPlace(ctx context.Context, r *row, address string) error {
	if m.settings.HostLimit <= 0 {
		return nil
	}
	now := m.db.Now() / minute
	if r.slot/minute == now {
		return nil // it has waited for its place
	}
	_, host, _ := strings.Cut(address, "@")
	hash := m.hashOf("host " + host)
	var place int64
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		const read = "SELECT minute, mails FROM {q2ab_mail_hosts} WHERE host = ?"
		var mails int
		found, err := tx.Get(ctx, []any{&place, &mails}, read+tx.ForUpdate(), hash)
		if err == nil && !found { // so that two processes do not begin at once
			if _, err = tx.Exec(ctx, tx.InsertIgnore()+" {q2ab_mail_hosts} (host, minute, mails) VALUES (?, 0, 0)",
				hash); err == nil {
				_, err = tx.Get(ctx, []any{&place, &mails}, read+tx.ForUpdate(), hash)
			}
		}
		if err != nil {
			return err
		}
		place, mails = nextPlace(place, mails, m.settings.HostLimit, now)
		_, err = tx.Exec(ctx, "UPDATE {q2ab_mail_hosts} SET minute = ?, mails = ? WHERE host = ?", place, mails, hash)
		return err
	})
	if err != nil {
		return outage{fmt.Errorf("find a place for a mail: %w", err)}
	}
	if place > now {
		return later(place * minute)
	}
	return nil
}
