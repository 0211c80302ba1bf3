package auth

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/kernel/problem"
)

// Locks slow down attempts to guess secrets, which are passwords and mailed codes. They work in
// addition to Q2A's hourly limit of sign-ins from one address. Each lock counts failures of one kind.
// After a number of free failures each further attempt has to wait, and the wait doubles each time up
// to a maximum. A person who types the password wrong too often waits a minute, and a machine gets
// only a few attempts an hour, however long it goes on.
//
// An attempt has to pass three locks:
//
//   - that of the name as it was typed, for attempts from all addresses together, which stops
//     botnets;
//   - that of the name from one client, which stops most guessers. It allows fewer free failures than
//     the first lock, so that somebody who wants to lock out the owner of a name needs many
//     addresses;
//   - that of the client alone, which stops a client that tries many names. IPv6 clients count by
//     /64.
//
// Names count as they were typed, whether or not there is such an account, and not by the account to
// which they belong. Otherwise attempts at an address that lock a handle would reveal to whom the
// address belongs. A device that is known to be the account owner's (knownDevice) has a lock of its
// own instead, so that strangers cannot lock users out on the devices with which they use the site.

// The kinds of secrets that locks protect.
const (
	passwordGuesses = "password"
	codeGuesses     = "code"
)

// Numbers of failures without a delay.
const (
	// freeCodes is the number for the codes of one name. One client may fail perClient times as
	// often, over all names. A code has 36^8 forms.
	freeCodes = 20
	perClient = 5
	// freeHere is the number for the secrets of one name from one client. freeKnown is the number for
	// an account's secrets from a device that is known to be its owner's.
	freeHere  = 10
	freeKnown = 10
)

// Delays, in seconds.
const (
	firstDelay = 60
	// longestForName bounds how long strangers can keep the owner of a name waiting.
	longestForName = 15 * 60
	longestDelay   = 3600
	// failuresLast is how long after the last failure the failures of a lock still count.
	failuresLast = 24 * 3600
)

// lock is one of the locks that an attempt has to pass.
type lock struct {
	name string
	// free is the number of failures without a delay. longest is the maximum delay in seconds.
	free    int
	longest int64
	// shared reports whether the lock also counts attempts at other names. A success does not clear
	// such a lock, since it proves nothing about the other attempts.
	shared bool
}

// failures is the state of a lock: how many failures it has counted, until when it is closed and when
// the last failure was, both in Unix seconds.
type failures struct {
	count       int
	until, last int64
}

// wait returns how many seconds the next attempt has to wait, 0 if the lock is open.
func (f failures) wait(now int64) int64 { return max(0, f.until-now) }

// add returns the state of the lock l after one more failure.
func (f failures) add(l lock, now int64) failures {
	if now-f.last >= failuresLast {
		f.count = 0
	}
	f = failures{count: f.count + 1, last: now}
	if over := f.count - l.free; over >= 0 {
		f.until = now + delayAfter(over, l.longest)
	}
	return f
}

// delayAfter returns the delay in seconds for the failure that is over failures past the last free
// one; longest bounds it.
func delayAfter(over int, longest int64) int64 {
	return min(firstDelay<<min(over, 16), longest)
}

// locksOf returns the locks of an attempt at a secret of a name from a client. free is the number of
// failures without a delay for the name, freeOfClient that for the client.
func locksOf(kind, name string, client netip.Addr, free, freeOfClient int) []lock {
	name = kind + " of " + database.FoldGeneralCI(name)
	locks := []lock{{name: name, free: free, longest: longestForName}}
	if !client.IsValid() {
		return locks
	}
	from := " from " + limit.ClientKey(client)
	return append(locks,
		lock{name: name + from, free: min(free, freeHere), longest: longestDelay},
		lock{name: kind + from, free: freeOfClient, longest: longestDelay, shared: true})
}

// guess is one attempt at a secret, with the locks that count it.
type guess struct {
	m     *Module
	locks []lock
}

// guess begins an attempt, or refuses it with rate_limit while one of the locks is closed. A refused
// attempt is not counted. The attempt counts as a failure from the beginning, until succeeded or
// withdrawn takes that back. So a client that makes many attempts at once gets no more tries than one
// that makes them in sequence.
func (m *Module) guess(ctx context.Context, locks []lock) (guess, error) {
	g := guess{m, locks}
	var wait int64
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		wait = 0
		now := tx.Now()
		counted, err := readLocks(ctx, tx, locks)
		if err != nil {
			return err
		}
		for _, l := range locks {
			wait = max(wait, counted[l.name].wait(now))
		}
		if wait > 0 {
			return nil
		}
		for _, l := range locks {
			f := counted[l.name].add(l, now)
			_, err := tx.Exec(ctx,
				"UPDATE {q2ab_locks} SET failures = ?, locked_until = ?, last = ? WHERE id = ?",
				f.count, f.until, f.last, l.id())
			if err != nil {
				return fmt.Errorf("count an attempt: %w", err)
			}
		}
		return nil
	})
	if err == nil && wait > 0 {
		p := problem.New(problem.CodeRateLimit, wait)
		p.Action, p.RetryAfter = actionNames[Logins], int(wait)
		err = p
	}
	return g, err
}

// id returns the key of the lock in the database. It is a hash, which does not reveal the name or the
// client.
func (l lock) id() []byte { return attemptID("lock", l.name) }

// readLocks returns the state of the locks by their names, and keeps their rows locked until the
// transaction ends. It inserts missing rows. The rows are always taken in the same order, so that
// attempts at the same time wait for each other instead of running into a deadlock.
func readLocks(ctx context.Context, tx *database.DB, locks []lock) (map[string]failures, error) {
	names := map[string]string{}
	ids := make([][]byte, len(locks))
	for i, l := range locks {
		ids[i] = l.id()
		names[string(ids[i])] = l.name
	}
	slices.SortFunc(ids, bytes.Compare)
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	times := func(text string) string { return text + strings.Repeat(", "+text, len(ids)-1) }
	_, err := tx.Exec(ctx, `
		INSERT INTO {q2ab_locks} (id, failures, locked_until, last)
		VALUES `+times("(?, 0, 0, 0)")+tx.Upsert("id")+`
		failures = {q2ab_locks}.failures`, args...)
	if err != nil {
		return nil, fmt.Errorf("lock attempts: %w", err)
	}
	counted := map[string]failures{}
	err = tx.Select(ctx, func(rows *sql.Rows) error {
		var id []byte
		var f failures
		err := rows.Scan(&id, &f.count, &f.until, &f.last)
		counted[names[string(id)]] = f
		return err
	}, `
		SELECT id, failures, locked_until, last FROM {q2ab_locks}
		WHERE id IN (`+times("?")+`)`+tx.ForUpdate(), args...)
	if err != nil {
		return nil, fmt.Errorf("read attempts: %w", err)
	}
	return counted, nil
}

// succeeded ends a successful attempt. It clears the locks that belong to this name alone. A lock that
// attempts at other names share stays; it just does not count this attempt any more.
func (g guess) succeeded(ctx context.Context, tx *database.DB) error { return g.end(ctx, tx, true) }

// withdrawn ends an attempt that had no result, which then does not count.
func (g guess) withdrawn(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	return g.m.db.Tx(ctx, func(tx *database.DB) error { return g.end(ctx, tx, false) })
}

func (g guess) end(ctx context.Context, tx *database.DB, success bool) error {
	for _, l := range g.locks {
		query := `UPDATE {q2ab_locks}
			SET failures = failures - 1, locked_until = 0
			WHERE id = ? AND failures > 0`
		if success && !l.shared {
			query = "DELETE FROM {q2ab_locks} WHERE id = ?"
		}
		if _, err := tx.Exec(ctx, query, l.id()); err != nil {
			return fmt.Errorf("forget an attempt: %w", err)
		}
	}
	return nil
}

// knownDevice returns the lock for a device that holds a valid refresh token of the user, nil if the
// token is not one. The token is not used up.
func (m *Module) knownDevice(ctx context.Context, u user, token string) ([]lock, error) {
	if token == "" {
		return nil, nil
	}
	var family, stamp []byte
	var userID int
	var expires, used int64
	found, err := m.db.Get(ctx, []any{&family, &userID, &stamp, &expires, &used},
		"SELECT family, userid, stamp, expires, used FROM {q2ab_sessions} WHERE id = ?", tokenID(token))
	if err != nil {
		return nil, fmt.Errorf("read a session: %w", err)
	}
	now := m.db.Now()
	live := found && expires > now && (used == 0 || now-used <= refreshGrace)
	if !live || userID != u.id || !bytes.Equal(stamp, stampOf(u)) {
		return nil, nil
	}
	name := passwordGuesses + " of user " + strconv.Itoa(u.id) + " by device " + hex.EncodeToString(family)
	return []lock{{name: name, free: freeKnown, longest: longestDelay}}, nil
}
