package tokens_test

import (
	"errors"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"

	"38qa.net/backend/modules/auth/internal/tokens"
)

// FuzzVerify checks that Verify accepts no text but the good tokens.
func FuzzVerify(f *testing.F) {
	good := map[string]bool{
		signed(header, access): true, signed(header, id): true,
		ecSigned(members{"alg": "ES256", "kid": ecKid}, access): true,
	}
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
