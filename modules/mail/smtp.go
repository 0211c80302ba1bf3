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

// server is a mail server that takes mails over SMTP.
type server struct {
	host           string
	port           int
	user, password string
	// implicit tells that TLS starts with the connection.
	implicit bool
	policy   gomail.TLSPolicy
	// config is nil but for tests.
	config *tls.Config
}

// encoding is base64 for Japanese, of which quoted-printable would make three times as much.
func (*server) encoding(japanese bool) gomail.Encoding {
	if japanese {
		return gomail.EncodingB64
	}
	return gomail.EncodingQP
}

// send sends one mail over a connection of its own. The end of the context cuts that wherever it stands.
func (s *server) send(ctx context.Context, msg *gomail.Msg, _ string) error {
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
		_ = client.CloseWithSMTPClient(session) // it has the mail, however it takes its leave
		return nil
	}
	return failure(err)
}

func (s *server) client(line *connection) (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(sendTimeout), gomail.WithTLSPolicy(s.policy), gomail.WithTLSConfig(s.tls()),
		gomail.WithDialContextFunc(line.dial), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	if s.user != "" {
		// Those that show the password to the server only if the line is encrypted, unless TLS is off on purpose.
		mechanisms := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
		if s.policy == gomail.NoTLS && !s.implicit {
			mechanisms = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
		}
		options = append(options, gomail.WithOpportunisticSMTPAuth(mechanisms...), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
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

// unreachable describes why nothing can be sent: the server is away, its certificate is not good, it does not take the password.
func (s *server) unreachable(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) { // its text is the server's and might repeat what it was told
		return fmt.Errorf("the mail server %s answers %d before it is given a mail%s", s.host, reply.Code, hint(reply.Code))
	}
	message := err.Error()
	if s.password != "" {
		message = strings.ReplaceAll(message, s.password, "…")
	}
	return fmt.Errorf("the mail server %s cannot be used: %s", s.host, message)
}

func hint(code int) string {
	if code == 530 || code == 534 || code == 535 || code == 538 {
		return ": the user or the password may be wrong"
	}
	return ""
}

// failure describes why a mail was not taken, without the texts of the server, which repeat addresses.
//
// What the server refuses for good is the recipient or the mail. That it refuses the sender, or to relay for us (x.7.x and the
// codes of authentication), is a matter of settings, which somebody may put right in time.
func failure(err error) error {
	var f *gomail.SendError
	if !errors.As(err, &f) {
		return errors.New("the mail was not sent")
	}
	code := f.ErrorCode()
	if code == 0 {
		return fmt.Errorf("%s: the connection broke", f.Reason)
	}
	described := fmt.Errorf("%s: %s", f.Reason, strings.TrimSpace(fmt.Sprintf("%d %s", code, f.EnhancedStatusCode())))
	atRecipient := f.Reason == gomail.ErrSMTPRcptTo && hint(code) == "" && !strings.HasPrefix(f.EnhancedStatusCode(), "5.7.")
	if code >= 500 && (atRecipient || f.Reason == gomail.ErrSMTPDataClose) {
		return refused{described}
	}
	return described
}

// connection is a connection that ends with a context.
type connection struct {
	server *server
	ends   context.Context //nolint:containedctx // dial is given one that is over when the connection stands
	raw    net.Conn
	stop   func() bool
}

func (c *connection) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, network, net.JoinHostPort(c.server.host, strconv.Itoa(c.server.port))) // IPv6 too
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
