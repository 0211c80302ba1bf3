package auth

import (
	"context"

	"38qa.net/backend/modules/auth/internal/passwords"
	"38qa.net/backend/modules/site/option"
)

// Requirements says how people get an account and sign in, for a client's forms.
type Requirements struct {
	Issuer        string   `json:"issuer" enum:"builtin,cognito" doc:"builtin: with the operations of /v1/auth; cognito: with a user pool, whose tokens this API takes"`
	CognitoIssuer string   `json:"cognitoIssuer,omitempty" format:"uri" doc:"Address of the user pool"`
	CognitoClient []string `json:"cognitoClientIds,omitempty" doc:"Ids of the app clients whose tokens are taken"`
	SignUpOpen    bool     `json:"signUpOpen" doc:"Whether the site takes new accounts"`
	TermsRequired bool     `json:"termsRequired" doc:"Whether people have to accept the site's terms to sign up"`
	EmailRequired bool     `json:"emailConfirmationRequired" doc:"Whether members have to confirm their address before they use the site"`
	SignInByEmail bool     `json:"signInByEmailOnly" doc:"Whether members sign in by address only, not by handle"`
	Password      Least    `json:"password"`
	Fields        []string `json:"signUpFields" doc:"Names of the profile fields that are asked for at sign-up"`
}

// Least is how long a text has to be, in characters.
type Least struct {
	Min int `json:"min"`
}

// Requirements returns how people get an account and sign in.
func (m *Module) Requirements(ctx context.Context) (Requirements, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return Requirements{}, err
	}
	r := Requirements{
		Issuer: "builtin", SignUpOpen: !o.Bool(option.SuspendRegisterUsers),
		TermsRequired: o.Bool(option.ShowRegisterTerms),
		EmailRequired: o.Bool(option.ConfirmUserEmails) && o.Bool(option.ConfirmUserRequired),
		SignInByEmail: o.Bool(option.AllowLoginEmailOnly),
		Password:      Least{passwords.MinLength}, Fields: []string{},
	}
	if cognito := m.settings.Cognito; cognito.Issuer != "" {
		r.Issuer, r.CognitoIssuer, r.CognitoClient = "cognito", cognito.Issuer, cognito.ClientIDs
	}
	a := &action{Writer: &Writer{Ctx: ctx, Tx: m.db}}
	fields, err := a.registerFields()
	for _, f := range fields {
		r.Fields = append(r.Fields, f.name)
	}
	return r, err
}
