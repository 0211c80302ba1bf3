package community

import (
	"testing"

	"38qa.net/backend/modules/auth"
)

// TestMayFollow checks who may follow what.
func TestMayFollow(t *testing.T) {
	t.Parallel()
	caller := auth.Caller{UserID: 7}
	for _, c := range []struct {
		what      string
		e         entity
		permitted auth.Reason
		code      string
	}{
		{"another user", entity{"U", 8}, auth.Permitted, ""},
		{"oneself", entity{"U", 7}, auth.Permitted, "own_account"},
		{"a question with one's own number", entity{"Q", 7}, auth.Permitted, ""},
		{"blocked", entity{"Q", 1}, auth.UserBlocked, "user_blocked"},
		{"from a blocked address", entity{"T", 1}, auth.IPBlocked, "ip_blocked"},
		{"oneself, blocked", entity{"U", 7}, auth.UserBlocked, "own_account"},
		{"unconfirmed, as in Q2A", entity{"C", 1}, auth.NeedsConfirming, ""},
		{"unapproved, as in Q2A", entity{"C", 1}, auth.NeedsApproval, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			code := ""
			if e := mayFollow(caller, c.e, c.permitted); e != nil {
				code = e.Code.String()
			}
			if code != c.code {
				t.Errorf("%q, want %q", code, c.code)
			}
		})
	}
}

// TestNumericID checks which texts are ids.
func TestNumericID(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"1": 1, "4294967295": 4294967295, "4294967296": 0, "0": 0, "01": 0, "+1": 0, "-1": 0, "1 ": 0, "１": 0,
		"": 0, "aki": 0, "1e3": 0,
	} {
		if got := numericID(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
