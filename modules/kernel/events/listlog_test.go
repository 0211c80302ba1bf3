package events

import (
	"maps"
	"testing"
	"time"
)

// TestLoggedParams checks how the parameters of a logged event are read, also where the column has cut them.
func TestLoggedParams(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]map[string]string{
		"":                               {},
		"postid=1":                       {"postid": "1"},
		"postid=1\ttitle=a=b\tparentid=": {"postid": "1", "title": "a=b", "parentid": ""},
		"postid=1\ttit":                  {"postid": "1"},
		"=x\t\tpost=array(3)":            {"": "x", "post": "array(3)"},
	} {
		if got := loggedParams(stored); !maps.Equal(got, want) {
			t.Errorf("%q: %q, want %q", stored, got, want)
		}
	}
}

// TestLoggedAddress checks that addresses are read as text and as bytes.
func TestLoggedAddress(t *testing.T) {
	t.Parallel()
	for stored, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "\xc0\x00\x02\x01": "192.0.2.1", "2001:DB8::1": "2001:db8::1",
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01": "2001:db8::1",
		"::ffff:192.0.2.1": "192.0.2.1", "": "", "unknown": "",
	} {
		if got := loggedAddress([]byte(stored)); got != want {
			t.Errorf("%q: %q, want %q", stored, got, want)
		}
	}
}

// TestLogTime checks that times are within what the databases hold, and that fractions count as the next second.
func TestLogTime(t *testing.T) {
	t.Parallel()
	for at, want := range map[time.Time]int64{
		time.Unix(1700000000, 0): 1700000000, time.Unix(1700000000, 1): 1700000001,
		time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC):    0,
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC): 1<<31 - 1,
	} {
		if got := logTime(at); got != want {
			t.Errorf("%v: %d, want %d", at, got, want)
		}
	}
}
