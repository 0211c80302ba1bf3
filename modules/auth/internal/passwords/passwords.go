// Package passwords checks and hashes the passwords of Q2A's users. It knows two kinds of hashes:
// bcrypt, and the salted SHA-1 of sites older than Q2A 1.8, which is replaced as soon as its owner
// signs in.
package passwords

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // old hashes are only checked and replaced, never made
	"crypto/subtle"
	"errors"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

const (
	// MinLength is the least length of a password in characters, which is Q2A's QA_MIN_PASSWORD_LEN.
	MinLength = 8
	// MaxBytes is the greatest length of a password in bytes. Bcrypt uses only the first 72 of them,
	// here as in PHP.
	MaxBytes = 1000
	// cost is the bcrypt cost that PHP's password_hash uses in the versions for which Q2A 1.8 was
	// made.
	cost = 10
	// heeded is how many bytes of a password bcrypt uses.
	heeded = 72
	// saltBefore is how many bytes of an old salt precede the password; the rest follows it.
	saltBefore = 8
)

// Stored is what the table users holds of a password. The zero Stored is that of an account without a
// password.
type Stored struct {
	// Hash is the bcrypt hash, "" if there is none.
	Hash string
	// Salt and Check are the salt and the hash of the old kind, empty if there are none.
	Salt, Check []byte
}

// Any reports whether there is a password at all.
func (s Stored) Any() bool { return s.Hash != "" || s.legacy() }

func (s Stored) legacy() bool { return len(s.Salt) > 0 && len(s.Check) > 0 }

// Same reports whether s and other are the same stored password.
func (s Stored) Same(other Stored) bool {
	return s.Hash == other.Hash && bytes.Equal(s.Salt, other.Salt) && bytes.Equal(s.Check, other.Check)
}

// Hasher hashes and checks passwords. It limits how many are hashed at the same time, so that other
// requests get their share of the processors while many people sign in. A Hasher must be made with
// New.
type Hasher struct {
	slots chan struct{}
	// decoy is a hash that is checked where there is no password, so that this takes as long as if
	// there were one.
	decoy []byte
}

// decoy returns a hash that is checked only for the time that it takes. All Hashers share it, because
// making one is as costly as hashing a password.
var decoy = sync.OnceValue(func() []byte {
	hash, err := bcrypt.GenerateFromPassword([]byte("nobody's password"), cost)
	if err != nil {
		panic(err) // only when there is no source of random numbers
	}
	return hash
})

// New returns a Hasher that uses half of the processors, but at least one.
func New() *Hasher {
	return &Hasher{slots: make(chan struct{}, max(1, runtime.NumCPU()/2)), decoy: decoy()}
}

// Matches reports whether the password is the stored one, and if so whether it should be hashed again
// because the stored hash is of the old kind or weak. It takes the time of one bcrypt check whatever
// is stored, even for the zero Stored. It returns an error only if the context ends first.
func (h *Hasher) Matches(ctx context.Context, s Stored, password string) (matches, renew bool, err error) {
	if err := h.acquire(ctx); err != nil {
		return false, false, err
	}
	defer h.release()
	if s.legacy() && legacyMatches(s, password) {
		_ = bcrypt.CompareHashAndPassword(h.decoy, clipped(password)) // for the time that it takes
		return true, true, nil
	}
	if s.Hash == "" {
		_ = bcrypt.CompareHashAndPassword(h.decoy, clipped(password))
		return false, false, nil
	}
	if bcrypt.CompareHashAndPassword([]byte(s.Hash), clipped(password)) != nil {
		return false, false, nil
	}
	// Hashes of a higher cost, as newer versions of PHP make them, are kept. Otherwise the two sites
	// would replace each other's hashes again and again.
	used, err := bcrypt.Cost([]byte(s.Hash))
	return true, s.legacy() || err != nil || used < cost, nil
}

// Hash returns the hash of the password in the form in which PHP's password_hash stores it. It
// returns ErrNUL for a password with a NUL, or the error of the context if that ends first.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if strings.Contains(password, "\x00") {
		return "", ErrNUL
	}
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	hash, err := bcrypt.GenerateFromPassword(clipped(password), cost)
	if err != nil {
		return "", err
	}
	// PHP marks the very same algorithm with the letter y, and would replace a hash with another
	// mark.
	return "$2y$" + strings.TrimPrefix(string(hash), "$2a$"), nil
}

// ErrNUL is the error for a password with a NUL in it, which PHP could never check.
var ErrNUL = errors.New("a password cannot have a NUL in it")

func (h *Hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *Hasher) release() { <-h.slots }

func clipped(password string) []byte { return []byte(password)[:min(len(password), heeded)] }

// legacyMatches checks a hash of Q2A before 1.8, which is the SHA-1 of the first part of the salt,
// the password and the rest of the salt.
func legacyMatches(s Stored, password string) bool {
	before := min(saltBefore, len(s.Salt))
	sum := sha1.New() //nolint:gosec // see the import
	sum.Write(s.Salt[:before])
	sum.Write([]byte(password))
	sum.Write(s.Salt[before:])
	return subtle.ConstantTimeCompare(sum.Sum(nil), s.Check) == 1
}
