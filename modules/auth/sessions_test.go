package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestSessionOfAPerson checks that somebody can sign up, ask a question, refresh the session and sign out,
// and that the tokens are refused after that.
func TestSessionOfAPerson(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		status, in := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home,
			map[string]any{"handle": " 蜂 太郎 ", "email": "hachi@example.jp", "password": "はちみつ大好き"})
		if status != http.StatusUnprocessableEntity || len(in.Errors) != 1 ||
			in.Errors[0].Field != "password" || in.Errors[0].Code != "too_short" {
			t.Fatalf("a password of 7 characters: %d %+v", status, in)
		}
		status, in = testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home,
			map[string]any{"handle": " 蜂 太郎 ", "email": "hachi@example.jp", "password": "はちみつ大好き!"})
		if status != http.StatusCreated || in.User.Handle != "蜂 太郎" || in.ExpiresIn != 900 {
			t.Fatalf("sign up: %d %+v", status, in)
		}
		if status, account := s.Me(t, in.AccessToken); status != 200 || account.User.ID != in.User.ID ||
			account.EmailConfirmed || !account.HasPassword {
			t.Errorf("me: %d %+v", status, account)
		}
		if status, refused := s.Me(t, in.IDToken); status != 401 || refused.Code != "unauthenticated" {
			t.Errorf("me by ID token: %d %+v", status, refused)
		}
		status, q := testsite.Ask[testsite.Question](t, s, "POST", "/v1/questions", in.AccessToken,
			testsite.Home, map[string]any{"title": "新しい巣箱の置き場所はどこ", "content": "日当たりを知りたいです。"})
		if status != http.StatusCreated || q.Author.ID != in.User.ID {
			t.Errorf("ask: %d %+v", status, q)
		}
		_, session := testsite.Ask[struct{ Limits map[string]int }](t, s, "GET", "/v1/auth/session",
			in.AccessToken, testsite.Home, nil)
		if session.Limits["ask"] != 9 || session.Limits["answer"] != 25 || session.Limits["register"] != 4 ||
			session.Limits["vote"] != 300 {
			t.Errorf("limits left: %v", session.Limits)
		}
		claims := claimsOf(t, in.IDToken)
		if claims["token_use"] != "id" || claims["email"] != "hachi@example.jp" ||
			claims["email_verified"] != false || claims["cognito:username"] != "蜂 太郎" {
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
		status, next := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home,
			map[string]any{"refreshToken": in.RefreshToken})
		if status != 200 || next.RefreshToken == in.RefreshToken {
			t.Fatalf("refresh: %d", status)
		}
		if claimsOf(t, next.AccessToken)["auth_time"] != claimsOf(t, in.AccessToken)["auth_time"] {
			t.Error("a refresh counts as a sign-in")
		}
		if status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-out", "", testsite.Home,
			map[string]any{"refreshToken": next.RefreshToken}); status != http.StatusNoContent {
			t.Errorf("sign out: %d", status)
		}
		if status, gone := s.Me(t, next.AccessToken); status != 401 || gone.Code != "unauthenticated" {
			t.Errorf("access token after sign-out: %d %+v", status, gone)
		}
		if status, gone := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "",
			testsite.Home, map[string]any{"refreshToken": next.RefreshToken}); status != 401 ||
			gone.Code != "session_ended" {
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

// TestRefreshTokensAreGoodForOnce checks that a refresh token can be used again only within 30 seconds, as a
// retry; later it counts as stolen, and ends its session.
func TestRefreshTokensAreGoodForOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		refresh := func(token string) (int, testsite.SignedIn) {
			return testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home,
				map[string]any{"refreshToken": token})
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
		for name, token := range map[string]string{
			"successor": second.RefreshToken, "twin": twin.RefreshToken,
		} {
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

// TestWhatEndsSessions checks that sessions and their access tokens end when the password or the old site's
// session code is changed, on either site, and when the user signs out everywhere.
func TestWhatEndsSessions(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		alive := func(in testsite.SignedIn) bool {
			opens, _ := s.Me(t, in.AccessToken)
			status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/refresh", "", testsite.Home,
				map[string]any{"refreshToken": in.RefreshToken})
			if (opens == 200) != (status == 200) {
				t.Errorf("the access token opens with %d, the refresh token with %d", opens, status)
			}
			return status == 200
		}
		in, here := s.SignIn(t, "haru", "haru-pass-123"), s.SignIn(t, "haru", "haru-pass-123")
		status, changed := testsite.Ask[testsite.SignedIn](t, s, "PUT", "/v1/me/password", here.AccessToken,
			testsite.Home, map[string]any{"oldPassword": "haru-pass-123", "newPassword": "haru-pass-456"})
		if status != 200 || alive(in) || alive(here) || !alive(changed) {
			t.Errorf("a changed password: %d", status)
		}
		in = s.SignIn(t, "haru", "haru-pass-456")
		if _, err := s.App.DB.Exec(t.Context(),
			"UPDATE {users} SET sessioncode = 'elsewher' WHERE handle = 'haru'"); err != nil {
			t.Fatal(err)
		}
		if alive(in) {
			t.Error("the old site changed the session code, and the session lives on")
		}
		in = s.SignIn(t, "haru", "haru-pass-456")
		_, err := s.App.DB.Exec(t.Context(),
			"UPDATE {users} SET passhash = CONCAT('$2y$10$', 'x') WHERE handle = 'haru'")
		if err != nil && s.App.DB.Dialect() == database.MySQL {
			t.Fatal(err)
		} else if err == nil && alive(in) {
			t.Error("the old site changed the password, and the session lives on")
		}
		in = s.SignIn(t, "aki", "aki-pass-123")
		if status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-out", in.AccessToken,
			testsite.Home, map[string]any{"everywhere": true}); status != http.StatusNoContent || alive(in) {
			t.Errorf("sign out everywhere: %d", status)
		}
	})
}
