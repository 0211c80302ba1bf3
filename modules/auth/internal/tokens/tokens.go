// Package tokens verifies the JWT bearer tokens of an Amazon Cognito user pool, and those of the built-in issuer, whose
// claims are the same.
//
// It is strict on purpose: whatever neither issuer writes is refused, even where the standards would let it pass. An
// algorithm is taken only from the settings, a key only from the key source, and the token's header chooses among them.
//
// A good token is remembered for a minute, so its signature is checked once a minute and not once a request. A token
// may therefore pass for up to a minute after its key has gone from the key source.
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

// The errors of Verify and of a KeySource; they come wrapped with the reason, which never holds any part of a token.
var (
	// ErrInvalid says that the token is not good.
	ErrInvalid = errors.New("the token is not good")
	// ErrKeysUnavailable says that nobody can tell now whether the token is good, because the keys cannot be had.
	ErrKeysUnavailable = errors.New("the issuer's keys are not available")
	// ErrUnknownKey says that the issuer has no key of the id.
	ErrUnknownKey = errors.New("the issuer has no such key")
)

// Claims are what a good token says.
type Claims struct {
	// Subject is the person's lasting id (claim sub).
	Subject string
	// Use is "access" or "id" (claim token_use).
	Use string
	// ClientID is the app client that the token was made for: client_id of access tokens, aud of ID tokens.
	ClientID string
	// Username is the name in the user pool: username of access tokens, cognito:username of ID tokens.
	Username string
	// Groups are the person's groups in the user pool (claim cognito:groups), nil when there are none.
	Groups []string
	// Email is the address in an ID token, and EmailVerified whether the issuer knows it to be the person's.
	Email         string
	EmailVerified bool
	// PreferredUsername and Name are those of an ID token.
	PreferredUsername, Name string
	// AccountID is the user pool's own attribute custom:q2a_id in an ID token. Whether people can set it themselves is up to the pool.
	AccountID string
	// Identities are in the ID tokens of people who came through another provider.
	Identities []Identity
	// Expires, IssuedAt and AuthTime are Unix seconds; the latter two are 0 when the token does not say.
	Expires, IssuedAt, AuthTime int64
	// TokenID is the token's own id (claim jti).
	TokenID string
	// SessionID is shared by all tokens that come of one sign-in (claim origin_jti).
	SessionID string
}

// Identity is an account at another provider.
type Identity struct {
	// Provider is the provider's name in the user pool (providerName), such as Google.
	Provider string
	// UserID is the person's id there.
	UserID string
}

// KeySource has the keys of an issuer.
type KeySource interface {
	// Key returns the issuer's key of the id, or ErrUnknownKey when it has none; any other error means that the keys
	// cannot be had. Of a private key only the public part is used.
	Key(ctx context.Context, kid string) (jwk.Key, error)
}

// Settings say which tokens are good.
type Settings struct {
	// Issuer is what the claim iss must be, to the letter.
	Issuer string
	// ClientIDs are the app clients whose tokens are accepted; there must be one.
	ClientIDs []string
	// Algorithms are those accepted: RS256 for Cognito, ES256 for the built-in issuer. There are no others.
	Algorithms []jwa.SignatureAlgorithm
	// Clock is time.Now when nil.
	Clock func() time.Time
	// Keys has the issuer's keys.
	Keys KeySource
}

// Verifier tells good tokens from others; it is safe for concurrent use.
type Verifier struct {
	issuer     string
	clients    []string
	algorithms map[string]jws.Verifier
	clock      func() time.Time
	keys       KeySource
	hot        *hot
}

// New returns a verifier.
func New(s Settings) (*Verifier, error) {
	v := &Verifier{issuer: s.Issuer, clients: slices.Clone(s.ClientIDs), clock: s.Clock, keys: s.Keys, algorithms: map[string]jws.Verifier{}, hot: newHot()}
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

// Verify returns what the token says, or an error that is ErrInvalid or ErrKeysUnavailable. The claims may be shared
// with other callers, and must not be changed.
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

// timely returns the claims if the times that the token states allow it now.
func (v *Verifier) timely(c *checked, now time.Time) (*Claims, error) {
	if why := c.untimely(now.Unix()); why != "" {
		return nil, invalid(why)
	}
	return &c.Claims, nil
}

// invalid returns an ErrInvalid with the reason, which must not come from the token.
func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }
