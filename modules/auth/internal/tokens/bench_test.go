package tokens_test

import (
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
)

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
			// The clock goes forward and back by a minute, so that no remembered token is used.
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
