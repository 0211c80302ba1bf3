package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// server is a mail server that accepts mails over SMTP.
type server struct {
	host           string
	port           int
	user, password string
	// implicit reports whether the connection uses TLS from the start.
	implicit bool
	policy   gomail.TLSPolicy
	// signer signs the mails; nil if they are not signed.
	signer *signer
	// config is a TLS configuration for tests; otherwise nil.
	config *tls.Config
}

// encoding returns base64 for Japanese, which quoted-printable would make three times as long, and
// quoted-printable otherwise.
func (*server) encoding(japanese bool) gomail.Encoding {
	if japanese {
		return gomail.EncodingB64
	}
	return gomail.EncodingQP
}

// send sends one mail over a connection of its own. When the context ends, the connection is
// closed, whatever it is doing.
func (s *server) send(ctx context.Context, msg *gomail.Msg, _ string) error {
	if s.signer != nil {
		if err := s.signer.sign(msg); err != nil {
			return err
		}
	}
	line := &connection{server: s, ends: ctx}
	defer line.close()
	client, err := s.client(line)
	if err != nil {
		return outage{s.unreachable(err)}
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return outage{s.unreachable(err)}
	}
	err = client.SendWithSMTPClient(session, msg)
	if err == nil || msg.IsDelivered() {
		// The server has the mail, so a failure to close the session does not matter.
		_ = client.CloseWithSMTPClient(session)
		return nil
	}
	return failure(err, recipientOf(msg))
}

func (s *server) client(line *connection) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(attemptTimeout),
		gomail.WithTLSPolicy(s.policy), gomail.WithTLSConfig(s.tls()),
		gomail.WithDialContextFunc(line.dial), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.user != "" {
		// Mechanisms that reveal the password to the server are used only over an encrypted
		// connection, unless TLS is off on purpose.
		mechanisms := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1,
			gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
		if s.policy == gomail.NoTLS && !s.implicit {
			mechanisms = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1,
				gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
		}
		options = append(options, gomail.WithOpportunisticSMTPAuth(mechanisms...),
			gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	return gomail.NewClient(s.host, options...)
}

func (s *server) tls() *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.config != nil {
		config = s.config.Clone()
	}
	config.ServerName = s.host
	return config
}

// unreachable returns an error that describes why no mails can be sent: the server is down, its
// certificate is not valid, or it does not accept the password. The error does not contain the
// password.
func (s *server) unreachable(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) { // the server's own text is left out: it might repeat secrets
		return fmt.Errorf("the mail server %s answers %d before it is given a mail%s",
			s.host, reply.Code, hint(reply.Code))
	}
	message := err.Error()
	if s.password != "" {
		message = strings.ReplaceAll(message, s.password, "…")
	}
	return fmt.Errorf("the mail server %s cannot be used: %s", s.host, message)
}

// hint returns an addition to the error for codes that are about authentication; "" for others.
func hint(code int) string {
	if code == 530 || code == 534 || code == 535 || code == 538 {
		return ": the user or the password may be wrong"
	}
	return ""
}

// failure returns an error that describes why the server did not accept a mail. It leaves out the
// server's texts, which repeat addresses.
//
// The error is a refused if the server rejects the recipient or the mail permanently. If the server
// rejects the sender, or refuses to relay for this site (enhanced status x.7.x and the codes of
// authentication), the cause is its settings or the site's, which somebody may correct; such a mail
// is tried again.
func failure(err error, to string) error {
	var f *gomail.SendError
	if !errors.As(err, &f) {
		return errors.New("the mail was not sent")
	}
	code := f.ErrorCode()
	if code == 0 {
		return fmt.Errorf("%s: the connection broke", f.Reason)
	}
	described := fmt.Errorf("%s: %s", f.Reason,
		strings.TrimSpace(fmt.Sprintf("%d %s", code, f.EnhancedStatusCode())))
	atRecipient := f.Reason == gomail.ErrSMTPRcptTo && hint(code) == "" &&
		!strings.HasPrefix(f.EnhancedStatusCode(), "5.7.")
	if code >= 500 && (atRecipient || f.Reason == gomail.ErrSMTPDataClose) {
		// Enhanced status x.1.1, x.1.2 and x.1.10: no such mailbox, no such host, a host without mail.
		switch _, status, _ := strings.Cut(f.EnhancedStatusCode(), "."); {
		case !atRecipient:
			to = ""
		case status != "1.1" && status != "1.2" && status != "1.10":
			to = ""
		}
		return refused{described, to}
	}
	return described
}

// connection is a network connection that is closed when a context ends.
type connection struct {
	server *server
	ends   context.Context //nolint:containedctx // dial is given one that is over when the connection stands
	raw    net.Conn
	stop   func() bool
}

func (c *connection) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, network,
		net.JoinHostPort(c.server.host, strconv.Itoa(c.server.port))) // IPv6 too
	if err != nil {
		return nil, err
	}
	c.raw, c.stop = raw, context.AfterFunc(c.ends, func() { raw.Close() })
	if !c.server.implicit {
		return raw, nil
	}
	encrypted := tls.Client(raw, c.server.tls())
	return encrypted, encrypted.HandshakeContext(ctx)
}

func (c *connection) close() {
	if c.raw != nil {
		c.stop()
		c.raw.Close()
	}
}
