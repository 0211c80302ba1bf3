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

// Guessing of secrets (passwords, mailed codes) is slowed down by locks, beside Q2A's limit of sign-ins by
// address. Each lock counts the failures of one kind; from a certain number on each further attempt has to
// wait, for times that double up to a longest one, so that whoever types a password wrong waits a minute,
// and a machine gets a few attempts an hour however long it goes on.
//
//   - by the name that was typed, from all addresses together: a botnet;
//   - by that name from one client: most guessers. Its low number leaves an attacker who wants to lock
//     somebody out with the need for many addresses;
//   - by the client alone: somebody who tries many names. IPv6 clients count by /64.
//
// Names count as typed, not by the account that they mean, whether there is such an account or not: else a
// lock of the handle after attempts at an address would tell whose it is. A device that is known to be the
// account's (knownDevice) has a lock of its own instead, so that strangers cannot lock people out where
// they use the site.

// Kinds of secrets.
const (
	passwordGuesses = "password"
	codeGuesses     = "code"
)

// Attempts that are free, before the first delay.
const (
	// freeCodes at the codes of one name, and perClient times as many from one client; a code has 36^8 forms.
	freeCodes = 20
	perClient = 5
	// freeHere at the secrets of one name from one client, freeKnown at those of an account by a device that
	// is known.
	freeHere  = 10
	freeKnown = 10
)

// Delays, in seconds.
const (
	firstDelay = 60
	// longestForName bounds for how long strangers can keep the owner of a name waiting.
	longestForName = 15 * 60
	longestDelay   = 3600
	// failuresLast is how long failures count after the last one.
	failuresLast = 24 * 3600
)

// lock is one of the locks that an attempt has to pass.
type lock struct {
	name string
	// free is the number of failures without delay, longest the longest delay in seconds.
	free    int
	longest int64
	// shared locks are not opened by a success, which proves nothing about the other attempts that they count.
	shared bool
}

// failures is what a lock has counted.
type failures struct {
	count       int
	until, last int64
}

// wait returns for how many seconds the next attempt has to wait.
func (f failures) wait(now int64) int64 { return max(0, f.until-now) }

// add counts one more failure at a lock.
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

// delayAfter returns the delay after so many failures more than are free.
func delayAfter(over int, longest int64) int64 {
	return min(firstDelay<<min(over, 16), longest)
}

// locksOf returns the locks of attempts at a name from an address, of which so many at the name are free,
// and so many from one client.
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

// guess is an attempt at a secret.
type guess struct {
	m     *Module
	locks []lock
}

// guess begins an attempt, or refuses it with rate_limit while one of the locks is closed; such attempts
// are not counted. The attempt counts as a failure from its beginning, so that many at once have no more
// tries than one after the other, until succeeded or withdrawn says otherwise.
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
			_, err := tx.Exec(ctx, "UPDATE {q2ab_locks} SET failures = ?, locked_until = ?, last = ? WHERE id = ?",
				f.count, f.until, f.last, l.id())
			if err != nil {
				return fmt.Errorf("count an attempt: %w", err)
			}
		}
		return nil
	})
	if err == nil && wait > 0 {
		p := problem.New("rate_limit", wait)
		p.Action, p.RetryAfter = actionNames[Logins], int(wait)
		err = p
	}
	return g, err
}

// id is the lock's key. It does not say whose it is.
func (l lock) id() []byte { return attemptID("lock", l.name) }

// readLocks reads what the locks have counted, by their names, and keeps the rows locked. Rows that are not
// there are made, all in one order, so that attempts wait for each other.
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
		INSERT INTO {q2ab_locks} (id, failures, locked_until, last) VALUES `+times("(?, 0, 0, 0)")+tx.Upsert("id")+`
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

// succeeded opens the locks of the name, and takes the attempt back where others count with it.
func (g guess) succeeded(ctx context.Context, tx *database.DB) error { return g.end(ctx, tx, true) }

// withdrawn takes an attempt back that came to no result.
func (g guess) withdrawn(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	return g.m.db.Tx(ctx, func(tx *database.DB) error { return g.end(ctx, tx, false) })
}

func (g guess) end(ctx context.Context, tx *database.DB, success bool) error {
	for _, l := range g.locks {
		query := "UPDATE {q2ab_locks} SET failures = failures - 1, locked_until = 0 WHERE id = ? AND failures > 0"
		if success && !l.shared {
			query = "DELETE FROM {q2ab_locks} WHERE id = ?"
		}
		if _, err := tx.Exec(ctx, query, l.id()); err != nil {
			return fmt.Errorf("forget an attempt: %w", err)
		}
	}
	return nil
}

// knownDevice returns the locks of a device that holds a live refresh token of the user; nil if it does
// not. The token is not used up.
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
