package auth

import (
	"context"
	"errors"
	"net/http"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

type signUpInput struct {
	Body struct {
		RefreshChoice
		Handle        string            `json:"handle" maxLength:"200" doc:"The name that others see"`
		Email         string            `json:"email" maxLength:"200" doc:"Is not public"`
		Password      string            `json:"password" maxLength:"1000"`
		Fields        map[string]string `json:"fields,omitempty" doc:"Values of the profile fields that the site asks for when people register, by name"`
		CaptchaToken  string            `json:"captchaToken,omitempty" maxLength:"8192" doc:"Of the solved challenge, where GET /v1/auth/session names sign-up"`
		TermsAccepted bool              `json:"termsAccepted,omitempty" doc:"Needed where the site has terms (option show_register_terms)"`
	}
}

// mayRegister refuses registrations if the site is closed to them, and those from blocked addresses.
func mayRegister(o *site.Options, c Caller) error {
	if o.Bool(option.SuspendRegisterUsers) {
		return problem.New(codeRegistrationClosed)
	}
	if refusal := Refusal(o, Caller{IP: c.IP}, option.None, LevelBasic); refusal != nil {
		return refusal
	}
	return nil
}

// signUp makes an account by Q2A's rules, and signs it in. Like the old site it reports which handle
// or address is taken: handles are public, and since a new account can be used at once, its making
// cannot be feigned for a taken address. To make it costly to find out whose addresses are
// registered, it reports this only if everything else is right, so that whoever tries an address that
// is free makes an account, which the site limits; and it does so only a few times an hour
// (mayBeTold).
func (m *Module) signUp(ctx context.Context, in *signUpInput) (*tokenOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	password := formtext.Exact(b.Password)
	visitor := Caller{IP: CallerOf(ctx).IP}
	if err := errors.Join(mayRegister(o, visitor),
		CheckLimit(ctx, m.db, o, visitor, Registrations)); err != nil {
		return nil, err // before anything that is costly
	}
	if err := m.mayBeTold(ctx); err != nil {
		return nil, err
	}
	if err := m.CheckCaptcha(ctx, o, LevelBasic, captchaSignUp, b.CaptchaToken); err != nil {
		return nil, err
	}
	keep := m.screenSignUp(ctx, b.Email)
	var hash string
	// The hash is made outside the transaction, which makes others wait.
	if code, _ := wrongPassword(password); code.IsZero() {
		if hash, err = m.passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	id, err := m.transactIn(ctx, web.Once, func(a *action) (int, error) {
		if err := CheckLimit(ctx, a.Tx, o, visitor, Registrations); err != nil {
			return 0, err
		}
		fields, err := a.registerFields()
		if err != nil {
			return 0, err
		}
		names, wrong, err := a.newNames(user{}, &b.Handle, &b.Email)
		if err != nil {
			return 0, err
		}
		code, args := wrongPassword(password)
		wrong.add("password", code, args)
		if o.Bool(option.ShowRegisterTerms) && !b.TermsAccepted {
			wrong.add("termsAccepted", problem.FieldRequired, nil)
		}
		checkFields(&wrong, fields, b.Fields)
		if err := wrong.problem(); err != nil {
			return 0, err
		}
		if err := a.lockNames(); err != nil {
			return 0, err
		}
		if err := a.mustBeFree(names, user{}); err != nil {
			return 0, err
		}
		if err := Charge(ctx, a.Tx, visitor, Registrations); err != nil {
			return 0, err
		}
		u, err := a.create(newAccount{handle: names.handle, email: names.email, hash: hash})
		if err != nil {
			return 0, err
		}
		if keep != nil {
			if err := keep(ctx, a.Tx, u.id); err != nil {
				return 0, err
			}
		}
		values := map[string]string{} // Q2A stores the fields that are left empty too
		for _, f := range fields {
			values[f.name] = b.Fields[f.name]
		}
		return u.id, a.writeFields(u.id, fields, values)
	})
	if err != nil {
		return nil, m.countTaken(ctx, err)
	}
	out, err := m.sessionFor(ctx, id, b.RefreshCookie)
	if err != nil {
		return nil, err
	}
	out.Status = http.StatusCreated
	return out, nil
}

// sessionFor begins a session for an account that was just made. A repeated request gets a session of
// its own.
func (m *Module) sessionFor(ctx context.Context, userID int, inCookie bool) (*tokenOutput, error) {
	var u user
	var s session
	err := m.transact(ctx, func(a *action) (err error) {
		if u, err = lockUser(ctx, a.Tx, userID); err != nil {
			return err
		}
		s, err = m.beginSession(ctx, a.Tx, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s, inCookie)
}

// registerFields returns the profile fields that people fill in when they register.
func (a *action) registerFields() (asked []profileField, err error) {
	all, err := a.profileFields()
	for _, f := range all {
		if f.flags&fieldOnRegister != 0 {
			asked = append(asked, f)
		}
	}
	return asked, err
}

// mustBeFree refuses the names in n that users other than u already have. A name that u has already
// is not checked. The address is checked last, and only if the handle is free, so that as little as
// possible is revealed about which addresses are registered.
func (a *action) mustBeFree(n names, u user) error {
	for _, name := range []struct{ column, now, before string }{
		{"handle", n.handle, u.handle}, {"email", n.email, u.email},
	} {
		if name.now == name.before {
			continue
		}
		taken, err := a.taken(name.column, name.now, u.id)
		if err != nil {
			return err
		}
		if taken {
			return problem.Invalid(problem.Field{Name: name.column, Code: fieldTaken})
		}
	}
	return nil
}
