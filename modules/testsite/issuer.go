package testsite

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Issuer is a site with the built-in issuer, which signs users in itself, and with a clock that tests can
// set.
type Issuer struct {
	*Site
	mu  sync.Mutex
	now time.Time
}

// NewIssuer opens a site as [New] does, with [GenuineTokens].
func NewIssuer(t testing.TB, options ...Option) *Issuer {
	t.Helper()
	s := &Issuer{now: time.Now().Truncate(time.Second)}
	s.Site = New(t, append([]Option{GenuineTokens(), Clock(s.clock)}, options...)...)
	return s
}

// OnEachIssuer is like [OnEachDatabase], with a site opened by [NewIssuer].
func OnEachIssuer(t *testing.T, test func(t *testing.T, s *Issuer)) {
	t.Helper()
	OnEachDatabase(t, func(t *testing.T, db Database) { test(t, NewIssuer(t, db)) })
}

func (s *Issuer) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Pass sets the clock forward.
func (s *Issuer) Pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// Home is the client address from which [Issuer.SignIn] signs users in.
const Home = "203.0.113.200"

// Ask sends a request from a client address, with a bearer token unless it is "", and decodes the response.
// It checks that every refusal with status 401 says how to sign in.
func Ask[T any](t testing.TB, s *Issuer, method, path, token, address string, body any, header ...string) (
	status int, answer T,
) {
	t.Helper()
	headers := []string{"X-Forwarded-For", address}
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(text)
		headers = append(headers, "Content-Type", "application/json")
	}
	res := s.SendRaw(t, Visitor, method, path, content, append(headers, header...)...)
	if text := Text(t, res); text != "" {
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	if res.StatusCode == http.StatusUnauthorized && res.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%s %s: 401 without WWW-Authenticate", method, path)
	}
	return res.StatusCode, answer
}

// SignedIn is the response to a sign-in, or the refusal of one.
type SignedIn struct {
	AccessToken, IDToken, RefreshToken, Code string
	ExpiresIn                                int
	User                                     struct {
		ID     int
		Handle string
	}
	Errors []struct{ Field, Code string }
}

// SignIn signs a user of the recorded site in with the password.
func (s *Issuer) SignIn(t testing.TB, login, password string) SignedIn {
	t.Helper()
	status, in := Ask[SignedIn](t, s, "POST", "/v1/auth/sign-in", "", Home,
		map[string]any{"login": login, "password": password})
	if status != http.StatusOK {
		t.Fatalf("sign in as %s: %d %+v", login, status, in)
	}
	return in
}

// Me is the response of GET /v1/me, or the refusal of an operation on one's own account.
type Me struct {
	User                        struct{ ID int }
	Email, Avatar, Code         string
	EmailConfirmed, HasPassword bool
	Fields                      map[string]string
	Errors                      []struct{ Field, Code string }
}

// Me returns the account to which a token belongs.
func (s *Issuer) Me(t testing.TB, token string) (status int, account Me) {
	t.Helper()
	return Ask[Me](t, s, "GET", "/v1/me", token, Home, nil)
}

// Code returns the code in the latest mail to an account.
func (s *Issuer) Code(t testing.TB, handle string) (code string) {
	t.Helper()
	query := "SELECT emailcode FROM {users} WHERE handle = ?"
	if _, err := s.App.DB.Get(t.Context(), []any{&code}, query, handle); err != nil {
		t.Fatal(err)
	}
	return code
}
