package sns

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
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
)

const topic = "arn:aws:sns:ap-northeast-1:123456789012:q2ab-mail-bounce"

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// authority is SNS with a key of its own: it signs messages, and answers requests for its certificate.
type authority struct {
	key *rsa.PrivateKey

	mu      sync.Mutex
	answers map[string]func() (status int, body []byte)
	asked   []string
}

const certificateURL = "https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"

var newKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, answers: map[string]func() (int, []byte){}}
	text := certificate(t, key, key.Public(), now.Add(-time.Hour), now.Add(time.Hour))
	a.answers[certificateURL] = func() (int, []byte) { return http.StatusOK, text }
	return a
}

func certificate(t *testing.T, signer crypto.Signer, key any, from, until time.Time) []byte {
	t.Helper()
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key, signer)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// RoundTrip answers requests to any host.
func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.String())
	status, body := http.StatusNotFound, []byte(nil)
	if answer, ok := a.answers[r.URL.String()]; ok {
		status, body = answer()
	}
	if status == 0 {
		return nil, errors.New("no connection")
	}
	header := http.Header{}
	if status == http.StatusFound {
		header.Set("Location", string(body))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// message is a notification of the topic, not signed yet.
func message() *Message {
	return &Message{Type: Notification, ID: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", TopicARN: topic, Message: `{"a":"é\n"}`,
		Timestamp: "2026-11-30T11:59:00.000Z", SignatureVersion: "2", SigningCertURL: certificateURL}
}

// sign puts the signature of its version into the message and returns the body of the request.
func (a *authority) sign(t *testing.T, m *Message) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(m.signed()))
	hash, digest := crypto.SHA256, sum[:]
	if m.SignatureVersion == "1" {
		sum := sha1.Sum([]byte(m.signed()))
		hash, digest = crypto.SHA1, sum[:]
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, hash, digest)
	if err != nil {
		t.Fatal(err)
	}
	m.Signature = base64.StdEncoding.EncodeToString(signature)
	return body(t, m)
}

// body returns the message as SNS sends it.
func body(t *testing.T, m *Message) []byte {
	t.Helper()
	fields := map[string]any{"Type": m.Type, "MessageId": m.ID, "TopicArn": m.TopicARN, "Message": m.Message, "Timestamp": m.Timestamp,
		"SignatureVersion": m.SignatureVersion, "Signature": m.Signature, "SigningCertURL": m.SigningCertURL}
	if m.Subject != nil {
		fields["Subject"] = *m.Subject
	}
	if m.Token != "" {
		fields["Token"], fields["SubscribeURL"] = m.Token, m.SubscribeURL
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (a *authority) receiver(t *testing.T) *Receiver {
	t.Helper()
	r, err := New([]string{topic}, a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSigned checks the text that is signed against the examples of Amazon's documentation of SNS.
func TestSigned(t *testing.T) {
	t.Parallel()
	subject := "My Test Subject"
	n := Message{Type: Notification, ID: "4d4dc071-ddbf-465d-bba8-08f81c89da64", TopicARN: "arn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P",
		Subject: &subject, Message: "My Test Message", Timestamp: "2019-01-31T04:37:04.321Z"}
	const want = "Message\nMy Test Message\nMessageId\n4d4dc071-ddbf-465d-bba8-08f81c89da64\nSubject\nMy Test Subject\nTimestamp\n2019-01-31T04:37:04.321Z\n" +
		"TopicArn\narn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P\nType\nNotification\n"
	if got := n.signed(); got != want {
		t.Errorf("%q", got)
	}
	c := Message{Type: SubscriptionConfirmation, ID: "3d891288-136d-417f-bc05-901c108273ee", TopicARN: topic, Message: "You have chosen",
		SubscribeURL: "https://sns", Timestamp: "2019-01-31T19:25:13.719Z", Token: "233"}
	const confirmation = "Message\nYou have chosen\nMessageId\n3d891288-136d-417f-bc05-901c108273ee\nSubscribeURL\nhttps://sns\nTimestamp\n2019-01-31T19:25:13.719Z\nToken\n233\n" +
		"TopicArn\n" + topic + "\nType\nSubscriptionConfirmation\n"
	if got := c.signed(); got != confirmation {
		t.Errorf("%q", got)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	subject := "Amazon SES"
	other := func(address string) func(*Message) { return func(m *Message) { m.SigningCertURL = address } }
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) string {
		return strings.Replace(certificateURL, "0123456789abcdef0123456789abcdef", name, 1)
	}
	texts := map[string][]byte{
		named("expired"): certificate(t, a.key, a.key.Public(), now.Add(-2*time.Hour), now.Add(-time.Hour)),
		named("curve"):   certificate(t, ec, ec.Public(), now.Add(-time.Hour), now.Add(time.Hour)),
		named("nothing"): []byte("<html>"),
	}
	for address, text := range texts {
		a.answers[address] = func() (int, []byte) { return http.StatusOK, text }
	}
	a.answers[named("moved")] = func() (int, []byte) { return http.StatusFound, []byte(certificateURL) }
	for name, c := range map[string]struct {
		change func(m *Message)
		// after changes the message once it is signed.
		after func(m *Message)
		want  error
	}{
		"version 2":               {},
		"version 1":               {change: func(m *Message) { m.SignatureVersion = "1" }},
		"with a subject":          {change: func(m *Message) { m.Subject = &subject }},
		"of China":                {change: func(m *Message) { m.TopicARN = "arn:aws-cn:sns:cn-north-1:123456789012:x" }, want: ErrTopic},
		"an hour old":             {change: func(m *Message) { m.Timestamp = "2026-11-30T11:00:00.000Z" }},
		"older than an hour":      {change: func(m *Message) { m.Timestamp = "2026-11-30T10:59:59.000Z" }, want: ErrTime},
		"from the future":         {change: func(m *Message) { m.Timestamp = "2026-11-30T12:05:01.000Z" }, want: ErrTime},
		"no time":                 {change: func(m *Message) { m.Timestamp = "yesterday" }, want: ErrTime},
		"another topic":           {change: func(m *Message) { m.TopicARN += "x" }, want: ErrTopic},
		"changed text":            {after: func(m *Message) { m.Message += " " }, want: ErrSignature},
		"changed id":              {after: func(m *Message) { m.ID += "0" }, want: ErrSignature},
		"added subject":           {after: func(m *Message) { m.Subject = &subject }, want: ErrSignature},
		"another version":         {after: func(m *Message) { m.SignatureVersion = "1" }, want: ErrSignature},
		"version 3":               {after: func(m *Message) { m.SignatureVersion = "3" }, want: ErrSignature},
		"no base64":               {after: func(m *Message) { m.Signature = "%" }, want: ErrSignature},
		"no signature":            {after: func(m *Message) { m.Signature = "" }, want: ErrForm},
		"unknown type":            {change: func(m *Message) { m.Type = "Publish" }, want: ErrForm},
		"confirmation, no token":  {change: func(m *Message) { m.Type = SubscriptionConfirmation }, want: ErrForm},
		"http":                    {change: other(strings.Replace(certificateURL, "https", "http", 1)), want: ErrSignature},
		"another host":            {change: other(strings.Replace(certificateURL, "amazonaws.com", "amazonaws.com.evil.example", 1)), want: ErrSignature},
		"host in the user":        {change: other("https://sns.ap-northeast-1.amazonaws.com@evil.example/SimpleNotificationService-0.pem"), want: ErrSignature},
		"a bucket":                {change: other("https://s3.ap-northeast-1.amazonaws.com/SimpleNotificationService-0.pem"), want: ErrSignature},
		"a port":                  {change: other(strings.Replace(certificateURL, ".com", ".com:8443", 1)), want: ErrSignature},
		"another region":          {change: other(strings.Replace(certificateURL, "ap-northeast-1", "us-east-1", 1)), want: ErrSignature},
		"another path":            {change: other("https://sns.ap-northeast-1.amazonaws.com/?Action=x"), want: ErrSignature},
		"a path in a folder":      {change: other(strings.Replace(certificateURL, "/Simple", "/x/Simple", 1)), want: ErrSignature},
		"a query":                 {change: other(certificateURL + "?x=1"), want: ErrSignature},
		"no such certificate":     {change: other(named("missing")), want: ErrSignature},
		"an expired certificate":  {change: other(named("expired")), want: ErrSignature},
		"another kind of key":     {change: other(named("curve")), want: ErrSignature},
		"no certificate":          {change: other(named("nothing")), want: ErrSignature},
		"a certificate elsewhere": {change: other(named("moved")), want: ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := message()
			if c.change != nil {
				c.change(m)
			}
			text := a.sign(t, m)
			if c.after != nil {
				c.after(m)
				text = body(t, m)
			}
			got, err := a.receiver(t).Read(t.Context(), text, now)
			if !errors.Is(err, c.want) || err == nil && got.Message != m.Message {
				t.Errorf("%v, expected %v", err, c.want)
			}
		})
	}
	for _, text := range []string{"", "null", "[]", "{}", `{"Type":1}`, strings.Repeat("x", MaxSize+1)} {
		if _, err := a.receiver(t).Read(t.Context(), []byte(text), now); !errors.Is(err, ErrForm) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// TestCertificateIsRemembered checks that one certificate is fetched once, that nothing is fetched for other
// topics, and that a failure to fetch it is not the sender's.
func TestCertificateIsRemembered(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	r := a.receiver(t)
	foreign := message()
	foreign.TopicARN += "x"
	_, _ = r.Read(t.Context(), a.sign(t, foreign), now)
	good := a.answers[certificateURL]
	text := a.sign(t, message())
	for _, status := range []int{0, http.StatusServiceUnavailable, http.StatusTooManyRequests} {
		a.answers[certificateURL] = func() (int, []byte) { return status, nil }
		if _, err := r.Read(t.Context(), text, now); err == nil || errors.Is(err, ErrSignature) {
			t.Errorf("%d: %v", status, err)
		}
	}
	a.answers[certificateURL] = good
	for range 3 {
		if _, err := r.Read(t.Context(), text, now); err != nil {
			t.Error(err)
		}
	}
	if len(a.asked) != 4 {
		t.Error(a.asked)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	const address = "https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336412f37"
	for name, c := range map[string]struct {
		url, want string
		status    int
	}{
		"confirmed":         {address, "", 200},
		"moved elsewhere":   {address, "answers 302", 302},
		"refused":           {address, "answers 403", 403},
		"another host":      {strings.Replace(address, "sns.", "sns.evil.", 1), ErrSignature.Error(), 200},
		"no https":          {strings.Replace(address, "https", "http", 1), ErrSignature.Error(), 200},
		"another action":    {strings.Replace(address, "ConfirmSubscription", "Publish", 1), ErrSignature.Error(), 200},
		"of another topic":  {strings.Replace(address, ":q2ab", ":x", 1), ErrSignature.Error(), 200},
		"metadata":          {"https://169.254.169.254/latest/meta-data", ErrSignature.Error(), 200},
		"no address at all": {"::", ErrSignature.Error(), 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthority(t)
			a.answers[address] = func() (int, []byte) { return c.status, []byte("https://evil.example/") }
			m := message()
			m.Type, m.Token, m.SubscribeURL = SubscriptionConfirmation, "2336412f37", c.url
			r := a.receiver(t)
			read, err := r.Read(t.Context(), a.sign(t, m), now)
			if err != nil {
				t.Fatal(err)
			}
			err = r.Confirm(context.Background(), read)
			if err != nil {
				got := err.Error()
				if c.want == "" || !strings.Contains(got, c.want) || strings.Contains(got, m.Token) {
					t.Error(err)
				}
			} else if c.want != "" {
				t.Error("it is confirmed")
			}
			for _, asked := range a.asked {
				if asked != certificateURL && asked != address {
					t.Error("visited", asked)
				}
			}
		})
	}
}

func TestTopics(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "q2ab-mail-bounce", "arn:aws:sqs:ap-northeast-1:123456789012:x", "arn:aws:sns:evil.example/:123456789012:x", topic + " ", "arn:aws:sns:ap-northeast-1:123:x"} {
		if _, err := New([]string{topic, bad}, nil); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for topic, host := range map[string]string{"arn:aws-cn:sns:cn-north-1:123456789012:x": "sns.cn-north-1.amazonaws.com.cn", "arn:aws-us-gov:sns:us-gov-west-1:123456789012:x": "sns.us-gov-west-1.amazonaws.com"} {
		if got := hostOf(topic); got != host {
			t.Error(got)
		}
	}
}
