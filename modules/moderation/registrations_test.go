package moderation_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// forumService responds as StopForumSpam does.
type forumService struct {
	*httptest.Server
	mu   sync.Mutex
	body string // "" is a failure
	seen []url.Values
}

func newForumService(t *testing.T) *forumService {
	t.Helper()
	f := &forumService{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
			t.Errorf("%v, query %q", err, r.URL.RawQuery)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.seen = append(f.seen, r.PostForm)
		if f.body == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write([]byte(f.body)) // the client may have gone
	}))
	t.Cleanup(f.Close)
	return f
}

// respond sets what the service responds from now on, and returns what it was asked before.
func (f *forumService) respond(body string) []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.seen
	f.seen, f.body = nil, body
	return seen
}

func askingForum(f *forumService) testsite.Option {
	return testsite.Config(func(c *config.Config) { c.StopForumSpam, c.StopForumURL = "on", f.URL+"/api" })
}

const (
	listedEmail = `{"success":1,"ip":{"value":"203.0.113.200","frequency":0,"appears":0},
		"emailhash":{"value":"x","frequency":9,"appears":1,"confidence":98.5,"lastseen":"2026-11-01 00:00:00"}}`
	listedNobody = `{"success":1,"ip":{"frequency":0,"appears":0},"emailhash":{"frequency":0,"appears":0}}`
	listedUnsure = `{"success":1,"ip":{"frequency":1,"appears":1,"confidence":12.5}}`
)

// register makes an account, and returns its id and token.
func register(t *testing.T, s *testsite.Issuer, handle string) (id int, token string) {
	t.Helper()
	status, in := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home,
		object{"handle": handle, "email": handle + "@Example.jp", "password": "mitsubachi-2026"})
	if status != http.StatusCreated {
		t.Fatalf("sign up %s: %d", handle, status)
	}
	return in.User.ID, in.AccessToken
}

// TestSuspiciousRegistration checks that an account with a listed address is made, that moderators are told of
// it, that its posts wait until they clear it, and that the service is told no e-mail address.
func TestSuspiciousRegistration(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		service := newForumService(t)
		s := testsite.NewIssuer(t, db, askingForum(service))
		s.SetOptions(t, map[string]string{
			"moderate_unapproved": "0", "moderate_unconfirmed": "0", "moderate_by_points": "0",
		})
		_, moderator := register(t, s, "mod_mika") // while the service fails
		s.Alter(t, "UPDATE {users} SET level = 80 WHERE handle = 'mod_mika'")
		service.respond(listedEmail)
		id, token := register(t, s, "pills")
		hash := md5.Sum([]byte("pills@example.jp"))
		seen := service.respond(listedNobody)
		if len(seen) != 1 || seen[0].Encode() != (url.Values{"json": {"1"}, "ip": {testsite.Home},
			"emailhash": {hex.EncodeToString(hash[:])}}).Encode() {
			t.Fatalf("the service is told %v", seen)
		}
		write := func(text string) string {
			t.Helper()
			status, comment := testsite.Ask[object](t, s, "POST", "/v1/posts/1/comments", token, testsite.Home,
				object{"content": text})
			if status != http.StatusCreated {
				t.Fatalf("comment: %d %v", status, comment)
			}
			got, _ := comment["id"].(float64)
			if s.Scalar(t, "SELECT COUNT(*) FROM {posts} WHERE postid = ? AND type = 'C_QUEUED'", int(got)) == 1 {
				return "queued"
			}
			return "visible"
		}
		testsite.Same(t, "before", write("A comment of somebody listed."), "queued")
		if n := s.Scalar(t, `SELECT COUNT(*) FROM {q2ab_spam_checks}
			WHERE kind = 'post' AND reason = 'registration' AND useragent = ''`); n != 1 {
			t.Errorf("%d suspicions of posts", n)
		}
		list := func() []review {
			t.Helper()
			_, got := testsite.Ask[testsite.List[review]](t, s, "GET", "/v1/admin/suspicious-users", moderator,
				testsite.Home, nil)
			return got.Items
		}
		if got := list(); len(got) != 1 || got[0].User.ID != id || got[0].Suspicion == nil ||
			got[0].Suspicion.Reason != "email" || got[0].Suspicion.Service != "stopforumspam" {
			t.Errorf("moderators are told %+v", got)
		}
		path := fmt.Sprintf("/v1/admin/users/%d/suspicion", id)
		for _, c := range []struct {
			name, token string
			want        int
		}{
			{"the user", token, 403}, {"a visitor", "", 403}, {"a moderator", moderator, 204},
			{"a moderator again", moderator, 404},
		} {
			if got, body := testsite.Ask[object](t, s, "DELETE", path, c.token, testsite.Home, nil); got != c.want {
				t.Errorf("cleared by %s: %d %v", c.name, got, body)
			}
		}
		testsite.Same(t, "after", write("Another comment of somebody cleared."), "visible")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit} WHERE action = 'clear-suspicion'"); n != 1 {
			t.Errorf("%d entries in the log of changes", n)
		}
		if got := list(); len(got) != 0 {
			t.Errorf("still listed: %+v", got)
		}
	})
}

// TestRegistrationsGoThrough checks that people register as usual whom the service does not list, or not surely,
// and whatever it responds otherwise; and that it is not asked about what is refused anyway.
func TestRegistrationsGoThrough(t *testing.T) {
	t.Parallel()
	service := newForumService(t)
	s := testsite.NewIssuer(t, askingForum(service))
	s.SetOptions(t, map[string]string{"max_rate_ip_registers": "100"})
	for name, body := range map[string]string{
		"nobody": listedNobody, "unsure": listedUnsure, "refused": `{"success":0,"error":"rate limit"}`,
		"garbage": "<html>", "down": "", "strange": `{"success":1,"ip":[],"emailhash":7}`,
	} {
		service.respond(body)
		register(t, s, "keeper-"+name)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_spam_checks}"); n != 0 {
		t.Errorf("%d suspicions", n)
	}
	service.respond(listedEmail)
	for _, body := range []object{
		{"handle": "nobody2", "email": "no address", "password": "mitsubachi-2026"},
		{"handle": "nobody2", "email": "", "password": "mitsubachi-2026"},
	} {
		testsite.Ask[object](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home, body)
	}
	if seen := service.respond(""); len(seen) != 0 {
		t.Errorf("asked about no address: %v", seen)
	}
	// An account that is not made leaves no suspicion.
	service.respond(listedEmail)
	if status, _ := testsite.Ask[object](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home,
		object{"handle": "haru", "email": "other@example.jp", "password": "mitsubachi-2026"}); status != 422 {
		t.Errorf("a taken handle: %d", status)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_spam_checks}"); n != 0 {
		t.Errorf("%d suspicions of nobody", n)
	}
}

// TestServicesAreOff checks that nobody outside is asked unless operators want it.
func TestServicesAreOff(t *testing.T) {
	t.Parallel()
	c := testsite.Settings(t)
	if c.AkismetKey != "" || c.StopForumSpam != "off" {
		t.Errorf("key %q, registrations %s", c.AkismetKey, c.StopForumSpam)
	}
}
