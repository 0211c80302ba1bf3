package mail

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/problem"
)

const bounceTopic = "arn:aws:sns:ap-northeast-1:123456789012:q2ab-mail-bounce"

// fakeSNS signs messages with a key of its own, and answers requests for its certificate.
type fakeSNS struct {
	key         *rsa.PrivateKey
	certificate []byte

	mu    sync.Mutex
	asked []string
	down  bool
}

func newFakeSNS(t *testing.T) *fakeSNS {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeSNS{key: key, certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// RoundTrip answers requests to any host.
func (s *fakeSNS) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.String())
	if s.down {
		return nil, errors.New("no connection")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(s.certificate)), Request: r}, nil
}

// send signs a message as SNS does and has the module take it.
func (s *fakeSNS) send(t *testing.T, m *Module, fields map[string]string) error {
	t.Helper()
	all := map[string]string{"Type": "Notification", "MessageId": "id of " + t.Name(), "TopicArn": bounceTopic, "Timestamp": time.Now().UTC().Format(time.RFC3339),
		"SignatureVersion": "2", "SigningCertURL": "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"}
	for name, value := range fields {
		all[name] = value
	}
	var text strings.Builder
	for _, name := range []string{"Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"} {
		if value, ok := all[name]; ok {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	sum := sha256.Sum256([]byte(text.String()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	if _, forged := all["Signature"]; !forged {
		all["Signature"] = base64.StdEncoding.EncodeToString(signature)
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.takeNotification(t.Context(), &notificationInput{RawBody: body})
	return err
}

// codeOf is the code of a problem, "" for none.
func codeOf(err error) string {
	if p := (*problem.Error)(nil); errors.As(err, &p) {
		return p.Code.String()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestNotifications(t *testing.T) {
	onDatabases(t, func(t *testing.T, p place) {
		s := newFakeSNS(t)
		db := p.open(t, nil)
		addUser(t, db, 5, "aki", "aki@example.com", "")
		m := moduleOn(t, db, Settings{SNSTopics: []string{bounceTopic}, SNSTransport: s})
		const bounce = `{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"aki@example.com"}]}}`
		complaint := strings.NewReplacer("Bounce", "Complaint", "bounceType", "x", "bouncedRecipients", "complainedRecipients", `"bounce"`, `"complaint"`, "eventType", "notificationType").Replace(bounce)
		const confirmation = "https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + bounceTopic + "&Token=2336"
		another := strings.ReplaceAll(bounceTopic, "bounce", "x")
		for _, c := range []struct {
			name    string
			fields  map[string]string
			code    string
			problem string
		}{
			{"bounce", map[string]string{"Message": bounce}, "", "bounced"},
			{"replayed", map[string]string{"Message": bounce, "MessageId": "1"}, "", "bounced"},
			{"replayed", map[string]string{"Message": bounce, "MessageId": "1"}, "notification_repeated", ""},
			{"complaint", map[string]string{"Message": complaint, "MessageId": "2"}, "", "complained"},
			{"forged", map[string]string{"Message": bounce, "MessageId": "3", "Signature": "Zm9yZ2Vk"}, "notification_refused", ""},
			{"old", map[string]string{"Message": bounce, "MessageId": "4", "Timestamp": time.Now().Add(-61 * time.Minute).UTC().Format(time.RFC3339)}, "notification_refused", ""},
			{"another topic", map[string]string{"Message": bounce, "MessageId": "5", "TopicArn": another}, "notification_refused", ""},
			{"another host", map[string]string{"Message": bounce, "MessageId": "6", "SigningCertURL": "https://evil.example/SimpleNotificationService-0.pem"}, "notification_refused", ""},
			{"no notice", map[string]string{"Message": "hello", "MessageId": "7"}, "bad_request", ""},
			{"no message", map[string]string{"Message": ""}, "bad_request", ""},
			{"delivery", map[string]string{"Message": `{"eventType":"Delivery"}`, "MessageId": "8"}, "", ""},
			{"subscription", map[string]string{"Type": "SubscriptionConfirmation", "Message": "You have chosen", "Token": "2336", "SubscribeURL": confirmation}, "", ""},
			{"subscription elsewhere", map[string]string{"Type": "SubscriptionConfirmation", "Message": "You have chosen", "Token": "2336", "SubscribeURL": "https://evil.example/"}, "notification_refused", ""},
			{"subscription to another topic", map[string]string{"Type": "SubscriptionConfirmation", "Message": "You have chosen", "Token": "2336", "SubscribeURL": confirmation, "TopicArn": another}, "notification_refused", ""},
			{"unsubscribed", map[string]string{"Type": "UnsubscribeConfirmation", "Message": "You have chosen", "Token": "2336", "SubscribeURL": confirmation + "&x"}, "", ""},
		} {
			mustExec(t, db, "DELETE FROM {q2ab_mail_addresses}")
			err := s.send(t, m, c.fields)
			got, addressErr := m.AddressProblem(t.Context(), "aki@example.com")
			if codeOf(err) != c.code || addressErr != nil || got != c.problem {
				t.Errorf("%s: %q, expected %q; %q, expected %q", c.name, codeOf(err), c.code, got, c.problem)
			}
		}
		if len(s.asked) != 2 || s.asked[1] != confirmation {
			t.Error(s.asked)
		}
		s.down = true
		m = moduleOn(t, db, Settings{SNSTopics: []string{bounceTopic}, SNSTransport: s})
		if err := s.send(t, m, map[string]string{"Message": bounce, "MessageId": "9"}); codeOf(err) != "unavailable" {
			t.Error("SNS cannot be reached:", err)
		}
		m = moduleOn(t, db, Settings{})
		if err := s.send(t, m, map[string]string{"Message": bounce, "MessageId": "10"}); codeOf(err) != "feature_off" {
			t.Error("no topics:", err)
		}
	})
}
