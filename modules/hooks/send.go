package hooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"38qa.net/backend/modules/kernel/outbound"
)

const (
	// sendTimeout bounds a request, from the look-up of the receiver's name to the end of its response.
	sendTimeout = 10 * time.Second
	// bodyLimit is how many bytes of a response are read, so that the connection can be used again.
	bodyLimit = 16 << 10
)

// failure says why an attempt failed; "" for one that succeeded.
type failure string

const (
	failureTimeout   failure = "timeout"           // no response within sendTimeout
	failureForbidden failure = "forbidden-address" // the address, or what the name means, is not public
	failureUnknown   failure = "unknown-host"      // the name has no address
	failureTLS       failure = "bad-certificate"   // the certificate is not valid, or there is no TLS
	failureNone      failure = "no-connection"     // anything else without a response
	failureRedirect  failure = "redirect"          // 3xx: never followed
	failureGone      failure = "gone"              // 410
	failureRefused   failure = "refused"           // any other status that is not 2xx
)

// outcome is what came of an attempt.
type outcome struct {
	// withdrawn is set if nothing was sent, because everybody may not know of the event any more.
	withdrawn bool
	// status is the status of the response, or 0 if there was none.
	status  int
	failure failure
	took    time.Duration
	// retryAfter is how long the receiver asks to be left alone, longestWish at most.
	retryAfter time.Duration
}

// errStopping is the error of an attempt that was broken off because the process stops.
var errStopping = errors.New("the process stops")

// send tries a delivery once. Its error is one that does not come from the receiver, and after which nothing
// is to be noted.
func (m *Module) send(ctx context.Context, d *queued) (outcome, error) {
	body, err := m.compose(ctx, d)
	if err != nil || body == nil {
		return outcome{withdrawn: err == nil}, err
	}
	return m.post(ctx, d, body)
}

// post sends a body to a receiver.
func (m *Module) post(ctx context.Context, d *queued, body []byte) (outcome, error) {
	if !isReceiver(d.url, m.settings.AllowHTTP, m.settings.Outbound.Allow) {
		return outcome{failure: failureForbidden}, nil // a setting was changed since the webhook was made
	}
	at := m.db.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return outcome{failure: failureNone}, nil // no address: that was checked before
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "q2a-backend-webhooks/1")
	// Standard Webhooks writes the names in small letters; HTTP does not mind.
	req.Header.Set("Webhook-Id", d.messageID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at, 10))
	req.Header.Set("Webhook-Signature", signAll(d.keys, d.messageID, at, body))
	start := time.Now()
	res, err := m.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return outcome{}, errStopping
		}
		return outcome{failure: failureOf(err), took: time.Since(start)}, nil
	}
	defer res.Body.Close()
	// The status decides; whatever else comes, or does not come, is of no interest.
	_, _, _ = outbound.ReadUpTo(res.Body, bodyLimit)
	return outcome{status: res.StatusCode, failure: failureOfStatus(res.StatusCode),
		took: time.Since(start), retryAfter: wish(res.Header, time.Unix(m.db.Now(), 0))}, nil
}

// failureOfStatus returns how a response with the status has failed, or "".
func failureOfStatus(status int) failure {
	switch {
	case status >= 200 && status < 300:
		return ""
	case status >= 300 && status < 400:
		return failureRedirect
	case status == http.StatusGone:
		return failureGone
	}
	return failureRefused
}

// failureOf returns how a request has failed that got no response. The error itself names the receiver's
// address, which may hold secrets, and so is kept nowhere.
func failureOf(err error) failure {
	var (
		unknown     *net.DNSError
		certificate *tls.CertificateVerificationError
		alert       tls.AlertError
		plain       tls.RecordHeaderError
		timed       net.Error
	)
	switch {
	case errors.Is(err, outbound.ErrRefused):
		return failureForbidden
	case errors.As(err, &unknown):
		return failureUnknown
	case errors.As(err, &certificate), errors.As(err, &alert), errors.As(err, &plain),
		errors.Is(err, http.ErrSchemeMismatch):
		return failureTLS
	case errors.As(err, &timed) && timed.Timeout():
		return failureTimeout
	}
	return failureNone
}
