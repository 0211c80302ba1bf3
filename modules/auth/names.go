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
)

// Limits of Q2A's columns, in characters.
const (
	maxHandle       = 20
	maxEmail        = 80
	maxProfileField = 8000
)

// cleanHandle takes out of a handle what Q2A takes out: characters beyond the basic plane, and control, format and
// unassigned ones. What shows nothing goes, too.
func cleanHandle(handle string) string {
	return formtext.Visible(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && !unicode.Is(unicode.Z, r) {
			return -1
		}
		return r
	}, handle))
}

// handleBad are the characters that a handle cannot have.
const handleBad = "@+/"

// wrongHandle is why Q2A does not take a cleaned handle, as the code of a field; "" if it does.
func (m *Module) wrongHandle(o *site.Options, handle string) (code string, args []any) {
	switch {
	case handle == "":
		return "required", nil
	case handle == "." || handle == "..":
		return "bad_characters", []any{". .."}
	case strings.ContainsAny(handle, handleBad):
		return "bad_characters", []any{"@ + /"}
	case utf8.RuneCountInString(handle) > maxHandle:
		return "too_long", []any{maxHandle}
	case m.settings.Blocked(o.String("block_bad_usernames"), handle):
		return "not_allowed_handle", nil
	}
	return "", nil
}

// emailForm is what PHP's filter_var takes for an e-mail address (and so does Q2A), but for quoted names and bare IP addresses,
// which no mailbox of today has.
var emailForm = regexp.MustCompile("^[-!#$%&'*+/0-9=?A-Z^_`a-z{|}~]+(\\.[-!#$%&'*+/0-9=?A-Z^_`a-z{|}~]+)*" +
	"@([A-Za-z0-9]+(-+[A-Za-z0-9]+)*\\.)+[A-Za-z][A-Za-z0-9]*(-+[A-Za-z0-9]+)*$")

// ValidEmail tells whether Q2A takes the text for an e-mail address.
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

// wrongEmail is why Q2A does not take an address, as the code of a field; "" if it does.
func wrongEmail(email string) (code string, args []any) {
	switch {
	case email == "":
		return "required", nil
	case !ValidEmail(email):
		return "bad_email", nil
	case utf8.RuneCountInString(email) > maxEmail:
		return "too_long", []any{maxEmail}
	}
	return "", nil
}

// wrongPassword is why a new password is not taken, as the code of a field; "" if it is.
func wrongPassword(password string) (code string, args []any) {
	switch {
	case utf8.RuneCountInString(password) < passwords.MinLength:
		return "too_short", []any{passwords.MinLength}
	case len(password) > passwords.MaxBytes:
		return "too_long", []any{passwords.MaxBytes}
	case strings.Contains(password, "\x00"):
		return "bad_characters", []any{"NUL"}
	}
	return "", nil
}

// faults collects what is wrong with an input, so that it is told all at once.
type faults []problem.Field

// add notes a wrong field, unless the code is "".
func (f *faults) add(name, code string, args []any) {
	if code != "" {
		*f = append(*f, problem.Field{Name: name, Code: code, Args: args})
	}
}

// problem is the refusal, nil if nothing is wrong.
func (f *faults) problem() error {
	if len(*f) == 0 {
		return nil
	}
	return problem.Invalid(*f...)
}
