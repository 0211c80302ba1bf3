package hooks

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// signed returns the headers of a message that was sent just now.
func signed(list []keys, id string, body []byte) http.Header {
	at := time.Now().Unix()
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", strconv.FormatInt(at, 10))
	h.Set("webhook-signature", signAll(list, id, at, body))
	return h
}

// verifyShared verifies the signatures v1 by the standard's own library.
func verifyShared(t *testing.T, secret string, h http.Header, body []byte) error {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return w.VerifyIgnoringTimestamp(body, h)
}

// verifyPublic reports whether one of the signatures v1a is by the key, as the standard defines them; its
// library does not know them.
func verifyPublic(t *testing.T, public string, h http.Header, body []byte) bool {
	t.Helper()
	encoded, ok := strings.CutPrefix(public, "whpk_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) != ed25519.PublicKeySize {
		t.Fatalf("the public key %q: %v", public, err)
	}
	content := h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + string(body)
	for signature := range strings.SplitSeq(h.Get("webhook-signature"), " ") {
		text, ok := strings.CutPrefix(signature, "v1a,")
		raw, err := base64.StdEncoding.DecodeString(text)
		if ok && err == nil && ed25519.Verify(key, []byte(content), raw) {
			return true
		}
	}
	return false
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	first, stored := newKeys()
	second, _ := newKeys()
	third, _ := newKeys()
	if again, ok := parseKeys(stored); !ok || again.secret() != first.secret() ||
		again.publicKey() != first.publicKey() {
		t.Error("stored keys are others")
	}
	if _, ok := parseKeys(stored[1:]); ok {
		t.Error("keys that lack a byte are taken")
	}
	body := []byte(`{"type":"question","data":{"title":"巣箱"}}`)
	for _, c := range []struct {
		name  string
		by    []keys
		id    string // of the message as it arrives
		body  string
		valid map[string]bool // by the name of the keys
	}{
		{"one key", []keys{first}, "msg_1", string(body), map[string]bool{"first": true}},
		{"two keys", []keys{second, first}, "msg_1", string(body),
			map[string]bool{"first": true, "second": true}},
		{"another id", []keys{first}, "msg_2", string(body), nil},
		{"another body", []keys{first}, "msg_1", string(body) + " ", nil},
	} {
		h := signed(c.by, "msg_1", body)
		h.Set("webhook-id", c.id)
		for name, k := range map[string]keys{"first": first, "second": second, "third": third} {
			if err := verifyShared(t, k.secret(), h, []byte(c.body)); (err == nil) != c.valid[name] {
				t.Errorf("%s, v1 by the %s: %v, want valid %v", c.name, name, err, c.valid[name])
			}
			if ok := verifyPublic(t, k.publicKey(), h, []byte(c.body)); ok != c.valid[name] {
				t.Errorf("%s, v1a by the %s: %v, want %v", c.name, name, ok, c.valid[name])
			}
		}
	}
}
