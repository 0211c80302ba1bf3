package auth_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// mailsCaused counts the events in the outbox that have mails sent to freely chosen addresses.
const mailsCaused = `SELECT COUNT(*)
	FROM {q2ab_outbox}
	WHERE name IN ('u_register', 'u_confirm_code', 'u_reset_code')`

// from sends a request from an IP address, and returns the status and the code of the problem.
func from(
	t *testing.T, s *testsite.Issuer, ip, method, path, token string, body map[string]any,
) (status int, code string) {
	t.Helper()
	status, got := testsite.Ask[map[string]any](t, s, method, path, token, ip, body)
	code, _ = got["code"].(string)
	return status, code
}

// TestMailsAreCounted checks how many mails to freely chosen addresses can be caused by one account, from one
// client address and to one mail address, and that an hour later another one can be.
func TestMailsAreCounted(t *testing.T) {
	t.Parallel()
	address := func(i int) map[string]any {
		return map[string]any{"email": fmt.Sprintf("stranger%d@example.jp", i)}
	}
	for _, c := range []struct {
		name string
		// cause causes the i-th mail. most is how many mails are sent in so many tries; silent reports
		// whether further requests succeed without a mail.
		cause       func(t *testing.T, s *testsite.Issuer, token string, i int) (int, string)
		most, tries int
		silent      bool
	}{
		{"changes of one's address", func(t *testing.T, s *testsite.Issuer, token string, i int) (int, string) {
			return from(t, s, fmt.Sprintf("198.51.100.%d", i), "PATCH", "/v1/me", token, address(i))
		}, 5, 26, false},
		{"changes by the other way", func(t *testing.T, s *testsite.Issuer, token string, i int) (int, string) {
			return from(t, s, fmt.Sprintf("198.51.100.%d", i), "PUT", "/v1/me/email", token, address(i))
		}, 5, 10, false},
		{"changes and confirmations by turns", func(t *testing.T, s *testsite.Issuer, token string, i int) (int, string) {
			if i%2 == 0 {
				return from(t, s, fmt.Sprintf("198.51.100.%d", i), "POST", "/v1/me/email/confirmation", token,
					nil)
			}
			return from(t, s, fmt.Sprintf("198.51.100.%d", i), "PATCH", "/v1/me", token, address(i))
		}, 5, 10, false},
		{"forgotten passwords of one account from everywhere", func(t *testing.T, s *testsite.Issuer, _ string, i int) (int, string) {
			return from(t, s, fmt.Sprintf("198.51.100.%d", i), "POST", "/v1/auth/forgot", "", map[string]any{
				"login": []string{"haru", "HARU@example.jp"}[i%2],
			})
		}, 5, 7, true},
		{"forgotten passwords of many accounts", func(t *testing.T, s *testsite.Issuer, _ string, i int) (int, string) {
			name := []string{"haru", "aki", "fuyu", "lurker", "tanaka", "OldTimer", "natsu"}[i%7]
			return from(t, s, fmt.Sprintf("2001:db8::%d", i+1), "POST", "/v1/auth/forgot", "",
				map[string]any{"login": name})
		}, 25, 28, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
				in := s.SignIn(t, "fuyu", "fuyu-pass-123")
				for i := range c.tries {
					status, code := c.cause(t, s, in.AccessToken, i)
					switch {
					case i < c.most || c.silent:
						if status >= 300 {
							t.Fatalf("mail %d: %d %s", i+1, status, code)
						}
					case status != http.StatusTooManyRequests || code != "rate_limit":
						t.Fatalf("mail %d: %d %s", i+1, status, code)
					}
				}
				if n := s.Scalar(t, mailsCaused); n != c.most {
					t.Errorf("%d mails, want %d", n, c.most)
				}
				s.Pass(time.Hour)
				if _, code := c.cause(t, s, s.SignIn(t, "fuyu", "fuyu-pass-123").AccessToken,
					c.tries); s.Scalar(t, mailsCaused) != c.most+1 {
					t.Errorf("an hour later: %s", code)
				}
			})
		})
	}
}

// TestSignUpsAreMailsToo checks that nobody can sign up with an address that has had its mails for this hour,
// because the welcome would be another one.
func TestSignUpsAreMailsToo(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		in := s.SignIn(t, "fuyu", "fuyu-pass-123")
		target := map[string]any{"email": "stranger@example.jp"}
		if status, code := from(t, s, testsite.Home, "PATCH", "/v1/me", in.AccessToken,
			target); status != 200 {
			t.Fatalf("%d %s", status, code)
		}
		for range 4 {
			if status, code := from(t, s, testsite.Home, "POST", "/v1/me/email/confirmation", in.AccessToken,
				nil); status != 202 {
				t.Fatalf("%d %s", status, code)
			}
		}
		if _, err := s.App.DB.Exec(t.Context(),
			"UPDATE {users} SET email = 'fuyu@example.jp' WHERE handle = 'fuyu'"); err != nil {
			t.Fatal(err)
		}
		body := map[string]any{"handle": "new one", "email": "STRANGER@example.jp", "password": "long-enough"}
		if status, code := from(t, s, "198.51.100.9", "POST", "/v1/auth/sign-up", "", body); status != 429 {
			t.Errorf("sign-up: %d %s", status, code)
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {users} WHERE handle = 'new one'"); n != 0 {
			t.Error("the account was made")
		}
		s.Pass(time.Hour)
		if status, code := from(t, s, "198.51.100.9", "POST", "/v1/auth/sign-up", "", body); status != 201 {
			t.Errorf("an hour later: %d %s", status, code)
		}
	})
}

// TestBlockedAccounts checks that blocked users can change nothing of their own accounts and cause no mail,
// even if their addresses are not confirmed. As in Q2A, they can set a new password.
func TestBlockedAccounts(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		in := s.SignIn(t, "newbie2", "newbie-pass-2")
		for _, flags := range []int{2, 2 | 128, 2 | 1} {
			if _, err := s.App.DB.Exec(t.Context(),
				"UPDATE {users} SET flags = ? WHERE handle = 'newbie2'", flags); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				method, path string
				body         map[string]any
			}{
				{"PATCH", "/v1/me", map[string]any{"email": "stranger@example.jp"}},
				{"PUT", "/v1/me/email", map[string]any{"email": "stranger@example.jp"}},
				{"PATCH", "/v1/me", map[string]any{"email": "nonsense"}},
				{"PATCH", "/v1/me", map[string]any{"handle": "somebody else"}},
				{"PATCH", "/v1/me", map[string]any{"fields": map[string]any{"about": "me"}}},
				{"PUT", "/v1/me/notifications", map[string]any{"messages": true, "wallPosts": true, "mailings": true}},
				{"PUT", "/v1/me/avatar", map[string]any{"avatar": "gravatar"}},
				{"DELETE", "/v1/me/avatar", nil},
				{"POST", "/v1/me/email/confirmation", nil},
				{"DELETE", "/v1/me", nil},
			} {
				if status, code := from(t, s, testsite.Home, c.method, c.path, in.AccessToken,
					c.body); status != 403 || code != "user_blocked" {
					t.Errorf("flags %d, %s %s %v: %d %s", flags, c.method, c.path, c.body, status, code)
				}
			}
			if status, _ := from(t, s, testsite.Home, "POST", "/v1/auth/forgot", "",
				map[string]any{"login": "newbie2"}); status != 202 {
				t.Errorf("forgot: %d", status)
			}
		}
		if n := s.Scalar(t, mailsCaused); n != 0 {
			t.Errorf("%d mails", n)
		}
		change := map[string]any{"oldPassword": "newbie-pass-2", "newPassword": "newbie-pass-3"}
		if status, code := from(t, s, testsite.Home, "PUT", "/v1/me/password", in.AccessToken,
			change); status != 200 {
			t.Errorf("a new password: %d %s", status, code)
		}
	})
}

// TestBlockedAddressesChangeNothing checks that no account can be changed from a blocked IP address, not even
// a mail address that has yet to be confirmed.
func TestBlockedAddressesChangeNothing(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, opened *testsite.Issuer) {
		s := codeSite{opened, t}
		in := s.SignIn(t, "newbie2", "newbie-pass-2")
		s.exec("UPDATE {users} SET flags = 128 WHERE handle = 'newbie2'")
		s.option("block_ips_write", "198.51.100.*")
		if status, code := from(t, s.Issuer, "198.51.100.7", "PATCH", "/v1/me", in.AccessToken,
			map[string]any{"email": "new@example.jp"}); status != 403 || code != "ip_blocked" {
			t.Errorf("from a blocked address: %d %s", status, code)
		}
		if status, code := from(t, s.Issuer, testsite.Home, "PATCH", "/v1/me", in.AccessToken,
			map[string]any{"email": "new@example.jp"}); status != 200 {
			t.Errorf("from another: %d %s", status, code)
		}
	})
}

// taken sends a request, and returns the names of the fields that were refused as taken.
func taken(
	t *testing.T, s *testsite.Issuer, ip, method, path, token string, body map[string]any,
) (status int, fields string) {
	t.Helper()
	status, got := testsite.Ask[testsite.SignedIn](t, s, method, path, token, ip, body)
	for _, e := range got.Errors {
		if e.Code == "taken" {
			fields += e.Field
		}
	}
	return status, fields
}

// TestTakenIsToldLast checks that a request is told that a mail address is taken only if all its other fields
// are right.
func TestTakenIsToldLast(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		in := s.SignIn(t, "fuyu", "fuyu-pass-123")
		right := map[string]any{"handle": "nobody yet", "email": "haru@example.jp", "password": "long-enough"}
		with := func(name string, value any) map[string]any {
			body := map[string]any{name: value}
			for k, v := range right {
				if k != name {
					body[k] = v
				}
			}
			return body
		}
		for _, c := range []struct {
			name, method, path string
			body               map[string]any
			told               string
		}{
			{"all is right", "POST", "/v1/auth/sign-up", right, "email"},
			{"in other letters", "POST", "/v1/auth/sign-up", with("email", "HARU@example.jp"), "email"},
			{"the handle is taken", "POST", "/v1/auth/sign-up", with("handle", "AKI"), "handle"},
			{"the handle is wrong", "POST", "/v1/auth/sign-up", with("handle", "a/b"), ""},
			{"the password is short", "POST", "/v1/auth/sign-up", with("password", "short"), ""},
			{"a field is unknown", "POST", "/v1/auth/sign-up", with("fields", map[string]any{"shoe size": "42"}), ""},
			{"one's own", "PATCH", "/v1/me", map[string]any{"email": "haru@example.jp"}, "email"},
			{"one's own, the handle is taken", "PATCH", "/v1/me", map[string]any{"email": "haru@example.jp", "handle": "aki"}, "handle"},
			{"one's own, the handle is wrong", "PATCH", "/v1/me", map[string]any{"email": "haru@example.jp", "handle": "a/b"}, ""},
			{"one's own, there is no picture", "PATCH", "/v1/me", map[string]any{"email": "haru@example.jp", "avatar": "upload"}, ""},
			{"one's own, a field is unknown", "PATCH", "/v1/me", map[string]any{"email": "haru@example.jp", "fields": map[string]any{"shoe size": "42"}}, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				token := ""
				if c.method == "PATCH" {
					token = in.AccessToken
				}
				if status, told := taken(t, s, "198.51.100.1", c.method, c.path, token,
					c.body); status != 422 || told != c.told {
					t.Errorf("%s: %d, %q is told to be taken, want %q", c.name, status, told, c.told)
				}
			})
		}
	})
}

// TestTakenIsCounted checks that a client learns of ten taken mail addresses an hour at most, and that beyond
// this limit free addresses are refused as taken ones are.
func TestTakenIsCounted(t *testing.T) {
	t.Parallel()
	known := []string{"haru", "aki", "natsu", "tanaka", "jose"}
	for _, c := range []struct {
		name, method, path, as, password string
		body                             func(email string) map[string]any
	}{
		{"sign-up", "POST", "/v1/auth/sign-up", "", "", func(email string) map[string]any {
			return map[string]any{"handle": "nobody yet", "email": email, "password": "long-enough"}
		}},
		{"one's own", "PATCH", "/v1/me", "fuyu", "fuyu-pass-123", func(email string) map[string]any { return map[string]any{"email": email} }},
		{"somebody else's", "PATCH", "/v1/users/lurker", "admin_hana", "hana-admin-pass", func(email string) map[string]any { return map[string]any{"email": email} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
				token := ""
				if c.as != "" {
					token = s.SignIn(t, c.as, c.password).AccessToken
				}
				for i := range 10 {
					domain := "@example.jp"
					if i%5 == 4 {
						domain = "@example.org"
					}
					if status, told := taken(t, s, testsite.Home, c.method, c.path, token,
						c.body(known[i%5]+domain)); status != 422 || told != "email" {
						t.Fatalf("address %d: %d %q", i+1, status, told)
					}
				}
				for _, email := range []string{"haru@example.jp", "free@example.jp"} {
					if status, told := taken(t, s, testsite.Home, c.method, c.path, token,
						c.body(email)); status != 429 || told != "" {
						t.Errorf("%s: %d %q", email, status, told)
					}
				}
				if c.as == "" {
					if status, told := taken(t, s, "198.51.100.1", c.method, c.path, token,
						c.body("haru@example.jp")); status != 422 || told != "email" {
						t.Errorf("from elsewhere: %d %q", status, told)
					}
				}
				s.Pass(time.Hour)
				if c.as != "" {
					token = s.SignIn(t, c.as, c.password).AccessToken
				}
				if status, _ := taken(t, s, testsite.Home, c.method, c.path, token,
					c.body("free@example.jp")); status >= 300 {
					t.Errorf("an hour later: %d", status)
				}
			})
		})
	}
}
