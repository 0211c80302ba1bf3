package mail

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/mail/internal/undelivered"
)

// Reports of bounces and complaints come as mails too, which anybody can write. So that nobody can have
// mails to somebody else stopped, the Message-ID of each mail holds a signature of its recipient.

// messageID returns the Message-ID of a mail, without angle brackets. It depends on the row and the
// recipient alone, whichever process sends the mail and however often.
func (m *Module) messageID(ctx context.Context, r *row, to, host string) (string, error) {
	id := fmt.Sprintf("q2ab.%d.%d.%d", r.created, r.seq, r.id)
	mac, err := m.mac(ctx, signedID(id, to))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s.%s@%s", id, hex.EncodeToString(mac[:idMACSize]), host), nil
}

// idMACSize is the length of the signature in a Message-ID, in bytes.
const idMACSize = 8

var ownID = regexp.MustCompile(`^(q2ab\.\d+\.\d+\.\d+)\.([0-9a-f]{16})@`)

func signedID(id, to string) []byte { return []byte("Message-ID\n" + id + "\n" + strings.ToLower(to)) }

// isOwn reports whether this site has sent a mail with the Message-ID to the address.
func (m *Module) isOwn(ctx context.Context, id, to string) (bool, error) {
	parts := ownID.FindStringSubmatch(id)
	if parts == nil || to == "" {
		return false, nil
	}
	mac, err := m.mac(ctx, signedID(parts[1], to))
	if err != nil {
		return false, err
	}
	return hmac.Equal([]byte(hex.EncodeToString(mac[:idMACSize])), []byte(parts[2])), nil
}

// ErrForeignReport is the error of TakeReport for a report about a mail that this site has not sent.
var ErrForeignReport = errors.New("this is a report about a mail that this backend has not sent")

// IsNoReport reports whether the error of TakeReport means that the mail is no report, or too large for one.
func IsNoReport(err error) bool {
	return errors.Is(err, undelivered.ErrNoReport) || errors.Is(err, undelivered.ErrTooLarge)
}

// TakeReport reads a mail with a report of a bounce or a complaint, and records what it says. It returns of
// how many addresses. The report has to quote the header of a mail of this site; if trusted is set, it may
// also be about a mail that PHP sent, and then whoever can write to the mailbox can have mails stopped.
func (m *Module) TakeReport(ctx context.Context, mail io.Reader, trusted bool) (taken int, err error) {
	reports, err := undelivered.ParseMail(mail)
	if err != nil {
		return 0, err
	}
	var genuine []undelivered.Report
	for _, r := range reports {
		own, err := m.isOwn(ctx, r.MessageID, r.To)
		switch {
		case err != nil:
			return 0, err
		case own:
			r.Address = r.To // mails have one recipient, and behind a forwarder this is the one of the account
			genuine = append(genuine, r)
		case trusted:
			genuine = append(genuine, r)
		}
	}
	if len(genuine) == 0 && len(reports) > 0 {
		return 0, ErrForeignReport
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		for _, r := range genuine {
			if err := m.record(ctx, tx, r.Address, r.Kind); err != nil {
				return err
			}
		}
		return nil
	})
	return len(genuine), err
}
