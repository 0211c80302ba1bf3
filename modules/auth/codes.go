package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"net/http"
	"time"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
)

type confirmInput struct {
	Body struct {
		Handle string `json:"handle,omitempty" maxLength:"200" doc:"Whose address is confirmed; the caller's without it"`
		Code   string `json:"code" minLength:"1" maxLength:"100" doc:"As it was mailed"`
	}
}

// confirm confirms an e-mail address by the code that was mailed to it.
func (m *Module) confirm(ctx context.Context, in *confirmInput) (*noContent, error) {
	caller := CallerOf(ctx)
	handle := formtext.Exact(in.Body.Handle)
	if handle == "" {
		if caller.Anonymous() {
			return nil, problem.Invalid(problem.Field{Name: "handle", Code: problem.FieldRequired})
		}
		handle = caller.Handle
	}
	g, err := m.guessCode(ctx, handle)
	if err != nil {
		return nil, err
	}
	found, err := m.AccountByHandle(ctx, handle)
	var unknown *problem.Error
	if err != nil && !errors.As(err, &unknown) {
		return nil, err
	}
	err = m.transact(ctx, func(a *action) error {
		u, err := a.byCode(found.ID, in.Body.Code, confirmAddress)
		if err != nil {
			return err
		}
		if err := set(ctx, a.Tx, u.id, "flags = ?",
			u.flags&^flagMustConfirm|FlagEmailConfirmed); err != nil {
			return err
		}
		if err := a.tell(Confirmed, u.id, u.email); err != nil {
			return err
		}
		a.reportBy(u.id, u.handle, "u_confirmed", "email", u.email)
		return g.succeeded(ctx, a.Tx)
	})
	return &noContent{http.StatusNoContent}, err
}

// guessCode begins an attempt at a mailed code of the user with the name.
func (m *Module) guessCode(ctx context.Context, name string) (guess, error) {
	return m.guess(ctx, locksOf(codeGuesses, name, CallerOf(ctx).IP, freeCodes, perClient*freeCodes))
}

// byCode locks the user with the id and uses up the code, if it is valid for the purpose. Otherwise
// it returns the same error whether or not there is such a user.
func (a *action) byCode(userID int, code string, purpose codePurpose) (user, error) {
	wrong := problem.Invalid(problem.Field{Name: "code", Code: fieldWrongCode})
	u, found, err := lockIfThere(a.Ctx, a.Tx, userID)
	if err != nil {
		return user{}, err
	}
	good, err := a.m.goodCode(a.Ctx, a.Tx, u, purpose)
	if err != nil {
		return user{}, err
	}
	if !found || !sameCode(good, code) {
		return user{}, wrong
	}
	return u, dropCode(a.Ctx, a.Tx, u.id)
}

// sendConfirmation mails the caller a new code to confirm the address. Blocked users are refused,
// since they could use it to have mails sent.
func (m *Module) sendConfirmation(ctx context.Context, _ *struct{}) (*noContent, error) {
	caller, err := RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	err = m.transact(ctx, func(a *action) error {
		u, err := lockUser(ctx, a.Tx, caller.UserID)
		if err != nil {
			return err
		}
		if err := a.barred(u); err != nil {
			return err
		}
		return a.newCode(u, confirmAddress)
	})
	return &noContent{http.StatusAccepted}, err
}

// named returns the user to whom a login (a handle or an address) belongs, or the zero user, whose id
// is 0, if there is none.
func (m *Module) named(ctx context.Context, login string) (user, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return user{}, err
	}
	u, _, err := byLogin(ctx, m.db, o, login)
	return u, err
}

type forgotInput struct {
	Body struct {
		Login        string `json:"login" minLength:"1" maxLength:"200" doc:"Handle or e-mail address"`
		CaptchaToken string `json:"captchaToken,omitempty" maxLength:"8192" doc:"Of the solved challenge, where GET /v1/auth/session names forgot"`
	}
}

// forgotTakes is the least time that a response to a request for a new password takes, whether or not
// the account exists.
const forgotTakes = 250 * time.Millisecond

// forgot mails a code for choosing a new password, if there is such an account and it is not blocked.
// Neither the response nor the time that it takes reveals whether there is. Beyond the limits of
// mails nothing is sent either, but the response stays the same: a refusal would reveal that two
// names belong to one account.
func (m *Module) forgot(ctx context.Context, in *forgotInput) (*noContent, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.CheckCaptcha(ctx, o, LevelBasic, captchaForgot, in.Body.CaptchaToken); err != nil {
		return nil, err
	}
	start := time.Now()
	login := formtext.Exact(in.Body.Login)
	named, err := m.named(ctx, login)
	if err != nil {
		return nil, err
	}
	err = m.transact(ctx, func(a *action) error {
		u, found, err := lockIfThere(ctx, a.Tx, named.id)
		if err != nil {
			return err
		}
		mailed := found && u.email != "" && u.flags&FlagBlocked == 0
		address := login
		if mailed {
			address = u.email
		}
		var over *problem.Error
		switch err := a.chargeMail(address); {
		case errors.As(err, &over):
			return nil
		case err != nil || !mailed:
			return err
		}
		return a.mailCode(u, resetPassword)
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
		RefreshChoice
		Login       string `json:"login" minLength:"1" maxLength:"200" doc:"Handle or e-mail address"`
		Code        string `json:"code" minLength:"1" maxLength:"100" doc:"As it was mailed"`
		NewPassword string `json:"newPassword" maxLength:"1000"`
	}
}

// reset sets a new password by a mailed code, and signs the user in. All earlier sessions of this API
// end; the session code of the old site stays, as in Q2A.
func (m *Module) reset(ctx context.Context, in *resetInput) (*tokenOutput, error) {
	login, password := formtext.Exact(in.Body.Login), formtext.Exact(in.Body.NewPassword)
	var wrong faults
	code, args := wrongPassword(password)
	wrong.add("newPassword", code, args)
	if err := wrong.problem(); err != nil {
		return nil, err
	}
	g, err := m.guessCode(ctx, login)
	if err != nil {
		return nil, err
	}
	named, err := m.named(ctx, login)
	if err != nil {
		return nil, err
	}
	// Hash before it is known whether there is an account, so that the time does not reveal it.
	hash, err := m.passwords.Hash(ctx, password)
	if err != nil {
		return nil, errors.Join(err, g.withdrawn(ctx))
	}
	var u user
	var s session
	err = m.transact(ctx, func(a *action) (err error) {
		if u, err = a.byCode(named.id, in.Body.Code, resetPassword); err != nil {
			return err
		}
		if err := setPassword(ctx, a.Tx, &u, hash); err != nil {
			return err
		}
		if err := endSessions(ctx, a.Tx, u.id); err != nil {
			return err
		}
		if s, err = a.signedIn(&u); err != nil {
			return err
		}
		a.reportBy(u.id, u.handle, "u_reset", "email", u.email)
		return g.succeeded(ctx, a.Tx)
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s, in.Body.RefreshCookie)
}
