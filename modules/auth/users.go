package auth

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"38qa.net/backend/modules/auth/internal/passwords"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
)

// user is a row of users as those operations see it that change accounts.
type user struct {
	id, level, flags int
	handle, email    string
	password         passwords.Stored
	// sessionCode is the second key of the old site's sessions; source is what the account was signed in with last, nil for the
	// password.
	sessionCode, emailCode string
	source                 *string
	avatarBlob             string
}

const userColumns = "userid, level, flags, handle, email, passhash, passsalt, passcheck, sessioncode, sessionsource, emailcode, avatarblobid"

// findUsers reads users by a condition.
func findUsers(ctx context.Context, db *database.DB, condition string, args ...any) ([]user, error) {
	var found []user
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var u user
		var hash, blob, source sql.NullString
		err := rows.Scan(&u.id, &u.level, &u.flags, &u.handle, &u.email, &hash, &u.password.Salt, &u.password.Check, &u.sessionCode, &source, &u.emailCode, &blob)
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

// lockUser reads the user with the id and keeps the row locked; not_found if there is none.
func lockUser(ctx context.Context, tx *database.DB, id int) (user, error) {
	u, found, err := lockIfThere(ctx, tx, id)
	if err == nil && !found {
		err = problem.NotFound()
	}
	return u, err
}

// lockIfThere is lockUser for those to whom it is no failure that there is no such user.
func lockIfThere(ctx context.Context, tx *database.DB, id int) (u user, found bool, err error) {
	users, err := findUsers(ctx, tx, "userid = ?"+tx.ForUpdate(), id)
	if err != nil || len(users) == 0 {
		return user{}, false, err
	}
	return users[0], true, nil
}

// byLogin finds whom a person means who signs in: by e-mail address if there is an @, which handles cannot have, or if the site
// wants that, else by handle. As for Q2A, a login that fits several users fits none.
func byLogin(ctx context.Context, db *database.DB, o *site.Options, login string) (u user, found bool, err error) {
	if login == "" || database.BeyondQ2A(login) {
		return user{}, false, nil
	}
	column := "handle"
	if strings.Contains(login, "@") || o.Bool("allow_login_email_only") {
		column = "email"
	}
	users, err := findUsers(ctx, db, column+" = ? ORDER BY userid LIMIT 2", login)
	if err != nil || len(users) != 1 {
		return user{}, false, err
	}
	return users[0], true, nil
}

// set writes columns of a user, given as "column = ?, …".
func set(ctx context.Context, tx *database.DB, userID int, columns string, args ...any) error {
	if _, err := tx.Exec(ctx, "UPDATE {users} SET "+columns+" WHERE userid = ?", append(args, userID)...); err != nil {
		return fmt.Errorf("change a user: %w", err)
	}
	return nil
}

// Account changes that other modules follow.
const (
	// Registered comes after the rows of a new account were written.
	Registered AccountChangeKind = iota
	// Deleting comes before the rows of an account go.
	Deleting
)

// AccountChangeKind is what becomes of an account.
type AccountChangeKind int

// AccountChange tells listeners of an account that came or goes.
type AccountChange struct {
	Kind    AccountChangeKind
	UserID  int
	Options *site.Options
}

// AccountListener does what follows from an account's change, in the same transaction.
type AccountListener func(ctx context.Context, tx *database.DB, c AccountChange) error

// Listen adds a listener; it is called before the application serves.
func (m *Module) Listen(l AccountListener) { m.listeners = append(m.listeners, l) }

// action is one use case that changes accounts, in its transaction.
type action struct {
	m      *Module
	ctx    context.Context
	tx     *database.DB
	o      *site.Options
	caller Caller
	events []events.Event
}

// transact runs a use case in a transaction and publishes its events.
func (m *Module) transact(ctx context.Context, run func(a *action) error) error {
	_, err := m.transactIn(ctx, inTx, func(a *action) (int, error) { return 0, run(a) })
	return err
}

// transaction runs work in a transaction of the database; it is web.Once for requests that may be repeated, else inTx.
type transaction func(ctx context.Context, db *database.DB, work func(tx *database.DB) (int, error)) (int, error)

func inTx(ctx context.Context, db *database.DB, work func(tx *database.DB) (int, error)) (resource int, err error) {
	err = db.Tx(ctx, func(tx *database.DB) error {
		resource, err = work(tx)
		return err
	})
	return resource, err
}

// transactIn is transact in a transaction of the given kind, for use cases that make a resource.
func (m *Module) transactIn(ctx context.Context, in transaction, run func(a *action) (int, error)) (resource int, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	var a *action
	resource, err = in(ctx, m.db, func(tx *database.DB) (int, error) {
		a = &action{m: m, ctx: ctx, tx: tx, o: o, caller: CallerOf(ctx)}
		resource, err := run(a)
		if err != nil {
			return 0, err
		}
		return resource, events.Append(ctx, tx, a.events...)
	})
	if err == nil && a != nil && o.Bool("event_logger_to_database") {
		events.Log(context.WithoutCancel(ctx), m.db, a.events)
	}
	return resource, err
}

// report adds one of Q2A's events in the name of the caller; params are names and values by turns.
func (a *action) report(name string, params ...any) {
	a.reportBy(a.caller.UserID, a.caller.Handle, name, params...)
}

// reportBy is report in the name of a user.
func (a *action) reportBy(userID int, handle, name string, params ...any) {
	e := events.Event{Name: name, At: a.tx.Now(), Actor: events.Actor{UserID: userID, Handle: handle, CookieID: a.caller.CookieID, IP: a.caller.IP}}
	for i := 0; i+1 < len(params); i += 2 {
		e.Params = append(e.Params, events.Param{Name: fmt.Sprint(params[i]), Value: params[i+1]})
	}
	a.events = append(a.events, e)
}

// tell hands an account's change to the listeners.
func (a *action) tell(kind AccountChangeKind, userID int) error {
	for _, listen := range a.m.listeners {
		if err := listen(a.ctx, a.tx, AccountChange{kind, userID, a.o}); err != nil {
			return err
		}
	}
	return nil
}

// wrote notes that the caller has written something, as Q2A does for most of what changes accounts.
func (a *action) wrote() error { return Wrote(a.ctx, a.tx, a.caller) }

// lockNames keeps all others from making accounts and changing names and addresses until the transaction ends: the table has no
// unique keys, so what is looked up has to stay true until it is written.
func (a *action) lockNames() error {
	return a.tx.Alone(a.ctx, "names")
}

// taken tells whether a handle or an address (the column) belongs to another user than the one with the id.
func (a *action) taken(column, value string, userID int) (bool, error) {
	var ids []int
	if err := a.tx.Select(a.ctx, database.Append(&ids), "SELECT userid FROM {users} WHERE "+column+" = ?", value); err != nil {
		return false, fmt.Errorf("look for a user: %w", err)
	}
	for _, id := range ids {
		if id == userID {
			return false, nil
		}
	}
	return len(ids) > 0, nil
}

// binaryIP is an address as Q2A stores it, empty if it is not known.
func (c Caller) binaryIP() []byte {
	if !c.IP.IsValid() {
		return []byte{}
	}
	return c.IP.AsSlice()
}
