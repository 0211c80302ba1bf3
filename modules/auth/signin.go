package auth

import (
	"context"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

type signInInput struct {
	Body struct {
		Login    string `json:"login" minLength:"1" maxLength:"200" doc:"Handle or e-mail address"`
		Password string `json:"password" maxLength:"1000"`
	}
}

// signIn gives tokens for a password, by Q2A's rules: attempts count against the address's hourly limit, an old hash is
// replaced, and the account notes when and from where. Neither the answer nor its time tells whether there is such an account.
func (m *Module) signIn(ctx context.Context, in *signInInput) (*tokenOutput, error) {
	checked, newHash, err := m.checkPassword(ctx, in.Body.Login, in.Body.Password)
	if err != nil {
		return nil, err
	}
	var u user
	var s session
	err = m.transact(ctx, func(a *action) error {
		var found bool
		if u, found, err = lockIfThere(ctx, a.tx, checked.id); err != nil {
			return err
		}
		if !found || !u.password.Same(checked.password) { // deleted or changed meanwhile
			return problem.New("invalid_credentials")
		}
		if newHash != "" {
			if err := setPassword(ctx, a.tx, &u, newHash); err != nil {
				return err
			}
		}
		s, err = a.signedIn(&u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s)
}

// checkPassword finds the account that a login and a password belong to; invalid_credentials if there is none. newHash is to take the
// place of the stored one, "" where that may stay.
func (m *Module) checkPassword(ctx context.Context, login, password string) (u user, newHash string, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return user{}, "", err
	}
	login, password = posted(login), posted(password)
	visitor := Caller{IP: CallerOf(ctx).IP}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		if err := CheckLimit(ctx, tx, o, visitor, Logins); err != nil {
			return err
		}
		return Charge(ctx, tx, visitor, Logins)
	})
	if err != nil {
		return user{}, "", err
	}
	u, found, err := byLogin(ctx, m.db, o, login)
	if err != nil {
		return user{}, "", err
	}
	account := accountName(u, found, login)
	if err := m.attempt(ctx, passwordAttempts, account, m.settings.SignInAttempts); err != nil {
		return user{}, "", err
	}
	matches, renew, err := m.passwords.Matches(ctx, u.password, password)
	if err != nil {
		return user{}, "", err
	}
	if !matches {
		return user{}, "", problem.New("invalid_credentials")
	}
	if renew {
		if newHash, err = m.passwords.Hash(ctx, password); err != nil {
			return user{}, "", err
		}
	}
	return u, newHash, succeeded(ctx, m.db, passwordAttempts, account)
}

// accountName is what attempts are counted under: the account if there is one, by whichever name, else what was typed.
func accountName(u user, found bool, login string) string {
	if found {
		return fmt.Sprint("user ", u.id)
	}
	return "login " + strings.ToLower(login)
}

// signedIn notes that a user signed in, as Q2A does, and begins a session. A session code that is there stays, so that the
// person stays signed in on the old site.
func (a *action) signedIn(u *user) (session, error) {
	if strings.TrimSpace(u.sessionCode) == "" {
		u.sessionCode = randomCode()
	}
	err := set(a.ctx, a.tx, u.id, "loggedin = FROM_UNIXTIME(?), loginip = ?, sessioncode = ?", a.tx.Now(), a.caller.binaryIP(), u.sessionCode)
	if err != nil {
		return session{}, err
	}
	a.reportBy(u.id, u.handle, "u_login")
	return a.m.beginSession(a.ctx, a.tx, *u)
}
