package modules_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// TestWorkOff checks that a process that only runs for a moment does what has collected since: it makes mails
// of events, sends them, and works on jobs that wait or are due; and that what it cannot finish is left for
// the next one.
func TestWorkOff(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		mails := t.TempDir()
		now := time.Now().Truncate(time.Hour).Add(5 * time.Minute) // no schedule comes meanwhile
		s := testsite.New(t, db, testsite.GenuineTokens(), testsite.At(&now), testsite.Config(func(c *config.Config) {
			c.MailURL, c.MailFrom = "file:"+mails, "bees@example.jp"
		}))
		workOff := func(ctx context.Context) error { return s.App.WorkOff(ctx) }
		if err := workOff(t.Context()); err != nil { // consumers begin with what happens from now on
			t.Fatal(err)
		}
		if status, answer, _ := s.Try(t, testsite.Visitor, "POST", "/v1/auth/forgot",
			map[string]any{"login": "haru"}); status != http.StatusAccepted {
			t.Fatalf("forgot: %d %v", status, answer)
		}
		run, err := s.App.Jobs.Request(t.Context(), "recount", jobs.Options{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}

		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := workOff(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("without time: %v", err)
		}
		for range 2 { // the second time nothing is left
			if err := workOff(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if files, err := os.ReadDir(mails); err != nil || len(files) != 1 {
			t.Errorf("%d mails were sent, %v", len(files), err)
		}
		for _, job := range s.App.Jobs.Jobs() {
			history, err := s.App.Jobs.History(t.Context(), job.Name, 3)
			if err != nil {
				t.Fatal(err)
			}
			if want := job.AtStart || job.Name == run.Job; want != (len(history) > 0) {
				t.Errorf("%s ran %d times, expected: %v", job.Name, len(history), want)
			}
			for _, r := range history {
				if r.Status != "done" {
					t.Errorf("%s is %s: %s", job.Name, r.Status, r.Message)
				}
			}
		}
	})
}
