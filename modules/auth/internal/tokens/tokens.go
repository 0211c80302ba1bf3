// Package tokens verifies JWT bearer tokens of an Amazon Cognito user pool or of the built-in issuer,
// whose tokens have the same claims.
//
// It is strict on purpose: it refuses everything that neither issuer writes, even where the standards
// would allow it. The algorithms come only from the settings and the keys only from the key source;
// the header of a token merely chooses among them.
//
// A valid token is remembered for a minute, so that its signature is checked once a minute instead of
// with every request. A token may therefore be accepted for up to a minute after its key has
// disappeared from the key source.
package tokens

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// The errors of Verify and of a KeySource. They are wrapped with the reason, which never contains any
// part of a token.
var (
	// ErrInvalid means that the token is not valid.
	ErrInvalid = errors.New("the token is not good")
	// ErrKeysUnavailable means that the token cannot be checked now, because the keys cannot be
	// fetched.
	ErrKeysUnavailable = errors.New("the issuer's keys are not available")
	// ErrUnknownKey means that the issuer has no key with the id.
	ErrUnknownKey = errors.New("the issuer has no such key")
)

// Claims are the claims of a valid token.
type Claims struct {
	// Subject is the person's permanent id (claim sub).
	Subject string
	// Use is "access" or "id" (claim token_use).
	Use string
	// ClientID is the app client for which the token was issued: client_id of access tokens, aud of
	// ID tokens.
	ClientID string
	// Username is the name in the user pool: username of access tokens, cognito:username of ID tokens.
	Username string
	// Groups are the person's groups in the user pool (claim cognito:groups), nil if there are none.
	Groups []string
	// Email is the address in an ID token. EmailVerified reports whether the issuer knows it to be
	// the person's.
	Email         string
	EmailVerified bool
	// PreferredUsername and Name are the claims preferred_username and name of an ID token.
	PreferredUsername, Name string
	// AccountID is the user pool's own attribute custom:q2a_id in an ID token. The configuration of
	// the pool decides whether people can set it themselves.
	AccountID string
	// Identities are the person's accounts at other providers. Only ID tokens of people who came
	// through such a provider have them.
	Identities []Identity
	// Expires, IssuedAt and AuthTime are in Unix seconds. The latter two are 0 if the token does not
	// contain them.
	Expires, IssuedAt, AuthTime int64
	// TokenID is the token's own id (claim jti).
	TokenID string
	// SessionID is the same in all tokens that result from one sign-in (claim origin_jti).
	SessionID string
}

// Identity is an account at another provider.
type Identity struct {
	// Provider is the provider's name in the user pool (providerName), such as Google.
	Provider string
	// UserID is the person's id there.
	UserID string
}

// KeySource supplies the keys of an issuer.
type KeySource interface {
	// Key returns the issuer's key with the id, or ErrUnknownKey if it has none. Any other error
	// means that the keys are not available. Of a private key only the public part is used.
	Key(ctx context.Context, kid string) (jwk.Key, error)
}

// Settings say which tokens a Verifier accepts.
type Settings struct {
	// Issuer is the exact value that the claim iss must have.
	Issuer string
	// ClientIDs are the app clients whose tokens are accepted. At least one is required.
	ClientIDs []string
	// Algorithms are the accepted algorithms: RS256 for Cognito, ES256 for the built-in issuer.
	// Others are not supported.
	Algorithms []jwa.SignatureAlgorithm
	// Clock returns the current time. If it is nil, time.Now is used.
	Clock func() time.Time
	// Keys supplies the issuer's keys.
	Keys KeySource
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	issuer     string
	clients    []string
	algorithms map[string]jws.Verifier
	clock      func() time.Time
	keys       KeySource
	hot        *hot
}

// New returns a verifier, or an error if the settings are incomplete or name an algorithm that is not
// supported.
func New(s Settings) (*Verifier, error) {
	v := &Verifier{
		issuer:     s.Issuer,
		clients:    slices.Clone(s.ClientIDs),
		clock:      s.Clock,
		keys:       s.Keys,
		algorithms: map[string]jws.Verifier{},
		hot:        newHot(),
	}
	switch {
	case s.Issuer == "":
		return nil, errors.New("tokens: no issuer")
	case len(s.ClientIDs) == 0 || slices.Contains(s.ClientIDs, ""):
		return nil, errors.New("tokens: no client id, or an empty one")
	case len(s.Algorithms) == 0:
		return nil, errors.New("tokens: no algorithm")
	case s.Keys == nil:
		return nil, errors.New("tokens: no key source")
	}
	for _, a := range s.Algorithms {
		if a != jwa.RS256 && a != jwa.ES256 {
			return nil, fmt.Errorf("tokens: %s is not one of RS256 and ES256", a)
		}
		verifier, err := jws.NewVerifier(a)
		if err != nil {
			return nil, fmt.Errorf("tokens: %w", err)
		}
		v.algorithms[a.String()] = verifier
	}
	if v.clock == nil {
		v.clock = time.Now
	}
	return v, nil
}

// Verify returns the claims of the token, or an error that wraps ErrInvalid or ErrKeysUnavailable.
// The claims may be shared with other callers, and must not be changed.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	if len(token) > maxToken {
		return nil, invalid("longer than 8 KiB")
	}
	now := v.clock()
	id := idOf(token)
	if c := v.hot.get(id, now); c != nil {
		return v.timely(c, now)
	}
	p, err := split(token)
	if err != nil {
		return nil, err
	}
	if err := v.checkSignature(ctx, p); err != nil {
		return nil, err
	}
	c, err := v.read(p.claims)
	if err != nil {
		return nil, err
	}
	claims, err := v.timely(c, now)
	if err == nil {
		v.hot.put(id, c, now)
	}
	return claims, err
}

// timely returns the claims if the times that the token states allow its use now.
func (v *Verifier) timely(c *checked, now time.Time) (*Claims, error) {
	if why := c.untimely(now.Unix()); why != "" {
		return nil, invalid(why)
	}
	return &c.Claims, nil
}

// invalid returns an error that wraps ErrInvalid with the reason. The reason must not contain text
// from the token.
func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }
