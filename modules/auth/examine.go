package auth

import (
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Examine returns findings about settings and options that leave the site less protected than its
// owner may think. They are shown by the doctor, and written to the log when a server starts.
func Examine(o *site.Options, dialect database.Dialect, s Settings) []site.Finding {
	var findings []site.Finding
	warn := func(topic, format string, args ...any) {
		findings = append(findings, site.Finding{Severity: "warning", Topic: topic,
			Text: fmt.Sprintf(format, args...)})
	}
	if s.Cognito.Issuer == "" && s.KeySecret == "" && dialect != database.SQLite {
		warn("keys",
			"AUTH_KEY_SECRET is not set: whoever can read the database, or a copy of it, can make tokens for every account")
	}
	if _, ok := s.Captcha.inForce(o); !ok {
		if open := unprotected(o); len(open) > 0 {
			warn("captcha",
				"the site's options ask for a captcha before %s, but there are no keys: set CAPTCHA_SECRET and "+
					"CAPTCHA_SITE_KEY, or the keys of the plugin reCAPTCHA", strings.Join(open, ", "))
		}
	}
	return findings
}

// unprotected returns, in words, the actions before which the site's options require a captcha.
func unprotected(o *site.Options) []string {
	var open []string
	for _, use := range []struct {
		what  string
		asked bool
	}{
		{"signing up", o.Bool(option.CaptchaOnRegister)},
		{"mails to choose a new password", o.Bool(option.CaptchaOnResetPassword)},
		{"posts of visitors", o.Bool(option.CaptchaOnAnonPost)},
		{"posts of unapproved users", o.Bool(option.ModerateUsers) && o.Bool(option.CaptchaOnUnapproved)},
		{"posts of unconfirmed users", o.Bool(option.ConfirmUserEmails) && o.Bool(option.CaptchaOnUnconfirmed)},
	} {
		if use.asked {
			open = append(open, use.what)
		}
	}
	return open
}
