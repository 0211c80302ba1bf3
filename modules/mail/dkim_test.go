package mail

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// TestDKIM sends signed mails and checks their signatures as receivers do, and that a change breaks them.
func TestDKIM(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := func(key any) string {
		t.Helper()
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	rsaPublic, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)}), 0o600); err != nil {
		t.Fatal(err)
	}
	rsaRecord := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(rsaPublic)
	for name, c := range map[string]struct {
		set      DKIM
		at       string // where the record is
		record   string
		japanese bool
	}{
		"rsa":      {DKIM{Selector: "q2ab", Key: text(rsaKey)}, "q2ab._domainkey.qa.example", rsaRecord, false},
		"one line": {DKIM{Selector: "q2ab", Domain: "mail.example", Key: strings.ReplaceAll(text(rsaKey), "\n", `\n`)}, "q2ab._domainkey.mail.example", rsaRecord, true},
		"file":     {DKIM{Selector: "q2ab", Key: "file:" + file}, "q2ab._domainkey.qa.example", rsaRecord, true},
		"ed25519":  {DKIM{Selector: "q2ab", Key: text(private)}, "q2ab._domainkey.qa.example", "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := newSink(t, "", nil)
			m := onSQLite(t).module(t, Settings{URL: sink.url(), DKIM: c.set})
			if c.japanese {
				set(t, m.db, "site_language", "ja", "site_title", strings.Repeat("質問の広場", 20))
			}
			if err := m.target.send(t.Context(), composed(t, m), ""); err != nil {
				t.Fatal(err)
			}
			raw := sink.got()[0].raw
			lookup := func(domain string) ([]string, error) {
				if domain != c.at {
					t.Errorf("asked for %s", domain)
				}
				return []string{c.record}, nil
			}
			verify := func(raw []byte) error {
				t.Helper()
				found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: lookup})
				if err != nil || len(found) != 1 {
					t.Fatal(found, err)
				}
				return found[0].Err
			}
			if err := verify(raw); err != nil {
				t.Errorf("%v\n%s", err, raw)
			}
			for what, changed := range map[string][]byte{
				"body":    append(bytes.Clone(raw), "more\r\n"...),
				"subject": bytes.Replace(raw, []byte("Subject:"), []byte("Subject: x"), 1),
				"to":      bytes.Replace(raw, []byte("To: <aki@"), []byte("To: <haru@"), 1),
			} {
				if verify(changed) == nil {
					t.Errorf("a change of the %s is not noticed", what)
				}
			}
		})
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []DKIM{{Selector: "x"}, {Key: text(rsaKey)}, {Selector: "x", Key: "s3cret"}, {Selector: "x", Key: "file:/none"},
		{Selector: "x", Key: text(small)}, {Selector: "x", Key: strings.Replace(text(rsaKey), "MII", "MIX", 1)}} {
		if _, err := New(nil, nil, Settings{DKIM: bad}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Error(err)
		}
	}
}
