package auth_test

import (
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestKeysAreShared checks that one process verifies tokens which another has signed, also after the keys
// were changed, and that sealed keys cannot be read without the secret.
func TestKeysAreShared(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		url := db.Copy(t)
		secret := func(c *config.Config) { c.KeySecret = "a secret of the operators" }
		one := testsite.NewIssuer(t, testsite.On(url), testsite.Config(secret))
		two := testsite.NewIssuer(t, testsite.On(url), testsite.Config(secret))
		in := one.SignIn(t, "haru", "haru-pass-123")
		if status, _ := two.Me(t, in.AccessToken); status != 200 {
			t.Errorf("the other task: %d", status)
		}
		published := func(s *testsite.Issuer) int {
			return len(testsite.Get[struct{ Keys []map[string]string }](t, s.Site,
				"/.well-known/jwks.json").Keys)
		}
		if n := published(one); n != 1 {
			t.Errorf("%d keys", n)
		}
		for _, s := range []*testsite.Issuer{one, two} {
			s.Pass(31 * 24 * time.Hour)
		}
		later := two.SignIn(t, "haru", "haru-pass-123")
		if n := published(two); n != 2 {
			t.Errorf("%d keys after a month", n)
		}
		two.Pass(2 * time.Hour) // the new key is used by now
		newest := two.SignIn(t, "haru", "haru-pass-123")
		one.Pass(2 * time.Hour)
		if status, _ := one.Me(t, newest.AccessToken); status != 200 {
			t.Errorf("a token of the new key: %d", status)
		}
		if kid(later.AccessToken) == kid(newest.AccessToken) {
			t.Error("the new key is not used")
		}
		testsite.Get[any](t, one.Site, "/readyz")
		wrong := testsite.NewIssuer(t, testsite.On(url), testsite.Config(func(c *config.Config) {
			c.KeySecret = "another"
		}))
		if status, _ := wrong.Me(t, newest.AccessToken); status != 503 {
			t.Errorf("with another secret: %d", status)
		}
	})
}

func kid(token string) string { return strings.Split(token, ".")[0] }
