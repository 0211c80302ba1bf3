package sns

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // signatures of version 1 are of SHA-1; version 2 is to be preferred
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// askTime is the longest time for a request to SNS.
	askTime = 5 * time.Second
	// maxAnswer is how much of a response of SNS is read, in bytes.
	maxAnswer = 64 << 10
	// maxKeys is how many certificates are remembered, and keysLast for how long.
	maxKeys  = 16
	keysLast = 24 * time.Hour
	// maxAsking is how many requests to SNS there are at once, since whoever knows the name of a topic can
	// make this process fetch a certificate.
	maxAsking = 4
)

// Receiver receives messages of some topics.
type Receiver struct {
	topics []string
	client *http.Client
	asking chan struct{}

	mu   sync.Mutex
	keys map[string]known
}

// known is the key of a certificate, and until when it is remembered.
type known struct {
	key   *rsa.PublicKey
	until time.Time
}

// New returns a receiver of the messages of the topics with the ARNs. If transport is nil, requests to SNS
// go out as usual.
func New(topics []string, transport http.RoundTripper) (*Receiver, error) {
	for _, topic := range topics {
		if err := CheckTopic(topic); err != nil {
			return nil, err
		}
	}
	return &Receiver{topics: topics, asking: make(chan struct{}, maxAsking), keys: map[string]known{},
		client: &http.Client{Transport: transport, Timeout: askTime,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Read returns the message in the body of a request, if it is genuine and of the last hour before now.
// Whether it was received before is not known here.
func (r *Receiver) Read(ctx context.Context, body []byte, now time.Time) (*Message, error) {
	m, err := parse(body)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(r.topics, m.TopicARN) { // before anything is fetched
		return nil, ErrTopic
	}
	if err := m.checkTime(now); err != nil {
		return nil, err
	}
	return m, r.verify(ctx, m, now)
}

// verify returns an error unless the message is signed with the key of SNS.
func (r *Receiver) verify(ctx context.Context, m *Message, now time.Time) error {
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil {
		return ErrSignature
	}
	hash := crypto.SHA1
	var sum []byte
	switch m.SignatureVersion {
	case "1":
		s := sha1.Sum([]byte(m.signed())) //nolint:gosec // see the import
		sum = s[:]
	case "2":
		s := sha256.Sum256([]byte(m.signed()))
		hash, sum = crypto.SHA256, s[:]
	default:
		return ErrSignature
	}
	key, err := r.key(ctx, m, now)
	if err != nil {
		return err
	}
	if rsa.VerifyPKCS1v15(key, hash, sum, signature) != nil {
		return ErrSignature
	}
	return nil
}

// key returns the key in the certificate that the message names.
func (r *Receiver) key(ctx context.Context, m *Message, now time.Time) (*rsa.PublicKey, error) {
	u, err := checkAddress(m.SigningCertURL, m.TopicARN)
	if err != nil || u.RawQuery != "" || u.ForceQuery || !certificatePath.MatchString(u.Path) {
		return nil, ErrSignature
	}
	r.mu.Lock()
	k, ok := r.keys[u.String()]
	r.mu.Unlock()
	if ok && now.Before(k.until) {
		return k.key, nil
	}
	text, err := r.get(ctx, u.String())
	var status statusError
	switch {
	case errors.As(err, &status) && status >= 300 && status < 500 && status != http.StatusTooManyRequests:
		return nil, ErrSignature // there is no such certificate
	case err != nil:
		return nil, fmt.Errorf("fetch the certificate of SNS: %w", err)
	}
	key, err := keyIn(text, now)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) >= maxKeys {
		clear(r.keys)
	}
	r.keys[u.String()] = known{key, now.Add(keysLast)}
	return key, nil
}

// keyIn returns the RSA key in a certificate that is valid now. Nothing but HTTPS vouches for the
// certificate, as Amazon's own libraries have it: it comes from a host of Amazon's.
func keyIn(text []byte, now time.Time) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, ErrSignature
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil || now.Before(c.NotBefore) || now.After(c.NotAfter) {
		return nil, ErrSignature
	}
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok || key.Size() < 256 {
		return nil, ErrSignature
	}
	return key, nil
}

// Confirm confirms a subscription, by the address in the message. It follows no redirection.
func (r *Receiver) Confirm(ctx context.Context, m *Message) error {
	u, err := checkAddress(m.SubscribeURL, m.TopicARN)
	if err != nil {
		return err
	}
	if q := u.Query(); q.Get("Action") != "ConfirmSubscription" || q.Get("TopicArn") != m.TopicARN {
		return ErrSignature
	}
	if _, err := r.get(ctx, u.String()); err != nil {
		return fmt.Errorf("confirm a subscription to SNS: %w", err)
	}
	return nil
}

// statusError is the status of a response of SNS that is not 200.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("SNS answers %d", int(e)) }

// get fetches an address of SNS.
func (r *Receiver) get(ctx context.Context, address string) ([]byte, error) {
	select {
	case r.asking <- struct{}{}:
		defer func() { <-r.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, errors.New("SNS cannot be reached") // the error repeats the address, which holds a token
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, errors.New("the response of SNS breaks off")
	}
	if response.StatusCode != http.StatusOK {
		return nil, statusError(response.StatusCode)
	}
	return text, nil
}
