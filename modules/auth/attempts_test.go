package auth

import (
	"net/netip"
	"testing"
)

// TestDelays checks how many seconds a client has to wait after so many failures at a lock.
func TestDelays(t *testing.T) {
	l := lock{free: 3, longest: 600}
	for _, c := range []struct {
		name     string
		failures int
		wait     int64
	}{
		{"free ones", 2, 0}, {"the last free one", 3, 60}, {"one more", 4, 120}, {"two more", 5, 240}, {"three more", 6, 480}, {"the longest", 7, 600},
		{"very many", 5000, 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, now := failures{}, int64(1_000_000)
			for range c.failures {
				f = f.add(l, now)
			}
			if got := f.wait(now); got != c.wait {
				t.Errorf("wait %d s, want %d", got, c.wait)
			}
			if got := f.wait(now + c.wait); got != 0 {
				t.Errorf("after the delay: wait %d s more", got)
			}
		})
	}
}

// TestFailuresAreForgotten checks that the failures at a lock are forgotten a day after the last one, and not
// before.
func TestFailuresAreForgotten(t *testing.T) {
	l, now := lock{free: 3, longest: 600}, int64(1_000_000)
	f := failures{count: 5, last: now}
	if got := f.add(l, now+failuresLast-1).count; got != 6 {
		t.Errorf("within a day: %d failures, want 6", got)
	}
	if got := f.add(l, now+failuresLast); got.count != 1 || got.until != 0 {
		t.Errorf("after a day: %+v", got)
	}
}

// TestLocksOfANamePerClient checks which two attempts to guess a password share locks, by their names and
// addresses, and that guesses at codes never share a lock with them.
func TestLocksOfANamePerClient(t *testing.T) {
	first, second := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::1")
	neighbour := netip.MustParseAddr("2001:db8::2")
	for _, c := range []struct {
		name, a, b string
		from, then netip.Addr
		shared     int
	}{
		{"the same", "haru", "haru", first, first, 3},
		{"another case", "haru", "HARU", first, first, 3},
		{"other accents", "José Miel", "jose miel", first, first, 3},
		{"a network of IPv6", "haru", "haru", second, neighbour, 3},
		{"handle and address", "haru", "haru@example.jp", first, first, 1},
		{"from elsewhere", "haru", "haru", first, second, 1},
		{"another name from elsewhere", "haru", "aki", first, second, 0},
		{"no address is known", "haru", "haru", netip.Addr{}, first, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids := map[string]bool{}
			for _, l := range locksOf(passwordGuesses, c.a, c.from, 30, 30) {
				ids[string(l.id())] = true
			}
			shared := 0
			for _, l := range locksOf(passwordGuesses, c.b, c.then, 30, 30) {
				if ids[string(l.id())] {
					shared++
				}
			}
			if shared != c.shared {
				t.Errorf("%d locks are the same, want %d", shared, c.shared)
			}
			for _, l := range locksOf(codeGuesses, c.b, c.then, 30, 30) {
				if ids[string(l.id())] {
					t.Error("codes and passwords share a lock")
				}
			}
		})
	}
}
