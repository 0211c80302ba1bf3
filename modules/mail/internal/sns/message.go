// Package sns receives messages of Amazon SNS over HTTP: it checks that they are genuine, new and of a
// topic that is expected, and confirms subscriptions. No well-kept library does that with signatures of
// version 2.
package sns

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// MaxSize is how large a message may be, in bytes. SNS allows 256 KiB of text, which JSON may escape.
const MaxSize = 1 << 20

// The types of messages.
const (
	Notification             = "Notification"
	SubscriptionConfirmation = "SubscriptionConfirmation"
	UnsubscribeConfirmation  = "UnsubscribeConfirmation"
)

// Errors of messages that are not to be trusted. Other errors mean that a message could not be checked, and
// may be sent again.
var (
	ErrForm      = errors.New("this is no message of SNS")
	ErrTopic     = errors.New("the topic is not among those that are expected")
	ErrTime      = errors.New("the message is too old, or from the future")
	ErrSignature = errors.New("the signature is not of SNS")
)

// Message is a message of SNS.
type Message struct {
	Type      string
	ID        string `json:"MessageId"`
	TopicARN  string `json:"TopicArn"`
	Subject   *string
	Message   string
	Timestamp string
	// Token and SubscribeURL are for confirmations only.
	Token        string
	SubscribeURL string

	SignatureVersion string
	Signature        string
	SigningCertURL   string
}

// parse reads a message and checks that it has what its type needs.
func parse(body []byte) (*Message, error) {
	m := &Message{}
	if len(body) > MaxSize || json.Unmarshal(body, m) != nil {
		return nil, ErrForm
	}
	switch m.Type {
	case Notification:
	case SubscriptionConfirmation, UnsubscribeConfirmation:
		if m.Token == "" || m.SubscribeURL == "" {
			return nil, ErrForm
		}
	default:
		return nil, ErrForm
	}
	if m.ID == "" || len(m.ID) > 200 || m.TopicARN == "" || m.Message == "" || m.Timestamp == "" ||
		m.Signature == "" || m.SigningCertURL == "" {
		return nil, ErrForm
	}
	return m, nil
}

// signed returns the text that the signature is of.
func (m *Message) signed() string {
	fields := []string{"Message", m.Message, "MessageId", m.ID}
	if m.Type == Notification {
		if m.Subject != nil {
			fields = append(fields, "Subject", *m.Subject)
		}
		fields = append(fields, "Timestamp", m.Timestamp)
	} else {
		fields = append(fields, "SubscribeURL", m.SubscribeURL, "Timestamp", m.Timestamp, "Token", m.Token)
	}
	fields = append(fields, "TopicArn", m.TopicARN, "Type", m.Type)
	return strings.Join(fields, "\n") + "\n"
}

// How old a message may be, and how far ahead its clock: SNS tries for up to an hour to deliver one.
const (
	oldest = time.Hour
	ahead  = 5 * time.Minute
)

// checkTime returns an error unless the message is of the last hour.
func (m *Message) checkTime(now time.Time) error {
	at, err := time.Parse(time.RFC3339, m.Timestamp)
	if err != nil || now.Sub(at) > oldest || at.Sub(now) > ahead {
		return ErrTime
	}
	return nil
}

// arn matches the ARN of a topic; its groups are the partition and the region.
var arn = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-\d{1,2}):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?$`)

// CheckTopic returns an error unless the text is the ARN of a topic.
func CheckTopic(topic string) error {
	if !arn.MatchString(topic) {
		return fmt.Errorf("%q is no ARN of a topic of SNS, as in arn:aws:sns:REGION:ACCOUNT:NAME", topic)
	}
	return nil
}

// hostOf returns the host of SNS in the region of a topic.
func hostOf(topic string) string {
	parts := arn.FindStringSubmatch(topic)
	if parts == nil {
		return ""
	}
	host := "sns." + parts[2] + ".amazonaws.com"
	if parts[1] == "aws-cn" {
		host += ".cn"
	}
	return host
}

// certificatePath matches the path of a certificate of SNS.
var certificatePath = regexp.MustCompile(`^/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem$`)

// checkAddress returns the parsed address if it is one of SNS in the region of the topic, with https and
// nothing that could hide another host.
func checkAddress(address, topic string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host != hostOf(topic) || u.User != nil || u.Opaque != "" ||
		u.Fragment != "" {
		return nil, ErrSignature
	}
	return u, nil
}
