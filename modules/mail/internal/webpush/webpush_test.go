package webpush_test

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/outbound/fakedns"
	"38qa.net/backend/modules/mail/internal/webpush"
	"38qa.net/backend/modules/mail/internal/webpush/webpushtest"
)

// receiver returns a browser's receiver at an address, from its keys in the given form of base64.
func receiver(t *testing.T, b webpushtest.Browser, endpoint string, form *base64.Encoding) webpush.Receiver {
	t.Helper()
	r, err := webpush.NewReceiver(endpoint, form.EncodeToString(b.Public()), form.EncodeToString(b.Auth))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDecryptIsRight holds the tests' own way to decrypt against the example of RFC 8291, appendix A.
func TestDecryptIsRight(t *testing.T) {
	t.Parallel()
	raw := func(text string) []byte {
		t.Helper()
		b, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	private, err := ecdh.P256().NewPrivateKey(raw("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	b := webpushtest.Browser{Private: private, Auth: raw("BTBZMqHH6r4Tts7J_aSIgg")}
	got := b.Decrypt(t, raw("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"+
		"mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"+
		"pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"))
	if got != "When I grow up, I want to be a watermelon" {
		t.Errorf("%q", got)
	}
}

// keyOf returns a public key as package ecdsa has it.
func keyOf(t *testing.T, public string) *ecdsa.PublicKey {
	t.Helper()
	point, err := base64.RawURLEncoding.DecodeString(public)
	if err != nil || len(point) != 65 || point[0] != 4 {
		t.Fatalf("%q is no uncompressed point: %v", public, err)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSend checks what a push service is sent: a message that only the browser can read, signed by the site.
func TestSend(t *testing.T) {
	t.Parallel()
	service := webpushtest.NewService(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	key, err := webpush.DeriveKey([]byte("a secret of the site's"))
	if err != nil {
		t.Fatal(err)
	}
	sender := webpush.NewSender(service.Client("127.0.0.1", webpushtest.Loopback), key, "mailto:bees@example.jp")
	longest := strings.Repeat("蜂", webpush.MaxBody/3)
	for i, form := range []*base64.Encoding{base64.RawURLEncoding, base64.StdEncoding} {
		b := webpushtest.NewBrowser(t)
		text := []string{`{"title":"回答"}`, longest}[i]
		err := sender.Send(t.Context(), receiver(t, b, service.Endpoint(t, "secret-1"), form), webpush.Message{Body: []byte(text),
			TTL: 90 * time.Minute, Urgency: webpush.Low, Topic: "e12"})
		if err != nil {
			t.Fatal(err)
		}
		r := service.Requests()[i]
		if got := b.Decrypt(t, r.Body); got != text {
			t.Errorf("decrypted %q", got)
		}
		for name, want := range map[string]string{"Content-Encoding": "aes128gcm", "TTL": "5400", "Urgency": "low", "Topic": "e12"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, expected %q", name, got, want)
			}
		}
		if r.Method != http.MethodPost || r.Path != "/push/secret-1" {
			t.Errorf("%s %s", r.Method, r.Path)
		}
		scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		token, public, found := strings.Cut(strings.TrimPrefix(rest, "t="), ", k=")
		if scheme != "vapid" || !found || public != key.Public() {
			t.Fatalf("Authorization: %s", r.Header.Get("Authorization"))
		}
		claims, err := jwt.Parse([]byte(token), jwt.WithKey(jwa.ES256, keyOf(t, key.Public())), jwt.WithValidate(true))
		if err != nil {
			t.Fatal(err)
		}
		left := time.Until(claims.Expiration())
		if want := strings.TrimSuffix(service.Endpoint(t, "secret-1"), "/push/secret-1"); len(claims.Audience()) != 1 || claims.Audience()[0] != want ||
			claims.Subject() != "mailto:bees@example.jp" || left <= 0 || left > 24*time.Hour {
			t.Errorf("claims: %v", claims)
		}
	}
	if err := sender.Send(t.Context(), receiver(t, webpushtest.NewBrowser(t), service.Endpoint(t, "secret-1"), base64.RawURLEncoding),
		webpush.Message{Body: make([]byte, webpush.MaxBody+1)}); err == nil || len(service.Requests()) != 2 {
		t.Errorf("a message that is too long: %v", err)
	}
}

// TestAnswersOfPushServices checks what the answers of a push service mean, that redirects are not followed, and
// that no error quotes the endpoint.
func TestAnswersOfPushServices(t *testing.T) {
	t.Parallel()
	key, err := webpush.DeriveKey([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		status int
		after  string
		want   string // "", gone, later or never
		pause  time.Duration
	}{
		"created": {status: 201}, "accepted": {status: 202},
		"not found": {status: 404, want: "gone"}, "gone": {status: 410, want: "gone"},
		"busy":                  {status: 429, after: "120", want: "later", pause: 2 * time.Minute},
		"busy for ever":         {status: 429, after: "4294967295", want: "later", pause: 24 * time.Hour},
		"busy, without a time":  {status: 429, want: "later"},
		"busy since 1994":       {status: 429, after: "Sun, 06 Nov 1994 08:49:37 GMT", want: "later"},
		"busy until 2094":       {status: 503, after: "Sat, 06 Nov 2094 08:49:37 GMT", want: "later", pause: 24 * time.Hour},
		"broken":                {status: 500, want: "later"},
		"a time that is none":   {status: 503, after: "-5", want: "later"},
		"a request that is bad": {status: 400, want: "never"},
		"another site's":        {status: 403, want: "never"},
		"too large":             {status: 413, want: "never"},
		"a redirect":            {status: 307, want: "never"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := webpushtest.NewService(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", c.after)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
			})
			sender := webpush.NewSender(service.Client("127.0.0.1", webpushtest.Loopback), key, "mailto:bees@example.jp")
			r := receiver(t, webpushtest.NewBrowser(t), service.Endpoint(t, "secret-1"), base64.RawURLEncoding)
			check(t, sender.Send(t.Context(), r, webpush.Message{Body: []byte("{}")}), c.want, c.pause)
			if len(service.Requests()) != 1 {
				t.Errorf("%d requests", len(service.Requests()))
			}
		})
	}
}

// check holds an error against what it is to mean.
func check(t *testing.T, err error, want string, pause time.Duration) {
	t.Helper()
	got := ""
	var later *webpush.LaterError
	switch {
	case errors.Is(err, webpush.ErrGone):
		got = "gone"
	case errors.As(err, &later):
		got = "later"
		if later.After != pause {
			t.Errorf("after %s, expected %s", later.After, pause)
		}
	case err != nil:
		got = "never"
	}
	if got != want {
		t.Errorf("%v is %q, expected %q", err, got, want)
	}
	if err != nil && strings.Contains(err.Error(), "secret-1") {
		t.Errorf("it quotes the endpoint: %v", err)
	}
}

// TestForbiddenAddresses checks that names which mean addresses of this network are not called, and what a
// connection means that fails.
func TestForbiddenAddresses(t *testing.T) {
	t.Parallel()
	key, err := webpush.DeriveKey([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	service := webpushtest.NewService(t, func(http.ResponseWriter, *http.Request) {})
	r := receiver(t, webpushtest.NewBrowser(t), service.Endpoint(t, "secret-1"), base64.RawURLEncoding)
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254"} {
		err := webpush.NewSender(service.Client(address), key, "mailto:bees@example.jp").Send(t.Context(), r, webpush.Message{})
		check(t, err, "never", 0)
		if !errors.Is(err, outbound.ErrRefused) {
			t.Errorf("%s: %v", address, err)
		}
	}
	untrusting := outbound.NewClient(outbound.Settings{Allow: []netip.Prefix{webpushtest.Loopback},
		Resolver: fakedns.Resolver(func(string) []netip.Addr { return []netip.Addr{webpushtest.Loopback.Addr()} })})
	err = webpush.NewSender(untrusting, key, "mailto:bees@example.jp").Send(t.Context(), r, webpush.Message{})
	check(t, err, "later", 0)
	if bad := (*tls.CertificateVerificationError)(nil); !errors.As(err, &bad) {
		t.Errorf("without a trusted certificate: %v", err)
	}
	nowhere := outbound.NewClient(outbound.Settings{Resolver: fakedns.Resolver(func(string) []netip.Addr { return nil })})
	check(t, webpush.NewSender(nowhere, key, "mailto:bees@example.jp").Send(t.Context(), r, webpush.Message{}), "later", 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	check(t, webpush.NewSender(service.Client("127.0.0.1", webpushtest.Loopback), key, "x").Send(ctx, r, webpush.Message{}), "later", 0)
	if len(service.Requests()) != 0 {
		t.Errorf("%d requests came through", len(service.Requests()))
	}
}

// TestReceivers checks which descriptions of a receiver are taken.
func TestReceivers(t *testing.T) {
	t.Parallel()
	b := webpushtest.NewBrowser(t)
	public, auth := base64.RawURLEncoding.EncodeToString(b.Public()), base64.RawURLEncoding.EncodeToString(b.Auth)
	const fine = "https://updates.push.services.mozilla.com/wpush/v2/abc"
	for name, c := range map[string]struct {
		endpoint, public, auth string
		want                   error
	}{
		"fine":                    {fine, public, auth, nil},
		"padded":                  {fine, public + "=", auth + "==", nil},
		"a port":                  {"https://push.example.com:8443/abc?x=y", public, auth, nil},
		"plain HTTP":              {"http://push.example.com/abc", public, auth, webpush.ErrEndpoint},
		"no address":              {"push", public, auth, webpush.ErrEndpoint},
		"no host":                 {"https:///abc", public, auth, webpush.ErrEndpoint},
		"opaque":                  {"https:push.example.com", public, auth, webpush.ErrEndpoint},
		"with a password":         {"https://user:word@push.example.com/abc", public, auth, webpush.ErrEndpoint},
		"with a fragment":         {fine + "#abc", public, auth, webpush.ErrEndpoint},
		"with a space":            {"https://push.example.com/a b", public, auth, webpush.ErrEndpoint},
		"with other letters":      {"https://蜂.example/abc", public, auth, webpush.ErrEndpoint},
		"as long as may be":       {fine + strings.Repeat("a", webpush.MaxEndpoint-len(fine)), public, auth, nil},
		"too long":                {fine + strings.Repeat("a", webpush.MaxEndpoint-len(fine)+1), public, auth, webpush.ErrEndpoint},
		"this machine":            {"https://127.0.0.1/abc", public, auth, webpush.ErrEndpoint},
		"the metadata of a cloud": {"https://169.254.169.254/latest", public, auth, webpush.ErrEndpoint},
		"IPv6":                    {"https://[::ffff:10.0.0.1]/abc", public, auth, webpush.ErrEndpoint},
		"no key":                  {fine, "", auth, webpush.ErrP256dh},
		"half a key":              {fine, public[:40], auth, webpush.ErrP256dh},
		"not on the curve":        {fine, "B" + strings.Repeat("A", 85) + "Q", auth, webpush.ErrP256dh},
		"not base64":              {fine, "*" + public[1:], auth, webpush.ErrP256dh},
		"no secret":               {fine, public, "", webpush.ErrAuth},
		"a short secret":          {fine, public, auth[:20], webpush.ErrAuth},
		"a long secret":           {fine, public, auth[:20] + auth, webpush.ErrAuth},
	} {
		if _, err := webpush.NewReceiver(c.endpoint, c.public, c.auth); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, expected %v", name, err, c.want)
		}
	}
	if host := receiver(t, b, "https://push.example.com:8443/abc", base64.RawURLEncoding).Host(); host != "push.example.com" {
		t.Errorf("the host is %q", host)
	}
}

// TestKeys checks that a key is read as it was written, and follows from a secret.
func TestKeys(t *testing.T) {
	t.Parallel()
	private := "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
	key, err := webpush.ParseKey(private)
	if err != nil {
		t.Fatal(err)
	}
	const public = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
	if key.Public() != public { // as in RFC 8291, appendix A
		t.Errorf("the public key is %s", key.Public())
	}
	for _, bad := range []string{"", "short", private + "AAAA", strings.Repeat("A", 43), strings.Repeat("_", 42) + "8"} {
		if _, err := webpush.ParseKey(bad); err == nil {
			t.Errorf("%q is a key", bad)
		}
	}
	one, err1 := webpush.DeriveKey([]byte("one"))
	again, err2 := webpush.DeriveKey([]byte("one"))
	other, err3 := webpush.DeriveKey([]byte("other"))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if one.Public() != again.Public() || one.Public() == other.Public() {
		t.Errorf("%s, again %s, of another secret %s", one.Public(), again.Public(), other.Public())
	}
}
