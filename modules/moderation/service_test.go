package moderation_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/testsite"
)

type (
	object        = map[string]any
	configuration = config.Config
)

// spamWord is a word by which the services of the tests know spam.
const spamWord = "pharmacy"

// akismetService responds as Akismet does: texts with spamWord are spam.
type akismetService struct {
	*httptest.Server
	mu    sync.Mutex
	mode  string // "", or how it fails: slow, 500, garbage, long
	calls []akismetCall
	stop  chan struct{}
}

// akismetCall is a request to the service.
type akismetCall struct {
	method string
	form   url.Values
}

func newAkismetService(t *testing.T) *akismetService {
	t.Helper()
	a := &akismetService{stop: make(chan struct{})}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		method := strings.TrimPrefix(r.URL.Path, "/1.1/")
		a.mu.Lock()
		mode := a.mode
		a.calls = append(a.calls, akismetCall{method, r.PostForm})
		a.mu.Unlock()
		spam := strings.Contains(r.PostForm.Get("comment_content"), spamWord)
		body := "false"
		switch {
		case mode == "slow":
			<-a.stop
		case mode == "500":
			w.WriteHeader(http.StatusInternalServerError)
		case mode == "garbage":
			body = "<html>\xff true"
		case mode == "long":
			body = strings.Repeat("true", 1<<20)
		case r.PostForm.Get("api_key") != "good-key":
			body = "invalid"
		case method != "comment-check":
			body = "Thanks for making the web a better place."
		case spam && strings.Contains(r.PostForm.Get("comment_content"), "cheap"):
			w.Header().Set("X-akismet-pro-tip", "discard")
			body = "true"
		case spam:
			body = "true"
		}
		_, _ = w.Write([]byte(body)) // the client may have gone
	}))
	t.Cleanup(a.Close)
	t.Cleanup(func() { close(a.stop) }) // before Close, which waits
	return a
}

// set makes the service fail in some way from now on.
func (a *akismetService) set(mode string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mode = mode
}

// take returns the requests since it was called last.
func (a *akismetService) take() []akismetCall {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = nil
	return calls
}

// checking configures a site that asks the service.
func checking(a *akismetService, key string) testsite.Option {
	return testsite.Config(func(c *config.Config) {
		c.AkismetKey, c.AkismetURL, c.SpamCheckPoints = key, a.URL+"/1.1/", 1_000_000
	})
}

// consume hands the events of the outbox to the module, and tells the service what follows.
func consume(t *testing.T, s *testsite.Site) {
	t.Helper()
	if err := events.Consume(t.Context(), s.App.DB, "moderation", s.App.Moderation.Handle); err != nil {
		t.Fatal(err)
	}
	if err := s.App.Moderation.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// review is what the lists of moderators show beside posts and users.
type review struct {
	ID   int
	Post struct{ ID int }
	User struct{ ID int }

	Suspicion  *struct{ Service, Verdict, Reason, At string }
	ReviewedBy *struct {
		By    struct{ Handle string }
		Until string
	}
}

// reviewOf returns what a list shows beside the post or user with the id, or nil if it does not list it.
func reviewOf(t *testing.T, s *testsite.Site, path string, id int) *review {
	t.Helper()
	for _, r := range testsite.GetAs[testsite.List[review]](t, s, path, testsite.ModKenji).Items {
		if r.ID == id || r.Post.ID == id || r.User.ID == id {
			return &r
		}
	}
	return nil
}
