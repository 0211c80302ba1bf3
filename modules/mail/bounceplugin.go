package mail

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// The old site's plugin q2a-email-bounce keeps its own states of addresses in the table emailbounce, by which
// PHP decides. Where the table is there, it is read, and written by the plugin's rules. It is never made.

// The plugin's states of an address.
const (
	pluginFine    = 0
	pluginBounced = 1
	// pluginPending is the state after a first bounce, until a second one or until pendingLasts is over.
	pluginPending = 2
)

const (
	// pendingAtLeast is how many seconds after the first bounce a second one counts, and pendingLasts after
	// how many the first one is forgotten.
	pendingAtLeast = day
	pendingLasts   = 2 * day
)

// nextInPlugin returns the plugin's state after another permanent bounce, and whether the row is written.
// The row was last written age seconds ago.
func nextInPlugin(state int, age int64) (next int, write bool) {
	switch {
	case state == pluginBounced:
		return pluginBounced, true
	case state != pluginPending:
		return pluginPending, true
	case age >= pendingAtLeast:
		return pluginBounced, true
	}
	return pluginPending, false
}

// pluginKnownFor is for how long it is remembered whether the plugin's table is there.
const pluginKnownFor = time.Minute

// pluginSeen says whether the plugin's table was there, and when that was found out.
type pluginSeen struct {
	there bool
	at    time.Time
}

func (m *Module) hasBouncePlugin(ctx context.Context, db *database.DB) (bool, error) {
	if p := m.bouncePlugin.Load(); p != nil && time.Since(p.at) < pluginKnownFor {
		return p.there, nil
	}
	there, err := db.HasTable(ctx, "emailbounce")
	if err != nil {
		return false, fmt.Errorf("look for the table of the plugin email-bounce: %w", err)
	}
	m.bouncePlugin.Store(&pluginSeen{there, time.Now()})
	return there, nil
}

// bouncedInPlugin reports whether the plugin holds mails to an address back.
func (m *Module) bouncedInPlugin(ctx context.Context, address string) (bool, error) {
	if there, err := m.hasBouncePlugin(ctx, m.db); err != nil || !there {
		return false, err
	}
	var found int
	bounced, err := m.db.Get(ctx, []any{&found},
		"SELECT 1 FROM {emailbounce} WHERE email = ? AND bounced = ? LIMIT 1", address, pluginBounced)
	if err != nil {
		return false, fmt.Errorf("read the plugin's state of an address: %w", err)
	}
	return bounced, nil
}

// bounceInPlugin writes a permanent bounce down as the plugin does.
func (m *Module) bounceInPlugin(
	ctx context.Context, tx *database.DB, address string, userID sql.NullInt64,
) error {
	if there, err := m.hasBouncePlugin(ctx, tx); err != nil || !there {
		return err
	}
	var id, state int
	var updated int64
	found, err := tx.Get(ctx, []any{&id, &state, &updated}, `SELECT id, bounced, UNIX_TIMESTAMP(updated)
		FROM {emailbounce} WHERE email = ? ORDER BY id DESC LIMIT 1`+tx.ForUpdate(), address)
	if err != nil {
		return fmt.Errorf("read the plugin's state of an address: %w", err)
	}
	now := tx.Now()
	if !found {
		_, err = tx.Exec(ctx, `INSERT INTO {emailbounce} (userid, email, bounced, notify, created, updated)
			VALUES (?, ?, ?, 0, FROM_UNIXTIME(?), FROM_UNIXTIME(?))`, userID, address, pluginPending, now, now)
	} else if next, write := nextInPlugin(state, now-updated); write {
		_, err = tx.Exec(ctx, "UPDATE {emailbounce} SET bounced = ?, updated = FROM_UNIXTIME(?) WHERE id = ?",
			next, now, id)
	}
	if err != nil {
		return fmt.Errorf("write the plugin's state of an address: %w", err)
	}
	return nil
}

// clearInPlugin sets the plugin's state of an address to fine.
func (m *Module) clearInPlugin(ctx context.Context, tx *database.DB, address string) error {
	if there, err := m.hasBouncePlugin(ctx, tx); err != nil || !there {
		return err
	}
	if _, err := tx.Exec(ctx,
		"UPDATE {emailbounce} SET bounced = ?, updated = FROM_UNIXTIME(?) WHERE email = ? AND bounced <> ?",
		pluginFine, tx.Now(), address, pluginFine); err != nil {
		return fmt.Errorf("clear the plugin's state of an address: %w", err)
	}
	return nil
}

// forgetInPlugin deletes the plugin's rows about an account. The plugin itself keeps them.
func (m *Module) forgetInPlugin(ctx context.Context, tx *database.DB, userID int, address string) error {
	if there, err := m.hasBouncePlugin(ctx, tx); err != nil || !there {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM {emailbounce} WHERE userid = ? OR email = ? AND email <> ?",
		userID, address, ""); err != nil {
		return fmt.Errorf("delete the plugin's states of an account: %w", err)
	}
	return nil
}

// forgivePending sets the plugin's states to fine that wait for a second bounce for too long, and returns
// how many there are. It only counts them if dry is true.
func (m *Module) forgivePending(
	ctx context.Context, run func(context.Context, func(*database.DB) error) error, dry bool,
) (n int64, err error) {
	if there, err := m.hasBouncePlugin(ctx, m.db); err != nil || !there {
		return 0, err
	}
	const due = "bounced = ? AND updated <= FROM_UNIXTIME(?)"
	err = run(ctx, func(tx *database.DB) (err error) {
		before := tx.Now() - pendingLasts
		if dry {
			_, err = tx.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {emailbounce} WHERE "+due, pluginPending, before)
			return err
		}
		n, err = tx.Exec(ctx, "UPDATE {emailbounce} SET bounced = ?, updated = FROM_UNIXTIME(?) WHERE "+due,
			pluginFine, tx.Now(), pluginPending, before)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("clear the plugin's pending states: %w", err)
	}
	return n, nil
}
