package moderation

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/qa"
)

// TestServiceInTroubleIsLeftAlone checks that a service that fails again and again is not asked any more, and
// that requests whose clients go away are no failures of it.
func TestServiceInTroubleIsLeftAlone(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "down", http.StatusInternalServerError)
	}))
	defer server.Close()
	a := newAkismet("key", server.URL)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * failuresToTrip {
		if _, err := a.check(gone, &submission{Draft: &qa.Draft{}}, checkTime); err == nil {
			t.Fatal("somebody who went away got a verdict")
		}
	}
	for i := range failuresToTrip {
		_, err := a.check(t.Context(), &submission{Draft: &qa.Draft{}}, tellTime)
		if err == nil || errors.Is(err, gobreaker.ErrOpenState) {
			t.Fatalf("failure %d: %v", i, err)
		}
	}
	before := asked.Load()
	_, err := a.check(t.Context(), &submission{Draft: &qa.Draft{}}, tellTime)
	if !errors.Is(err, gobreaker.ErrOpenState) || asked.Load() != before {
		t.Errorf("%v, asked %d times, before %d", err, asked.Load(), before)
	}
}

// TestSlowServiceIsNotWaitedFor checks that a service that does not respond is an error after the time limit,
// and that the error tells nothing of what was sent, nor of the address.
func TestSlowServiceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	a := newAkismet("secret-key", server.URL)
	_, err := a.check(t.Context(), &submission{Draft: &qa.Draft{Text: "a text of mine"}}, 20*time.Millisecond)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	for _, secret := range []string{"secret-key", "text of mine", server.URL} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error holds %s: %v", secret, err)
		}
	}
}

// TestPrivateAddressesNeedOperators checks that only an address that operators have set may be a private one.
func TestPrivateAddressesNeedOperators(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for own, want := range map[bool]bool{true: true, false: false} {
		err := newGuard("service", own).post(t.Context(), server.URL, url.Values{}, tellTime,
			func(response) error { return nil })
		if (err == nil) != want {
			t.Errorf("set by operators %v: %v", own, err)
		}
	}
}

func TestAkismetVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body, tip, want string
		fails           bool
	}{
		{"false", "", "", false}, {"true", "", "spam", false}, {"true\n", "discard", "blatant", false},
		{"false", "discard", "", false}, {"invalid", "", "", true}, {"", "", "", true},
		{"<html>true</html>", "", "", true}, {"True", "", "", true},
	} {
		got, err := akismetVerdict(response{http.Header{"X-Akismet-Pro-Tip": {c.tip}}, []byte(c.body)})
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%q %q: %q %v", c.body, c.tip, got, err)
		}
	}
}

func TestListingsThatCount(t *testing.T) {
	t.Parallel()
	sure, unsure, not := &listing{1, 75}, &listing{1, 74.9}, &listing{0, 100}
	for _, c := range []struct {
		ip, email *listing
		want      string
	}{
		{nil, nil, ""}, {sure, nil, "ip"}, {nil, sure, "email"}, {sure, sure, "ip-and-email"},
		{unsure, sure, "email"}, {sure, not, "ip"}, {unsure, not, ""},
	} {
		if got := (listings{IP: c.ip, Email: c.email}).reason(75); got != c.want {
			t.Errorf("%+v %+v: %q, not %q", c.ip, c.email, got, c.want)
		}
	}
}

func TestWhatTheServiceIsTold(t *testing.T) {
	t.Parallel()
	a := newAkismet("k", "https://example.org/1.1")
	form := a.form(&submission{Site: "https://38qa.net/", Language: "ja", UserAgent: "Firefox",
		Draft: &qa.Draft{Kind: qa.KindQuestion, Name: "haru", IP: netip.MustParseAddr("::ffff:192.0.2.7"),
			Title: "Where?", Text: "There."}})
	want := url.Values{"api_key": {"k"}, "blog": {"https://38qa.net/"}, "blog_charset": {"UTF-8"},
		"blog_lang": {"ja"}, "user_ip": {"192.0.2.7"}, "user_agent": {"Firefox"}, "comment_type": {"forum-post"},
		"comment_author": {"haru"}, "comment_content": {"Where?\n\nThere."}}
	if form.Encode() != want.Encode() {
		t.Errorf("%s, not %s", form.Encode(), want.Encode())
	}
	if a.base != "https://example.org/1.1/" {
		t.Errorf("address %s", a.base)
	}
}

func TestUserAgentsAreShort(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Firefox": "Firefox", "蜂\xff\x00": "蜂", strings.Repeat("蜂", 300): strings.Repeat("蜂", maxUserAgent),
	} {
		if got := shortUserAgent(header); got != want {
			t.Errorf("%q: %q", header, got)
		}
	}
}

// TestLevelsThatAreTrusted checks who is never suspected, whatever the points.
func TestLevelsThatAreTrusted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]auth.Caller{
		"expert":                  {UserID: 5, Level: auth.LevelExpert},
		"expert of some category": {UserID: 19, CategoryLevels: map[int]int{3: auth.LevelExpert}},
		"super administrator":     {UserID: 1, Level: auth.LevelSuper},
	} {
		if suspected(nil, c, 1_000_000) {
			t.Errorf("%s is suspected", name)
		}
	}
}
