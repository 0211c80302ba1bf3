package passwords

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

func TestLegacyAsRecorded(t *testing.T) {
	text, err := os.ReadFile("../../../../testdata/oracle/reads/strings.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Legacy []struct {
			Password, Passsalt string
			Check              string `json:"passcheck_hex"`
		} `json:"legacy_passcheck"`
	}
	if err := json.Unmarshal(text, &recorded); err != nil || len(recorded.Legacy) < 4 {
		t.Fatal(err, len(recorded.Legacy))
	}
	h := New()
	for _, c := range recorded.Legacy {
		check, err := hex.DecodeString(c.Check)
		if err != nil {
			t.Fatal(err)
		}
		s := Stored{Salt: []byte(c.Passsalt), Check: check}
		if ok, renew, err := h.Matches(t.Context(), s, c.Password); !ok || !renew || err != nil {
			t.Errorf("%q with %q: %v %v %v", c.Password, c.Passsalt, ok, renew, err)
		}
		if ok, _, _ := h.Matches(t.Context(), s, c.Password+"x"); ok {
			t.Errorf("%q is taken for %q", c.Password+"x", c.Password)
		}
	}
}

func TestBcrypt(t *testing.T) {
	h := New()
	long := strings.Repeat("蜂", 40)
	for _, password := range []string{"haru-pass-123", "パスワード", long, ""} {
		hash, err := h.Hash(t.Context(), password)
		if err != nil || !strings.HasPrefix(hash, "$2y$10$") || len(hash) != 60 {
			t.Fatalf("%q: %q %v", password, hash, err)
		}
		if ok, renew, err := h.Matches(t.Context(), Stored{Hash: hash}, password); !ok || renew ||
			err != nil {
			t.Errorf("%q does not match its own hash: %v %v", password, renew, err)
		}
		if ok, _, _ := h.Matches(t.Context(), Stored{Hash: hash}, "x"+password); ok {
			t.Errorf("x%q matches", password)
		}
	}
	for hash, renews := range map[string]bool{
		"$2y$04$U2gqTTq4tHvRzvBOwa.Z3uTq6DhXCpyiY1HhTGBDr5jXYXzJH6Tu6": false, // of another password
		"not a hash": false, "$2y$10$short": false,
	} {
		if ok, renew, err := h.Matches(t.Context(), Stored{Hash: hash}, "haru-pass-123"); ok ||
			renew != renews || err != nil {
			t.Errorf("%q: %v %v %v", hash, ok, renew, err)
		}
	}
	if ok, _, err := h.Matches(t.Context(), Stored{}, ""); ok || err != nil {
		t.Errorf("the empty password of an account without one: %v %v", ok, err)
	}
	if _, err := h.Hash(t.Context(), "a\x00b"); !errors.Is(err, ErrNUL) {
		t.Errorf("NUL: %v", err)
	}
}

// TestHasherIsBounded checks that hashing and matching return the context's error if they have to wait for a
// slot for too long, and that they leave no slot taken.
func TestHasherIsBounded(t *testing.T) {
	h := New()
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := h.Matches(ctx, Stored{}, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-h.slots
	if _, err := h.Hash(t.Context(), "x"); err != nil {
		t.Errorf("%v", err)
	}
}
