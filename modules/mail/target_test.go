package mail

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestSettingsAreChecked(t *testing.T) {
	p := onSQLite(t)
	db := p.open(t, nil)
	for _, s := range []Settings{
		{URL: ""}, {URL: "off"}, {URL: "smtp://mail.example"}, {URL: "smtp://u:p%40ss@mail.example:25/?tls=required"}, {URL: "smtp://[::1]:25?tls=off"},
		{URL: "smtps://u:p@mail.example"}, {URL: "ses:?region=ap-northeast-1"}, {URL: "ses:?region=x&configuration-set=y&endpoint=http://127.0.0.1:1"}, {HostLimit: 60, SNSTopics: []string{"arn:aws:sns:ap-northeast-1:123456789012:x"}}, {URL: "file:data/mail"}, {URL: "file:/data/mail"}, {URL: "file:///data/mail"},
		{From: "a@b.example", ConfirmURL: "https://38qa.net/confirm?code={code}&user={user}", ResetURL: "http://localhost:3000/reset/{code}?e={email}"},
	} {
		if _, err := New(db, nil, s); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for _, url := range []string{"smtp://", "smtp:", "mail.example:25", "http://u:s3cret@mail.example", "smtp://u:s3cret@mail.example:99999", "smtp://u:s3cret@mail.example:port",
		"smtp://u:s3cret@x@mail.example/path", "smtp://u:s3c%ret@mail.example", "smtp://u:s3cret@mail.example?tls=maybe", "smtp://u:s3cret@mail.example?tsl=off",
		"smtps://u:s3cret@mail.example?tls=off", "smtp://u@mail.example", "smtp://:s3cret@mail.example", "smtp://u:s3cret@mail.example?tls=%zz", "s3cret", "file:", "file://data/mail", "file://",
		"ses://u:s3cret@x", "ses:region=x", "ses:?region=x&s3cret=1", "ses:?region=x&endpoint=s3cret", "ses:?%zz"} {
		_, err := New(db, nil, Settings{URL: url})
		if err == nil || !strings.HasPrefix(err.Error(), "MAIL_URL: ") || strings.Contains(err.Error(), "s3c") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, s := range []Settings{{From: "nobody"}, {ConfirmURL: "https://38qa.net/confirm?code={code}"}, {ConfirmURL: "/confirm?code={code}&user={user}"}, {ResetURL: "https://38qa.net/reset?e={email}"}} {
		if _, err := New(db, nil, s); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	if m, err := New(db, nil, Settings{}); err != nil || m.settings.Poll != 5*time.Second {
		t.Error(m, err)
	}
}

func TestFolder(t *testing.T) {
	p := onSQLite(t)
	dir := filepath.Join(t.TempDir(), "deep", "mail")
	m := p.module(t, Settings{URL: "file:" + dir})
	set(t, m.db, "site_language", "ja", "site_title", "質問の広場")
	addUser(t, m.db, 5, "あき", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)), event("u_confirm_code", 0, userParam(5)))
	serve(t, m)
	eventually(t, "empty queue", func() bool { return waiting(t, m.db) == 0 })
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 2 {
		t.Fatal(names, err)
	}
	for _, n := range names {
		if !regexp.MustCompile(`^\d{8}T\d{6}Z-(reset|confirm)-\d+\.eml$`).MatchString(n.Name()) {
			t.Error(n.Name())
		}
		if i, err := n.Info(); err != nil || i.Mode() != fs.FileMode(0o600) {
			t.Error(i.Mode(), err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, n.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), "c=c0de1234&") || !strings.Contains(string(raw), "あき 様") {
			t.Errorf("people cannot read it:\n%s", raw)
		}
		if mail, err := decode(raw); err != nil || !strings.HasPrefix(mail.subject, "質問の広場 ") || mail.header.Get("To") != "<aki@example.com>" {
			t.Error(mail, err)
		}
	}
}

// TestFolderThatIsNone holds all mails back.
func TestFolderThatIsNone(t *testing.T) {
	p := onSQLite(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := p.module(t, Settings{URL: "file:" + file})
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)))
	if found, err := m.sendNext(t.Context()); !found || err == nil || waiting(t, m.db) != 1 {
		t.Error(found, err)
	}
}

// TestEncryption: what is used, and what keeps mails back, by the address and by what the server offers.
func TestEncryption(t *testing.T) {
	p := onSQLite(t)
	trusted, trust := certificate(t)
	db := p.open(t, nil)
	addUser(t, db, 5, "aki", "aki@example.com", "c0de1234")
	for _, c := range []struct {
		name           string
		offered        bool
		before, after  string // of the address
		insecure, auth bool
		want           string // "tls", "plain", or a part of the error
	}{
		{"offered", true, "smtp://", "", false, false, "tls"},
		{"not offered", false, "smtp://", "", false, false, "plain"},
		{"required", true, "smtp://", "?tls=required", false, false, "tls"},
		{"required, not offered", false, "smtp://", "?tls=required", false, false, "does not support STARTTLS"},
		{"off", true, "smtp://", "?tls=off", false, false, "plain"},
		{"password", true, "smtp://u:s3cret@", "", false, true, "tls"},
		{"password in the clear on purpose", true, "smtp://u:s3cret@", "?tls=off", true, true, "plain"},
		{"wrong password", true, "smtp://u:wr0ng@", "", false, true, "answers 454"},
		{"no authentication", true, "smtp://u:s3cret@", "", false, false, "does not support SMTP AUTH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			logs := logged(t)
			sink := newSink(t, "", func(s *smtp.Server) {
				if c.offered {
					s.TLSConfig = trusted
				}
				s.AllowInsecureAuth = c.insecure
			})
			if c.auth {
				sink.users = map[string]string{"u": "s3cret"}
			}
			m := moduleOn(t, db, Settings{URL: c.before + sink.addr + c.after})
			m.target.(*server).config = trust
			mustExec(t, db, "DELETE FROM {q2ab_mail}")
			handle(t, m, event("u_reset_code", 0, userParam(5)))
			_, err := m.sendNext(t.Context())
			switch {
			case c.want == "tls" || c.want == "plain":
				if err != nil || len(sink.seen) != 1 || sink.seen[0] != c.want {
					t.Error(err, sink.seen)
				}
			case err == nil || !strings.Contains(err.Error(), c.want) || len(sink.seen) != 0 || waiting(t, db) != 1:
				t.Error(err, sink.seen)
			}
			if text := logs(); err != nil && strings.Contains(err.Error(), "wr0ng") || strings.Contains(text, "wr0ng") || strings.Contains(text, "s3cret") {
				t.Error(err, text)
			}
		})
	}
}

func TestEncryptionFromTheStart(t *testing.T) {
	p := onSQLite(t)
	trusted, trust := certificate(t)
	sink := newSink(t, "", func(s *smtp.Server) { s.TLSConfig = trusted })
	sink.users = map[string]string{"u": "s3cret"}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go sink.server.Serve(tlsListener{l, trusted})
	m := p.module(t, Settings{URL: "smtps://u:s3cret@" + l.Addr().String()})
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)))
	if _, err := m.sendNext(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") || waiting(t, m.db) != 1 {
		t.Error("a certificate of nobody: ", err)
	}
	m.target.(*server).config = trust
	if _, err := m.sendNext(t.Context()); err != nil || len(sink.seen) != 1 || sink.seen[0] != "tls" {
		t.Error(err, sink.seen)
	}
}

// TestPasswordIsNotShown to a server without encryption, unless that is what the address says.
func TestPasswordIsNotShown(t *testing.T) {
	p := onSQLite(t)
	sink := newSink(t, "", func(s *smtp.Server) { s.AllowInsecureAuth = true })
	sink.users = map[string]string{"u": "s3cret"}
	l, err := net.Listen("tcp", "127.0.0.2:0") // which counts as another host
	if err != nil {
		t.Skip("only one local address: ", err)
	}
	go sink.server.Serve(l)
	m := p.module(t, Settings{URL: "smtp://u:s3cret@" + l.Addr().String()})
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)))
	if _, err := m.sendNext(t.Context()); err == nil || !strings.Contains(err.Error(), "unencrypted") || len(sink.got()) != 0 {
		t.Error(err)
	}
}

// TestServerThatHangs: the end of the context cuts a connection wherever it stands.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m := onSQLite(t).module(t, Settings{URL: "smtp://" + l.Addr().String()})
	addUser(t, m.db, 5, "aki", "aki@example.com", "c0de1234")
	handle(t, m, event("u_reset_code", 0, userParam(5)))
	stop := serve(t, m)
	time.Sleep(200 * time.Millisecond)
	start := time.Now()
	stop()
	if took := time.Since(start); took > finishTimeout+2*time.Second {
		t.Errorf("stopped after %v", took)
	}
	if r, err := m.claim(t.Context()); err != nil || r == nil || r.attempts != 0 {
		t.Error(r, err)
	}
}
