package tokens_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"

	"38qa.net/backend/modules/auth/internal/tokens"
)

// jwks is a server that publishes an issuer's keys. It counts how often they are fetched, and can be switched
// off.
type jwks struct {
	*httptest.Server
	fetches atomic.Int32
	answer  atomic.Pointer[http.HandlerFunc]
}

func newJWKS(t *testing.T, keys ...jwk.Key) *jwks {
	j := &jwks{}
	j.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		j.fetches.Add(1)
		(*j.answer.Load())(w, r)
	}))
	t.Cleanup(j.Close)
	j.serve(keys...)
	return j
}

func (j *jwks) do(answer http.HandlerFunc) { j.answer.Store(&answer) }

// serve makes the server respond with the keys.
func (j *jwks) serve(keys ...jwk.Key) {
	body, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	j.text(string(body))
}

func (j *jwks) text(body string) {
	j.do(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) })
}

func (j *jwks) off() {
	j.do(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
}

// want checks how often the keys were fetched. It waits a little first, so that fetches in the background are
// counted, expected ones and others.
func (j *jwks) want(t *testing.T, n int32) {
	t.Helper()
	for range 200 {
		if j.fetches.Load() == n {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(10 * time.Millisecond)
	if got := j.fetches.Load(); got != n {
		t.Fatalf("%d fetches, expected %d", got, n)
	}
}

// ask asks for a key and checks the error.
func ask(t *testing.T, r *tokens.Remote, kid string, want error) {
	t.Helper()
	key, err := r.Key(t.Context(), kid)
	if !errors.Is(err, want) || (key == nil) != (want != nil) {
		t.Fatalf("key %s: %v, %v; expected %v", kid, key, err, want)
	}
}

func rsaJWK(kid string) jwk.Key { return jwkOf(&rsaKey().PublicKey, "kid", kid, "use", "sig") }

func TestRemoteRotation(t *testing.T) {
	j, c := newJWKS(t, rsaJWK(kid)), newClock(start)
	r := tokens.NewRemote(j.URL, nil, c.now)
	v := verifier(t, r, c.now)
	j.want(t, 0)
	for i := range 5 {
		if _, err := v.Verify(t.Context(),
			signed(header, access.with("jti", string(rune('a'+i))))); err != nil {
			t.Fatal(err)
		}
	}
	j.want(t, 1)
	j.serve(rsaJWK(kid), rsaJWK("new"))
	c.advance(30 * time.Second)
	for range 5 {
		if _, err := v.Verify(t.Context(), signed(header.with("kid", "new"), access)); err != nil {
			t.Fatal(err)
		}
	}
	ask(t, r, kid, nil)
	j.want(t, 2)
}

// TestRemoteIsNotMadeToHammer checks that keys are fetched at most once in 30 seconds, whatever key ids the
// tokens name.
func TestRemoteIsNotMadeToHammer(t *testing.T) {
	j, c := newJWKS(t, rsaJWK(kid)), newClock(start)
	r := tokens.NewRemote(j.URL, nil, c.now)
	ask(t, r, "first unknown", tokens.ErrUnknownKey)
	for i := range 300 { // 29.9 seconds
		ask(t, r, strings.Repeat("x", i+1), tokens.ErrUnknownKey)
		if i < 299 {
			c.advance(100 * time.Millisecond)
		}
	}
	c.advance(100*time.Millisecond - 1)
	ask(t, r, "y", tokens.ErrUnknownKey)
	j.want(t, 1)
	c.advance(1)
	for range 10 {
		ask(t, r, "y", tokens.ErrUnknownKey)
	}
	j.want(t, 2)
	// The same holds while the server does not respond: the known key is still used, and an unknown one
	// causes a fetch only after 30 seconds.
	j.off()
	c.advance(30 * time.Second)
	for range 10 {
		ask(t, r, "y", tokens.ErrUnknownKey)
		ask(t, r, kid, nil)
	}
	j.want(t, 3)
}

func TestRemoteGoesOnWithStaleKeys(t *testing.T) {
	j, c := newJWKS(t, rsaJWK(kid)), newClock(start)
	r := tokens.NewRemote(j.URL, nil, c.now)
	ask(t, r, kid, nil)
	j.off()
	c.advance(time.Hour - 1)
	ask(t, r, kid, nil)
	j.want(t, 1)
	c.advance(1)
	for i := range int32(3) { // an attempt every minute, and none between
		ask(t, r, kid, nil)
		j.want(t, 2+i)
		settle(t, r)
		for range 10 {
			ask(t, r, kid, nil)
		}
		c.advance(time.Minute - 1)
		ask(t, r, kid, nil)
		j.want(t, 2+i)
		c.advance(1)
	}
	j.serve(rsaJWK("new"))
	ask(t, r, kid, nil)
	j.want(t, 5)
	settle(t, r)
	ask(t, r, kid, tokens.ErrUnknownKey) // withdrawn
	ask(t, r, "new", nil)
	j.want(t, 5)
	c.advance(time.Hour - 1)
	ask(t, r, "new", nil)
	j.want(t, 5)
}

// settle waits until no fetch is running: a request for an unknown key waits for a running fetch, and does
// not start another one so soon.
func settle(t *testing.T, r *tokens.Remote) {
	t.Helper()
	ask(t, r, "nobody has this", tokens.ErrUnknownKey)
}

func TestRemoteDownAtFirst(t *testing.T) {
	j, c := newJWKS(t, rsaJWK(kid)), newClock(start)
	j.off()
	r := tokens.NewRemote(j.URL, nil, c.now)
	v := verifier(t, r, c.now)
	token := signed(header, access)
	for range 3 {
		_, err := v.Verify(t.Context(), token)
		if !errors.Is(err, tokens.ErrKeysUnavailable) || errors.Is(err, tokens.ErrInvalid) ||
			!strings.Contains(err.Error(), "502") {
			t.Fatal(err)
		}
	}
	j.want(t, 1)
	c.advance(5*time.Second - 1)
	ask(t, r, kid, tokens.ErrKeysUnavailable)
	j.want(t, 1)
	c.advance(1)
	ask(t, r, kid, tokens.ErrKeysUnavailable)
	j.want(t, 2)
	j.serve(rsaJWK(kid))
	ask(t, r, kid, tokens.ErrKeysUnavailable)
	c.advance(5 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	j.want(t, 3)
}

// TestRemoteIsSingleFlight checks that fifty callers at once cause one fetch, both for the first keys and for
// an unknown one.
func TestRemoteIsSingleFlight(t *testing.T) {
	j, c := newJWKS(t), newClock(start)
	slow := func(keys ...jwk.Key) {
		body, _ := json.Marshal(map[string]any{"keys": keys})
		j.do(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(50 * time.Millisecond)
			w.Write(body)
		})
	}
	r := tokens.NewRemote(j.URL, nil, c.now)
	v := verifier(t, r, c.now)
	fifty := func(kid string) {
		token := signed(header.with("kid", kid), access)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if _, err := v.Verify(t.Context(), token); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	slow(rsaJWK(kid))
	fifty(kid)
	j.want(t, 1)
	slow(rsaJWK(kid), rsaJWK("new"))
	c.advance(time.Minute)
	fifty("new")
	j.want(t, 2)
}

// TestRemoteFetchOutlivesItsRequest checks that a fetch goes on after the caller who began it has given up,
// and that the other callers get its keys.
func TestRemoteFetchOutlivesItsRequest(t *testing.T) {
	j, c := newJWKS(t), newClock(start)
	body, _ := json.Marshal(map[string]any{"keys": []jwk.Key{rsaJWK(kid)}})
	asked, goOn := make(chan struct{}), make(chan struct{})
	j.do(func(w http.ResponseWriter, _ *http.Request) { close(asked); <-goOn; w.Write(body) })
	r := tokens.NewRemote(j.URL, nil, c.now)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := r.Key(ctx, kid); !errors.Is(err, tokens.ErrKeysUnavailable) ||
		!errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(goOn)
	ask(t, r, kid, nil)
	j.want(t, 1)
}

// TestRemoteBadAnswers checks that a response which is no key set takes no key away.
func TestRemoteBadAnswers(t *testing.T) {
	one, _ := json.Marshal(rsaJWK("new"))
	whole := `{"keys":[` + string(one) + `]}`
	for name, answer := range map[string]http.HandlerFunc{
		"not found": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			w.Write([]byte(whole))
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				w.Write([]byte(whole))
				return
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		},
		"HTML":               func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>maintenance</html>")) },
		"nothing":            func(http.ResponseWriter, *http.Request) {},
		"null":               func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("null")) },
		"no keys member":     func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"message":"hello"}`)) },
		"keys null":          func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"keys":null}`)) },
		"keys text":          func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"keys":"x"}`)) },
		"a key and no set":   func(w http.ResponseWriter, _ *http.Request) { w.Write(one) },
		"cut":                func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(whole[:len(whole)-1])) },
		"more than 1 MiB":    func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(whole + strings.Repeat(" ", 1<<20))) },
		"connection cut off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			j, c := newJWKS(t), newClock(start)
			j.do(answer)
			first := tokens.NewRemote(j.URL, nil, c.now)
			ask(t, first, "new", tokens.ErrKeysUnavailable)
			j.serve(rsaJWK(kid))
			r := tokens.NewRemote(j.URL, j.Client(), c.now)
			ask(t, r, kid, nil)
			j.do(answer)
			c.advance(time.Hour)
			ask(t, r, "new", tokens.ErrUnknownKey)
			ask(t, r, kid, nil)
		})
	}
}

// TestRemoteKeepsOnlyUsableKeys checks that unusable keys in a key set do no harm to the others, and are
// never given out.
func TestRemoteKeepsOnlyUsableKeys(t *testing.T) {
	j := newJWKS(t)
	parts := []string{`{"kty":"AKP","kid":"future"}`, `{"kid":"no-kty"}`, `7`, `null`,
		`{"kty":"RSA","kid":"no-n","e":"AQAB"}`,
		`{"kty":"EC","kid":"short","crv":"P-256","x":"AQ","y":"AQ"}`,
		`{"kty":"oct","kid":"oct","k":"c2VjcmV0"}`}
	for _, k := range []jwk.Key{jwkOf(rsaKey(), "kid", "private"), jwkOf(&rsaKey().PublicKey), rsaJWK(kid),
		jwkOf(&otherRSA().PublicKey, "kid", kid, "use", "enc"),
		jwkOf(&ecKey().PublicKey, "kid", ecKid)} {
		b, _ := json.Marshal(k)
		parts = append(parts, string(b))
	}
	j.text(`{"keys":[` + strings.Join(parts, ",") + `]}`)
	r := tokens.NewRemote(j.URL, nil, newClock(start).now)
	for _, k := range []string{"future", "no-kty", "no-n", "short", "oct", "private", ""} {
		ask(t, r, k, tokens.ErrUnknownKey)
	}
	ask(t, r, ecKid, nil)
	if k, err := r.Key(t.Context(), kid); err != nil || k.KeyUsage() != "sig" {
		t.Errorf("%v, %v: of two keys with one id not the first", k, err)
	}
	j.want(t, 1)
}

func TestRemoteNobodyListens(t *testing.T) {
	j := newJWKS(t)
	j.Close()
	ask(t, tokens.NewRemote(j.URL, nil, nil), kid, tokens.ErrKeysUnavailable)
	ask(t, tokens.NewRemote("://no address", nil, nil), kid, tokens.ErrKeysUnavailable)
}

// TestRemoteGivesUpAfterThreeSeconds checks that a fetch ends after three seconds if the server accepts the
// request and sends nothing.
func TestRemoteGivesUpAfterThreeSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes three seconds")
	}
	t.Parallel()
	j := newJWKS(t)
	j.do(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	began := time.Now()
	ask(t, tokens.NewRemote(j.URL, nil, nil), kid, tokens.ErrKeysUnavailable)
	if took := time.Since(began); took < 2*time.Second || took > 10*time.Second {
		t.Errorf("gave up after %v", took)
	}
}
