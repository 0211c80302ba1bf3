package mail_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestCodesArriveByMail: the whole way from a registration to a confirmed address, and from a forgotten
// password to a new one, through the outbox, the queue and the mail itself.
func TestCodesArriveByMail(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		folder := t.TempDir()
		s := testsite.NewIssuer(t, db, testsite.Config(func(c *config.Config) { c.MailURL, c.Listen = "file:"+folder, "127.0.0.1:0" }))
		ctx, stop := context.WithCancel(t.Context())
		ended, listening := make(chan error, 1), make(chan net.Addr, 1)
		go func() { ended <- s.App.Run(ctx, func(a net.Addr) { listening <- a }) }()
		<-listening
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()
		waitForConsumers(t, s, "mail")
		code := regexp.MustCompile(`\b(?:c|code)=([0-9a-z]{8})\b`)
		mailed := func(kind string) string {
			t.Helper()
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				files, _ := filepath.Glob(filepath.Join(folder, "*-"+kind+"-*.eml"))
				for _, f := range files {
					text, err := os.ReadFile(f)
					if err == nil && len(text) > 0 {
						_ = os.Remove(f)
						return string(text)
					}
				}
			}
			t.Fatalf("no mail of the kind %s", kind)
			return ""
		}
		status, in := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/sign-up", "", testsite.Home, map[string]any{"handle": "letterbox", "email": "letterbox@example.jp", "password": "long-enough"})
		if status != http.StatusCreated {
			t.Fatalf("%d %+v", status, in)
		}
		welcome := mailed("welcome")
		found := code.FindStringSubmatch(welcome)
		if found == nil || !strings.Contains(welcome, "letterbox@example.jp") {
			t.Fatalf("no code in\n%s", welcome)
		}
		if status, _ := testsite.Ask[any](t, s, "POST", "/v1/auth/confirm", "", testsite.Home, map[string]any{"handle": "letterbox", "code": found[1]}); status != http.StatusNoContent {
			t.Errorf("confirm: %d", status)
		}
		if _, account := s.Me(t, in.AccessToken); !account.EmailConfirmed {
			t.Error("the address is not confirmed")
		}
		if status, _ := testsite.Ask[any](t, s, "POST", "/v1/auth/forgot", "", testsite.Home, map[string]any{"login": "letterbox"}); status != http.StatusAccepted {
			t.Errorf("forgot: %d", status)
		}
		reset := mailed("reset")
		if found = code.FindStringSubmatch(reset); found == nil {
			t.Fatalf("no code in\n%s", reset)
		}
		if status, _ := testsite.Ask[testsite.SignedIn](t, s, "POST", "/v1/auth/reset", "", testsite.Home, map[string]any{"login": "letterbox", "code": found[1], "newPassword": "another-long-one"}); status != 200 {
			t.Errorf("reset: %d", status)
		}
		s.SignIn(t, "letterbox", "another-long-one")
	})
}

// waitForConsumers waits until consumers have begun: new ones act on what happens from then on.
func waitForConsumers(t *testing.T, s *testsite.Issuer, name string) {
	t.Helper()
	for range 500 {
		var n int
		if _, err := s.App.DB.Get(t.Context(), []any{&n}, "SELECT COUNT(*) FROM {q2ab_consumers} WHERE name = ?", name); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the consumer does not begin")
}
