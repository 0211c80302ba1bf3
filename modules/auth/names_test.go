package auth

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/site"
)

// recordedNames holds what Q2A itself responds to names, addresses and passwords, as recorded in
// testdata/oracle/reads/strings.json.
type recordedNames struct {
	Handles []struct {
		In, Filtered string
		Error        *string
	}
	Emails, Passwords []struct {
		In    string
		Error *string
	}
}

func recorded(tb testing.TB) (r recordedNames) {
	tb.Helper()
	text, err := os.ReadFile("../../testdata/oracle/reads/strings.json")
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(text, &r); err != nil || len(r.Handles) < 20 || len(r.Emails) < 9 ||
		len(r.Passwords) < 5 {
		tb.Fatal(err, len(r.Handles), len(r.Emails), len(r.Passwords))
	}
	return r
}

// kinds maps the beginnings of Q2A's messages to the codes that stand for them here. Messages about taken
// names have no code, because only the database knows which names are taken.
var kinds = map[string]string{"Username is taken": "", "Username may not contain": "bad_characters",
	"Username must not be empty": "required", "Maximum length": "too_long",
	"Username is disallowed": "not_allowed_handle", "Email already belongs": "", "Email is invalid": "bad_email", "Email address required": "required", "Password must be at least": "too_short"}

func codeFor(t *testing.T, message *string) string {
	t.Helper()
	if message == nil {
		return ""
	}
	for start, code := range kinds {
		if strings.HasPrefix(*message, start) {
			return code
		}
	}
	t.Fatalf("a message of a kind that is not known: %q", *message)
	return ""
}

func TestNamesAsRecorded(t *testing.T) {
	r := recorded(t)
	m := &Module{settings: Settings{Blocked: func(list, text string) bool {
		return strings.EqualFold(list, text)
	}}}
	o := site.NewOptions(map[string]string{"block_bad_usernames": "anonymous"})
	for _, c := range r.Handles {
		cleaned := cleanHandle(c.In)
		if cleaned != c.Filtered {
			t.Errorf("handle %q is cleaned to %q, by Q2A to %q", c.In, cleaned, c.Filtered)
		}
		if code, _ := m.wrongHandle(o, cleaned); code.String() != codeFor(t, c.Error) {
			t.Errorf("handle %q: %q, Q2A %v", c.In, code, c.Error)
		}
	}
	for _, c := range r.Emails {
		if code, _ := wrongEmail(c.In); code.String() != codeFor(t, c.Error) {
			t.Errorf("address %q: %q, Q2A %v", c.In, code, c.Error)
		}
	}
	for _, c := range r.Passwords {
		if code, _ := wrongPassword(c.In); code.String() != codeFor(t, c.Error) {
			t.Errorf("password %q: %q, Q2A %v", c.In, code, c.Error)
		}
	}
}

// TestValidEmail checks addresses that PHP's filter accepts or refuses and that are not in the recordings.
func TestValidEmail(t *testing.T) {
	local64 := strings.Repeat("x", 64)
	for email, want := range map[string]bool{
		"a.b@example.com": true, "a+tag@example.co.jp": true, local64 + "@example.com": true, "x@a-b.example": true, "x@1.example": true, "!#$%&'*+/=?^_`{|}~-@example.com": true,
		"a..b@example.com": false, ".a@example.com": false, "a.@example.com": false, "x" + local64 + "@example.com": false, "a@-b.example": false, "a@b-.example": false,
		"a@example.123": false, "a@example..com": false, "a@@example.com": false, "a@example.com\n": false, "a\x00b@example.com": false, "a@" + local64 + ".example": false,
		"@example.com": false, "a@": false, "a b@example.com": false, "a@exam_ple.com": false, "a@localhost": false,
	} {
		if got := ValidEmail(email); got != want {
			t.Errorf("%q: %v", email, got)
		}
	}
}

func FuzzHandle(f *testing.F) {
	for _, c := range recorded(f).Handles {
		f.Add(c.In)
	}
	m := &Module{settings: Settings{Blocked: func(string, string) bool { return false }}}
	o := site.NewOptions(nil)
	f.Fuzz(func(t *testing.T, text string) {
		handle := cleanHandle(formtext.Exact(text))
		if again := cleanHandle(handle); again != handle {
			t.Errorf("%q is cleaned to %q, and that to %q", text, handle, again)
		}
		code, _ := m.wrongHandle(o, handle)
		if code.IsZero() &&
			(handle == "" || strings.ContainsAny(handle, "@+/\x00\n") || len([]rune(handle)) > maxHandle) {
			t.Errorf("%q becomes the handle %q", text, handle)
		}
	})
}

// TestAssignable checks up to which level a caller may raise a user, by Q2A's rules.
func TestAssignable(t *testing.T) {
	o := site.NewOptions(nil)
	as := func(level int) Caller { return Caller{UserID: 1, Level: level} }
	of := func(level int, flags int) target { return target{user{id: 2, level: level, flags: flags}, level} }
	for _, c := range []struct {
		caller Caller
		target target
		most   int // -1 for a refusal
	}{
		{Caller{}, of(LevelBasic, 0), -1}, {as(LevelBasic), of(LevelBasic, 0), -1}, {as(LevelExpert), of(LevelBasic, 0), -1}, {as(LevelEditor), of(LevelBasic, 0), -1},
		{as(LevelModerator), of(LevelBasic, 0), LevelExpert}, {as(LevelModerator), of(LevelEditor, 0), LevelExpert}, {as(LevelModerator), of(LevelModerator, 0), -1},
		{as(LevelAdmin), of(LevelModerator, 0), LevelModerator}, {as(LevelAdmin), of(LevelAdmin, 0), -1}, {as(LevelSuper), of(LevelSuper, 0), LevelSuper},
		{as(LevelSuper), of(LevelBasic, FlagBlocked), LevelEditor}, {as(LevelModerator), of(LevelBasic, FlagBlocked), LevelExpert},
		{as(LevelSuper), target{user{id: 1}, 0}, -1}, {Caller{UserID: 1, Level: LevelAdmin, Flags: FlagBlocked}, of(LevelBasic, 0), -1},
		{as(LevelModerator), target{user{id: 2}, LevelModerator}, -1}, // moderates one category
	} {
		most, err := assignable(o, c.caller, c.target)
		if (err != nil) != (c.most < 0) || err == nil && most != c.most {
			t.Errorf("level %d on level %d (flags %d): %d %v, want %d", c.caller.Level, c.target.maxLevel,
				c.target.flags, most, err, c.most)
		}
	}
}
