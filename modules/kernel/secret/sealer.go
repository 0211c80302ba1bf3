package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// ErrNoKey is the error of opening what is sealed without the key that it was sealed with, ErrOtherKey that
// of opening it with another key, or in another place, and ErrBroken that of what nobody has sealed.
var (
	ErrNoKey    = errors.New("it is sealed, and AUTH_KEY_SECRET is not set")
	ErrOtherKey = errors.New("it was sealed with another AUTH_KEY_SECRET")
	ErrBroken   = errors.New("it is broken")
)

// Sealer encrypts secrets that are kept in the database, so that whoever can only read the database does not
// learn them.
type Sealer struct{ key []byte }

// NewSealer returns a Sealer with a key that is derived from the configured secret alone. If that is
// empty, the Sealer leaves everything as it is.
func NewSealer(configured string) *Sealer {
	if configured == "" {
		return &Sealer{}
	}
	sum := sha256.Sum256([]byte(configured))
	return &Sealer{sum[:]}
}

// Seal returns a secret in the form in which it is stored, and whether that is encrypted. What is sealed
// for one place can be opened there only; two secrets of one site never have the same place.
func (s *Sealer) Seal(plain []byte, place string) (stored []byte, sealed bool, err error) {
	if s.key == nil {
		return plain, false, nil
	}
	aead, err := s.cipher()
	if err != nil {
		return nil, false, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, false, err
	}
	return aead.Seal(nonce, nonce, plain, []byte(place)), true, nil
}

// Open returns a secret from its stored form.
func (s *Sealer) Open(stored []byte, sealed bool, place string) ([]byte, error) {
	switch {
	case !sealed:
		return stored, nil
	case s.key == nil:
		return nil, ErrNoKey
	}
	aead, err := s.cipher()
	if err != nil {
		return nil, err
	}
	size := aead.NonceSize()
	if len(stored) < size {
		return nil, ErrBroken
	}
	plain, err := aead.Open(nil, stored[:size], stored[size:], []byte(place))
	if err != nil {
		return nil, ErrOtherKey
	}
	return plain, nil
}

func (s *Sealer) cipher() (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
