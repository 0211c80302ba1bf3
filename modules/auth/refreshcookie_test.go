package auth_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestRefreshCookie checks that a page of an allowed origin can leave the refresh token to a cookie that no
// script can read, from signing in to signing out, and that pages of other origins cannot use it.
func TestRefreshCookie(t *testing.T) {
	t.Parallel()
	const page, other = "https://38qa.net", "https://evil.example"
	s := testsite.NewIssuer(t,
		testsite.Config(func(c *config.Config) { c.CORSOrigins = []string{page} }))
	send := func(path, origin string, cookie *http.Cookie, body map[string]any) (*http.Response, signedIn) {
		header := []string{"Origin", origin}
		if cookie != nil {
			header = append(header, "Cookie", cookie.Name+"="+cookie.Value)
		}
		res := s.Send(t, testsite.Visitor, "POST", "/v1/auth/"+path, body, header...)
		if res.StatusCode == http.StatusNoContent {
			return res, signedIn{}
		}
		return res, testsite.Decode[signedIn](t, res)
	}
	cookieOf := func(res *http.Response) *http.Cookie {
		i := slices.IndexFunc(res.Cookies(), func(c *http.Cookie) bool { return c.Name == "__Host-refresh" })
		if i < 0 {
			t.Fatalf("no cookie: %s %v", res.Status, res.Header)
		}
		return res.Cookies()[i]
	}

	res, in := send("sign-in", page, nil,
		map[string]any{"login": "haru", "password": "haru-pass-123", "refreshCookie": true})
	first := cookieOf(res)
	if res.StatusCode != 200 || in.AccessToken == "" || in.RefreshToken != "" {
		t.Fatalf("sign in: %s %+v", res.Status, in)
	}
	if !first.HttpOnly || !first.Secure || first.SameSite != http.SameSiteStrictMode || first.Path != "/" ||
		first.Domain != "" || first.MaxAge != 30*24*3600 {
		t.Errorf("the cookie: %s", first.Raw)
	}
	if res.Header.Get("Access-Control-Allow-Credentials") != "true" ||
		res.Header.Get("Access-Control-Allow-Origin") != page {
		t.Errorf("a browser ignores the cookie: %v", res.Header)
	}

	for _, origin := range []string{other, ""} {
		for _, path := range []string{"refresh", "sign-out"} {
			if res, refused := send(path, origin, first, map[string]any{}); res.StatusCode != 403 ||
				refused.Code != "foreign_origin" {
				t.Errorf("%s from %q: %s %+v", path, origin, res.Status, refused)
			}
		}
	}
	res, in = send("refresh", page, first, map[string]any{})
	second := cookieOf(res)
	if res.StatusCode != 200 || in.RefreshToken != "" || second.Value == first.Value {
		t.Fatalf("refresh: %s %+v", res.Status, in)
	}
	if res, in := send("refresh", s.URL, second, map[string]any{}); res.StatusCode != 200 {
		t.Errorf("refresh from a page of the server itself: %s %+v", res.Status, in)
	}
	res, _ = send("sign-out", page, second, map[string]any{})
	if gone := cookieOf(res); res.StatusCode != 204 || gone.Value != "" || gone.MaxAge >= 0 {
		t.Errorf("sign out: %s, %s", res.Status, gone.Raw)
	}
	if res, refused := send("refresh", page, second, map[string]any{}); res.StatusCode != 401 ||
		refused.Code != "session_ended" {
		t.Errorf("refresh after signing out: %s %+v", res.Status, refused)
	}
	if res, refused := send("refresh", page, nil, map[string]any{}); res.StatusCode != 401 {
		t.Errorf("refresh without a token: %s %+v", res.Status, refused)
	}
}

// signedIn is the response to a sign-in, which may be a refusal.
type signedIn = testsite.SignedIn

// TestLongRefreshCookies checks that a cookie longer than any token is refused before anything is done with it.
func TestLongRefreshCookies(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, path := range []string{"/v1/auth/sign-out", "/v1/auth/refresh"} {
		status, body, _ := s.Try(t, testsite.Visitor, "POST", path, map[string]any{},
			"Cookie", "__Host-refresh="+strings.Repeat("a", 201), "Origin", "http://example.com")
		if status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %v", path, status, body)
		}
	}
}
