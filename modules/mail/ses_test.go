package mail

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// fakeSES answers as the API of SES does.
type fakeSES struct {
	*httptest.Server
	mu     sync.Mutex
	answer func(w http.ResponseWriter)
	mails  []received
	asked  []sesRequest
	path   string
}

type sesRequest struct {
	ConfigurationSetName string
	Destination          struct{ ToAddresses []string }
	Content              struct{ Raw struct{ Data string } }
}

// newFakeSES starts one, and sets credentials for the test, which therefore cannot run beside others.
func newFakeSES(t *testing.T) *fakeSES {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	s := &fakeSES{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var asked sesRequest
		text, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(text, &asked)
		}
		if err != nil || !strings.Contains(r.Header.Get("Authorization"), "/ap-northeast-1/ses/") {
			t.Error(err, r.Header)
		}
		s.asked, s.path = append(s.asked, asked), r.Method+" "+r.URL.Path
		if s.answer != nil {
			s.answer(w)
			return
		}
		raw, err := base64.StdEncoding.DecodeString(asked.Content.Raw.Data)
		if err != nil {
			t.Error(err)
		}
		mail, err := decode(raw)
		if err != nil {
			t.Error(err)
		}
		s.mails = append(s.mails, mail)
		fmt.Fprint(w, `{"MessageId":"0106019"}`)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *fakeSES) url() string {
	return "ses:?region=ap-northeast-1&configuration-set=q2ab&endpoint=" + url.QueryEscape(s.URL)
}

// failing answers with an error of SES.
func failing(status int, code, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"message":%q}`, message)
	}
}

func TestSES(t *testing.T) {
	logs := logged(t)
	s := newFakeSES(t)
	m := onSQLite(t).module(t, Settings{URL: s.url()})
	set(t, m.db, "site_language", "ja")
	addUser(t, m.db, 5, "あき", "aki@example.com", "c0de1234")
	queue := func() { handle(t, m, event("u_reset_code", 0, userParam(5))) }
	queue()
	if found, err := m.sendNext(t.Context()); !found || err != nil || len(s.mails) != 1 || waiting(t, m.db) != 0 {
		t.Fatalf("%v %v, %d mails", found, err, len(s.mails))
	}
	mail, asked := s.mails[0], s.asked[0]
	if s.path != "POST /v2/email/outbound-emails" || asked.ConfigurationSetName != "q2ab" || len(asked.Destination.ToAddresses) != 1 ||
		asked.Destination.ToAddresses[0] != "aki@example.com" || mail.header.Get("To") != "<aki@example.com>" ||
		!strings.Contains(mail.body, "あき 様") || !strings.Contains(mail.html, "あき 様") {
		t.Errorf("%s %+v %+v", s.path, asked, mail)
	}
	for _, c := range []struct {
		status  int
		code    string
		message string
		// what becomes of the mail: it stays without an attempt, is refused, or is tried again
		want string
	}{
		{429, "TooManyRequestsException", "Maximum sending rate exceeded.", "outage"},
		{400, "LimitExceededException", "Daily message quota exceeded.", "outage"},
		{400, "SendingPausedException", "Email sending is disabled for the configuration set.", "outage"},
		{400, "AccountSuspendedException", "Your account is suspended.", "outage"},
		{400, "MailFromDomainNotVerifiedException", "Mail from domain not verified.", "outage"},
		{404, "NotFoundException", "Configuration set <q2ab> does not exist.", "outage"},
		{403, "AccessDeniedException", "not authorized to perform ses:SendEmail on aki@example.com", "outage"},
		{403, "UnrecognizedClientException", "The security token s3cret is invalid.", "outage"},
		{500, "InternalFailure", "", "outage"}, {503, "", "", "outage"}, {502, "<html>", "", "outage"},
		{400, "MessageRejected", "Email address aki@example.com is on a list.", "refused"},
		{400, "MessageRejected", "Email address is not verified. The following identities failed: aki@example.com", "again"},
		{400, "BadRequestException", "Invalid address aki@example.com.", "refused"},
		{400, "ValidationException", "1 validation error", "again"},
	} {
		name := fmt.Sprintf("%d %s %s", c.status, c.code, c.want)
		mustExec(t, m.db, "DELETE FROM {q2ab_mail}")
		mustExec(t, m.db, "DELETE FROM {q2ab_dead_mail}")
		s.mu.Lock()
		s.asked, s.answer = nil, failing(c.status, c.code, c.message)
		s.mu.Unlock()
		queue()
		found, err := m.sendNext(t.Context())
		dead, deadErr := m.Dead(t.Context(), 10)
		q, queueErr := m.Queue(t.Context())
		if !found || deadErr != nil || queueErr != nil || len(s.asked) != 1 {
			t.Errorf("%s: %v %v %v, asked %d times", name, found, deadErr, queueErr, len(s.asked))
		}
		got := fmt.Sprintf("outage %v, waiting %d, failed %d, dead %d", err != nil, q.Waiting, q.Failed, len(dead))
		want := map[string]string{"outage": "outage true, waiting 1, failed 0, dead 0", "refused": "outage false, waiting 0, failed 0, dead 1", "again": "outage false, waiting 1, failed 1, dead 0"}[c.want]
		if got != want || err != nil && strings.Contains(err.Error(), "aki@") {
			t.Errorf("%s: %s (%v), expected %s", name, got, err, want)
		}
		if len(dead) == 1 && (dead[0].Outcome != "refused" || dead[0].Reason != "SES: "+c.code || dead[0].Kind != "reset") {
			t.Errorf("%s: %+v", name, dead[0])
		}
	}
	if text := logs(); strings.Contains(text, "aki@") || strings.Contains(text, "s3cret") {
		t.Error(text)
	}
	s.Close()
	if err := m.target.send(t.Context(), composed(t, m), ""); !errors.As(err, &outage{}) || strings.Contains(err.Error(), "aki@") {
		t.Error("not reached:", err)
	}
}
