package undelivered

import (
	"encoding/json"
	"errors"
	"strings"
)

// sesNotice is what Amazon SES tells of a mail. As a notification of an identity the kind is in
// notificationType, and as an event of a configuration set in eventType; the rest is the same.
type sesNotice struct {
	NotificationType string `json:"notificationType"`
	EventType        string `json:"eventType"`
	Bounce           struct {
		BounceType        string         `json:"bounceType"`
		BounceSubType     string         `json:"bounceSubType"`
		BouncedRecipients []sesRecipient `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		ComplaintFeedbackType string         `json:"complaintFeedbackType"`
		ComplainedRecipients  []sesRecipient `json:"complainedRecipients"`
	} `json:"complaint"`
}

type sesRecipient struct {
	EmailAddress string `json:"emailAddress"`
}

// ErrNoNotice is the error of ParseSES for a text that is no notice of Amazon SES.
var ErrNoNotice = errors.New("this is no notice of Amazon SES")

// maxRecipients is how many recipients of a report are looked at. Mails of this program have one.
const maxRecipients = 50

// ParseSES returns what a notice of Amazon SES reports, nothing if it is neither about a bounce nor about a
// complaint. SES sends a plain text when the notices begin, which reports nothing either.
func ParseSES(message string) ([]Report, error) {
	if strings.HasPrefix(message, "Successfully validated SNS topic") {
		return nil, nil
	}
	var n sesNotice
	if err := json.Unmarshal([]byte(message), &n); err != nil || n.NotificationType+n.EventType == "" {
		return nil, ErrNoNotice
	}
	var kind Kind
	var recipients []sesRecipient
	switch n.NotificationType + n.EventType {
	case "Bounce":
		kind, recipients = sesBounce(n.Bounce.BounceType, n.Bounce.BounceSubType), n.Bounce.BouncedRecipients
	case "Complaint":
		recipients = n.Complaint.ComplainedRecipients
		if n.Complaint.ComplaintFeedbackType != "not-spam" {
			kind = Complaint
		}
	}
	if kind == 0 {
		return nil, nil
	}
	var list []Report
	for _, r := range recipients[:min(len(recipients), maxRecipients)] {
		if address := addressOf(r.EmailAddress); address != "" {
			list = append(list, Report{Address: address, Kind: kind})
		}
	}
	return list, nil
}

// sesBounce returns what a bounce says of its address, by the two types that SES gives, and 0 if it is
// about the mail.
func sesBounce(kind, sub string) Kind {
	switch kind {
	case "Permanent":
		return Permanent
	case "Transient", "Undetermined":
		switch sub {
		case "MessageTooLarge", "ContentRejected", "AttachmentRejected":
			return 0
		}
		return Transient
	}
	return 0
}
