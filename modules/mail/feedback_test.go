package mail_test

import (
	"net/http"
	netmail "net/mail"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestFeedback sends feedback as a visitor and as a member, and reads the mails.
func TestFeedback(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		p := newPostbox(t, db)
		p.Do(t, testsite.Visitor, "POST", "/v1/feedback", object{"message": "Where is\nthe honey?", "name": "Guest\r\nBcc: x@y.example", "email": "guest@example.com"}, "User-Agent", "Firefox")
		p.Do(t, testsite.Haru, "POST", "/v1/feedback", object{"message": "A member asks."})
		mails := p.deliver(t)
		if len(mails) != 2 {
			t.Fatalf("%d mails", len(mails))
		}
		for i, replyTo := range []string{"guest@example.com", ""} {
			mail := mails[i]
			if mail.Header.Get("Bcc") != "" || !strings.Contains(mail.Header.Get("To"), "superbee@example.com") {
				t.Errorf("header %v", mail.Header)
			}
			to, err := netmail.ParseAddress(mail.Header.Get("Reply-To"))
			if replyTo == "" && err == nil || replyTo != "" && (err != nil || to.Address != replyTo) {
				t.Errorf("reply to %q, expected %q", mail.Header.Get("Reply-To"), replyTo)
			}
		}
	})
}

// TestFeedbackIsRefused checks who may not write to the site, and what.
func TestFeedbackIsRefused(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for name, c := range map[string]struct {
		user   int
		body   object
		status int
		code   string
	}{
		"nothing":          {testsite.Haru, object{"message": " \n"}, http.StatusUnprocessableEntity, "validation"},
		"a bad address":    {testsite.Haru, object{"message": "x", "email": "a@b.example, c@d.example"}, http.StatusUnprocessableEntity, "validation"},
		"too long":         {testsite.Haru, object{"message": strings.Repeat("x", 8001)}, http.StatusUnprocessableEntity, "validation"},
		"a blocked member": {testsite.TrollX, object{"message": "x"}, http.StatusForbidden, "user_blocked"},
		"an unknown field": {testsite.Haru, object{"message": "x", "to": "x"}, http.StatusUnprocessableEntity, "validation"},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body, _ := s.Try(t, c.user, "POST", "/v1/feedback", c.body); status != c.status || c.code != "validation" && body["code"] != c.code {
				t.Errorf("%d %v, expected %d", status, body, c.status)
			}
		})
	}
	for range 5 {
		s.Do(t, testsite.Aki, "POST", "/v1/feedback", object{"message": "x"})
	}
	if status, body, header := s.Try(t, testsite.Aki, "POST", "/v1/feedback", object{"message": "x"}); status != http.StatusTooManyRequests || header.Get("Retry-After") == "" {
		t.Errorf("the sixth in an hour: %d %v", status, body)
	}
	off := testsite.New(t, testsite.After("REPLACE INTO {options} (title, content) VALUES ('feedback_enabled', '0')"))
	if status, body, _ := off.Try(t, testsite.Haru, "POST", "/v1/feedback", object{"message": "x"}); status != http.StatusNotFound || body["code"] != "feature_off" {
		t.Errorf("switched off: %d %v", status, body)
	}
}
