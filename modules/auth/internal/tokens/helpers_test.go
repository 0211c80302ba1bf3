package tokens_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"

	"38qa.net/backend/modules/auth/internal/tokens"
)

const (
	issuer   = "https://cognito-idp.ap-northeast-1.amazonaws.com/ap-northeast-1_aBcDeFgHi"
	clientID = "3n4b5urk1ft4fl3mg5e62d9ado"
	kid      = "rsa-1"
	ecKid    = "ec-1"
)

// start is the time at which the tests begin.
var start = time.Unix(1_790_000_000, 0)

// The keys of the tests; making one takes a while.
var (
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
		return inherited("RSA", func() *rsa.PrivateKey { return newRSA(2048) })
	})
	otherRSA = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	smallRSA = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(1024) })
	ecKey    = sync.OnceValue(func() *ecdsa.PrivateKey {
		return inherited("EC", func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	})
	ec384 = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P384()) })
)

// inherited makes a key, or takes the key of the process that started this one. Fuzzing uses several
// processes, and a good token in one of them must be good in all.
func inherited[K any](name string, make func() K) K {
	name = "TOKENS_TEST_KEY_" + name
	if b, err := base64.StdEncoding.DecodeString(os.Getenv(name)); err == nil && len(b) > 0 {
		k, err := x509.ParsePKCS8PrivateKey(b)
		if err != nil {
			panic(err)
		}
		return k.(K)
	}
	k := make()
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		panic(err)
	}
	os.Setenv(name, base64.StdEncoding.EncodeToString(b))
	return k
}

func newRSA(bits int) *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return k
}

func newEC(c elliptic.Curve) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// jwkOf makes a JWK from a raw key, with the given members, as in jwkOf(k, "kid", "a", "use", "sig").
func jwkOf(raw any, members ...any) jwk.Key {
	k, err := jwk.FromRaw(raw)
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(members); i += 2 {
		if err := k.Set(members[i].(string), members[i+1]); err != nil {
			panic(err)
		}
	}
	return k
}

// source is a KeySource that counts how often it is asked for a key.
type source struct {
	mu    sync.Mutex
	keys  map[string]jwk.Key
	err   error
	asked int
}

func (s *source) Key(_ context.Context, kid string) (jwk.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	if k, ok := s.keys[kid]; ok {
		return k, nil
	}
	return nil, tokens.ErrUnknownKey
}

// usual returns a source with the keys of the tests: good ones, and ones that must not be used.
func usual() *source {
	return &source{keys: map[string]jwk.Key{
		kid:             jwkOf(&rsaKey().PublicKey, "kid", kid, "use", "sig", "alg", jwa.RS256),
		ecKid:           jwkOf(&ecKey().PublicKey, "kid", ecKid, "use", "sig", "alg", jwa.ES256),
		"bare":          jwkOf(&rsaKey().PublicKey),
		"private":       jwkOf(rsaKey()),
		"other":         jwkOf(&otherRSA().PublicKey),
		"small":         jwkOf(&smallRSA().PublicKey),
		"p384":          jwkOf(&ec384().PublicKey),
		"secret":        jwkOf([]byte("a secret of thirty-two bytes ...")),
		"enc":           jwkOf(&rsaKey().PublicKey, "use", "enc"),
		"alg-RS512":     jwkOf(&rsaKey().PublicKey, "alg", jwa.RS512),
		"alg-OAEP":      jwkOf(&rsaKey().PublicKey, "alg", jwa.RSA_OAEP),
		"ops-sign":      jwkOf(&rsaKey().PublicKey, "key_ops", []string{"sign"}),
		"ops-none":      jwkOf(&rsaKey().PublicKey, "key_ops", []string{}),
		"ops-verify":    jwkOf(&rsaKey().PublicKey, "key_ops", []string{"sign", "verify"}),
		"ec-alg-ES384":  jwkOf(&ecKey().PublicKey, "alg", jwa.ES384),
		"x":             jwkOf(&rsaKey().PublicKey),
		"ec-off-curve":  offCurve(),
		longKid[:200]:   jwkOf(&rsaKey().PublicKey),
		longKid + "one": jwkOf(&rsaKey().PublicKey),
	}}
}

// offCurve returns a key that is not a point of its curve.
func offCurve() jwk.Key {
	k := jwkOf(&ecKey().PublicKey)
	if err := k.Set("x", bytes.Repeat([]byte{7}, 32)); err != nil {
		panic(err)
	}
	return k
}

// clock is a clock that stands until it is moved.
type clock struct{ at atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.at.Store(t.UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// verifier returns a verifier for the usual issuer.
func verifier(
	t testing.TB, keys tokens.KeySource, now func() time.Time, algorithms ...jwa.SignatureAlgorithm,
) *tokens.Verifier {
	t.Helper()
	if algorithms == nil {
		algorithms = []jwa.SignatureAlgorithm{jwa.RS256}
	}
	v, err := tokens.New(tokens.Settings{
		Issuer: issuer, ClientIDs: []string{"another-client", clientID}, Algorithms: algorithms, Clock: now,
		Keys: keys,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type members map[string]any

// with returns a copy of the members with changes. The value nil removes a member; the variable null sets it
// to null.
func (m members) with(changes ...any) members {
	m = maps.Clone(m)
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == nil {
			delete(m, changes[i].(string))
			continue
		}
		m[changes[i].(string)] = changes[i+1]
	}
	return m
}

var null = json.RawMessage("null")

func (m members) json() string {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// access, id and header are the parts of good tokens: the claims of an access token and of an ID token, and a
// header.
var (
	access = members{
		"sub": "57b4ba98-2081-70e9-8f1c-0d5c1a7a2a11", "iss": issuer, "client_id": clientID, "token_use": "access", "username": "nori",
		"scope": "aws.cognito.signin.user.admin", "cognito:groups": []string{"editors", "日本語"}, "auth_time": start.Unix() - 7200,
		"iat": start.Unix() - 60, "exp": start.Unix() + 3600, "jti": "c1e0…", "origin_jti": "0a9b…", "version": 2, "event_id": "e",
	}
	id = members{
		"sub": "57b4ba98-2081-70e9-8f1c-0d5c1a7a2a11", "iss": issuer, "aud": clientID, "token_use": "id", "cognito:username": "google_1",
		"email": "nori@example.jp", "email_verified": true, "preferred_username": "nori", "name": "のり", "auth_time": start.Unix() - 7200,
		"identities": []any{members{"userId": "10769150350006150715113082367", "providerName": "Google", "providerType": "Google", "issuer": null,
			"primary": "true", "dateCreated": "1642699117273"}},
		"iat": start.Unix() - 60, "exp": start.Unix() + 3600, "jti": "c1e0…", "origin_jti": "0a9b…",
	}
	header = members{"alg": "RS256", "kid": kid}
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// sign is a function that returns a signature of the text.
type sign func(text string) []byte

func signRSA(k *rsa.PrivateKey, h crypto.Hash) sign {
	return func(text string) []byte {
		d := h.New()
		d.Write([]byte(text))
		b, err := rsa.SignPKCS1v15(nil, k, h, d.Sum(nil))
		if err != nil {
			panic(err)
		}
		return b
	}
}

func signPSS(text string) []byte {
	d := sha256.Sum256([]byte(text))
	b, err := rsa.SignPSS(rand.Reader, rsaKey(), crypto.SHA256, d[:], nil)
	if err != nil {
		panic(err)
	}
	return b
}

// signEC returns a function that signs the same text in the same way each time.
func signEC(k *ecdsa.PrivateKey) sign {
	return func(text string) []byte {
		var p struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(signASN1(k, text), &p); err != nil {
			panic(err)
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		b := make([]byte, 2*size)
		p.R.FillBytes(b[:size])
		p.S.FillBytes(b[size:])
		return b
	}
}

func signASN1(k *ecdsa.PrivateKey, text string) []byte {
	d := sha256.Sum256([]byte(text))
	b, err := k.Sign(nil, d[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return b
}

func signHMAC(secret []byte) sign {
	return func(text string) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
}

func unsigned(string) []byte { return nil }

// raw makes a token from JSON texts.
func raw(header, claims string, s sign) string {
	text := b64(header) + "." + b64(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(s(text))
}

// signed makes a token as Cognito would.
func signed(h, claims members) string {
	return raw(h.json(), claims.json(), signRSA(rsaKey(), crypto.SHA256))
}

// ecSigned makes a token as the built-in issuer would.
func ecSigned(h, claims members) string { return raw(h.json(), claims.json(), signEC(ecKey())) }
