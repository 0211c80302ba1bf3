// Package undelivered reads what mail servers and Amazon SES report of mails that did not arrive, or that
// their recipients did not want.
package undelivered

import (
	netmail "net/mail"
	"regexp"
	"strings"
)

// Kind is what a report says of an address.
type Kind int

// The kinds of reports.
const (
	// Permanent says that no mail to the address will arrive.
	Permanent Kind = iota + 1
	// Transient says that one mail did not arrive, and that a later one may.
	Transient
	// Complaint says that the recipient does not want such mails.
	Complaint
)

// Report is what was reported of one address.
type Report struct {
	Address string
	Kind    Kind
	// MessageID is that of the mail which the report is about, without angle brackets; "" if the report
	// does not tell.
	MessageID string
	// To is the address to which that mail was sent by its header, "" if the report does not tell. Behind
	// a forwarder it differs from Address.
	To string
}

// enhancedStatus matches an enhanced status code (RFC 3463) that is not part of an address or a number.
var enhancedStatus = regexp.MustCompile(`(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|$)`)

// replyCode matches a reply of SMTP at the start of a diagnostic code.
var replyCode = regexp.MustCompile(`^(?:smtp;)?\s*([245]\d\d)\b`)

// kindOf returns what a failure says of its address, by the action, the status and the diagnostic code of
// a delivery report, and 0 if it says nothing. Servers that know no more write the status 5.0.0, so the
// status in the diagnostic code counts before it.
func kindOf(action, status, diagnostic string) Kind {
	diagnostic = strings.ToLower(strings.TrimSpace(diagnostic))
	if strings.EqualFold(strings.TrimSpace(action), "delayed") {
		return 0 // the server goes on trying
	}
	if !strings.EqualFold(strings.TrimSpace(action), "failed") {
		return 0
	}
	status = strings.TrimSpace(status)
	if found := enhancedStatus.FindStringSubmatch(diagnostic); found != nil {
		status = found[1]
	}
	switch {
	case strings.HasPrefix(status, "5.1."), status == "5.2.1": // no such address; a mailbox that is closed
		if status == "5.1.7" || status == "5.1.8" { // the sender's address
			return 0
		}
		return Permanent
	case status == "5.0.0" || status == "":
		reply := ""
		if found := replyCode.FindStringSubmatch(diagnostic); found != nil {
			reply = found[1]
		}
		// Of the replies, 550, 551 and 553 are about the mailbox, if they name no policy.
		if (reply == "550" || reply == "551" || reply == "553") && !isPolicy(diagnostic) {
			return Permanent
		}
		return Transient
	case strings.HasPrefix(status, "5.7."), strings.HasPrefix(status, "5.6."), status == "5.2.3", status == "5.3.4":
		return 0 // about the mail, or about who sends it
	default: // a full mailbox, a host that does not answer
		return Transient
	}
}

// isPolicy reports whether a diagnostic text is about the mail or its sender, and not about the mailbox.
func isPolicy(diagnostic string) bool {
	for _, word := range []string{"spam", "policy", "block", "reputation", "blacklist", "denied", "dmarc", "spf", "dkim"} {
		if strings.Contains(diagnostic, word) {
			return true
		}
	}
	return false
}

// addressOf returns the address in a field such as "rfc822; aki@example.com" or "<aki@example.com>", or ""
// if there is none.
func addressOf(field string) string {
	if kind, rest, typed := strings.Cut(field, ";"); typed {
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "rfc822", "utf-8":
		default:
			return ""
		}
		field = rest
	}
	field = strings.TrimSpace(field)
	address, err := netmail.ParseAddress(field)
	if err != nil || len(address.Address) > 254 {
		return ""
	}
	return address.Address
}

// messageID returns the id in a header field, without angle brackets.
func messageID(field string) string {
	return strings.Trim(strings.TrimSpace(field), "<>")
}
