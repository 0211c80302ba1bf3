package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	library "github.com/ergochat/webpush-go/v2"
)

// Key is the pair of keys by which push services and browsers know the site (RFC 8292). Browsers
// subscribe with its public key, so that all subscriptions are lost if it changes.
type Key struct {
	library *library.VAPIDKeys
}

// ParseKey returns the pair of keys with a private key of 32 bytes in base64, as the usual tools write it.
func ParseKey(private string) (*Key, error) {
	raw, err := decode(private)
	if err != nil || len(raw) != 32 {
		return nil, errors.New("it is no private key of 32 bytes in base64")
	}
	return newKey(raw)
}

// DeriveKey returns the pair of keys that follows from a secret.
func DeriveKey(secret []byte) (*Key, error) {
	for i := range 256 { // nearly every number below 2^256 is a private key
		raw, err := hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("VAPID key %d", i), 32)
		if err != nil {
			return nil, err
		}
		if k, err := newKey(raw); err == nil {
			return k, nil
		}
	}
	return nil, errors.New("no key follows from the secret")
}

func newKey(private []byte) (*Key, error) {
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private)
	if err != nil {
		return nil, errors.New("it is no private key on the curve P-256")
	}
	keys, err := library.ECDSAToVAPIDKeys(k)
	if err != nil {
		return nil, err
	}
	return &Key{keys}, nil
}

// Public returns the public key as browsers want it (applicationServerKey): an uncompressed point in
// base64 for addresses, without padding.
func (k *Key) Public() string { return k.library.PublicKeyString() }
