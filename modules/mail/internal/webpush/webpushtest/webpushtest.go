// Package webpushtest has the other two sides of web push for tests: a browser, which decrypts what it is
// sent by steps of its own, and a push service.
package webpushtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"testing"

	"38qa.net/backend/modules/kernel/outbound"
	"38qa.net/backend/modules/kernel/outbound/fakedns"
)

// Browser holds the keys of a browser's receiver.
type Browser struct {
	Private *ecdh.PrivateKey
	Auth    []byte
}

// NewBrowser returns a browser with fresh keys.
func NewBrowser(t *testing.T) Browser {
	t.Helper()
	b := Browser{Auth: make([]byte, 16)}
	var err error
	if b.Private, err = ecdh.P256().GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if _, err := rand.Read(b.Auth); err != nil {
		t.Fatal(err)
	}
	return b
}

// Public returns the browser's public key.
func (b Browser) Public() []byte { return b.Private.PublicKey().Bytes() }

// Decrypt takes the steps of RFC 8291, section 3.4, and RFC 8188, section 2, backwards.
func (b Browser) Decrypt(t *testing.T, body []byte) string {
	t.Helper()
	if len(body) < 21+65 || body[20] != 65 {
		t.Fatalf("no header: %d bytes", len(body))
	}
	salt, size, sender, record := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:86], body[86:]
	if int(size) < len(record) || len(body) > 4096 {
		t.Errorf("a record of %d bytes in a body of %d", size, len(body))
	}
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.Private.ECDH(public)
	if err != nil {
		t.Fatal(err)
	}
	ikm := derive(t, shared, b.Auth, "WebPush: info\x00"+string(b.Public())+string(sender), 32)
	block, err := aes.NewCipher(derive(t, ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gcm.Open(nil, derive(t, ikm, salt, "Content-Encoding: nonce\x00", 12), record, nil)
	if err != nil {
		t.Fatalf("decrypt: %v", err)
	}
	plain = bytes.TrimRight(plain, "\x00")
	if len(plain) == 0 || plain[len(plain)-1] != 2 {
		t.Fatal("it is not the last record")
	}
	return string(plain[:len(plain)-1])
}

func derive(t *testing.T, secret, salt []byte, info string, length int) []byte {
	t.Helper()
	prk, err := hkdf.Extract(sha256.New, secret, salt)
	if err != nil {
		t.Fatal(err)
	}
	key, err := hkdf.Expand(sha256.New, prk, info, length)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Service is a push service that keeps what it was sent.
type Service struct {
	*httptest.Server
	mu       sync.Mutex
	requests []Request
}

// Request is what a push service was sent.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         []byte
}

// NewService returns a running push service that answers with the function, at any number of requests
// at the same time.
func NewService(t *testing.T, answer http.HandlerFunc) *Service {
	t.Helper()
	s := &Service{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.Header, body})
		s.mu.Unlock()
		answer(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// Requests returns what the service was sent so far.
func (s *Service) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Endpoint returns the address of a receiver at the service, under the name in its certificate.
func (s *Service) Endpoint(t *testing.T, receiver string) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return "https://example.com:" + u.Port() + "/push/" + receiver
}

// Loopback is the network of the service.
var Loopback = netip.MustParsePrefix("127.0.0.1/32")

// Client returns a client that trusts the service, for which all names mean the address, and which may
// call the networks besides public ones.
func (s *Service) Client(address string, allow ...netip.Prefix) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return outbound.NewClient(outbound.Settings{Allow: allow, Roots: roots,
		Resolver: fakedns.Resolver(func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(address)} })})
}
