package auth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/testsite"
)

// captchaProvider verifies the solutions "solved", always, and "solved once", once; it responds with 500
// while it is down.
type captchaProvider struct {
	*httptest.Server
	mu   sync.Mutex
	down bool
	used bool
	seen []url.Values
}

func newCaptchaProvider(t *testing.T) *captchaProvider {
	t.Helper()
	p := &captchaProvider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.down {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		p.seen = append(p.seen, r.PostForm)
		w.Header().Set("Content-Type", "application/json")
		body := `{"success": false, "error-codes": ["invalid-input-response"]}`
		switch {
		case r.PostForm.Get("secret") != "s3cret":
			body = `{"success": false, "error-codes": ["invalid-input-secret"]}`
		case r.PostForm.Get("response") == "solved", r.PostForm.Get("response") == "solved once" && !p.used:
			p.used = p.used || r.PostForm.Get("response") == "solved once"
			body = `{"success": true}`
		case r.PostForm.Get("response") == "scored low":
			body = `{"success": true, "score": 0.1}`
		}
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *captchaProvider) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

func TestCaptcha(t *testing.T) {
	t.Parallel()
	provider := newCaptchaProvider(t)
	s := testsite.NewIssuer(t, testsite.Config(func(c *config.Config) {
		c.CaptchaProvider, c.CaptchaSiteKey, c.CaptchaSecret, c.CaptchaURL = "turnstile", "public", "s3cret",
			provider.URL
	}))
	s.SetOptions(t, map[string]string{
		"captcha_on_register": "1", "captcha_on_reset_password": "1", "captcha_on_anon_post": "1",
		"permit_post_q": "150", "permit_post_a": "150", "permit_post_c": "150",
	})

	type session struct {
		Captcha struct {
			Provider, SiteKey string
			For               []string
		}
	}
	if _, got := testsite.Ask[session](t, s, "GET", "/v1/auth/session", "", testsite.Home,
		nil); got.Captcha.Provider != "turnstile" ||
		got.Captcha.SiteKey != "public" || len(got.Captcha.For) != 3 {
		t.Errorf("the session of a visitor: %+v", got)
	}
	post := func(extra map[string]any) map[string]any {
		body := map[string]any{"content": "巣箱の置き場所について、南向きと東向きではどちらがよいでしょうか。"}
		for name, value := range extra {
			body[name] = value
		}
		return body
	}
	for _, op := range []struct {
		name, path string
		body       map[string]any
		done       int
	}{
		{"sign up", "/v1/auth/sign-up", map[string]any{"handle": "captcha", "email": "captcha@example.jp", "password": "mitsubachi-2026"}, 201},
		{"forgot", "/v1/auth/forgot", map[string]any{"login": "haru"}, 202},
		{"ask", "/v1/questions", post(map[string]any{"title": "巣箱はどちらに向けて置くのがよいですか"}), 201},
		{"answer", "/v1/questions/200/answers", post(nil), 201},
		{"comment", "/v1/posts/200/comments", post(nil), 201},
	} {
		t.Run(op.name, func(t *testing.T) {
			for _, c := range []struct {
				name, token string
				down        bool
				status      int
				code        string
			}{
				{"without a token", "", false, 422, "required"},
				{"with a wrong one", "guessed", false, 422, "wrong_captcha"},
				{"with a low score", "scored low", false, 422, "wrong_captcha"},
				{"while the provider is down", "solved", true, 503, ""},
				{"solved", "solved", false, op.done, ""},
			} {
				if c.token != "" {
					op.body["captchaToken"] = c.token
				}
				provider.setDown(c.down)
				status, got := testsite.Ask[testsite.SignedIn](t, s, "POST", op.path, "", testsite.Home,
					op.body)
				if status != c.status {
					t.Errorf("%s: %d %+v, want %d", c.name, status, got, c.status)
				}
				if c.code != "" && (len(got.Errors) != 1 || got.Errors[0].Field != "captchaToken" ||
					got.Errors[0].Code != c.code) {
					t.Errorf("%s: %+v, want captchaToken %s", c.name, got.Errors, c.code)
				}
			}
		})
	}
	for _, attempt := range []string{"first", "repeated"} {
		body := map[string]any{
			"handle": "captcha two", "email": "two@example.jp", "password": "mitsubachi-2026",
			"captchaToken": "solved once",
		}
		if status, got := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home,
			body, "Idempotency-Key", "captcha-key"); status != http.StatusCreated {
			t.Errorf("the %s request: %d %+v", attempt, status, got)
		}
	}
	in := s.SignIn(t, "aki", "aki-pass-123")
	if _, got := testsite.Ask[session](t, s, "GET", "/v1/auth/session", in.AccessToken, testsite.Home,
		nil); len(got.Captcha.For) != 2 {
		t.Errorf("the session of an approved member: %+v", got) // sign-up and forgot ask everybody
	}
	provider.mu.Lock()
	defer provider.mu.Unlock()
	for _, form := range provider.seen {
		if form.Get("remoteip") != testsite.Home {
			t.Errorf("the provider is told the address %q, want %q", form.Get("remoteip"), testsite.Home)
		}
	}
}

// TestExamineTellsWhatIsUnprotected checks what the doctor and a starting server report about keys and
// captchas.
func TestExamineTellsWhatIsUnprotected(t *testing.T) {
	t.Parallel()
	s := testsite.NewIssuer(t)
	s.SetOptions(t, map[string]string{"captcha_on_register": "1", "captcha_on_anon_post": "1"})
	var cfg config.Config
	said := func() (texts []string) {
		for _, f := range modules.Examine(t.Context(), cfg, s.App.DB) {
			if f.Topic == "captcha" || f.Topic == "keys" {
				texts = append(texts, f.Severity+" "+f.Text)
			}
		}
		return texts
	}
	if got := said(); len(got) != 1 || !strings.HasPrefix(got[0],
		"warning the site's options ask for a captcha before signing up, posts of visitors, but") {
		t.Errorf("without keys: %q", got)
	}
	cfg.CaptchaSiteKey, cfg.CaptchaSecret = "public", "s3cret"
	if got := said(); len(got) != 0 {
		t.Errorf("with keys: %q", got)
	}
}
