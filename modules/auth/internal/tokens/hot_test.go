package tokens_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/auth/internal/tokens"
)

// TestHotTokens checks that the key of a remembered token is asked for once a minute, and that a withdrawn
// key stops being accepted at the latest a minute later.
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

// TestHotTokensWithAClockPutBack checks that a clock which is put back does not lengthen the time for which a
// token is remembered.
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

// TestHotTokensAreTheVerySameBytes checks that a token which differs from a remembered one in a single byte
// is verified anew.
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
