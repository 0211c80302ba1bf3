package undelivered

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"

	"github.com/emersion/go-message"
)

// MaxSize is how large a reported mail may be, in bytes. Servers that send whole mails back cut them.
const MaxSize = 4 << 20

// maxParts is how many parts of a report are looked at. Those of the standards have three.
const maxParts = 20

// ErrNoReport is the error of ParseMail for a mail that is neither a delivery report nor a complaint.
var ErrNoReport = errors.New("this mail is no report of a bounce or a complaint")

// ErrTooLarge is the error of ParseMail for a mail of more than MaxSize bytes.
var ErrTooLarge = errors.New("this mail is too large for a report")

// ParseMail returns what a mail reports: a delivery status notification (RFC 3464) or a complaint in the
// Abuse Reporting Format (RFC 5965). It returns nothing for notifications of mails that arrived or that are
// late only.
func ParseMail(r io.Reader) ([]Report, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read a report: %w", err)
	}
	if len(raw) > MaxSize {
		return nil, ErrTooLarge
	}
	raw = withoutEnvelope(raw)
	entity, err := message.Read(bytes.NewReader(raw))
	if entity == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, ErrNoReport
	}
	kind, params, err := entity.Header.ContentType()
	if err != nil || !strings.EqualFold(kind, "multipart/report") {
		return nil, ErrNoReport
	}
	var p parts
	if err := p.read(entity); err != nil {
		return nil, ErrNoReport
	}
	switch {
	case p.feedback != nil && !strings.EqualFold(params["report-type"], "delivery-status"):
		return p.complaint(), nil
	case p.status != nil:
		return p.bounces(), nil
	}
	return nil, ErrNoReport
}

// withoutEnvelope drops the line that begins with "From " by which mail servers hand mails to programs.
func withoutEnvelope(raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte("From ")) {
		if end := bytes.IndexByte(raw, '\n'); end >= 0 {
			return raw[end+1:]
		}
	}
	return raw
}

// parts are the parts of a report that programs read.
type parts struct {
	// status is a delivery report: groups of fields, the first of them about the whole mail.
	status []textproto.MIMEHeader
	// feedback are the fields of a complaint.
	feedback textproto.MIMEHeader
	// original is the header of the mail that is reported.
	original textproto.MIMEHeader
}

func (p *parts) read(report *message.Entity) error {
	multipart := report.MultipartReader()
	if multipart == nil {
		return ErrNoReport
	}
	for range maxParts {
		part, err := multipart.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if part == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			if p.status != nil || p.feedback != nil {
				return nil // what comes behind may be cut
			}
			return ErrNoReport
		}
		kind, _, _ := part.Header.ContentType()
		switch strings.ToLower(kind) {
		case "message/delivery-status", "message/global-delivery-status":
			p.status = fieldGroups(part.Body)
		case "message/feedback-report":
			if groups := fieldGroups(part.Body); len(groups) > 0 {
				p.feedback = groups[0]
			}
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers":
			if groups := fieldGroups(part.Body); len(groups) > 0 {
				p.original = groups[0]
			}
		}
	}
	return nil
}

// maxGroups is how many groups of fields of a part are read; a delivery report has one for each recipient.
const maxGroups = 1 + maxRecipients

// fieldGroups reads groups of header fields, which empty lines separate, up to a line that is none.
func fieldGroups(body io.Reader) (groups []textproto.MIMEHeader) {
	r := textproto.NewReader(bufio.NewReader(body))
	for len(groups) < maxGroups {
		fields, err := r.ReadMIMEHeader()
		if len(fields) > 0 {
			groups = append(groups, fields)
		}
		if err != nil {
			return groups
		}
	}
	return groups
}

// bounces returns the reports about the recipients of a delivery report.
func (p *parts) bounces() (list []Report) {
	for _, group := range p.status {
		kind := kindOf(group.Get("Action"), group.Get("Status"), group.Get("Diagnostic-Code"))
		if kind == 0 {
			continue
		}
		// The original address is the one that the mail was sent to; the final one is where a forwarder
		// sent it on.
		address := addressOf(group.Get("Original-Recipient"))
		if address == "" {
			address = addressOf(group.Get("Final-Recipient"))
		}
		if address != "" {
			list = append(list, p.report(address, kind))
		}
	}
	return list
}

// complaint returns the report about the recipient of a mail that somebody complained about. Some providers
// leave the address out of the fields; it then stands in the header of the mail itself.
func (p *parts) complaint() []Report {
	switch strings.ToLower(strings.TrimSpace(p.feedback.Get("Feedback-Type"))) {
	case "abuse", "fraud", "virus", "other", "opt-out", "opt-out-list":
	default: // not-spam, auth-failure
		return nil
	}
	for _, field := range []string{p.feedback.Get("Original-Rcpt-To"), p.original.Get("X-HmXmrOriginalRecipient"),
		p.original.Get("To")} {
		if address := addressOf(field); address != "" {
			return []Report{p.report(address, Complaint)}
		}
	}
	return nil
}

func (p *parts) report(address string, kind Kind) Report {
	return Report{Address: address, Kind: kind, MessageID: messageID(p.original.Get("Message-Id")),
		To: addressOf(p.original.Get("To"))}
}
