// Package webpush sends messages to browsers by their push services: encrypted as RFC 8291 says, signed
// as RFC 8292 says (VAPID), and handed over as RFC 8030 says. It knows nothing of what the messages tell.
package webpush

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	library "github.com/ergochat/webpush-go/v2"

	"38qa.net/backend/modules/kernel/outbound"
)

const (
	// MaxBody is the size of the largest message, in bytes: what fits into the one record of 4096 bytes
	// that every push service takes.
	MaxBody = 4096 - 86 - 17
	// MaxEndpoint is the length of the longest address of a receiver.
	MaxEndpoint = 1000
	// signedFor is how long a signature is good. RFC 8292 allows a day; the clocks may differ.
	signedFor = 12 * time.Hour
	// readLimit is how much of a response is read, so that the connection can be used again.
	readLimit = 4 << 10
)

// Errors of what a browser says of its receiver.
var (
	ErrEndpoint = errors.New("it is no https address of a push service")
	ErrP256dh   = errors.New("it is no public key on the curve P-256")
	ErrAuth     = errors.New("it is no secret of 16 bytes")
)

// Receiver is where a browser receives messages: what the browser calls a PushSubscription.
type Receiver struct {
	// Endpoint is an address at the push service that only this browser and those whom it told know.
	Endpoint string
	// P256dh is the browser's public key, an uncompressed point on P-256; Auth is its secret.
	P256dh, Auth []byte
}

// NewReceiver returns the receiver that a browser describes, with its keys in base64 as browsers write
// it. The error is one of those above.
func NewReceiver(endpoint, p256dh, auth string) (r Receiver, err error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" ||
		u.Fragment != "" || len(endpoint) > MaxEndpoint || !outbound.MayCall(u.Hostname(), nil) ||
		strings.ContainsFunc(endpoint, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return r, ErrEndpoint
	}
	r.Endpoint = endpoint
	if r.P256dh, err = decode(p256dh); err == nil {
		_, err = ecdh.P256().NewPublicKey(r.P256dh)
	}
	if err != nil {
		return r, ErrP256dh
	}
	if r.Auth, err = decode(auth); err != nil || len(r.Auth) != 16 {
		return r, ErrAuth
	}
	return r, nil
}

// Host returns the name of the push service.
func (r Receiver) Host() string {
	u, err := url.Parse(r.Endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// decode decodes base64 with either alphabet, with or without padding.
func decode(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// Urgency says for which messages a device is to be woken (RFC 8030, section 5.3).
type Urgency = library.Urgency

// The urgencies that are used.
const (
	Low    = library.UrgencyLow
	Normal = library.UrgencyNormal
)

// Message is a message to a browser.
type Message struct {
	// Body is what the browser's script is given, MaxBody bytes at most.
	Body []byte
	// TTL is how long the push service keeps the message for a device that is off.
	TTL     time.Duration
	Urgency Urgency
	// Topic, if it is not "", lets a message replace one with the same topic that has not been delivered yet;
	// it has up to 32 letters and digits.
	Topic string
}

// ErrGone is the error of Send if there is no such receiver any more.
var ErrGone = errors.New("there is no such receiver any more")

// LaterError is the error of Send if the message may be sent again later.
type LaterError struct {
	// After is how long the push service wants to be left alone, 0 if it does not say.
	After time.Duration
	err   error
}

func (e *LaterError) Error() string { return e.err.Error() }

// Unwrap returns what went wrong.
func (e *LaterError) Unwrap() error { return e.err }

// Sender sends messages in the name of the site.
type Sender struct {
	client  *http.Client
	key     *Key
	contact string
}

// NewSender returns a sender. The client must be one that reaches public addresses only and follows no
// redirects (package outbound). contact is the mailto: or https: address at which push services find
// whom to talk to.
func NewSender(client *http.Client, key *Key, contact string) *Sender {
	return &Sender{client, key, contact}
}

// Send hands a message to the receiver's push service. The error is ErrGone, a *LaterError, or another if
// this message will never be taken. No error quotes the endpoint.
func (s *Sender) Send(ctx context.Context, r Receiver, m Message) error {
	key, err := ecdh.P256().NewPublicKey(r.P256dh)
	if err != nil || len(r.Auth) != 16 {
		return ErrGone // what cannot be encrypted cannot be read
	}
	keys := library.Keys{Auth: [16]byte(r.Auth), P256dh: key}
	response, err := library.SendNotification(ctx, m.Body, &library.Subscription{Endpoint: r.Endpoint, Keys: keys},
		&library.Options{HTTPClient: s.client, Subscriber: s.contact, Topic: m.Topic, Urgency: m.Urgency,
			TTL: max(0, int(m.TTL/time.Second)), VAPIDKeys: s.key.library,
			VapidExpiration: time.Now().Add(signedFor)})
	var failed *url.Error // it quotes the endpoint
	switch {
	case errors.Is(err, outbound.ErrRefused):
		return outbound.ErrRefused
	case errors.As(err, &failed):
		return &LaterError{err: fmt.Errorf("ask the push service: %w", failed.Err)}
	case err != nil:
		return fmt.Errorf("encrypt a message: %w", err)
	}
	defer response.Body.Close()
	_, _, _ = outbound.ReadUpTo(response.Body, readLimit) // what it says is of no use
	return outcome(response, time.Now())
}

// outcome returns the error that a response of a push service means, nil if it took the message.
func outcome(response *http.Response, now time.Time) error {
	said := fmt.Errorf("the push service answers %d", response.StatusCode)
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		return ErrGone
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return &LaterError{retryAfter(response.Header.Get("Retry-After"), now), said}
	default:
		return said
	}
}

// maxRetryAfter bounds for how long a push service can ask to be left alone.
const maxRetryAfter = 24 * time.Hour

// retryAfter returns the time that a header Retry-After names, in seconds or as a date; 0 if it is none.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(0, min(at.Sub(now), maxRetryAfter))
}
