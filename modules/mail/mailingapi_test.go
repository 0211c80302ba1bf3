package mail_test

import (
	"fmt"
	"io"
	"net/http"
	netmail "net/mail"
	"net/url"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// news is the text of a mailing.
func news() object {
	return object{"fromName": "みつばちQA", "fromEmail": "news@example.com", "subject": "春の集まり", "body": "4 月に\r\n集まります。\n-- \nend", "perMinute": 6000}
}

// toOf returns the recipient of a mail.
func toOf(t *testing.T, mail *netmail.Message) string {
	t.Helper()
	to, err := netmail.ParseAddress(mail.Header.Get("To"))
	if err != nil {
		t.Fatal(err)
	}
	return to.Address
}

// TestMailingOverREST sends a mailing as an administrator does: text, preview, test, begin, pause, go on; and
// checks who gets it, what the old site sees of it, and that its link turns mailings off.
func TestMailingOverREST(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		p := newPostbox(t, db)
		const admin = testsite.AdminHana
		for _, user := range []int{testsite.Visitor, testsite.Haru, testsite.ModKenji} {
			for path, method := range map[string]string{"": "GET", "/preview": "GET", "/test": "POST", "/state": "PUT"} {
				var body any
				if method == "PUT" {
					body = object{"state": "running"}
				}
				if status, answer, _ := p.Try(t, user, method, "/v1/admin/mailing"+path, body); status != http.StatusForbidden {
					t.Errorf("%s %s as %d: %d %v", method, path, user, status, answer)
				}
			}
		}
		put := func(path string, body object, want int, code string) object {
			t.Helper()
			status, answer, _ := p.Try(t, admin, "PUT", "/v1/admin/mailing"+path, body)
			if status != want || code != "" && answer["code"] != code {
				t.Fatalf("PUT %s %v: %d %v", path, body, status, answer)
			}
			return answer
		}
		empty := news()
		empty["subject"], empty["body"] = "", " \n"
		put("", empty, http.StatusOK, "")
		put("/state", object{"state": "running"}, http.StatusUnprocessableEntity, "validation")
		put("/state", object{"state": "paused"}, http.StatusConflict, "no_mailing")
		bad := news()
		bad["fromEmail"] = "nobody"
		put("", bad, http.StatusUnprocessableEntity, "validation")
		put("", news(), http.StatusOK, "")

		preview := testsite.GetAs[map[string]any](t, p.Site, "/v1/admin/mailing/preview", admin)
		text, _ := preview["text"].(string)
		if preview["subject"] != "春の集まり" || !strings.HasPrefix(text, "4 月に\n集まります。\n--\nend\n\n-- \n") ||
			!strings.Contains(text, publicURL+"/v1/unsubscribe?token=") || !strings.Contains(fmt.Sprint(preview["html"]), "</html>") {
			t.Errorf("preview %v", preview)
		}
		recipients := 0
		if _, err := p.App.DB.Get(t.Context(), []any{&recipients},
			"SELECT COUNT(*) FROM {users} WHERE (flags & 34) = 0 AND level >= 10"); err != nil || recipients < 5 {
			t.Fatal(recipients, err)
		}
		if preview["recipientCount"] != float64(recipients) {
			t.Errorf("%v recipients, expected %d", preview["recipientCount"], recipients)
		}
		p.Do(t, admin, "POST", "/v1/admin/mailing/test", nil)
		if mails := p.deliver(t); len(mails) != 1 || !strings.HasPrefix(toOf(t, mails[0]), "hana") {
			t.Errorf("%d mails of the test", len(mails))
		}

		begun := put("/state", object{"state": "running"}, http.StatusOK, "")
		if begun["state"] != "running" || begun["doneUserCount"] != 0.0 {
			t.Errorf("begun: %v", begun)
		}
		put("", news(), http.StatusConflict, "mailing_under_way")
		if paused := put("/state", object{"state": "paused"}, http.StatusOK, ""); paused["state"] != "paused" {
			t.Errorf("paused: %v", paused)
		}
		var last string
		if _, err := p.App.DB.Get(t.Context(), []any{&last}, "SELECT content FROM {options} WHERE title = 'mailing_last_userid'"); err != nil || last != "0" {
			t.Errorf("the old site reads %q, %v", last, err)
		}
		if cancelled := put("/state", object{"state": "none"}, http.StatusOK, ""); cancelled["state"] != "none" {
			t.Errorf("cancelled: %v", cancelled)
		}

		put("/state", object{"state": "running"}, http.StatusOK, "")
		// The wait for the old site is over.
		testsite.Prepare(t, p.Database, "UPDATE qa_q2ab_mailings SET settled = 0")
		run, err := p.App.Jobs.Start(t.Context(), "mailing", jobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.App.Jobs.Work(t.Context(), run, nil); err != nil {
			t.Fatal(err)
		}
		mails := p.deliver(t)
		seen := map[string]bool{}
		for _, mail := range mails {
			seen[toOf(t, mail)] = true
			from, err := netmail.ParseAddress(mail.Header.Get("From"))
			if err != nil || from.Name != "みつばちQA" || from.Address != "news@example.com" || mail.Header.Get("List-Unsubscribe-Post") == "" {
				t.Errorf("header %v", mail.Header)
			}
		}
		if len(mails) != recipients || len(seen) != recipients {
			t.Errorf("%d mails to %d addresses, expected %d", len(mails), len(seen), recipients)
		}
		over := testsite.GetAs[map[string]any](t, p.Site, "/v1/admin/mailing", admin)
		if over["state"] != "none" || over["subject"] != "春の集まり" {
			t.Errorf("over: %v", over)
		}

		link := strings.Trim(mails[0].Header.Get("List-Unsubscribe"), "<>")
		token, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		response := p.SendRaw(t, testsite.Visitor, "POST", "/v1/unsubscribe?"+token.RawQuery, strings.NewReader("List-Unsubscribe=One-Click"),
			"Content-Type", "application/x-www-form-urlencoded")
		if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
			t.Errorf("unsubscribe: %d %s", response.StatusCode, body)
		}
		after := testsite.GetAs[map[string]any](t, p.Site, "/v1/admin/mailing", admin)
		if after["recipientCount"] != float64(recipients-1) {
			t.Errorf("after one unsubscribed: %v", after)
		}
	})
}
