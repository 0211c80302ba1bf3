package auth_test

import (
	"fmt"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestSignInTellsNothing checks that responses about accounts that do not exist are the same as those about
// accounts that do.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	testsite.OnEachIssuer(t, func(t *testing.T, s *testsite.Issuer) {
		for path, bodies := range map[string][2]map[string]any{
			"sign-in": {{"login": "haru", "password": "wrong-pass"}, {"login": "nobody-here", "password": "wrong-pass"}},
			"forgot":  {{"login": "haru@example.jp"}, {"login": "nobody@example.jp"}},
			"reset":   {{"login": "haru", "code": "00000000", "newPassword": "long-enough"}, {"login": "nobody-here", "code": "00000000", "newPassword": "long-enough"}},
			"confirm": {{"handle": "newbie2", "code": "00000000"}, {"handle": "nobody-here", "code": "00000000"}},
		} {
			statusA, a := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/"+path, "", testsite.Home,
				bodies[0])
			statusB, b := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/"+path, "", testsite.Home,
				bodies[1])
			if statusA != statusB || fmt.Sprint(a) != fmt.Sprint(b) {
				t.Errorf("%s: %d %v for an account, %d %v for none", path, statusA, a, statusB, b)
			}
		}
		if status, _ := testsite.Ask[map[string]any](t, s, "POST", "/v1/auth/reset", "", testsite.Home,
			map[string]any{"login": "aki", "code": " ", "newPassword": "long-enough"}); status != 422 {
			t.Errorf("no code was mailed, and none opens the account: %d", status)
		}
	})
}
