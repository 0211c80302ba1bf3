package tokens_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"

	"38qa.net/backend/modules/auth/internal/tokens"
)

func TestGoodTokens(t *testing.T) {
	whole := tokens.Claims{
		Subject: "57b4ba98-2081-70e9-8f1c-0d5c1a7a2a11", Use: "access", ClientID: clientID, Username: "nori", Groups: []string{"editors", "日本語"},
		Expires: start.Unix() + 3600, IssuedAt: start.Unix() - 60, AuthTime: start.Unix() - 7200, TokenID: "c1e0…", SessionID: "0a9b…",
	}
	person := whole
	person.Use, person.Username, person.Groups = "id", "google_1", nil
	person.Email, person.EmailVerified, person.PreferredUsername, person.Name = "nori@example.jp", true,
		"nori", "のり"
	person.Identities = []tokens.Identity{{Provider: "Google", UserID: "10769150350006150715113082367"}}
	but := func(c tokens.Claims, change func(*tokens.Claims)) tokens.Claims { change(&c); return c }
	rs, es := []jwa.SignatureAlgorithm{jwa.RS256}, []jwa.SignatureAlgorithm{jwa.ES256}
	ecHeader := members{"alg": "ES256", "kid": ecKid, "typ": "JWT"}
	for _, c := range []struct {
		name       string
		token      string
		algorithms []jwa.SignatureAlgorithm
		want       tokens.Claims
	}{
		{"access", signed(header, access), rs, whole},
		{"ID", signed(header, id), rs, person},
		{"access of the built-in issuer", ecSigned(ecHeader, access), es, whole},
		{"ID of the built-in issuer", ecSigned(ecHeader, id), es, person},
		{"either algorithm, RS256", signed(header, access), []jwa.SignatureAlgorithm{jwa.ES256, jwa.RS256}, whole},
		{"either algorithm, ES256", ecSigned(ecHeader, access), []jwa.SignatureAlgorithm{jwa.ES256, jwa.RS256}, whole},
		{"key that says nothing of itself", signed(header.with("kid", "bare"), access), rs, whole},
		{"private key in the source", signed(header.with("kid", "private"), access), rs, whole},
		{"key that may verify", signed(header.with("kid", "ops-verify"), access), rs, whole},
		{"kid of 200 bytes", signed(header.with("kid", longKid[:200]), access), rs, whole},
		{"aud list of one", signed(header, id.with("aud", []string{clientID})), rs, person},
		{"access with the aud of another server", signed(header, access.with("aud", "https://elsewhere.example")), rs, whole},
		{"email_verified as text", signed(header, id.with("email_verified", "true")), rs, person},
		{"email_verified false as text", signed(header, id.with("email_verified", "false")), rs,
			but(person, func(c *tokens.Claims) { c.EmailVerified = false })},
		{"email_verified missing", signed(header, id.with("email_verified", nil)), rs, but(person, func(c *tokens.Claims) { c.EmailVerified = false })},
		{"no groups", signed(header, access.with("cognito:groups", nil)), rs, but(whole, func(c *tokens.Claims) { c.Groups = nil })},
		{"ID claims in an access token", signed(header, access.with("email", "a@example.jp", "email_verified", true, "identities", 1)), rs, whole},
		{"another client", signed(header, access.with("client_id", "another-client")), rs,
			but(whole, func(c *tokens.Claims) { c.ClientID = "another-client" })},
		{"no jti, origin_jti, iat and auth_time", signed(header, access.with("jti", nil, "origin_jti", nil, "iat", nil, "auth_time", nil)), rs,
			but(whole, func(c *tokens.Claims) {
				c.TokenID, c.SessionID, c.IssuedAt, c.AuthTime = "", "", 0, 0
			})},
		{"exp as 1.790003600e9", raw(header.json(), strings.Replace(access.json(), "1790003600", "1.790003600e9", 1), rsaSign), rs, whole},
		{"space within the JSON", raw(" "+header.json()+"\n", "\t"+access.json()+" ", rsaSign), rs, whole},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := verifier(t, usual(), newClock(start).now, c.algorithms...)
			for _, when := range []string{"cold", "hot"} {
				got, err := v.Verify(t.Context(), c.token)
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				if !reflect.DeepEqual(*got, c.want) {
					t.Errorf("%s: %+v, expected %+v", when, *got, c.want)
				}
			}
		})
	}
}

// TestTimes checks both sides of every limit of the times in a token, for a token that was seen before and
// for one that was not.
func TestTimes(t *testing.T) {
	now := start.Unix()
	for _, c := range []struct {
		name  string
		claim string
		at    int64
		good  bool
	}{
		{"expires in a second", "exp", now + 1, true},
		{"expires now", "exp", now, true},
		{"expired 29 s ago", "exp", now - 29, true},
		{"expired 30 s ago", "exp", now - 30, false},
		{"expired 31 s ago", "exp", now - 31, false},
		{"good from now", "nbf", now, true},
		{"good in 29 s", "nbf", now + 29, true},
		{"good in 30 s", "nbf", now + 30, true},
		{"good in 31 s", "nbf", now + 31, false},
		{"made now", "iat", now, true},
		{"made in 30 s", "iat", now + 30, true},
		{"made in 31 s", "iat", now + 31, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := signed(header, access.with(c.claim, c.at))
			_, err := verifier(t, usual(), newClock(start).now).Verify(t.Context(), token)
			if c.good != (err == nil) || !c.good && !errors.Is(err, tokens.ErrInvalid) {
				t.Errorf("cold: %v", err)
			}
			// The token is verified at a time at which it is good, and again now.
			seen := newClock(start)
			seen.advance(map[string]time.Duration{"exp": -59 * time.Second, "nbf": 50 * time.Second,
				"iat": 50 * time.Second}[c.claim])
			keys := usual()
			v := verifier(t, keys, seen.now)
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Fatal(err)
			}
			seen.at.Store(start.UnixNano())
			if _, err := v.Verify(t.Context(), token); c.good != (err == nil) {
				t.Errorf("hot: %v", err)
			}
		})
	}
}

func TestNewRefusesUselessSettings(t *testing.T) {
	good := tokens.Settings{
		Issuer: issuer, ClientIDs: []string{clientID}, Algorithms: []jwa.SignatureAlgorithm{jwa.RS256},
		Keys: usual(),
	}
	if _, err := tokens.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*tokens.Settings){
		"no issuer":       func(s *tokens.Settings) { s.Issuer = "" },
		"no clients":      func(s *tokens.Settings) { s.ClientIDs = nil },
		"an empty client": func(s *tokens.Settings) { s.ClientIDs = []string{clientID, ""} },
		"no algorithms":   func(s *tokens.Settings) { s.Algorithms = nil },
		"none":            func(s *tokens.Settings) { s.Algorithms = []jwa.SignatureAlgorithm{jwa.NoSignature} },
		"HS256":           func(s *tokens.Settings) { s.Algorithms = []jwa.SignatureAlgorithm{jwa.RS256, jwa.HS256} },
		"PS256":           func(s *tokens.Settings) { s.Algorithms = []jwa.SignatureAlgorithm{jwa.PS256} },
		"no keys":         func(s *tokens.Settings) { s.Keys = nil },
	} {
		s := good
		change(&s)
		if _, err := tokens.New(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestKeySourceErrors checks that only an unknown key makes a token invalid; after any other error of the key
// source, Verify reports that the keys are unavailable.
func TestKeySourceErrors(t *testing.T) {
	token := signed(header, access)
	for _, c := range []struct {
		err  error
		want error
	}{
		{tokens.ErrUnknownKey, tokens.ErrInvalid},
		{tokens.ErrKeysUnavailable, tokens.ErrKeysUnavailable},
		{errors.New("the database is gone"), tokens.ErrKeysUnavailable},
	} {
		keys := usual()
		keys.err = c.err
		_, err := verifier(t, keys, newClock(start).now).Verify(t.Context(), token)
		if !errors.Is(err, c.want) ||
			errors.Is(err, tokens.ErrInvalid) && errors.Is(err, tokens.ErrKeysUnavailable) {
			t.Errorf("%v: %v", c.err, err)
		}
	}
}
