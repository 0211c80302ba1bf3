package auth

import "testing"

// TestCodeIsGood checks what the code in the users' table is good for, given what the backend noted when the
// code was made or first seen.
func TestCodeIsGood(t *testing.T) {
	const now, day = int64(1_800_000_000), int64(24 * 3600)
	basic := user{id: 16, email: "haru@example.jp", emailCode: "abcd1234"}
	basic.password.Hash = "$2y$10$old"
	expert, moved, changed, used := basic, basic, basic, basic
	expert.level = LevelExpert
	moved.email = "victim@example.jp"
	changed.password.Hash = "$2y$10$new"
	used.emailCode = ""
	row := func(purpose codePurpose, age int64) *mailedCode {
		return &mailedCode{code: "ABCD1234", purpose: purpose, stamp: codeStamp(basic), made: now - age}
	}
	for _, c := range []struct {
		name           string
		u              user
		known          *mailedCode
		confirms       bool
		confirm, reset bool
	}{
		{"to confirm", basic, row(confirmAddress, 0), true, true, false},
		{"to reset", basic, row(resetPassword, 0), true, false, true},
		{"to confirm, of an expert", expert, row(confirmAddress, 0), true, true, false},
		{"to confirm, where nobody has to", basic, row(confirmAddress, 0), false, true, false},
		{"to confirm, almost a week old", basic, row(confirmAddress, 7*day-1), true, true, false},
		{"to confirm, a week old", basic, row(confirmAddress, 7*day), true, false, false},
		{"to reset, almost two hours old", basic, row(resetPassword, 7199), true, false, true},
		{"to reset, two hours old", basic, row(resetPassword, 7200), true, false, false},
		{"the address changed since", moved, row(confirmAddress, 0), true, false, false},
		{"the address changed since, to reset", moved, row(resetPassword, 0), true, false, false},
		{"the password changed since", changed, row(resetPassword, 0), true, false, false},
		{"the password changed since, to confirm", changed, row(confirmAddress, 0), true, false, false},
		{"used", used, row(confirmAddress, 0), true, false, false},
		{"none", used, nil, true, false, false},
		{"the old site's", basic, nil, true, true, true},
		{"the old site's, of an expert", expert, nil, true, false, true},
		{"the old site's, where nobody has to confirm", basic, nil, false, false, true},
		{"the old site's in place of ours", basic, &mailedCode{code: "zzzz9999", purpose: resetPassword, stamp: codeStamp(basic), made: now}, true, true, true},
		{"the old site's, seen", basic, row(fromOldSite, 0), true, true, true},
		{"the old site's, seen two hours ago", basic, row(fromOldSite, 7200), true, true, false},
		{"the old site's, seen a week ago", basic, row(fromOldSite, 7*day), true, false, false},
		{"the old site's, seen before the address changed", moved, row(fromOldSite, 0), true, false, false},
		{"the old site's, seen, of an expert since", expert, row(fromOldSite, 0), true, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := codeIsGood(c.u, c.known, confirmAddress, c.confirms, now); got != c.confirm {
				t.Errorf("confirms the address: %v, want %v", got, c.confirm)
			}
			if got := codeIsGood(c.u, c.known, resetPassword, c.confirms, now); got != c.reset {
				t.Errorf("sets a password: %v, want %v", got, c.reset)
			}
		})
	}
}

// TestSameCode checks that codes are compared as Q2A does, without regard to case and surrounding blanks, and
// that an empty code equals no other.
func TestSameCode(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"abcd1234", " ABCD1234\n", true}, {"abcd1234", "abcd1235", false}, {"", "", false}, {" ", "", false}, {"abcd1234", "abcd123", false},
	} {
		if got := sameCode(c.a, c.b); got != c.same {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}
