package auth

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"38qa.net/backend/modules/auth/internal/passwords"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// user is a row of the table users, with the columns that operations need which change accounts.
type user struct {
	id, level, flags int
	handle, email    string
	password         passwords.Stored
	// sessionCode is the secret that the sessions of the old site contain besides the user. source is
	// the issuer with which the account was last signed in to, nil for the password.
	sessionCode, emailCode string
	source                 *string
	avatarBlob             string
}

const userColumns = `userid, level, flags, handle, email, passhash, passsalt, passcheck, sessioncode,
	sessionsource, emailcode, avatarblobid`

// findUsers returns the users who meet an SQL condition.
func findUsers(ctx context.Context, db *database.DB, condition string, args ...any) ([]user, error) {
	var found []user
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var u user
		var hash, blob, source sql.NullString
		err := rows.Scan(&u.id, &u.level, &u.flags, &u.handle, &u.email, &hash, &u.password.Salt,
			&u.password.Check, &u.sessionCode, &source, &u.emailCode, &blob)
		u.password.Hash, u.avatarBlob = hash.String, blob.String
		if source.Valid {
			u.source = &source.String
		}
		found = append(found, u)
		return err
	}, "SELECT "+userColumns+" FROM {users} WHERE "+condition, args...)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return found, nil
}

// lockUser returns the user with the id, or not_found, and keeps the row locked until the transaction
// ends.
func lockUser(ctx context.Context, tx *database.DB, id int) (user, error) {
	u, found, err := lockIfThere(ctx, tx, id)
	if err == nil && !found {
		err = problem.NotFound()
	}
	return u, err
}

// lockIfThere is like lockUser, but reports by found whether there is such a user, instead of
// returning an error if not.
func lockIfThere(ctx context.Context, tx *database.DB, id int) (u user, found bool, err error) {
	users, err := findUsers(ctx, tx, "userid = ?"+tx.ForUpdate(), id)
	if err != nil || len(users) == 0 {
		return user{}, false, err
	}
	return users[0], true, nil
}

// byLogin returns the user to whom the login belongs that a person has typed to sign in. It is an
// e-mail address if it contains an @, which handles cannot, or if the site wants people to sign in by
// address; otherwise it is a handle. As in Q2A, a login that fits several users belongs to none of
// them.
func byLogin(
	ctx context.Context, db *database.DB, o *site.Options, login string,
) (u user, found bool, err error) {
	if login == "" || database.BeyondQ2A(login) {
		return user{}, false, nil
	}
	column := "handle"
	if strings.Contains(login, "@") || o.Bool(option.AllowLoginEmailOnly) {
		column = "email"
	}
	users, err := findUsers(ctx, db, column+" = ? ORDER BY userid LIMIT 2", login)
	if err != nil || len(users) != 1 {
		return user{}, false, err
	}
	return users[0], true, nil
}

// set updates columns of a user, which are given as "column = ?, …".
func set(ctx context.Context, tx *database.DB, userID int, columns string, args ...any) error {
	if _, err := tx.Exec(ctx, "UPDATE {users} SET "+columns+" WHERE userid = ?",
		append(args, userID)...); err != nil {
		return fmt.Errorf("change a user: %w", err)
	}
	return nil
}

// The changes of accounts that other modules follow.
const (
	// Registered is reported after the rows of a new account were written.
	Registered accountChangeKind = iota
	// Deleting is reported before the rows of an account are deleted.
	Deleting
	// Readdressed is reported before a new e-mail address is written.
	Readdressed
	// Confirmed is reported when the e-mail address has been confirmed.
	Confirmed
	// Anonymised is reported while an account loses all that is personal, except its posts and votes.
	Anonymised
	// Merged is reported when all that another account had is this one's, before the other is deleted.
	Merged
)

// accountChangeKind is what happens to an account: one of the constants above.
type accountChangeKind int

// AccountChange describes what happens to an account, for listeners.
type AccountChange struct {
	Kind   accountChangeKind
	UserID int
	// Email is the address of the account; of Readdressed and Anonymised, the one before.
	Email   string
	Options *site.Options
}

// accountListener does what a change of an account requires in another module, in the transaction of
// the change. An error rolls that transaction back.
type accountListener func(ctx context.Context, tx *database.DB, c AccountChange) error

// Listen adds a listener. It must be called before the application serves requests.
func (m *Module) Listen(l accountListener) { m.listeners = append(m.listeners, l) }

// action is one run of a use case that changes accounts, in its transaction.
type action struct {
	*Writer
	m *Module
	// audited reports whether the use case has kept by itself what it changed.
	audited bool
}

// transact runs a use case in a transaction and publishes its events.
func (m *Module) transact(ctx context.Context, run func(a *action) error) error {
	_, err := m.transactIn(ctx, inTx, func(a *action) (int, error) { return 0, run(a) })
	return err
}

// transactIn is like transact, but in a given kind of transaction, for use cases that make a
// resource. It returns the id of the resource.
func (m *Module) transactIn(
	ctx context.Context, in transaction, run func(a *action) (int, error),
) (resource int, err error) {
	return m.writeIn(ctx, in, func(w *Writer) (int, error) { return run(&action{Writer: w, m: m}) })
}

// tell passes a change of an account to the listeners.
func (a *action) tell(kind accountChangeKind, userID int, email string) error {
	for _, listen := range a.m.listeners {
		if err := listen(a.Ctx, a.Tx, AccountChange{kind, userID, email, a.Options}); err != nil {
			return err
		}
	}
	return nil
}

// lockNames keeps others from making accounts and from changing handles and addresses until the
// transaction ends. The table users has no unique keys, so this is what keeps a name free between the
// check and the write.
func (a *action) lockNames() error {
	return a.Tx.Alone(a.Ctx, "names")
}

// taken reports whether a handle or an address, as the column says, belongs to a user other than the
// one with the id. It is false if that user has it too.
func (a *action) taken(column, value string, userID int) (bool, error) {
	var ids []int
	if err := a.Tx.Select(a.Ctx, database.Append(&ids),
		"SELECT userid FROM {users} WHERE "+column+" = ?", value); err != nil {
		return false, fmt.Errorf("look for a user: %w", err)
	}
	for _, id := range ids {
		if id == userID {
			return false, nil
		}
	}
	return len(ids) > 0, nil
}

// binaryIP returns the caller's address as Q2A stores it, empty if it is not known.
func (c Caller) binaryIP() []byte {
	if !c.IP.IsValid() {
		return []byte{}
	}
	return c.IP.AsSlice()
}
