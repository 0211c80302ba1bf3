package auth

import (
	"context"
	"net/http"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

type changePasswordInput struct {
	Body struct {
		OldPassword string `json:"oldPassword,omitempty" maxLength:"1000" doc:"Needed where the account has one"`
		NewPassword string `json:"newPassword" maxLength:"1000"`
	}
}

// changePassword sets the caller's password anew. As in Q2A all other sessions end, those of the old site too.
func (m *Module) changePassword(ctx context.Context, in *changePasswordInput) (*tokenOutput, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	old, password := posted(in.Body.OldPassword), posted(in.Body.NewPassword)
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
		if err := m.attempt(ctx, passwordAttempts, accountName(users[0], true, ""), m.settings.SignInAttempts); err != nil {
			return nil, err
		}
		matches, _, err := m.passwords.Matches(ctx, checked, old)
		if err != nil {
			return nil, err
		}
		if !matches {
			wrong.add("oldPassword", "wrong_password", nil)
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
		u.sessionCode = ""
		if err := endSessions(ctx, a.tx, u.id); err != nil {
			return err
		}
		if s, err = a.signedIn(&u); err != nil {
			return err
		}
		a.report("u_password")
		if err := a.wrote(); err != nil {
			return err
		}
		return succeeded(ctx, a.tx, passwordAttempts, accountName(u, true, ""))
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
		return a.newCode(t.user, eventResetCode)
	})
	return &noContent{http.StatusAccepted}, err
}

// setPassword stores a password's hash; an old one of another kind goes.
func setPassword(ctx context.Context, tx *database.DB, u *user, hash string) error {
	u.password.Hash, u.password.Salt, u.password.Check = hash, nil, nil
	return set(ctx, tx, u.id, "passhash = ?, passsalt = NULL, passcheck = NULL", hash)
}
