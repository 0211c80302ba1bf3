package auth

import (
	"context"
	"errors"
	"net/http"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

type signUpInput struct {
	Body struct {
		Handle        string            `json:"handle" maxLength:"200" doc:"The name that others see"`
		Email         string            `json:"email" maxLength:"200" doc:"Is not public"`
		Password      string            `json:"password" maxLength:"1000"`
		Fields        map[string]string `json:"fields,omitempty" doc:"Values of the profile fields that the site asks for when people register, by name"`
		CaptchaToken  string            `json:"captchaToken,omitempty" maxLength:"8192" doc:"Of the solved challenge, where GET /v1/auth/session names sign-up"`
		TermsAccepted bool              `json:"termsAccepted,omitempty" doc:"Needed where the site has terms (option show_register_terms)"`
	}
}

// mayRegister refuses registrations where the site takes none, and from blocked addresses.
func mayRegister(o *site.Options, c Caller) error {
	if o.Bool("suspend_register_users") {
		return problem.New("registration_closed")
	}
	if refusal := Refusal(o, Caller{IP: c.IP}, "", LevelBasic); refusal != nil {
		return refusal
	}
	return nil
}

// signUp makes an account by Q2A's rules, and signs it in. It says which handle or address is taken, as the old site does: handles
// are public, and an account that is usable at once cannot be pretended. The hourly limit of registrations bounds what can be
// asked so.
func (m *Module) signUp(ctx context.Context, in *signUpInput) (*tokenOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	handle, email, password := cleanHandle(posted(b.Handle)), posted(b.Email), posted(b.Password)
	visitor := Caller{IP: CallerOf(ctx).IP}
	if err := errors.Join(mayRegister(o, visitor), CheckLimit(ctx, m.db, o, visitor, Registrations)); err != nil {
		return nil, err // before anything that costs much
	}
	if err := m.CheckCaptcha(ctx, o, LevelBasic, CaptchaSignUp, b.CaptchaToken); err != nil {
		return nil, err
	}
	var hash string
	if code, _ := wrongPassword(password); code == "" { // before the transaction, which others wait for
		if hash, err = m.passwords.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	id, err := m.transactIn(ctx, web.Once, func(a *action) (int, error) {
		if err := CheckLimit(ctx, a.tx, o, visitor, Registrations); err != nil {
			return 0, err
		}
		fields, err := a.registerFields()
		if err != nil {
			return 0, err
		}
		if err := a.lockNames(); err != nil {
			return 0, err
		}
		wrong, err := a.wrongNames(handle, &email, 0)
		if err != nil {
			return 0, err
		}
		code, args := wrongPassword(password)
		wrong.add("password", code, args)
		if o.Bool("show_register_terms") && !b.TermsAccepted {
			wrong.add("termsAccepted", "required", nil)
		}
		checkFields(&wrong, fields, b.Fields)
		if err := wrong.problem(); err != nil {
			return 0, err
		}
		if err := Charge(ctx, a.tx, visitor, Registrations); err != nil {
			return 0, err
		}
		u, err := a.create(newAccount{handle: handle, email: email, hash: hash})
		if err != nil {
			return 0, err
		}
		values := map[string]string{} // Q2A stores the fields that are left empty too
		for _, f := range fields {
			values[f.name] = b.Fields[f.name]
		}
		return u.id, a.writeFields(u.id, fields, values)
	})
	if err != nil {
		return nil, err
	}
	out, err := m.sessionFor(ctx, id)
	if err != nil {
		return nil, err
	}
	out.Status = http.StatusCreated
	return out, nil
}

// sessionFor begins a session of an account that was just made; a repeated request gets one of its own.
func (m *Module) sessionFor(ctx context.Context, userID int) (*tokenOutput, error) {
	var u user
	var s session
	err := m.transact(ctx, func(a *action) (err error) {
		if u, err = lockUser(ctx, a.tx, userID); err != nil {
			return err
		}
		s, err = m.beginSession(ctx, a.tx, u)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m.tokensFor(ctx, u, s)
}

// registerFields are the profile fields that are asked for when people register.
func (a *action) registerFields() (asked []profileField, err error) {
	all, err := a.profileFields()
	for _, f := range all {
		if f.flags&fieldOnRegister != 0 {
			asked = append(asked, f)
		}
	}
	return asked, err
}

// wrongNames is what is wrong with the names of an account: the handle and, if given, the address. Those of the user with the id are no
// others' than its own. Whoever writes them afterwards must hold lockNames.
func (a *action) wrongNames(handle string, email *string, userID int) (wrong faults, err error) {
	code, args := a.m.wrongHandle(a.o, handle)
	if code == "" {
		taken, err := a.taken("handle", handle, userID)
		if err != nil {
			return nil, err
		}
		if taken {
			code = "taken"
		}
	}
	wrong.add("handle", code, args)
	if email != nil {
		err = a.wrongEmail(&wrong, *email, userID)
	}
	return wrong, err
}

// wrongEmail notes what is wrong with an address.
func (a *action) wrongEmail(wrong *faults, email string, userID int) error {
	code, args := wrongEmail(email)
	if code == "" {
		taken, err := a.taken("email", email, userID)
		if err != nil {
			return err
		}
		if taken {
			code = "taken"
		}
	}
	wrong.add("email", code, args)
	return nil
}
