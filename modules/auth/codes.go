package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/problem"
)

// Events of the outbox that Q2A does not have: the user's e-mail code was set anew and is to be sent, to confirm the address or to
// choose a new password. They bear the user's id only; who sends the code reads it from the account.
const (
	eventConfirmCode = "u_confirm_code"
	eventResetCode   = "u_reset_code"
)

// codeMatches tells whether a code is the one that was mailed, by Q2A's rule: in any case of letters. No code at all never is.
func codeMatches(u user, code string) bool {
	code, stored := strings.ToLower(strings.TrimSpace(code)), strings.ToLower(strings.TrimSpace(u.emailCode))
	return code != "" && subtle.ConstantTimeCompare([]byte(code), []byte(stored)) == 1
}

// newCode gives the user a new e-mail code, which one before is replaced with, and has it sent.
func (a *action) newCode(u user, event string) error {
	if err := set(a.ctx, a.tx, u.id, "emailcode = ?", randomCode()); err != nil {
		return err
	}
	a.reportBy(u.id, u.handle, event, "userid", u.id)
	return nil
}

type confirmInput struct {
	Body struct {
		Handle string `json:"handle,omitempty" maxLength:"200" doc:"Whose address is confirmed; the caller's without it"`
		Code   string `json:"code" minLength:"1" maxLength:"100" doc:"As it was mailed"`
	}
}

// confirm confirms an e-mail address by the code that was sent to it.
func (m *Module) confirm(ctx context.Context, in *confirmInput) (*noContent, error) {
	caller := CallerOf(ctx)
	handle := posted(in.Body.Handle)
	if handle == "" {
		if caller.Anonymous() {
			return nil, problem.Invalid(problem.Field{Name: "handle", Code: "required"})
		}
		handle = caller.Handle
	}
	found, err := m.AccountByHandle(ctx, handle)
	var unknown *problem.Error
	if err != nil && !errors.As(err, &unknown) {
		return nil, err
	}
	account := accountName(user{id: found.ID}, err == nil, handle)
	if err := m.attemptHere(ctx, codeAttempts, account, maxCodeAttempts); err != nil {
		return nil, err
	}
	err = m.transact(ctx, func(a *action) error {
		wrong := problem.Invalid(problem.Field{Name: "code", Code: "wrong_code"})
		u, there, err := lockIfThere(ctx, a.tx, found.ID)
		if err != nil {
			return err
		}
		if !there || !codeMatches(u, in.Body.Code) { // the same, whether there is such a user or not
			return wrong
		}
		if err := set(ctx, a.tx, u.id, "flags = ?, emailcode = ''", u.flags&^FlagMustConfirm|FlagEmailConfirmed); err != nil {
			return err
		}
		a.reportBy(u.id, u.handle, "u_confirmed", "email", u.email)
		return succeeded(ctx, a.tx, codeAttempts, account)
	})
	return &noContent{http.StatusNoContent}, err
}

// sendConfirmation sends the caller a new code to confirm the address with.
func (m *Module) sendConfirmation(ctx context.Context, _ *struct{}) (*noContent, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.attemptHere(ctx, mailsAskedFor, accountName(user{id: caller.UserID}, true, ""), maxMails); err != nil {
		return nil, err
	}
	err = m.transact(ctx, func(a *action) error {
		u, err := lockUser(ctx, a.tx, caller.UserID)
		if err != nil {
			return err
		}
		return a.newCode(u, eventConfirmCode)
	})
	return &noContent{http.StatusAccepted}, err
}

// named finds the user whom a login names, with the id 0 if there is none, and what attempts at the account are counted under.
func (m *Module) named(ctx context.Context, login string) (u user, account string, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return user{}, "", err
	}
	u, found, err := byLogin(ctx, m.db, o, login)
	return u, accountName(u, found, login), err
}

type forgotInput struct {
	Body struct {
		Login        string `json:"login" minLength:"1" maxLength:"200" doc:"Handle or e-mail address"`
		CaptchaToken string `json:"captchaToken,omitempty" maxLength:"8192" doc:"Of the solved challenge, where GET /v1/auth/session names forgot"`
	}
}

// forgotTakes is how long an answer about a forgotten password takes at least, whether the account exists or not.
const forgotTakes = 250 * time.Millisecond

// forgot sends a code to choose a new password with, if there is such an account. Neither the answer nor its time tells.
func (m *Module) forgot(ctx context.Context, in *forgotInput) (*noContent, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.CheckCaptcha(ctx, o, LevelBasic, CaptchaForgot, in.Body.CaptchaToken); err != nil {
		return nil, err
	}
	start := time.Now()
	login := posted(in.Body.Login)
	named, account, err := m.named(ctx, login)
	if err != nil {
		return nil, err
	}
	if err := m.attemptHere(ctx, mailsAskedFor, account, maxMails); err != nil {
		return nil, err
	}
	err = m.transact(ctx, func(a *action) error {
		u, found, err := lockIfThere(ctx, a.tx, named.id)
		if err != nil || !found {
			return err
		}
		return a.newCode(u, eventResetCode)
	})
	if err != nil {
		return nil, err
	}
	extra, err := rand.Int(rand.Reader, big.NewInt(50))
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(forgotTakes + time.Duration(extra.Int64())*time.Millisecond - time.Since(start)):
	case <-ctx.Done():
	}
	return &noContent{http.StatusAccepted}, nil
}

type resetInput struct {
	Body struct {
		Login       string `json:"login" minLength:"1" maxLength:"200" doc:"Handle or e-mail address"`
		Code        string `json:"code" minLength:"1" maxLength:"100" doc:"As it was mailed"`
		NewPassword string `json:"newPassword" maxLength:"1000"`
	}
}

// reset sets a new password by the code that was mailed, and signs in. All earlier sessions of this API end; as in Q2A the session
// code of the old site stays.
func (m *Module) reset(ctx context.Context, in *resetInput) (*tokenOutput, error) {
	login, password := posted(in.Body.Login), posted(in.Body.NewPassword)
	named, account, err := m.named(ctx, login)
	if err != nil {
		return nil, err
	}
	if err := m.attemptHere(ctx, codeAttempts, account, maxCodeAttempts); err != nil {
		return nil, err
	}
	var wrong faults
	code, args := wrongPassword(password)
	wrong.add("newPassword", code, args)
	if err := wrong.problem(); err != nil {
		return nil, err
	}
	hash, err := m.passwords.Hash(ctx, password) // before it is known whether there is an account, for the time that it takes
	if err != nil {
		return nil, err
	}
	var u user
	var s session
	err = m.transact(ctx, func(a *action) error {
		wrong := problem.Invalid(problem.Field{Name: "code", Code: "wrong_code"})
		var found bool
		if u, found, err = lockIfThere(ctx, a.tx, named.id); err != nil {
			return err
		}
		if !found || !codeMatches(u, in.Body.Code) {
			return wrong
		}
		if err := setPassword(ctx, a.tx, &u, hash); err != nil {
			return err
		}
		if err := set(ctx, a.tx, u.id, "emailcode = ''"); err != nil {
			return err
		}
		if err := endSessions(ctx, a.tx, u.id); err != nil {
			return err
		}
		if s, err = a.signedIn(&u); err != nil {
			return err
		}
		a.reportBy(u.id, u.handle, "u_reset", "email", u.email)
		return succeeded(ctx, a.tx, codeAttempts, account)
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s)
}
