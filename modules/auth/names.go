package auth

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"38qa.net/backend/modules/auth/internal/passwords"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// The maximum lengths that Q2A's columns allow, in characters.
const (
	maxHandle       = 20
	maxEmail        = 80
	maxProfileField = 8000
)

// cleanHandle returns the handle without the characters that Q2A removes: those beyond the Basic
// Multilingual Plane, and control, format and unassigned characters. Other characters that are
// invisible are removed as well.
func cleanHandle(handle string) string {
	return formtext.Visible(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && !unicode.Is(unicode.Z, r) {
			return -1
		}
		return r
	}, handle))
}

// handleBad are the characters that a handle cannot contain.
const handleBad = "@+/"

// wrongHandle returns why Q2A does not accept a handle that cleanHandle returned, as the code and the
// arguments of a problem's field. The code is the zero code if Q2A accepts it.
func (m *Module) wrongHandle(o *site.Options, handle string) (code problem.FieldCode, args []any) {
	switch {
	case handle == "":
		return problem.FieldRequired, nil
	case handle == "." || handle == "..":
		return problem.FieldBadCharacters, []any{". .."}
	case strings.ContainsAny(handle, handleBad):
		return problem.FieldBadCharacters, []any{"@ + /"}
	case utf8.RuneCountInString(handle) > maxHandle:
		return problem.FieldTooLong, []any{maxHandle}
	case m.settings.Blocked(o.String(option.BlockBadUsernames), handle):
		return fieldNotAllowedHandle, nil
	}
	return problem.FieldCode{}, nil
}

// emailForm matches what PHP's filter_var, and therefore Q2A, accepts as an e-mail address, except
// for quoted names and bare IP addresses, which no mailbox has nowadays.
var emailForm = regexp.MustCompile("^[-!#$%&'*+/0-9=?A-Z^_`a-z{|}~]+(\\.[-!#$%&'*+/0-9=?A-Z^_`a-z{|}~]+)*" +
	"@([A-Za-z0-9]+(-+[A-Za-z0-9]+)*\\.)+[A-Za-z][A-Za-z0-9]*(-+[A-Za-z0-9]+)*$")

// ValidEmail reports whether Q2A accepts the text as an e-mail address.
func ValidEmail(email string) bool {
	name, domain, _ := strings.Cut(email, "@")
	if len(name) > 64 || len(domain) > 253 || !emailForm.MatchString(email) {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > 63 {
			return false
		}
	}
	return true
}

// wrongEmail returns why Q2A does not accept an address, as the code and the arguments of a problem's
// field. The code is the zero code if Q2A accepts it.
func wrongEmail(email string) (code problem.FieldCode, args []any) {
	switch {
	case email == "":
		return problem.FieldRequired, nil
	case !ValidEmail(email):
		return problem.FieldBadEmail, nil
	case utf8.RuneCountInString(email) > maxEmail:
		return problem.FieldTooLong, []any{maxEmail}
	}
	return problem.FieldCode{}, nil
}

// wrongPassword returns why a new password is not accepted, as the code and the arguments of a
// problem's field. The code is the zero code if it is accepted.
func wrongPassword(password string) (code problem.FieldCode, args []any) {
	switch {
	case utf8.RuneCountInString(password) < passwords.MinLength:
		return problem.FieldTooShort, []any{passwords.MinLength}
	case len(password) > passwords.MaxBytes:
		return problem.FieldTooLong, []any{passwords.MaxBytes}
	case strings.Contains(password, "\x00"):
		return problem.FieldBadCharacters, []any{"NUL"}
	}
	return problem.FieldCode{}, nil
}

// faults collects everything that is wrong with an input, so that one problem reports all of it.
type faults []problem.Field

// add adds a field with a code, unless the code is the zero code.
func (f *faults) add(name string, code problem.FieldCode, args []any) {
	if !code.IsZero() {
		*f = append(*f, problem.Field{Name: name, Code: code, Args: args})
	}
}

// problem returns the problem that refuses the input, nil if nothing is wrong with it.
func (f *faults) problem() error {
	if len(*f) == 0 {
		return nil
	}
	return problem.Invalid(*f...)
}
