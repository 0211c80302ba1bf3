package modules_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestSessionOfAPerson: somebody makes an account, writes, comes back, and goes.
func TestSessionOfAPerson(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		status, in := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home, map[string]any{"handle": " 蜂 太郎 ", "email": "hachi@example.jp", "password": "はちみつ大好き"})
		if status != http.StatusUnprocessableEntity || len(in.Errors) != 1 || in.Errors[0].Field != "password" || in.Errors[0].Code != "too_short" {
			t.Fatalf("a password of 7 characters: %d %+v", status, in)
		}
		status, in = testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home, map[string]any{"handle": " 蜂 太郎 ", "email": "hachi@example.jp", "password": "はちみつ大好き!"})
		if status != http.StatusCreated || in.User.Handle != "蜂 太郎" || in.ExpiresIn != 900 {
			t.Fatalf("sign up: %d %+v", status, in)
		}
		if status, account := s.Me(t, in.AccessToken); status != 200 || account.User.ID != in.User.ID || account.EmailConfirmed || !account.HasPassword {
			t.Errorf("me: %d %+v", status, account)
		}
		if status, refused := s.Me(t, in.IDToken); status != 401 || refused.Code != "unauthenticated" {
			t.Errorf("me by ID token: %d %+v", status, refused)
		}
		status, q := testsite.Ask[testsite.Question](t, s, "POST", "/v1/questions", in.AccessToken, testsite.Home, map[string]any{"title": "新しい巣箱の置き場所はどこ", "content": "日当たりを知りたいです。"})
		if status != http.StatusCreated || q.Author.ID != in.User.ID {
			t.Errorf("ask: %d %+v", status, q)
		}
		_, session := testsite.Ask[struct{ Limits map[string]int }](t, s, "GET", "/v1/auth/session", in.AccessToken, testsite.Home, nil)
		if session.Limits["ask"] != 9 || session.Limits["answer"] != 25 || session.Limits["register"] != 4 || session.Limits["vote"] != 300 {
			t.Errorf("limits left: %v", session.Limits)
		}
		claims := claimsOf(t, in.IDToken)
		if claims["token_use"] != "id" || claims["email"] != "hachi@example.jp" || claims["email_verified"] != false || claims["cognito:username"] != "蜂 太郎" {
			t.Errorf("claims %v", claims)
		}

		s.Pass(14 * time.Minute)
		if status, _ := s.Me(t, in.AccessToken); status != 200 {
			t.Errorf("after 14 minutes: %d", status)
		}
		s.Pass(2 * time.Minute)
		if status, refused := s.Me(t, in.AccessToken); status != 401 || refused.Code != "unauthenticated" {
			t.Errorf("after 16 minutes: %d %+v", status, refused)
		}
		status, next := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home, map[string]any{"refreshToken": in.RefreshToken})
		if status != 200 || next.RefreshToken == in.RefreshToken {
			t.Fatalf("refresh: %d", status)
		}
		if claimsOf(t, next.AccessToken)["auth_time"] != claimsOf(t, in.AccessToken)["auth_time"] {
			t.Error("a refresh counts as a sign-in")
		}
		if status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-out", "", testsite.Home, map[string]any{"refreshToken": next.RefreshToken}); status != http.StatusNoContent {
			t.Errorf("sign out: %d", status)
		}
		if status, gone := s.Me(t, next.AccessToken); status != 401 || gone.Code != "unauthenticated" {
			t.Errorf("access token after sign-out: %d %+v", status, gone)
		}
		if status, gone := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home, map[string]any{"refreshToken": next.RefreshToken}); status != 401 || gone.Code != "session_ended" {
			t.Errorf("refresh after sign-out: %d %+v", status, gone)
		}
	})
}

func claimsOf(t *testing.T, token string) (claims map[string]any) {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		t.Fatalf("%s: %v", token, err)
	}
	return claims
}

// TestRefreshTokensAreGoodForOnce: a token that comes again soon is a retry, later it is a theft and ends the session.
func TestRefreshTokensAreGoodForOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		refresh := func(token string) (int, testsite.SignedIn) {
			return testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home, map[string]any{"refreshToken": token})
		}
		first, other := s.SignIn(t, "haru", "haru-pass-123"), s.SignIn(t, "haru", "haru-pass-123")
		_, second := refresh(first.RefreshToken)
		s.Pass(30 * time.Second)
		status, twin := refresh(first.RefreshToken) // the answer got lost
		if status != 200 {
			t.Fatalf("a retry after 30 s: %d", status)
		}
		s.Pass(time.Second)
		if status, _ := refresh(first.RefreshToken); status != 401 {
			t.Errorf("a used token after 31 s: %d", status)
		}
		for name, token := range map[string]string{"successor": second.RefreshToken, "twin": twin.RefreshToken} {
			if status, _ := refresh(token); status != 401 {
				t.Errorf("the %s after the theft: %d", name, status)
			}
		}
		status, other = refresh(other.RefreshToken)
		if status != 200 {
			t.Errorf("another session of the same user: %d", status)
		}
		s.Pass(30*24*time.Hour - time.Second)
		if status, other = refresh(other.RefreshToken); status != 200 {
			t.Errorf("within 30 days: %d", status)
		}
		s.Pass(30 * 24 * time.Hour)
		if status, _ := refresh(other.RefreshToken); status != 401 {
			t.Errorf("after 30 days: %d", status)
		}
		if status, _ := refresh("nonsense"); status != 401 {
			t.Errorf("nonsense: %d", status)
		}
	})
}

// TestWhatEndsSessions: whatever changes the password or the old site's session code, here or there, ends sessions and
// their access tokens.
func TestWhatEndsSessions(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		alive := func(in testsite.SignedIn) bool {
			opens, _ := s.Me(t, in.AccessToken)
			status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home, map[string]any{"refreshToken": in.RefreshToken})
			if (opens == 200) != (status == 200) {
				t.Errorf("the access token opens with %d, the refresh token with %d", opens, status)
			}
			return status == 200
		}
		in, here := s.SignIn(t, "haru", "haru-pass-123"), s.SignIn(t, "haru", "haru-pass-123")
		status, changed := testsite.Ask[testsite.SignedIn](t, s, "PUT", "/v1/me/password", here.AccessToken, testsite.Home, map[string]any{"oldPassword": "haru-pass-123", "newPassword": "haru-pass-456"})
		if status != 200 || alive(in) || alive(here) || !alive(changed) {
			t.Errorf("a changed password: %d", status)
		}
		in = s.SignIn(t, "haru", "haru-pass-456")
		if _, err := s.App.DB.Exec(t.Context(), "UPDATE {users} SET sessioncode = 'elsewher' WHERE handle = 'haru'"); err != nil {
			t.Fatal(err)
		}
		if alive(in) {
			t.Error("the old site changed the session code, and the session lives on")
		}
		in = s.SignIn(t, "haru", "haru-pass-456")
		if _, err := s.App.DB.Exec(t.Context(), "UPDATE {users} SET passhash = CONCAT('$2y$10$', 'x') WHERE handle = 'haru'"); err != nil && s.App.DB.Dialect() == database.MySQL {
			t.Fatal(err)
		} else if err == nil && alive(in) {
			t.Error("the old site changed the password, and the session lives on")
		}
		in = s.SignIn(t, "aki", "aki-pass-123")
		if status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-out", in.AccessToken, testsite.Home, map[string]any{"everywhere": true}); status != http.StatusNoContent || alive(in) {
			t.Errorf("sign out everywhere: %d", status)
		}
	})
}

// TestSignInTellsNothing: answers about accounts that do not exist are those about accounts that do.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		for path, bodies := range map[string][2]map[string]any{
			"sign-in": {{"login": "haru", "password": "wrong-pass"}, {"login": "nobody-here", "password": "wrong-pass"}},
			"forgot":  {{"login": "haru@example.jp"}, {"login": "nobody@example.jp"}},
			"reset":   {{"login": "haru", "code": "00000000", "newPassword": "long-enough"}, {"login": "nobody-here", "code": "00000000", "newPassword": "long-enough"}},
			"confirm": {{"handle": "newbie2", "code": "00000000"}, {"handle": "nobody-here", "code": "00000000"}},
		} {
			statusA, a := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/"+path, "", testsite.Home, bodies[0])
			statusB, b := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/"+path, "", testsite.Home, bodies[1])
			if statusA != statusB || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s: %d %v for an account, %d %v for none", path, statusA, a, statusB, b)
			}
		}
		if status, _ := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/reset", "", testsite.Home, map[string]any{"login": "aki", "code": " ", "newPassword": "long-enough"}); status != 422 {
			t.Errorf("no code was mailed, and none opens the account: %d", status)
		}
	})
}

// TestAttemptsAreLimited: for each address, as the site's option says, and for each name from all addresses together, by delays that grow.
func TestAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		attempt := func(login, password, ip string) (int, testsite.SignedIn) {
			return testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-in", "", ip, map[string]any{"login": login, "password": password})
		}
		for i := range 20 { // max_rate_ip_logins
			if status, _ := attempt(fmt.Sprint("nobody", i), "x", "198.51.100.1"); status != 401 {
				t.Fatalf("attempt %d: %d", i, status)
			}
		}
		if status, refused := attempt("haru", "haru-pass-123", "198.51.100.1"); status != 429 || refused.Code != "rate_limit" {
			t.Errorf("the 21st attempt of an address: %d %+v", status, refused)
		}
		names := []string{"José Miel", "jose miel", "JOSE MIEL"}
		for i := range 30 {
			if status, _ := attempt(names[i%len(names)], "wrong", fmt.Sprintf("198.51.101.%d", i)); status != 401 {
				t.Fatalf("attempt %d: %d", i, status)
			}
		}
		for i, minutes := range []int{1, 2, 4, 8, 15, 15} {
			s.Pass(time.Duration(minutes)*time.Minute - time.Second)
			if status, _ := attempt("José Miel", "jose-pass-ñ1", fmt.Sprintf("198.51.102.%d", i)); status != 429 {
				t.Errorf("failure %d, a second before its delay is over: %d", 30+i, status)
			}
			s.Pass(time.Second)
			if status, _ := attempt("José Miel", "wrong", fmt.Sprintf("198.51.103.%d", i)); status != 401 {
				t.Errorf("failure %d, when its delay is over: %d", 30+i, status)
			}
		}
		s.Pass(15 * time.Minute)
		if status, _ := attempt("José Miel", "jose-pass-ñ1", testsite.Home); status != 200 {
			t.Errorf("the owner after the longest delay: %d", status)
		}
		if status, _ := attempt("José Miel", "wrong", "198.51.104.1"); status != 401 {
			t.Errorf("after a success: %d", status)
		}
		s.Pass(time.Hour)
		if status, _ := attempt("haru", "haru-pass-123", "198.51.100.1"); status != 200 {
			t.Errorf("an hour later: %d", status)
		}
	})
}

// TestAttemptsLinkNoNames: whether a handle and an address are the same account's cannot be read off what is refused, for an account as
// for none.
func TestAttemptsLinkNoNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path string
		tried      string
		then       []string
		body       func(login string) map[string]any
		after      int
	}{
		{"passwords", "sign-in", "haru@example.jp", []string{"haru", "nobody-here"}, func(login string) map[string]any {
			return map[string]any{"login": login, "password": "wrong"}
		}, 401},
		{"passwords, the other way", "sign-in", "haru", []string{"haru@example.jp", "nobody@example.jp"}, func(login string) map[string]any {
			return map[string]any{"login": login, "password": "wrong"}
		}, 401},
		{"codes", "reset", "haru@example.jp", []string{"haru", "nobody-here"}, func(login string) map[string]any {
			return map[string]any{"login": login, "code": "guessing", "newPassword": "long-enough"}
		}, 422},
		{"forgotten passwords", "forgot", "haru@example.jp", []string{"haru", "haru@example.jp", "nobody-here"}, func(login string) map[string]any {
			return map[string]any{"login": login}
		}, 202},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
				for i := range 40 {
					testsite.Ask[any](t, s, "POST", "/v1/auth/"+c.path, "", fmt.Sprintf("198.51.%d.1", i), c.body(c.tried))
				}
				for _, login := range c.then {
					if status, _ := testsite.Ask[any](t, s, "POST", "/v1/auth/"+c.path, "", testsite.Home, c.body(login)); status != c.after {
						t.Errorf("%s: %d, want %d", login, status, c.after)
					}
				}
			})
		})
	}
}

// TestKnownDevicesPassLocks: a live refresh token of the account lets its owner in while strangers try passwords; nothing else does, and it does
// not make guessing free.
func TestKnownDevicesPassLocks(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		attempt := func(password, token, ip string) int {
			status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-in", "", ip, map[string]any{"login": "haru", "password": password, "refreshToken": token})
			return status
		}
		own, other, ended := s.SignIn(t, "haru", "haru-pass-123"), s.SignIn(t, "aki", "aki-pass-123"), s.SignIn(t, "haru", "haru-pass-123")
		testsite.Ask[any](t, s, "POST", "/v1/auth/sign-out", "", testsite.Home, map[string]any{"refreshToken": ended.RefreshToken})
		for i := range 30 {
			attempt("wrong", "", fmt.Sprintf("198.51.101.%d", i))
		}
		for name, token := range map[string]string{"no token": "", "somebody else's": other.RefreshToken, "one that has ended": ended.RefreshToken,
			"nonsense": "nonsense", "an access token": own.AccessToken[:200]} {
			if status := attempt("haru-pass-123", token, "198.51.102.1"); status != 429 {
				t.Errorf("%s: %d", name, status)
			}
		}
		if status := attempt("haru-pass-123", own.RefreshToken, "198.51.102.2"); status != 200 {
			t.Errorf("a known device: %d", status)
		}
		if status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home, map[string]any{"refreshToken": own.RefreshToken}); status != 200 {
			t.Errorf("the token was used up: %d", status)
		}
		again := knownSignIn(t, s, "haru", "haru-pass-123", own.RefreshToken)
		for i := range 10 {
			if status := attempt("wrong", again.RefreshToken, fmt.Sprintf("198.51.103.%d", i)); status != 401 {
				t.Errorf("guess %d on a known device: %d", i+1, status)
			}
		}
		if status := attempt("haru-pass-123", again.RefreshToken, "198.51.104.1"); status != 429 {
			t.Errorf("after ten guesses on a known device: %d", status)
		}
	})
}

// knownSignIn signs in on a known device.
func knownSignIn(t *testing.T, s *testsite.Issuer, login, password, token string) testsite.SignedIn {
	t.Helper()
	status, in := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-in", "", testsite.Home, map[string]any{"login": login, "password": password, "refreshToken": token})
	if status != http.StatusOK {
		t.Fatalf("sign in as %s: %d %+v", login, status, in)
	}
	return in
}

// TestOneClientLocksNobodyOut: its attempts at a name are delayed long before all others' are.
func TestOneClientLocksNobodyOut(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		statuses := map[int]int{}
		for i := range 40 {
			status, _ := testsite.Ask[any](t, s, "POST", "/v1/auth/sign-in", "", fmt.Sprintf("2001:db8::%d", i+1), map[string]any{"login": "haru", "password": "wrong"})
			statuses[status]++
		}
		if statuses[401] != 10 || statuses[429] != 30 {
			t.Errorf("attempts by status: %v", statuses)
		}
		s.SignIn(t, "haru", "haru-pass-123")
	})
}

// TestAttemptsAtOnce have no more tries than one after the other.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		var wait sync.WaitGroup
		statuses := make([]int, 25)
		for i := range statuses {
			wait.Go(func() {
				statuses[i], _ = testsite.Ask[any](t, s, "POST", "/v1/auth/reset", "", testsite.Home, map[string]any{"login": "haru", "code": "guessing", "newPassword": "long-enough"})
			})
		}
		wait.Wait()
		n := 0
		for _, status := range statuses {
			if status == 422 {
				n++
			}
		}
		if n != 10 {
			t.Errorf("%d attempts were let through, want 10: %v", n, statuses)
		}
	})
}

// TestOneAddressMakesFewGuesses: whoever goes through many accounts is stopped too, and others are not.
func TestOneAddressMakesFewGuesses(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		guess := func(login, ip string) int {
			status, _ := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/reset", "", ip, map[string]any{"login": login, "code": "guessing", "newPassword": "long-enough"})
			return status
		}
		for i := range 100 {
			if status := guess(fmt.Sprint("nobody", i), "2001:db8::"+fmt.Sprint(i+1)); status != 422 {
				t.Fatalf("guess %d: %d", i, status)
			}
		}
		if status := guess("haru", "2001:db8::ffff"); status != 429 {
			t.Errorf("the 101st guess from a network: %d", status)
		}
		if status := guess("haru", "2001:db8:1::1"); status != 422 {
			t.Errorf("from elsewhere: %d", status)
		}
	})
}

// TestCodes: a code is mailed to confirm an address or to choose a new password; it is good once, in any case of letters.
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
		if status := post("/v1/me/email/confirmation", in.AccessToken, nil); status != http.StatusAccepted || s.Code(t, "newbie2") == before {
			t.Errorf("a new code: %d", status)
		}
		if status := post("/v1/auth/confirm", in.AccessToken, map[string]any{"code": before}); status != 422 {
			t.Errorf("the old code: %d", status)
		}
		code := s.Code(t, "newbie2")
		if status := post("/v1/auth/confirm", in.AccessToken, map[string]any{"code": " " + strings.ToUpper(code)}); status != http.StatusNoContent {
			t.Errorf("the new code: %d", status)
		}
		if _, account := s.Me(t, in.AccessToken); !account.EmailConfirmed {
			t.Error("the address is not confirmed")
		}
		if status := post("/v1/auth/confirm", "", map[string]any{"handle": "newbie2", "code": code}); status != 422 {
			t.Errorf("a used code: %d", status)
		}
		if status := post("/v1/auth/forgot", "", map[string]any{"login": "haru"}); status != http.StatusAccepted {
			t.Errorf("forgot: %d", status)
		}
		old := s.SignIn(t, "haru", "haru-pass-123")
		status, fresh := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/reset", "", testsite.Home, map[string]any{"login": "haru", "code": s.Code(t, "haru"), "newPassword": "haru-pass-789"})
		if status != 200 {
			t.Fatalf("reset: %d %+v", status, fresh)
		}
		if status, _ := s.Me(t, fresh.AccessToken); status != 200 {
			t.Errorf("signed in by the reset: %d", status)
		}
		if status := post("/v1/auth/refresh", "", map[string]any{"refreshToken": old.RefreshToken}); status != 401 {
			t.Errorf("a session from before the reset: %d", status)
		}
		s.SignIn(t, "haru", "haru-pass-789")
		for range 20 {
			post("/v1/auth/reset", "", map[string]any{"login": "aki", "code": "guessing", "newPassword": "long-enough"})
		}
		if status := post("/v1/auth/reset", "", map[string]any{"login": "AKI", "code": "guessing", "newPassword": "long-enough"}); status != 429 {
			t.Errorf("a 21st guess: %d", status)
		}
	})
}

// TestRetriedSignUp makes one account, and no token is kept in the database.
func TestRetriedSignUp(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		send := func() (int, testsite.SignedIn) {
			body := `{"handle": "once", "email": "once@example.jp", "password": "only-once-please"}`
			req, err := http.NewRequest(http.MethodPost, s.URL+"/v1/auth/sign-up", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Idempotency-Key", "sign-up-1")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", res.Header.Get("Cache-Control"))
			}
			return res.StatusCode, testsite.Decode[testsite.SignedIn](t, res)
		}
		status, first := send()
		again, second := send()
		if status != 201 || again != 201 || first.User.ID != second.User.ID || first.RefreshToken == second.RefreshToken {
			t.Errorf("%d %+v, again %d %+v", status, first, again, second)
		}
		var kept []string
		if err := s.App.DB.Select(t.Context(), database.Append(&kept), "SELECT body FROM {q2ab_idempotency} WHERE body IS NOT NULL"); err != nil || len(kept) != 0 {
			t.Errorf("kept: %v %v", kept, err)
		}
	})
}

// TestNamesAreUnique though the table does not see to it: of many who want the same name at once, one gets it.
func TestNamesAreUnique(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		var wait sync.WaitGroup
		statuses := make([]int, 8)
		for i := range statuses {
			wait.Go(func() {
				statuses[i], _ = testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", fmt.Sprintf("198.51.103.%d", i),
					map[string]any{"handle": "Wanted", "email": fmt.Sprintf("wanted%d@example.jp", i), "password": "long-enough"})
			})
		}
		wait.Wait()
		var n int
		if _, err := s.App.DB.Get(t.Context(), []any{&n}, "SELECT COUNT(*) FROM {users} WHERE handle = 'wanted'"); err != nil || n != 1 {
			t.Errorf("%d accounts, answers %v, %v", n, statuses, err)
		}
	})
}

// TestKeysAreShared: what one task signs the other verifies, also after the keys were changed, and sealed keys need the secret.
func TestKeysAreShared(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		secret := func(c *config.Config) { c.KeySecret = "a secret of the operators" }
		one := testsite.NewIssuer(t, testsite.On(url), testsite.Config(secret))
		two := testsite.NewIssuer(t, testsite.On(url), testsite.Config(secret))
		in := one.SignIn(t, "haru", "haru-pass-123")
		if status, _ := two.Me(t, in.AccessToken); status != 200 {
			t.Errorf("the other task: %d", status)
		}
		published := func(s *testsite.Issuer) int {
			return len(testsite.Get[struct{ Keys []map[string]string }](t, s.Site, "/.well-known/jwks.json").Keys)
		}
		if n := published(one); n != 1 {
			t.Errorf("%d keys", n)
		}
		for _, s := range []*testsite.Issuer{one, two} {
			s.Pass(31 * 24 * time.Hour)
		}
		later := two.SignIn(t, "haru", "haru-pass-123")
		if n := published(two); n != 2 {
			t.Errorf("%d keys after a month", n)
		}
		two.Pass(2 * time.Hour) // the new key is used by now
		newest := two.SignIn(t, "haru", "haru-pass-123")
		one.Pass(2 * time.Hour)
		if status, _ := one.Me(t, newest.AccessToken); status != 200 {
			t.Errorf("a token of the new key: %d", status)
		}
		if kid(later.AccessToken) == kid(newest.AccessToken) {
			t.Error("the new key is not used")
		}
		testsite.Get[any](t, one.Site, "/readyz")
		wrong := testsite.NewIssuer(t, testsite.On(url), testsite.Config(func(c *config.Config) { c.KeySecret = "another" }))
		if status, _ := wrong.Me(t, newest.AccessToken); status != 503 {
			t.Errorf("with another secret: %d", status)
		}
	})
}

func kid(token string) string { return strings.Split(token, ".")[0] }
