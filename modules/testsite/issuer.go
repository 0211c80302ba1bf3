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

// Issuer is a site that signs people in itself, by the built-in issuer, with a clock that tests move.
type Issuer struct {
	*Site
	mu  sync.Mutex
	now time.Time
}

// NewIssuer opens a site as [New] does, with genuine tokens.
func NewIssuer(t testing.TB, options ...Option) *Issuer {
	t.Helper()
	s := &Issuer{now: time.Now().Truncate(time.Second)}
	s.Site = New(t, append([]Option{GenuineTokens(), Clock(s.clock)}, options...)...)
	return s
}

// OnEachIssuer runs a test as [OnEachDatabase] does.
func OnEachIssuer(t *testing.T, test func(t *testing.T, s *Issuer)) {
	t.Helper()
	OnEachDatabase(t, func(t *testing.T, db Database) { test(t, NewIssuer(t, db)) })
}

func (s *Issuer) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Pass lets time pass.
func (s *Issuer) Pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// Home is the address of those who sign in by [Issuer.SignIn].
const Home = "203.0.113.200"

// Ask sends a request with a bearer token, or without one if it is "", from an address, and decodes the
// response. Every refusal with status 401 must say how to sign in.
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

// SignIn signs a recorded person in by the password.
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

// Me reads the account that a token belongs to.
func (s *Issuer) Me(t testing.TB, token string) (status int, account Me) {
	t.Helper()
	return Ask[Me](t, s, "GET", "/v1/me", token, Home, nil)
}

// Code reads the code that was mailed last to an account.
func (s *Issuer) Code(t testing.TB, handle string) (code string) {
	t.Helper()
	query := "SELECT emailcode FROM {users} WHERE handle = ?"
	if _, err := s.App.DB.Get(t.Context(), []any{&code}, query, handle); err != nil {
		t.Fatal(err)
	}
	return code
}
