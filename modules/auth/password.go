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
		OldPassword string `json:"oldPassword,omitempty" maxLength:"1000" doc:"Needed where the account has one"`
		NewPassword string `json:"newPassword" maxLength:"1000"`
	}
}

// changePassword sets the caller's password anew. As in Q2A all other sessions end, those of the old site
// too, and the blocked may do it, whose accounts are as much worth keeping safe. Unlike there a mailed code
// ends.
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
		return nil, problem.New("unauthenticated") // deleted meanwhile
	}
	checked := users[0].password
	var wrong faults
	if checked.Any() {
		// Whoever holds a token is known already: what others try at the account's names is nothing to them.
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
			wrong.add("oldPassword", "wrong_password", nil)
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
		if u, err = lockUser(ctx, a.tx, caller.UserID); err != nil {
			return err
		}
		if !u.password.Same(checked) {
			return problem.Invalid(problem.Field{Name: "oldPassword", Code: "wrong_password"}) // changed meanwhile
		}
		if err := setPassword(ctx, a.tx, &u, hash); err != nil {
			return err
		}
		if err := dropCode(ctx, a.tx, u.id); err != nil { // it was asked for by whoever had the mailbox then
			return err
		}
		u.sessionCode = ""
		if err := endSessions(ctx, a.tx, u.id); err != nil {
			return err
		}
		if s, err = a.signedIn(&u); err != nil {
			return err
		}
		a.report("u_password")
		return a.wrote()
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s)
}

// sendReset sends a user a code to choose a new password with.
func (m *Module) sendReset(ctx context.Context, in *handleInput) (*noContent, error) {
	_, err := m.administer(ctx, in.Handle, false, func(a *action, t *target) error {
		if err := mayEdit(a.o, a.caller, *t); err != nil {
			return err
		}
		return a.newCode(t.user, resetPassword)
	})
	return &noContent{http.StatusAccepted}, err
}

// setPassword stores a password's hash; an old one of another kind goes.
func setPassword(ctx context.Context, tx *database.DB, u *user, hash string) error {
	u.password.Hash, u.password.Salt, u.password.Check = hash, nil, nil
	return set(ctx, tx, u.id, "passhash = ?, passsalt = NULL, passcheck = NULL", hash)
}
