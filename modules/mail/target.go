package mail

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// target is a destination of mails.
type target interface {
	// send delivers a mail. The error is an outage if no mail can be sent, and a refused if this
	// mail can never be sent. Errors contain no addresses and no secrets, so that they may be
	// logged. name is a short unique name for the mail.
	send(ctx context.Context, msg *gomail.Msg, name string) error
	// encoding returns how mails are to be encoded, depending on whether they are in Japanese.
	encoding(japanese bool) gomail.Encoding
}

// newTarget returns the target that the setting URL names, or nil if mails are off. Errors do not
// quote the setting, because it may contain a password.
func newTarget(address string) (target, error) {
	if address == "" || address == "off" {
		return nil, nil //nolint:nilnil // mails are off
	}
	if dir, ok := strings.CutPrefix(address, "file:"); ok {
		if strings.HasPrefix(dir, "///") {
			dir = dir[2:]
		}
		if dir == "" || strings.HasPrefix(dir, "//") {
			return nil, errors.New("file: wants the folder, as in file:data/mail")
		}
		return folder(dir), nil
	}
	if query, ok := strings.CutPrefix(address, "ses:"); ok {
		if query != "" && !strings.HasPrefix(query, "?") {
			return nil, errors.New("ses: wants ?region=REGION, and perhaps &configuration-set=NAME")
		}
		return newSES(strings.TrimPrefix(query, "?"))
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" ||
		strings.TrimSuffix(u.Path, "/") != "" || u.Fragment != "" {
		return nil, errors.New("smtp://user:password@host:port, smtps://…, ses:?region=REGION, file:DIR or off was expected, with special characters percent-encoded")
	}
	s := &server{host: u.Hostname(), port: 587, policy: gomail.TLSOpportunistic,
		implicit: u.Scheme == "smtps"}
	if s.implicit {
		s.port, s.policy = 465, gomail.NoTLS // it is on already
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errors.New("the port is no number from 1 to 65535")
		}
	}
	if u.User != nil {
		s.user = u.User.Username()
		if s.password, _ = u.User.Password(); s.user == "" || s.password == "" {
			return nil, errors.New("a user needs a password, and the other way round")
		}
	}
	return s, s.setTLS(u.RawQuery)
}

// setTLS applies the parameters of the setting URL, which follow the question mark.
func (s *server) setTLS(query string) error {
	params, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("what follows the question mark cannot be read")
	}
	for name := range params {
		if name != "tls" || s.implicit {
			return fmt.Errorf("the only parameter is tls, and that of smtp: alone")
		}
		switch params.Get(name) {
		case "required":
			s.policy = gomail.TLSMandatory
		case "off":
			s.policy = gomail.NoTLS
		default:
			return errors.New("tls is required or off; without it TLS is used where the server offers it")
		}
	}
	return nil
}

// folder is a target for development: each mail becomes a file in the folder.
type folder string

// encoding returns no encoding, so that people can read the files.
func (folder) encoding(bool) gomail.Encoding { return gomail.NoEncoding }

// send writes the mail to a file. The file appears under its name only when it is complete.
func (dir folder) send(_ context.Context, msg *gomail.Msg, name string) (err error) {
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return outage{err}
	}
	f, err := os.CreateTemp(string(dir), ".mail-*") // with mode 0600
	if err != nil {
		return outage{err}
	}
	_, err = msg.WriteTo(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(string(dir), name+".eml"))
	}
	if err != nil {
		return outage{errors.Join(err, os.Remove(f.Name()))}
	}
	return nil
}
