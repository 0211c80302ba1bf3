package auth_test

import (
	"net/http"
	"testing"
	"time"

	"strings"

	"38qa.net/backend/modules/testsite"
)

// codeSite is a site on which codes are tried.
type codeSite struct {
	*testsite.Issuer
	t *testing.T
}

func (s codeSite) exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.App.DB.Exec(s.t.Context(), query, args...); err != nil {
		s.t.Fatal(err)
	}
}

// call sends a request, whose response must have the status want.
func (s codeSite) call(want int, method, path, token string, body map[string]any) {
	s.t.Helper()
	if status, got := testsite.Ask[map[string]any](s.t, s.Issuer, method, path, token, testsite.Home,
		body); status != want {
		s.t.Fatalf("%s %s: %d %v, want %d", method, path, status, got, want)
	}
}

// option sets an option of the site, and waits until it takes effect.
func (s codeSite) option(name, value string) {
	s.t.Helper()
	s.exec("DELETE FROM {options} WHERE title = ?", name)
	s.exec("INSERT INTO {options} (title, content) VALUES (?, ?)", name, value)
	time.Sleep(1100 * time.Millisecond) // options are at most a second old
}

// tries uses the code first to confirm the address and then to reset the password, and returns the status of
// each.
func (s codeSite) tries(handle, code string) (confirm, reset int) {
	s.t.Helper()
	confirm, _ = testsite.Ask[any](s.t, s.Issuer, "POST", "/v1/auth/confirm", "", testsite.Home,
		map[string]any{"handle": handle, "code": code})
	reset, _ = testsite.Ask[any](s.t, s.Issuer, "POST", "/v1/auth/reset", "", testsite.Home, map[string]any{
		"login": handle, "code": code, "newPassword": "long-enough-1",
	})
	return confirm, reset
}

// TestCodesAreBound checks what a mailed code is good for, to confirm an address or to reset a password, and
// which events end the code. The test uses natsu, a basic user with a confirmed address.
func TestCodesAreBound(t *testing.T) {
	t.Parallel()
	const confirmMail, forgotMail = "/v1/me/email/confirmation", "/v1/auth/forgot"
	expert := func(s codeSite) { s.exec("UPDATE {users} SET level = 20 WHERE handle = 'natsu'") }
	confirmation := func(s codeSite, token string) { s.call(202, "POST", confirmMail, token, nil) }
	forgotten := func(s codeSite, _ string) {
		s.call(202, "POST", forgotMail, "", map[string]any{"login": "natsu"})
	}
	newAddress := func(s codeSite, token string) {
		s.call(200, "PATCH", "/v1/me", token, map[string]any{"email": "victim@example.jp"})
	}
	byPHP := func(s codeSite, _ string) {
		s.exec("UPDATE {users} SET email = 'victim@example.jp', flags = flags & ~1 WHERE handle = 'natsu'")
	}
	byAdmin := func(s codeSite, _ string) {
		admin := s.SignIn(s.t, "admin_hana", "hana-admin-pass")
		s.call(200, "PATCH", "/v1/users/natsu", admin.AccessToken, map[string]any{
			"email": "victim@example.jp",
		})
	}
	phpCode := func(s codeSite, _ string) {
		s.exec("UPDATE {users} SET emailcode = 'phpcode1' WHERE handle = 'natsu'")
	}
	noted := func(s codeSite, _ string) { testsite.RunJob(s.t, s.App, "codes") }
	const good, bad = http.StatusNoContent, http.StatusUnprocessableEntity
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for _, c := range []struct {
			name           string
			before         func(codeSite)
			steps          []func(codeSite, string)
			confirm, reset int
		}{
			{"to confirm", nil, []func(codeSite, string){confirmation}, good, bad},
			{"to reset", nil, []func(codeSite, string){forgotten}, bad, 200},
			{"to confirm, seen to by the job", nil, []func(codeSite, string){confirmation, noted}, good, bad},
			{"to confirm, before an own change of address", nil, []func(codeSite, string){confirmation, newAddress}, bad, bad},
			{"to confirm, before an expert's own change of address", expert, []func(codeSite, string){confirmation, newAddress}, bad, bad},
			{"to confirm, before a change where nobody has to confirm", func(s codeSite) { s.option("confirm_user_emails", "0") },
				[]func(codeSite, string){confirmation, newAddress}, bad, bad},
			{"to confirm, before a change by the old site", nil, []func(codeSite, string){confirmation, byPHP}, bad, bad},
			{"to confirm, before an expert's change by the old site", expert, []func(codeSite, string){confirmation, byPHP}, bad, bad},
			{"to confirm, before a change by the old site that the job saw", nil, []func(codeSite, string){confirmation, byPHP, noted}, bad, bad},
			{"to confirm, before a change by an administrator", nil, []func(codeSite, string){confirmation, byAdmin}, bad, bad},
			{"to reset, before a change by an administrator", nil, []func(codeSite, string){forgotten, byAdmin}, bad, bad},
			{"to reset, before a change by the old site", nil, []func(codeSite, string){forgotten, byPHP}, bad, bad},
			{"to reset, before a change of the password", nil, []func(codeSite, string){forgotten, func(s codeSite, token string) {
				s.call(200, "PUT", "/v1/me/password", token, map[string]any{
					"oldPassword": "natsu-pass-123", "newPassword": "natsu-pass-456",
				})
			}}, bad, bad},
			{"to reset, before a change of the password by the old site", nil, []func(codeSite, string){forgotten, func(s codeSite, _ string) {
				s.exec(`UPDATE {users}
					SET passhash = (SELECT h FROM (SELECT passhash AS h FROM {users} WHERE handle = 'haru') x)
					WHERE handle = 'natsu'`)
			}}, bad, bad},
			{"to reset, used on the old site", nil, []func(codeSite, string){forgotten, func(s codeSite, _ string) {
				s.exec("UPDATE {users} SET emailcode = '' WHERE handle = 'natsu'")
			}}, bad, bad},
			{"to confirm, before one to reset", nil, []func(codeSite, string){confirmation, forgotten}, bad, bad},
			{"to reset, two hours old", nil, []func(codeSite, string){forgotten, func(s codeSite, _ string) { s.Pass(2 * time.Hour) }}, bad, bad},
			{"to reset, two hours old, seen to by the job", nil, []func(codeSite, string){forgotten, func(s codeSite, _ string) { s.Pass(2 * time.Hour) }, noted}, bad, bad},
			{"to confirm, six days old", nil, []func(codeSite, string){confirmation, func(s codeSite, _ string) { s.Pass(6 * 24 * time.Hour) }}, good, bad},
			{"to confirm, a week old", nil, []func(codeSite, string){confirmation, func(s codeSite, _ string) { s.Pass(7 * 24 * time.Hour) }}, bad, bad},
			{"the old site's", nil, []func(codeSite, string){phpCode}, good, bad}, // used up by the first
			{"the old site's in place of ours", nil, []func(codeSite, string){confirmation, phpCode}, good, bad},
			{"the old site's, of an expert", expert, []func(codeSite, string){phpCode}, bad, 200},
			{"the old site's, before an own change of address", nil, []func(codeSite, string){phpCode, newAddress}, bad, bad},
			{"the old site's, before an expert's own change of address", expert, []func(codeSite, string){phpCode, newAddress}, bad, bad},
			{"the old site's, before an expert's change by the old site", expert, []func(codeSite, string){phpCode, noted, byPHP}, bad, bad},
			{"the old site's, before a change by an administrator", nil, []func(codeSite, string){phpCode, byAdmin}, bad, bad},
			{"the old site's, seen before a change by the old site", nil, []func(codeSite, string){phpCode, noted, byPHP}, bad, bad},
			{"the old site's, seen", nil, []func(codeSite, string){phpCode, noted}, good, bad},
			{"the old site's, of an expert, seen two hours ago", expert,
				[]func(codeSite, string){phpCode, noted, func(s codeSite, _ string) {
					s.Pass(2 * time.Hour)
				}, noted}, bad, bad},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := codeSite{testsite.NewIssuer(t, db), t}
				in := s.SignIn(t, "natsu", "natsu-pass-123")
				if c.before != nil {
					c.before(s)
				}
				code := ""
				for _, step := range c.steps {
					step(s, in.AccessToken)
					if now := s.Code(t, "natsu"); code == "" || now == "phpcode1" {
						code = now // the one that is tried: the first, or the old site's
					}
				}
				if code == "" {
					t.Fatal("no code was mailed")
				}
				if confirm, reset := s.tries("natsu", code); confirm != c.confirm || reset != c.reset {
					t.Errorf("confirm: %d, want %d; reset: %d, want %d", confirm, c.confirm, reset, c.reset)
				}
			})
		}
	})
}

// TestEndedCodesLeaveTheColumn checks that the job removes ended codes from the column of the users' table,
// so that the old site refuses them too, and that it leaves codes there which the old site made.
func TestEndedCodesLeaveTheColumn(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for _, c := range []struct {
			name string
			end  func(codeSite)
			left string
		}{
			{"two hours", func(s codeSite) { s.Pass(2 * time.Hour) }, ""},
			{"a change of the address by the old site", func(s codeSite) { s.exec("UPDATE {users} SET email = 'new@example.jp' WHERE handle = 'natsu'") }, ""},
			{"one of the old site's in its place", func(s codeSite) { s.exec("UPDATE {users} SET emailcode = 'phpcode1' WHERE handle = 'natsu'") }, "phpcode1"},
		} {
			t.Run(c.name, func(t *testing.T) {
				s := codeSite{testsite.NewIssuer(t, db), t}
				s.call(202, "POST", "/v1/auth/forgot", "", map[string]any{"login": "natsu"})
				if s.Code(t, "natsu") == "" {
					t.Fatal("no code was mailed")
				}
				c.end(s)
				for range 2 {
					testsite.RunJob(t, s.App, "codes")
					if left := s.Code(t, "natsu"); left != c.left {
						t.Errorf("%q is left, want %q", left, c.left)
					}
				}
			})
		}
	})
}

// TestCodeOutlivesANewHash checks that a code to reset the password stays good when its owner signs in with a
// password in Q2A's old format, which is hashed anew at that moment.
func TestCodeOutlivesANewHash(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, opened *testsite.Issuer) {
		s := codeSite{opened, t}
		s.call(202, "POST", "/v1/auth/forgot", "", map[string]any{"login": "tanaka"})
		code := s.Code(t, "tanaka")
		s.SignIn(t, "tanaka", "tanaka-legacy-pass")
		if _, reset := s.tries("tanaka", code); reset != 200 {
			t.Errorf("reset: %d", reset)
		}
	})
}

// TestWelcomeCode checks that the code in a welcome mail confirms the address, and sets no password.
func TestWelcomeCode(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, opened *testsite.Issuer) {
		s := codeSite{opened, t}
		s.call(201, "POST", "/v1/auth/sign-up", "", map[string]any{
			"handle": "fresh", "email": "fresh@example.jp", "password": "long-enough-0",
		})
		code := s.Code(t, "fresh")
		body := map[string]any{"login": "fresh", "code": code, "newPassword": "long-enough-1"}
		if status, _ := testsite.Ask[any](t, s.Issuer, "POST", "/v1/auth/reset", "", testsite.Home,
			body); code == "" || status != 422 {
			t.Errorf("reset with the code %q of the welcome mail: %d", code, status)
		}
		if confirm, reset := s.tries("fresh", code); confirm != http.StatusNoContent || reset != 422 {
			t.Errorf("confirm: %d; reset with the used code: %d", confirm, reset)
		}
	})
}

// TestMailsBearGoodCodesOnly checks that a mail which is sent late, or to another address than its code was
// made for, has no code in it.
func TestMailsBearGoodCodesOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		then           func(codeSite)
		address        string
		confirm, reset bool
	}{
		{"at once", func(codeSite) {}, "natsu@example.jp", false, true},
		{"to another address", func(codeSite) {}, "attacker@example.jp", false, false},
		{"two hours later", func(s codeSite) { s.Pass(2 * time.Hour) }, "natsu@example.jp", false, false},
		{"to an address that changed", func(s codeSite) {
			s.exec("UPDATE {users} SET email = 'new@example.jp' WHERE handle = 'natsu'")
		}, "new@example.jp", false, false},
		{"after one to confirm", func(s codeSite) {
			in := s.SignIn(s.t, "natsu", "natsu-pass-123")
			s.call(202, "POST", "/v1/me/email/confirmation", in.AccessToken, nil)
		}, "natsu@example.jp", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachIssuer(t, func(t *testing.T, opened *testsite.Issuer) {
				s := codeSite{opened, t}
				s.call(202, "POST", "/v1/auth/forgot", "", map[string]any{"login": "natsu"})
				c.then(s)
				for purpose, want := range map[string]bool{"confirm": c.confirm, "reset": c.reset} {
					code, err := s.App.Auth.CodeToMail(t.Context(), 14, c.address, purpose)
					if err != nil || (code != "") != want || want && code != s.Code(t, "natsu") {
						t.Errorf("%s: %q %v", purpose, code, err)
					}
				}
			})
		})
	}
}

// TestCodes checks that a code is mailed to confirm an address or to reset a password, that it is good once,
// in upper or lower case, and that guesses at codes are limited.
func TestCodes(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		post := func(path, token string, body map[string]any) int {
			t.Helper()
			status, _ := testsite.Ask[map[string]any](t, s, "POST", path, token, testsite.Home, body)
			return status
		}
		in := s.SignIn(t, "newbie2", "newbie-pass-2")
		before := s.Code(t, "newbie2")
		if status := post("/v1/me/email/confirmation", in.AccessToken, nil); status != http.StatusAccepted ||
			s.Code(t, "newbie2") == before {
			t.Errorf("a new code: %d", status)
		}
		if status := post("/v1/auth/confirm", in.AccessToken, map[string]any{"code": before}); status != 422 {
			t.Errorf("the old code: %d", status)
		}
		code := s.Code(t, "newbie2")
		if status := post("/v1/auth/confirm", in.AccessToken, map[string]any{
			"code": " " + strings.ToUpper(code),
		}); status != http.StatusNoContent {
			t.Errorf("the new code: %d", status)
		}
		if _, account := s.Me(t, in.AccessToken); !account.EmailConfirmed {
			t.Error("the address is not confirmed")
		}
		if status := post("/v1/auth/confirm", "", map[string]any{
			"handle": "newbie2", "code": code,
		}); status != 422 {
			t.Errorf("a used code: %d", status)
		}
		if status := post("/v1/auth/forgot", "",
			map[string]any{"login": "haru"}); status != http.StatusAccepted {
			t.Errorf("forgot: %d", status)
		}
		old := s.SignIn(t, "haru", "haru-pass-123")
		status, fresh := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/reset", "", testsite.Home,
			map[string]any{"login": "haru", "code": s.Code(t, "haru"), "newPassword": "haru-pass-789"})
		if status != 200 {
			t.Fatalf("reset: %d %+v", status, fresh)
		}
		if status, _ := s.Me(t, fresh.AccessToken); status != 200 {
			t.Errorf("signed in by the reset: %d", status)
		}
		if status := post("/v1/auth/refresh", "", map[string]any{
			"refreshToken": old.RefreshToken,
		}); status != 401 {
			t.Errorf("a session from before the reset: %d", status)
		}
		s.SignIn(t, "haru", "haru-pass-789")
		for range 20 {
			post("/v1/auth/reset", "", map[string]any{
				"login": "aki", "code": "guessing", "newPassword": "long-enough",
			})
		}
		if status := post("/v1/auth/reset", "", map[string]any{
			"login": "AKI", "code": "guessing", "newPassword": "long-enough",
		}); status != 429 {
			t.Errorf("a 21st guess: %d", status)
		}
	})
}
