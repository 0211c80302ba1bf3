package mail

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// received is a mail that arrived, decoded.
type received struct {
	from, to string // of the envelope
	header   netmail.Header
	// body and html are the mail's text, plain and as HTML.
	subject, body, html string
	// raw is the mail as it arrived.
	raw []byte
}

// sink is a mail server that keeps what it gets. The functions, if set, answer to what comes.
type sink struct {
	server *smtp.Server
	addr   string

	mu     sync.Mutex
	mails  []received
	sender func(from string) error
	rcpt   func(to string) error
	data   func(mail received) error
	users  map[string]string
	seen   []string // "tls" or "plain", for each mail
}

// newSink starts a server; on the address of an earlier one, if it is not "".
func newSink(t *testing.T, addr string, change func(*smtp.Server)) *sink {
	t.Helper()
	s := &sink{}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{sink: s, conn: c}, nil }))
	s.server.Domain = "sink.example"
	s.server.ErrorLog = quiet{}
	if change != nil {
		change(s.server)
	}
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	go s.server.Serve(l)
	t.Cleanup(func() { s.server.Close() })
	return s
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (s *sink) url() string { return "smtp://" + s.addr }

// got are the mails so far.
func (s *sink) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

// answer sets what the server says to recipients.
func (s *sink) answer(rcpt func(to string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rcpt = rcpt
}

// session is one connection to the sink.
type session struct {
	sink     *sink
	conn     *smtp.Conn
	from, to string
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.sink.users == nil {
		return nil
	}
	return []string{"PLAIN"}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.sink.users[user] != password {
			return errors.New("no, " + user + " with " + password) // as careless as a server can be
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	if s.sink.sender != nil {
		return s.sink.sender(from)
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.sink.mu.Lock()
	rcpt := s.sink.rcpt
	s.sink.mu.Unlock()
	if rcpt != nil {
		return rcpt(to)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	mail, err := decode(raw)
	if err != nil {
		return err
	}
	mail.from, mail.to, mail.raw = s.from, s.to, raw
	if s.sink.data != nil {
		if err := s.sink.data(mail); err != nil {
			return err
		}
	}
	how := "plain"
	if _, encrypted := s.conn.TLSConnectionState(); encrypted {
		how = "tls"
	}
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.mails = append(s.sink.mails, mail)
	s.sink.seen = append(s.sink.seen, how)
	return nil
}

// decode reads a mail as a mail program does.
func decode(raw []byte) (received, error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return received{}, err
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return received{}, err
	}
	parts := map[string]string{}
	for all := multipart.NewReader(msg.Body, params["boundary"]); ; {
		part, err := all.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return received{}, err
		}
		text, err := decoded(part, part.Header.Get("Content-Transfer-Encoding"))
		if err != nil {
			return received{}, err
		}
		parts[part.Header.Get("Content-Type")] = strings.ReplaceAll(text, "\r\n", "\n")
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		return received{}, err
	}
	return received{header: msg.Header, subject: subject, body: parts["text/plain; charset=UTF-8"],
		html: parts["text/html; charset=UTF-8"]}, nil
}

// decoded reads a part of a mail in the given transfer encoding.
func decoded(body io.Reader, encoding string) (string, error) {
	switch encoding {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	return string(text), err
}

// certificate makes a certificate for 127.0.0.1, and what a client needs to believe it.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

// tlsListener has connections that speak TLS from the start.
type tlsListener struct {
	net.Listener
	config *tls.Config
}

func (l tlsListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tls.Server(c, l.config), nil
}
