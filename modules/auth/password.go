package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
)

type changePasswordInput struct {
	Body struct {
		RefreshChoice
		OldPassword string `json:"oldPassword,omitempty" maxLength:"1000" doc:"Needed where the account has one"`
		NewPassword string `json:"newPassword" maxLength:"1000"`
	}
}

// changePassword sets a new password for the caller. As in Q2A all other sessions end, those of the
// old site included, and blocked users may do it too, because their accounts need protection like
// others. Unlike in Q2A a mailed code ends as well.
func (m *Module) changePassword(ctx context.Context, in *changePasswordInput) (*tokenOutput, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	old, password := formtext.Exact(in.Body.OldPassword), formtext.Exact(in.Body.NewPassword)
	users, err := findUsers(ctx, m.db, "userid = ?", caller.UserID)
	if err != nil {
		return nil, err
	}
	if len(users) == 0 {
		return nil, problem.New(problem.CodeUnauthenticated) // deleted meanwhile
	}
	checked := users[0].password
	var wrong faults
	if checked.Any() {
		// Whoever holds a token has signed in, so failed attempts of others at the account's names
		// must not delay them: this check has a lock of its own.
		name := fmt.Sprint("old password of user ", caller.UserID)
		g, err := m.guess(ctx, []lock{{name: name, free: freeKnown, longest: longestDelay}})
		if err != nil {
			return nil, err
		}
		matches, _, err := m.passwords.Matches(ctx, checked, old)
		if err != nil {
			return nil, errors.Join(err, g.withdrawn(ctx))
		}
		if !matches {
			wrong.add("oldPassword", fieldWrongPassword, nil)
		} else if err := g.succeeded(ctx, m.db); err != nil {
			return nil, err
		}
	}
	code, args := wrongPassword(password)
	wrong.add("newPassword", code, args)
	if err := wrong.problem(); err != nil {
		return nil, err
	}
	hash, err := m.passwords.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	var u user
	var s session
	err = m.transact(ctx, func(a *action) (err error) {
		if u, err = lockUser(ctx, a.Tx, caller.UserID); err != nil {
			return err
		}
		if !u.password.Same(checked) {
			// Another request has changed it meanwhile.
			return problem.Invalid(problem.Field{Name: "oldPassword", Code: fieldWrongPassword})
		}
		if err := setPassword(ctx, a.Tx, &u, hash); err != nil {
			return err
		}
		// Whoever had access to the mailbox may have asked for the code.
		if err := dropCode(ctx, a.Tx, u.id); err != nil {
			return err
		}
		u.sessionCode = ""
		if err := endSessions(ctx, a.Tx, u.id); err != nil {
			return err
		}
		if s, err = a.signedIn(&u); err != nil {
			return err
		}
		a.Report("u_password")
		return a.Wrote()
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s, in.Body.RefreshCookie)
}

// sendReset mails a user a code with which the user chooses a new password.
func (m *Module) sendReset(ctx context.Context, in *handleInput) (*noContent, error) {
	_, err := m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		if err := mayEdit(a.Options, a.Caller, *t); err != nil {
			return err
		}
		if err := a.audit(t.id, nil, nil); err != nil {
			return err
		}
		return a.newCode(t.user, resetPassword)
	})
	return &noContent{http.StatusAccepted}, err
}

// setPassword stores the hash of a password, and removes a hash of Q2A's old kind.
func setPassword(ctx context.Context, tx *database.DB, u *user, hash string) error {
	u.password.Hash, u.password.Salt, u.password.Check = hash, nil, nil
	return set(ctx, tx, u.id, "passhash = ?, passsalt = NULL, passcheck = NULL", hash)
}
