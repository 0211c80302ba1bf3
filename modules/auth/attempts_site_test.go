package auth_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestAttemptsAreLimited checks that sign-in attempts are limited for each address, by the site's option, and
// for each name over all addresses, by delays that double up to 15 minutes.
func TestAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		attempt := func(login, password, ip string) (int, testsite.SignedIn) {
			return testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-in", "", ip, map[string]any{
				"login": login, "password": password,
			})
		}
		for i := range 20 { // max_rate_ip_logins
			if status, _ := attempt(fmt.Sprint("nobody", i), "x", "198.51.100.1"); status != 401 {
				t.Fatalf("attempt %d: %d", i, status)
			}
		}
		if status, refused := attempt("haru", "haru-pass-123", "198.51.100.1"); status != 429 ||
			refused.Code != "rate_limit" {
			t.Errorf("the 21st attempt of an address: %d %+v", status, refused)
		}
		names := []string{"José Miel", "jose miel", "JOSE MIEL"}
		for i := range 30 {
			if status, _ := attempt(names[i%len(names)], "wrong",
				fmt.Sprintf("198.51.101.%d", i)); status != 401 {
				t.Fatalf("attempt %d: %d", i, status)
			}
		}
		for i, minutes := range []int{1, 2, 4, 8, 15, 15} {
			s.Pass(time.Duration(minutes)*time.Minute - time.Second)
			if status, _ := attempt("José Miel", "jose-pass-ñ1",
				fmt.Sprintf("198.51.102.%d", i)); status != 429 {
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

// TestAttemptsLinkNoNames checks that refusals after many attempts do not reveal whether a handle and an
// e-mail address belong to the same account: existing and unknown names are treated alike.
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
					testsite.Ask[any](t, s, "POST", "/v1/auth/"+c.path, "", fmt.Sprintf("198.51.%d.1", i),
						c.body(c.tried))
				}
				for _, login := range c.then {
					if status, _ := testsite.Ask[any](t, s, "POST", "/v1/auth/"+c.path, "", testsite.Home,
						c.body(login)); status != c.after {
						t.Errorf("%s: %d, want %d", login, status, c.after)
					}
				}
			})
		})
	}
}

// TestKnownDevicesPassLocks checks that a live refresh token of the account lets its owner sign in while
// strangers try passwords, that no other token does, and that such a device has ten guesses.
func TestKnownDevicesPassLocks(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		attempt := func(password, token, ip string) int {
			status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-in", "", ip,
				map[string]any{"login": "haru", "password": password, "refreshToken": token})
			return status
		}
		own, other, ended := s.SignIn(t, "haru", "haru-pass-123"), s.SignIn(t, "aki", "aki-pass-123"),
			s.SignIn(t, "haru", "haru-pass-123")
		testsite.Ask[any](t, s, "POST", "/v1/auth/sign-out", "", testsite.Home, map[string]any{
			"refreshToken": ended.RefreshToken,
		})
		for i := range 30 {
			attempt("wrong", "", fmt.Sprintf("198.51.101.%d", i))
		}
		for name, token := range map[string]string{
			"no token": "", "somebody else's": other.RefreshToken, "one that has ended": ended.RefreshToken,
			"nonsense": "nonsense", "an access token": own.AccessToken[:200],
		} {
			if status := attempt("haru-pass-123", token, "198.51.102.1"); status != 429 {
				t.Errorf("%s: %d", name, status)
			}
		}
		if status := attempt("haru-pass-123", own.RefreshToken, "198.51.102.2"); status != 200 {
			t.Errorf("a known device: %d", status)
		}
		if status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home,
			map[string]any{"refreshToken": own.RefreshToken}); status != 200 {
			t.Errorf("the token was used up: %d", status)
		}
		again := knownSignIn(t, s, "haru", "haru-pass-123", own.RefreshToken)
		for i := range 10 {
			if status := attempt("wrong", again.RefreshToken,
				fmt.Sprintf("198.51.103.%d", i)); status != 401 {
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
	status, in := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-in", "", testsite.Home,
		map[string]any{"login": login, "password": password, "refreshToken": token})
	if status != http.StatusOK {
		t.Fatalf("sign in as %s: %d %+v", login, status, in)
	}
	return in
}

// TestOneClientLocksNobodyOut checks that one client's attempts at a name are delayed after ten failures,
// while the owner can still sign in from elsewhere.
func TestOneClientLocksNobodyOut(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		statuses := map[int]int{}
		for i := range 40 {
			status, _ := testsite.Ask[any](t, s, "POST", "/v1/auth/sign-in", "",
				fmt.Sprintf("2001:db8::%d", i+1), map[string]any{"login": "haru", "password": "wrong"})
			statuses[status]++
		}
		if statuses[401] != 10 || statuses[429] != 30 {
			t.Errorf("attempts by status: %v", statuses)
		}
		s.SignIn(t, "haru", "haru-pass-123")
	})
}

// TestAttemptsAtOnce checks that simultaneous attempts do not get past the lock: no more of them are let through
// than if they came one after the other.
func TestAttemptsAtOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		var wait sync.WaitGroup
		statuses := make([]int, 25)
		for i := range statuses {
			wait.Go(func() {
				body := map[string]any{"login": "haru", "code": "guessing", "newPassword": "long-enough"}
				for {
					status, refusal := testsite.Ask[struct{ Action string }](t, s, "POST", "/v1/auth/reset",
						"", testsite.Home, body)
					if statuses[i] = status; status != http.StatusTooManyRequests || refusal.Action != "" {
						return // else it waited too long for its turn
					}
				}
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

// TestOneAddressMakesFewGuesses checks that a network which tries codes for many accounts is stopped after
// 100 guesses, and that other networks are not.
func TestOneAddressMakesFewGuesses(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		guess := func(login, ip string) int {
			status, _ := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/reset", "", ip, map[string]any{
				"login": login, "code": "guessing", "newPassword": "long-enough",
			})
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
