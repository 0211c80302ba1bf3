package mail

import (
	"cmp"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
)

// DKIM says how mails are signed that leave by SMTP. Amazon SES signs by itself.
type DKIM struct {
	// Selector is the name of the key below _domainkey.DOMAIN. Without one nothing is signed.
	Selector string
	// Domain is the domain that vouches for the mails; if it is empty, that of the sender.
	Domain string
	// Key is the private key as PEM, RSA of 2048 bits and more or Ed25519, or file:PATH of such a text. Line
	// breaks may be written as \n.
	Key string
}

// signer signs mails.
type signer struct {
	selector, domain string
	key              crypto.Signer
}

// newSigner returns the signer that the settings describe, or nil if nothing is to be signed. Its errors do
// not repeat the key.
func newSigner(set DKIM) (*signer, error) {
	if set.Selector == "" && set.Key == "" {
		return nil, nil //nolint:nilnil // nothing is signed
	}
	if set.Selector == "" || set.Key == "" {
		return nil, errors.New("MAIL_DKIM_SELECTOR and MAIL_DKIM_KEY belong together")
	}
	text := []byte(strings.ReplaceAll(set.Key, `\n`, "\n"))
	if path, ok := strings.CutPrefix(set.Key, "file:"); ok {
		var err error
		if text, err = os.ReadFile(path); err != nil { //nolint:gosec // the operator names the file
			return nil, fmt.Errorf("MAIL_DKIM_KEY: %w", err)
		}
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("MAIL_DKIM_KEY: a private key as PEM, or file:PATH, was expected")
	}
	var key any
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, errors.New("MAIL_DKIM_KEY: the private key cannot be read")
		}
	}
	const leastBits = 2048
	s := &signer{selector: set.Selector, domain: set.Domain}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < leastBits {
			return nil, errors.New("MAIL_DKIM_KEY: an RSA key needs 2048 bits")
		}
		s.key = k
	case ed25519.PrivateKey:
		s.key = k
	default:
		return nil, errors.New("MAIL_DKIM_KEY: only keys of RSA and Ed25519 are supported")
	}
	return s, nil
}

// signedFields are the header fields that are signed. RFC 8058 wants those of unsubscribing among them.
var signedFields = []string{"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
	"MIME-Version", "Content-Type", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"}

// sign adds a signature to the header of a mail, which must not change after that.
func (s *signer) sign(msg *gomail.Msg) error {
	boundary := make([]byte, 24)
	if _, err := rand.Read(boundary); err != nil {
		return err
	}
	msg.SetBoundary(hex.EncodeToString(boundary)) // or each writing of the mail would make another one
	domain := s.domain
	if from := msg.GetFrom(); len(from) > 0 {
		_, host, _ := strings.Cut(from[0].Address, "@")
		domain = cmp.Or(domain, host)
	}
	g, err := dkim.NewSigner(&dkim.SignOptions{Domain: domain, Selector: s.selector, Signer: s.key,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: signedFields})
	if err != nil {
		return errors.New("the mail cannot be signed")
	}
	_, err = msg.WriteTo(g)
	if err = errors.Join(err, g.Close()); err != nil {
		return errors.New("the mail cannot be signed")
	}
	name, value, _ := strings.Cut(strings.TrimSuffix(g.Signature(), "\r\n"), ": ")
	msg.SetGenHeaderPreformatted(gomail.Header(name), value)
	return nil
}
