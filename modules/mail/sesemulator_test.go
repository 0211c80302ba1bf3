package mail_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/testsite"
)

// TestSESEmulator sends mails to moto, which stands for Amazon SES. It runs where MOTO_SERVER names its program,
// as .ci/run has it.
func TestSESEmulator(t *testing.T) {
	program := os.Getenv("MOTO_SERVER")
	if program == "" {
		t.Skip("MOTO_SERVER is not set")
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	ses := testsite.StartEmulator(t, t.TempDir(), program, "-H", "127.0.0.1", "-p", "0")
	ask := func(method, path, body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, ses.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		// moto tells services apart by the signature's name of the service.
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261130/us-east-1/ses/aws4_request, SignedHeaders=host, Signature=0")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var text json.RawMessage
		if err := json.NewDecoder(response.Body).Decode(&text); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s (%v)", method, path, response.StatusCode, text, err)
		}
		return string(text)
	}
	s := testsite.New(t, testsite.Config(func(c *config.Config) {
		c.MailURL, c.MailFrom = "ses:?region=us-east-1&endpoint="+url.QueryEscape(ses.URL), "hello@qa.example"
	}))
	queue := func(id int) {
		t.Helper()
		if _, err := s.App.DB.Exec(t.Context(), `INSERT INTO {q2ab_mail} (id, seq, kind, userid, created, due) VALUES (?, ?, 'welcome', ?, ?, 0)`,
			id, id, testsite.Haru, s.App.DB.Now()); err != nil {
			t.Fatal(err)
		}
		if err := s.App.Mail.SendDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ask("POST", "/v2/email/identities", `{"EmailIdentity": "hello@qa.example"}`)
	queue(1)
	if q, err := s.App.Mail.Queue(t.Context()); err != nil || q.Waiting != 0 {
		t.Errorf("%+v (%v)", q, err)
	}
	if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_dead_mail}"); n != 0 {
		t.Errorf("%d mails were refused", n)
	}
	var kept struct {
		SES struct {
			RawMessage []struct {
				Destinations []string
				Raw          string `json:"raw_data"`
			}
		} `json:"ses"`
	}
	if err := json.Unmarshal([]byte(ask("GET", "/moto-api/data.json", "")), &kept); err != nil {
		t.Fatal(err)
	}
	if m := kept.SES.RawMessage; len(m) != 1 || m[0].Destinations[0] != "haru@example.jp" ||
		!strings.Contains(m[0].Raw, "Message-ID: <q2ab.") {
		t.Errorf("moto has %v", m)
	}
}
