package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Captcha configures how solved challenges are verified. The zero Captcha uses the keys of Q2A's
// plugin reCAPTCHA, which are options of the site.
type Captcha struct {
	// Provider is recaptcha, hcaptcha or turnstile, which share one protocol. "" means recaptcha.
	Provider string
	// SiteKey is the public key with which clients show the challenge. Secret is the secret key that
	// belongs to it.
	SiteKey, Secret string
	// VerifyURL is the address that verifies solutions; if it is "", the provider's own address is
	// used.
	VerifyURL string
}

// verifyURLs are the addresses at which the providers verify solutions, according to their
// documentation.
var verifyURLs = map[string]string{
	"recaptcha": "https://www.google.com/recaptcha/api/siteverify",
	"hcaptcha":  "https://api.hcaptcha.com/siteverify",
	"turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
}

// captchaUse is an action before which a challenge may have to be solved.
type captchaUse string

// The actions before which the site's options can require a solved challenge.
const (
	captchaSignUp captchaUse = "sign-up"
	captchaForgot captchaUse = "forgot"
	CaptchaPost   captchaUse = "post"
	// CaptchaFeedback is asked of those who are asked before they post.
	CaptchaFeedback captchaUse = "feedback"
)

// captchaChallenge describes the challenge that a client has to show, and before which actions.
type captchaChallenge struct {
	Provider string   `json:"provider" enum:"recaptcha,hcaptcha,turnstile"`
	SiteKey  string   `json:"siteKey" doc:"For the provider's script"`
	For      []string `json:"for" enum:"sign-up,forgot,post,feedback" doc:"What needs a solved challenge: its token is sent as captchaToken"`
}

const (
	// captchaWait is how long to wait for the provider's response.
	captchaWait = 4 * time.Second
	// leastScore is the least score of a valid solution, for providers that return scores instead of
	// showing challenges. It is the value that reCAPTCHA's documentation recommends.
	leastScore = 0.5
)

// asksCaptcha reports whether the site's options require a solved challenge of the caller, at the
// given level, before the action. The rules are those of Q2A's page of spam options; approved users
// never have to solve one before they post.
func asksCaptcha(o *site.Options, c Caller, level int, use captchaUse) bool {
	switch use {
	case captchaSignUp:
		return o.Bool(option.CaptchaOnRegister)
	case captchaForgot:
		return o.Bool(option.CaptchaOnResetPassword)
	case CaptchaPost:
		if level >= LevelApproved {
			return false
		}
		return c.Anonymous() && o.Bool(option.CaptchaOnAnonPost) ||
			o.Bool(option.ModerateUsers) && o.Bool(option.CaptchaOnUnapproved) ||
			o.Bool(option.ConfirmUserEmails) && o.Bool(option.CaptchaOnUnconfirmed) &&
				c.Flags&FlagEmailConfirmed == 0
	case CaptchaFeedback:
		return o.Bool(option.CaptchaOnFeedback) && asksCaptcha(o, c, level, CaptchaPost)
	}
	return false
}

// inForce returns the settings with missing values filled in, and whether there are keys. The keys
// are those of the configuration or, without them, those of the site's plugin reCAPTCHA. If the site
// uses another captcha plugin there are none, because this backend does not know where that plugin
// stores its keys.
func (c Captcha) inForce(o *site.Options) (Captcha, bool) {
	if c.Secret == "" {
		if module := o.String(option.CaptchaModule); module != "" && module != "reCAPTCHA" {
			return c, false
		}
		c.Provider = "recaptcha"
		c.SiteKey = strings.TrimSpace(o.String(option.RecaptchaPublicKey))
		c.Secret = strings.TrimSpace(o.String(option.RecaptchaPrivateKey))
	}
	if c.Provider == "" {
		c.Provider = "recaptcha"
	}
	if c.VerifyURL == "" {
		c.VerifyURL = verifyURLs[c.Provider]
	}
	return c, c.SiteKey != "" && c.Secret != ""
}

// challenge returns the challenge that a client has to show the caller, nil if the site requires
// none.
func (m *Module) challenge(o *site.Options, c Caller) *captchaChallenge {
	settings, ok := m.settings.Captcha.inForce(o)
	if !ok {
		return nil
	}
	var uses []string
	for _, use := range []captchaUse{captchaSignUp, captchaForgot, CaptchaPost, CaptchaFeedback} {
		if asksCaptcha(o, c, c.Level, use) {
			uses = append(uses, string(use))
		}
	}
	if uses == nil {
		return nil
	}
	return &captchaChallenge{Provider: settings.Provider, SiteKey: settings.SiteKey, For: uses}
}

// CheckCaptcha refuses the request if the site requires a solved challenge of its caller, at the
// given level, and the token does not prove one. It sends a request to the provider, so it must not
// be called within a transaction. While the provider does not respond it returns unavailable, since
// it can let nobody through.
func (m *Module) CheckCaptcha(
	ctx context.Context, o *site.Options, level int, use captchaUse, token string,
) error {
	caller := CallerOf(ctx)
	settings, ok := m.settings.Captcha.inForce(o)
	if !ok || !asksCaptcha(o, caller, level, use) {
		return nil
	}
	if token = strings.TrimSpace(token); token == "" {
		return problem.Invalid(problem.Field{Name: "captchaToken", Code: problem.FieldRequired})
	}
	// A solution can be verified only once, but a client that got no response sends the same request
	// again.
	if done, err := web.Done(ctx, m.db); done || err != nil {
		return err
	}
	form := url.Values{"secret": {settings.Secret}, "response": {token}}
	if caller.IP.IsValid() {
		form.Set("remoteip", caller.IP.String())
	}
	solved, err := verifyCaptcha(ctx, settings.VerifyURL, form)
	switch {
	case err != nil:
		slog.WarnContext(ctx, "captchas cannot be verified", "provider", settings.Provider, "error", err)
		return problem.New(problem.CodeUnavailable)
	case !solved:
		return problem.Invalid(problem.Field{Name: "captchaToken", Code: fieldWrongCaptcha})
	}
	return nil
}

// verifyCaptcha asks the provider whether the challenge was solved.
func verifyCaptcha(ctx context.Context, address string, form url.Values) (solved bool, err error) {
	ctx, done := context.WithTimeout(ctx, captchaWait)
	defer done()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return false, errors.New("the provider's address is none")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, fmt.Errorf("siteverify: %w", err)
	}
	defer res.Body.Close()
	var got struct {
		Success bool     `json:"success"`
		Score   *float64 `json:"score"`
		Errors  []string `json:"error-codes"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&got); err != nil {
		return false, fmt.Errorf("siteverify responded %s: %w", res.Status, err)
	}
	if slices.ContainsFunc(got.Errors,
		func(code string) bool { return strings.HasSuffix(code, "-input-secret") }) {
		return false, errors.New("siteverify: the secret key is not good")
	}
	return got.Success && (got.Score == nil || *got.Score >= leastScore), nil
}
