package tokens_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"

	"38qa.net/backend/modules/auth/internal/tokens"
)

// TestHotTokens: the key is asked for once a minute, and a key that is withdrawn is of no more use after that.
func TestHotTokens(t *testing.T) {
	keys, c := usual(), newClock(start)
	v := verifier(t, keys, c.now)
	token := signed(header, access)
	verify := func(asked int, want error) {
		t.Helper()
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, want) || want == nil && err != nil {
			t.Fatalf("%v, expected %v", err, want)
		}
		if keys.asked != asked {
			t.Fatalf("keys asked for %d times, expected %d", keys.asked, asked)
		}
	}
	verify(1, nil)
	c.advance(time.Minute - 1)
	verify(1, nil) // being used does not keep it longer
	c.advance(1)
	verify(2, nil)
	delete(keys.keys, kid)
	c.advance(time.Minute - 1)
	verify(2, nil)
	c.advance(1)
	verify(3, tokens.ErrInvalid)
	verify(4, tokens.ErrInvalid) // what is not good is not remembered
}

func TestHotTokensDoNotOutliveTheirExpiry(t *testing.T) {
	keys, c := usual(), newClock(start)
	v := verifier(t, keys, c.now)
	token := signed(header, access.with("exp", start.Unix()+10))
	for _, step := range []struct {
		d    time.Duration
		good bool
	}{{0, true}, {39*time.Second + 999*time.Millisecond, true}, {time.Millisecond, false}} {
		c.advance(step.d)
		if _, err := v.Verify(t.Context(), token); step.good != (err == nil) {
			t.Errorf("%v after the start: %v", c.now().Sub(start), err)
		}
	}
	if keys.asked != 1 {
		t.Errorf("keys asked for %d times", keys.asked)
	}
}

// TestHotTokensWithAClockPutBack are not remembered for longer.
func TestHotTokensWithAClockPutBack(t *testing.T) {
	keys, c := usual(), newClock(start)
	v := verifier(t, keys, c.now)
	token := signed(header, access)
	v.Verify(t.Context(), token)
	c.advance(-20 * time.Second)
	if _, err := v.Verify(t.Context(), token); err != nil || keys.asked != 2 {
		t.Errorf("%v, keys asked for %d times", err, keys.asked)
	}
}

// TestHotTokensAreTheVerySameBytes: what differs in one byte from a remembered token is looked at anew.
func TestHotTokensAreTheVerySameBytes(t *testing.T) {
	v := verifier(t, usual(), newClock(start).now)
	good := signed(header, access)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if _, err := v.Verify(t.Context(), flip(good, i)); !errors.Is(err, tokens.ErrInvalid) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if _, err := v.Verify(t.Context(), strings.Clone(good)); err != nil {
		t.Error(err)
	}
}

// FuzzVerify: no text passes but the good tokens.
func FuzzVerify(f *testing.F) {
	good := map[string]bool{signed(header, access): true, signed(header, id): true, ecSigned(members{"alg": "ES256", "kid": ecKid}, access): true}
	for token := range good {
		f.Add(token)
	}
	for _, h := range allHostile() {
		if len(h.token) <= 16<<10 {
			f.Add(h.token)
		}
	}
	v := verifier(f, usual(), newClock(start).now, jwa.RS256, jwa.ES256)
	mixed := map[string]bool{} // seeds that are hostile only to a verifier of one algorithm
	for _, h := range allHostile() {
		if _, err := v.Verify(f.Context(), h.token); err == nil {
			mixed[h.token] = true
		}
	}
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := v.Verify(t.Context(), token)
		if (err == nil) != (good[token] || mixed[token]) || (err == nil) != (claims != nil) {
			t.Errorf("%+v, %v", claims, err)
		}
		if err != nil && !errors.Is(err, tokens.ErrInvalid) {
			t.Error(err)
		}
	})
}

func BenchmarkVerifyHot(b *testing.B) {
	v := verifier(b, usual(), func() time.Time { return start })
	token := signed(header, access)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyCold(b *testing.B) {
	for _, c := range []struct {
		name  string
		token string
	}{{"RS256", signed(header, access)}, {"ES256", ecSigned(members{"alg": "ES256", "kid": ecKid}, access)}} {
		b.Run(c.name, func(b *testing.B) {
			// The clock goes a minute forth and back, so that what is remembered never counts.
			n := 0
			now := func() time.Time { n++; return start.Add(time.Duration(n%2) * time.Minute) }
			v := verifier(b, usual(), now, jwa.RS256, jwa.ES256)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), c.token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
