package auth

import (
	"context"
	"errors"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/kernel/problem"
)

type signInInput struct {
	TokenCookie

	Body struct {
		RefreshChoice
		Login        string `json:"login" minLength:"1" maxLength:"200" doc:"Handle or e-mail address"`
		Password     string `json:"password" maxLength:"1000"`
		RefreshToken string `json:"refreshToken,omitempty" maxLength:"200" doc:"A refresh token of the account, if the client holds one that is still good: the device is known by it, and wrong passwords from elsewhere do not keep it waiting. It is not used up"`
	}
}

// signIn returns tokens for a login and a password. As in Q2A, attempts count against the hourly
// limit of the client's address, an outdated hash is replaced, and the account records the time and
// the address. In addition, failures cause growing delays (attempts.go). Neither the response nor the
// time that it takes reveals whether there is such an account.
func (m *Module) signIn(ctx context.Context, in *signInInput) (_ *tokenOutput, err error) {
	defer func() { observe.SignIns.Add(1, problem.Outcome(err)) }()
	known, _, err := in.token(ctx, in.Body.RefreshToken)
	if err != nil {
		return nil, err
	}
	checked, newHash, err := m.checkPassword(ctx, in.Body.Login, in.Body.Password, known)
	if err != nil {
		return nil, err
	}
	var u user
	var s session
	err = m.transact(ctx, func(a *action) error {
		var found bool
		if u, found, err = lockIfThere(ctx, a.Tx, checked.id); err != nil {
			return err
		}
		if !found || !u.password.Same(checked.password) { // deleted or changed meanwhile
			return problem.New(codeInvalidCredentials)
		}
		if newHash != "" {
			before := u
			if err := setPassword(ctx, a.Tx, &u, newHash); err != nil {
				return err
			}
			if err := keepCode(ctx, a.Tx, before, u); err != nil {
				return err
			}
		}
		s, err = a.signedIn(&u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s, in.Body.RefreshCookie)
}

// checkPassword returns the account to which a login and a password belong, or invalid_credentials.
// newHash is to replace the stored hash; it is "" if the stored one may stay. A valid refresh token
// of the account shows that the device is known to be its owner's.
func (m *Module) checkPassword(
	ctx context.Context, login, password, refreshToken string,
) (u user, newHash string, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return user{}, "", err
	}
	login, password = formtext.Exact(login), formtext.Exact(password)
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
	if u, _, err = byLogin(ctx, m.db, o, login); err != nil {
		return user{}, "", err
	}
	locks, err := m.knownDevice(ctx, u, refreshToken)
	if err != nil {
		return user{}, "", err
	}
	if locks == nil {
		locks = locksOf(passwordGuesses, login, visitor.IP, m.settings.SignInAttempts,
			m.settings.SignInAttempts)
	}
	g, err := m.guess(ctx, locks)
	if err != nil {
		return user{}, "", err
	}
	matches, renew, err := m.passwords.Matches(ctx, u.password, password)
	if err != nil {
		return user{}, "", errors.Join(err, g.withdrawn(ctx))
	}
	if !matches {
		return user{}, "", problem.New(codeInvalidCredentials)
	}
	if renew {
		if newHash, err = m.passwords.Hash(ctx, password); err != nil {
			return user{}, "", err
		}
	}
	return u, newHash, g.succeeded(ctx, m.db)
}

// signedIn records that a user signed in, as Q2A does, and begins a session. An existing session code
// stays, so that the user stays signed in on the old site.
func (a *action) signedIn(u *user) (session, error) {
	if strings.TrimSpace(u.sessionCode) == "" {
		u.sessionCode = randomCode()
	}
	err := set(a.Ctx, a.Tx, u.id, "loggedin = FROM_UNIXTIME(?), loginip = ?, sessioncode = ?",
		a.Tx.Now(), a.Caller.binaryIP(), u.sessionCode)
	if err != nil {
		return session{}, err
	}
	a.reportBy(u.id, u.handle, "u_login")
	return a.m.beginSession(a.Ctx, a.Tx, *u)
}
