package auth

import (
	"testing"

	"38qa.net/backend/modules/site"
)

func TestAsksCaptcha(t *testing.T) {
	t.Parallel()
	visitor, member := Caller{}, Caller{UserID: 7}
	confirmed := Caller{UserID: 7, Flags: FlagEmailConfirmed}
	off := map[string]string{
		"captcha_on_register": "0", "captcha_on_reset_password": "0", "captcha_on_anon_post": "0",
		"captcha_on_unapproved": "0", "captcha_on_unconfirmed": "0", "moderate_users": "0", "confirm_user_emails": "1",
	}
	for _, c := range []struct {
		name   string
		set    map[string]string
		caller Caller
		level  int
		use    captchaUse
		want   bool
	}{
		{"signing up, option off", nil, visitor, 0, captchaSignUp, false},
		{"signing up", map[string]string{"captcha_on_register": "1"}, visitor, 0, captchaSignUp, true},
		{"forgotten password, option off", nil, visitor, 0, captchaForgot, false},
		{"forgotten password", map[string]string{"captcha_on_reset_password": "1"}, visitor, 0, captchaForgot, true},
		{"visitor's post, all off", nil, visitor, 0, CaptchaPost, false},
		{"visitor's post", map[string]string{"captcha_on_anon_post": "1"}, visitor, 0, CaptchaPost, true},
		{"member's post where visitors are asked", map[string]string{"captcha_on_anon_post": "1"}, member, 0, CaptchaPost, false},
		{"unapproved, but users are not approved here", map[string]string{"captcha_on_unapproved": "1"}, member, 0, CaptchaPost, false},
		{"unapproved", map[string]string{"captcha_on_unapproved": "1", "moderate_users": "1"}, confirmed, 0, CaptchaPost, true},
		{"approved", map[string]string{"captcha_on_unapproved": "1", "moderate_users": "1"}, member, LevelApproved, CaptchaPost, false},
		{"unconfirmed", map[string]string{"captcha_on_unconfirmed": "1"}, member, 0, CaptchaPost, true},
		{"confirmed", map[string]string{"captcha_on_unconfirmed": "1"}, confirmed, 0, CaptchaPost, false},
		{"unconfirmed, but addresses are not confirmed here", map[string]string{"captcha_on_unconfirmed": "1", "confirm_user_emails": "0"}, member, 0, CaptchaPost, false},
		{"expert of the category", map[string]string{"captcha_on_unconfirmed": "1"}, member, LevelExpert, CaptchaPost, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			values := map[string]string{}
			for _, from := range []map[string]string{off, c.set} {
				for name, value := range from {
					values[name] = value
				}
			}
			if got := asksCaptcha(site.NewOptions(values), c.caller, c.level, c.use); got != c.want {
				t.Errorf("asksCaptcha = %t, want %t", got, c.want)
			}
		})
	}
}

func TestCaptchaKeys(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"recaptcha_public_key": " pub ", "recaptcha_private_key": "priv"}
	for _, c := range []struct {
		name     string
		settings Captcha
		options  map[string]string
		want     Captcha
		ok       bool
	}{
		{"none", Captcha{}, nil, Captcha{Provider: "recaptcha", VerifyURL: verifyURLs["recaptcha"]}, false},
		{"the site's own", Captcha{}, keys, Captcha{"recaptcha", "pub", "priv", verifyURLs["recaptcha"]}, true},
		{"configured ones before the site's", Captcha{Provider: "turnstile", SiteKey: "a", Secret: "b"}, keys,
			Captcha{"turnstile", "a", "b", verifyURLs["turnstile"]}, true},
		{"another plugin's are not known", Captcha{}, map[string]string{"captcha_module": "hCaptcha",
			"recaptcha_public_key": "pub", "recaptcha_private_key": "priv"}, Captcha{}, false},
		{"half of the site's own", Captcha{}, map[string]string{"recaptcha_public_key": "pub"},
			Captcha{Provider: "recaptcha", SiteKey: "pub", VerifyURL: verifyURLs["recaptcha"]}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := c.settings.inForce(site.NewOptions(c.options))
			if ok != c.ok || got != c.want {
				t.Errorf("inForce = %+v, %t, want %+v, %t", got, ok, c.want, c.ok)
			}
		})
	}
}
