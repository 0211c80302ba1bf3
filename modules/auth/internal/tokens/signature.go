package tokens

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
)

const (
	// maxKeyID is the maximum length of a key's id, in bytes. Those of Cognito have 44.
	maxKeyID = 200
	// minRSABits is the minimum size of an RSA key.
	minRSABits = 2048
)

// refusedHeaders are header members that change the meaning of a token or contain its key. Neither
// issuer writes them.
var refusedHeaders = []string{"crit", "b64", "jwk", "jku", "x5u", "x5c"}

// checkSignature checks the token's signature with the key that its header names, which comes from
// the key source.
func (v *Verifier) checkSignature(ctx context.Context, p parts) error {
	for _, name := range refusedHeaders {
		if _, there := p.header[name]; there {
			return invalid("header " + name)
		}
	}
	r := reader{of: p.header}
	algorithm, kid := r.must("alg"), r.must("kid")
	if r.wrong != "" {
		return invalid("header " + r.wrong)
	}
	verifier, ok := v.algorithms[algorithm]
	if !ok {
		return invalid("header alg")
	}
	if len(kid) > maxKeyID {
		return invalid("header kid")
	}
	key, err := v.keys.Key(ctx, kid)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return invalid("unknown key")
	case errors.Is(err, ErrKeysUnavailable):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrKeysUnavailable, err)
	case key == nil:
		return invalid("unknown key")
	}
	public, ok := publicKey(key, jwa.SignatureAlgorithm(algorithm))
	if !ok {
		return invalid("the key is not for this")
	}
	if verifier.Verify([]byte(p.signed), p.signature, public) != nil {
		return invalid("signature")
	}
	return nil
}

// publicKey returns the public part of the key, and whether it may be used to check signatures of the
// algorithm. Both the kind of the key and what the key itself states about its use must allow it; a
// shared secret is never used.
func publicKey(key jwk.Key, algorithm jwa.SignatureAlgorithm) (any, bool) {
	if use := key.KeyUsage(); use != "" && use != jwk.ForSignature.String() {
		return nil, false
	}
	if _, says := key.Get(jwk.KeyOpsKey); says && !slices.Contains(key.KeyOps(), jwk.KeyOpVerify) {
		return nil, false
	}
	if a := key.Algorithm(); a != nil && a.String() != "" && a.String() != algorithm.String() {
		return nil, false
	}
	raw, err := jwk.PublicRawKeyOf(key)
	if err != nil {
		return nil, false
	}
	switch public := raw.(type) {
	case *rsa.PublicKey:
		return public, algorithm == jwa.RS256 && public.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		return public, algorithm == jwa.ES256 && public.Curve == elliptic.P256()
	}
	return nil, false
}
