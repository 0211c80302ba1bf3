package testsite

import (
	"cmp"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/events"
)

// mailSubjects tell the kinds of mail by what Q2A's subjects contain.
var mailSubjects = []struct{ kind, contains string }{
	{"q_posted", "has a new question"},
	{"q_answered", "question was answered"},
	{"q_commented", "question has a new comment"},
	{"a_commented", "answer has a new comment"},
	{"c_commented", "comment has been added to"},
	{"a_selected", "answer has been selected"},
	{"a_followed", "answer has a related question"},
	{"moderate", "moderation"},
	{"flagged", "has a flagged post"},
	{"registered", "has a new registered user"},
	{"approved", "user has been approved"},
	{"confirm", "Email Address Confirmation"},
	{"reset", "Reset Forgotten Password"},
	{"welcome", "Welcome to"},
	{"private_message", "Message from"},
	{"wall_post", "Post on your"},
}

// ReplayMails replays all recordings over HTTP and checks that the mails which follow have the recipients
// and the reasons of those that Q2A sent, none more and none less. It fails if fewer recordings with mails
// are replayed than least.
func ReplayMails(t *testing.T, least int) {
	t.Helper()
	OnEachDatabase(t, func(t *testing.T, db Database) {
		withMails := 0
		for _, tr := range Transitions(t) {
			if len(tr.Calls()) == 0 {
				continue
			}
			if len(tr.Emails) > 0 {
				withMails++
			}
			t.Run(tr.File, func(t *testing.T) { tr.replayMails(t, db) })
		}
		if withMails < least {
			t.Errorf("only %d recordings with mails were replayed, not %d", withMails, least)
		}
	})
}

func (tr *Transition) replayMails(t *testing.T, db Database) {
	folder := t.TempDir()
	consume := func(s *Site) {
		if err := events.Consume(t.Context(), s.App.DB, "mail", s.App.Mail.Handle); err != nil {
			t.Fatal(err)
		}
	}
	s, _, responses := tr.play(t, db, consume, Config(func(c *config.Config) { c.MailURL = "file:" + folder }))
	consume(s)
	if err := s.App.Mail.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{}
	for _, mail := range tr.Emails {
		to, err := netmail.ParseAddress(mail.To)
		if err != nil {
			t.Fatal(err)
		}
		kind := "?" + mail.Subject
		for _, s := range mailSubjects {
			if strings.Contains(mail.Subject, s.contains) {
				kind = s.kind
			}
		}
		if kind == "moderate" && strings.Contains(mail.Body, "reapproval") {
			kind = "remoderate"
		}
		want = append(want, fmt.Sprintf("%s to %s", kind, to.Address))
	}
	got := sentMails(t, folder)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%smails %q, Q2A sent %q", responses, got, want)
	}
}

// mailFile matches the names of the files that mails are written to.
var mailFile = regexp.MustCompile(`^[0-9TZ]+-([a-z_]+)-\d+\.eml$`)

// sentMails returns the kinds and the recipients of the mails in a folder, sorted.
func sentMails(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, f := range files {
		text, err := os.Open(f)
		if err != nil {
			t.Fatal(err)
		}
		mail, err := netmail.ReadMessage(text)
		if err := cmp.Or(err, text.Close()); err != nil {
			t.Fatal(err)
		}
		to, err := netmail.ParseAddress(mail.Header.Get("To"))
		if err != nil {
			t.Fatalf("%s: to %q: %v", f, mail.Header.Get("To"), err)
		}
		kind := filepath.Base(f)
		if m := mailFile.FindStringSubmatch(kind); m != nil {
			kind = m[1]
		}
		list = append(list, fmt.Sprintf("%s to %s", kind, to.Address))
	}
	slices.Sort(list)
	return list
}
