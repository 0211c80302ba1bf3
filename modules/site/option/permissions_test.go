package option

import "testing"

// TestPermitNames checks that each value which Q2A may have stored has the name of one that means the same.
func TestPermitNames(t *testing.T) {
	t.Parallel()
	for value, want := range map[int]string{
		255: "everybody", 150: "everybody", 149: "users", 120: "users", 119: "confirmed", 110: "confirmed",
		106: "points", 104: "points-confirmed", 103: "approved", 102: "approved-points", 100: "experts",
		99: "experts", 70: "editors", 60: "editors", 40: "moderators", 20: "admins", 1: "admins", 0: "supers",
	} {
		if got := PermitName(value); got != want {
			t.Errorf("%d is %s, want %s", value, got, want)
		}
	}
}

// TestReaders checks who may be allowed to see a page or a field of profiles, as Q2A's forms offer it.
func TestReaders(t *testing.T) {
	t.Parallel()
	for approves, want := range map[bool]string{
		false: `"everybody", "users", "experts", "editors", "moderators", "admins"`,
		true:  `"everybody", "users", "approved", "experts", "editors", "moderators", "admins"`,
	} {
		if got := Names(Readers(approves)); got != want {
			t.Errorf("where users are approved (%v): %s, want %s", approves, got, want)
		}
	}
}
