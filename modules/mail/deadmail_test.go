package mail_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestDeadMail lists dead letters, has one tried again and drops another, by administrators alone.
func TestDeadMail(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		folder := t.TempDir()
		s := testsite.New(t, db, testsite.Config(func(c *config.Config) { c.MailURL = "file:" + folder }))
		for i, kind := range []string{"welcome", "approved", "feedback"} {
			if _, err := s.App.DB.Exec(t.Context(), `INSERT INTO {q2ab_dead_mail}
					(id, seq, kind, userid, postid, params, created, attempts, refused, reason, at)
				VALUES (?, ?, ?, ?, 0, ?, 1700000000, 4, ?, 'sending SMTP RCPT TO command: 550 5.1.1', ?)`,
				i+1, i+1, kind, testsite.Haru, `{"text":"a secret"}`, i == 1, 1_700_000_000+i/2); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct{ method, path string }{{"GET", "/v1/admin/mail"}, {"POST", "/v1/admin/mail/1/retry"}, {"DELETE", "/v1/admin/mail/1"}} {
			for _, who := range []int{testsite.Visitor, testsite.Haru, testsite.ModKenji} {
				if status, body, _ := s.Try(t, who, c.method, c.path, nil); status != http.StatusForbidden {
					t.Errorf("%s %s as %d: %d %v", c.method, c.path, who, status, body)
				}
			}
		}
		var got []string
		path := "/v1/admin/mail?limit=2"
		for range 2 {
			status, body, _ := s.Try(t, testsite.AdminHana, "GET", path, nil)
			items, _ := body["items"].([]any)
			if status != http.StatusOK || strings.Contains(fmt.Sprint(body), "secret") {
				t.Fatalf("%d %v", status, body)
			}
			for _, i := range items {
				i := i.(map[string]any)
				user, _ := i["user"].(map[string]any)
				got = append(got, i["kind"].(string)+" "+i["outcome"].(string)+" "+user["handle"].(string))
			}
			cursor, _ := body["nextCursor"].(string)
			path = "/v1/admin/mail?limit=2&cursor=" + cursor
		}
		if text := strings.Join(got, ", "); text != "feedback given-up haru, approved refused haru, welcome given-up haru" {
			t.Error(text)
		}
		for _, c := range []struct {
			method, path string
			want         int
		}{
			{"POST", "/v1/admin/mail/1/retry", 204}, {"POST", "/v1/admin/mail/1/retry", 404}, {"DELETE", "/v1/admin/mail/1", 404},
			{"DELETE", "/v1/admin/mail/2", 204}, {"DELETE", "/v1/admin/mail/2", 404}, {"POST", "/v1/admin/mail/2/retry", 404},
		} {
			if status, body, _ := s.Try(t, testsite.AdminHana, c.method, c.path, nil); status != c.want {
				t.Errorf("%s %s: %d %v", c.method, c.path, status, body)
			}
		}
		if _, body, _ := s.Try(t, testsite.AdminHana, "GET", "/v1/admin/mail", nil); body["queue"].(map[string]any)["waiting"] != 1.0 {
			t.Error(body)
		}
		if err := s.App.Mail.SendDue(t.Context()); err != nil {
			t.Error(err)
		}
		files, _ := filepath.Glob(filepath.Join(folder, "*-welcome-1.eml"))
		if len(files) != 1 {
			t.Fatal(files)
		}
		if text, err := os.ReadFile(files[0]); err != nil || !strings.Contains(string(text), "<q2ab.1700000000.1.1.") {
			t.Error(err, string(text))
		}
		if _, body, _ := s.Try(t, testsite.AdminHana, "DELETE", "/v1/users/haru", nil); body["code"] != nil {
			t.Error(body)
		}
		if dead, err := s.App.Mail.Dead(t.Context(), 9); err != nil || len(dead) != 0 {
			t.Error("of a deleted account: ", dead, err)
		}
	})
}

// TestEmailProblem checks that people see that their address does not work, until they confirm or change it.
func TestEmailProblem(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		report := func(address string) {
			t.Helper()
			_, err := s.App.Mail.TakeReport(t.Context(), strings.NewReader("Content-Type: multipart/report; boundary=x\n\n--x\n"+
				"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; "+address+
				"\nAction: failed\nStatus: 5.1.1\n\n--x--\n"), true)
			if err != nil {
				t.Fatal(err)
			}
		}
		problem := func() any {
			t.Helper()
			status, body, _ := s.Try(t, testsite.Haru, "GET", "/v1/me", nil)
			if status != http.StatusOK {
				t.Fatal(status, body)
			}
			return body["emailProblem"]
		}
		var address string
		if _, err := s.App.DB.Get(t.Context(), []any{&address}, "SELECT email FROM {users} WHERE userid = ?", testsite.Haru); err != nil {
			t.Fatal(err)
		}
		if p := problem(); p != nil {
			t.Error(p)
		}
		report(strings.ToUpper(address))
		if p := problem(); p != "bounced" {
			t.Error(p)
		}
		if status, body, _ := s.Try(t, testsite.Haru, "PUT", "/v1/me/email", map[string]any{"email": "new@example.jp"}); status >= 300 {
			t.Fatal(status, body)
		}
		if p := problem(); p != nil {
			t.Error("another address:", p)
		}
		report("new@example.jp")
		if p := problem(); p != "bounced" {
			t.Error(p)
		}
		if status, body, _ := s.Try(t, testsite.Haru, "POST", "/v1/me/email/confirmation", nil); status >= 300 {
			t.Fatal(status, body)
		}
		var code string
		if _, err := s.App.DB.Get(t.Context(), []any{&code}, "SELECT emailcode FROM {users} WHERE userid = ?", testsite.Haru); err != nil || code == "" {
			t.Fatal(code, err)
		}
		if status, body, _ := s.Try(t, testsite.Haru, "POST", "/v1/auth/confirm", map[string]any{"handle": "haru", "code": code}); status >= 300 {
			t.Fatal(status, body)
		}
		if p := problem(); p != nil {
			t.Error("confirmed:", p)
		}
		report("new@example.jp")
		if status, body, _ := s.Try(t, testsite.AdminHana, "DELETE", "/v1/users/haru", nil); status >= 300 {
			t.Fatal(status, body)
		}
		if n := addressesKept(t, s.App.DB); n != 0 {
			t.Errorf("%d addresses are left of a deleted account", n)
		}
	})
}

func addressesKept(t *testing.T, db *database.DB) (n int) {
	t.Helper()
	if _, err := db.Get(t.Context(), []any{&n}, "SELECT COUNT(*) FROM {q2ab_mail_addresses}"); err != nil {
		t.Fatal(err)
	}
	return n
}
