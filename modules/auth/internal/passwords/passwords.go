// Package passwords checks and makes the passwords of Q2A's users: bcrypt, and the salted SHA-1 of sites older than
// Q2A 1.8, which is replaced as soon as its owner signs in.
package passwords

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the old hashes are what they are; they are checked and replaced, never made
	"crypto/subtle"
	"errors"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

const (
	// MinLength is Q2A's QA_MIN_PASSWORD_LEN, in characters.
	MinLength = 8
	// MaxBytes is the longest password taken. Of longer ones than 72 bytes bcrypt, in PHP as here, heeds the first 72.
	MaxBytes = 1000
	// cost is that of PHP's password_hash in the versions that Q2A 1.8 was made for.
	cost = 10
	// heeded is how many bytes of a password bcrypt looks at.
	heeded = 72
	// saltBefore is how many bytes of the old salt stand before the password; the others follow it.
	saltBefore = 8
)

// Stored is what the table users keeps of a password; the zero Stored is that of an account without one.
type Stored struct {
	// Hash is bcrypt's, "" if there is none.
	Hash string
	// Salt and Check are those of the old kind, empty if there are none.
	Salt, Check []byte
}

// Any tells whether there is a password at all.
func (s Stored) Any() bool { return s.Hash != "" || s.legacy() }

func (s Stored) legacy() bool { return len(s.Salt) > 0 && len(s.Check) > 0 }

// Same tells whether two are the same stored password.
func (s Stored) Same(other Stored) bool {
	return s.Hash == other.Hash && bytes.Equal(s.Salt, other.Salt) && bytes.Equal(s.Check, other.Check)
}

// Hasher bounds how many passwords are hashed at once, so that many people who sign in leave others their share of the
// processor. The zero Hasher is not useful: make one with New.
type Hasher struct {
	slots chan struct{}
	// decoy is checked where there is no password, so that it takes as long as if there were one.
	decoy []byte
}

// decoy makes a hash that no password is checked against for its result; it is as dear as any, so once is enough.
var decoy = sync.OnceValue(func() []byte {
	hash, err := bcrypt.GenerateFromPassword([]byte("nobody's password"), cost)
	if err != nil {
		panic(err) // only when there is no source of random numbers
	}
	return hash
})

// New returns a Hasher that uses half of the processors, one at least.
func New() *Hasher {
	return &Hasher{slots: make(chan struct{}, max(1, runtime.NumCPU()/2)), decoy: decoy()}
}

// Matches tells whether the password is the stored one, and if so whether it should be hashed anew because the stored form is
// an old or a weak one. It takes the time of one bcrypt check whatever is stored, and even for the zero Stored. Its errors are the
// context's.
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
	// Stronger hashes, as newer PHP makes them, stay: each side would replace those of the other for ever.
	used, err := bcrypt.Cost([]byte(s.Hash))
	return true, s.legacy() || err != nil || used < cost, nil
}

// Hash is the password in the form in which PHP's password_hash stores it. Its errors are the context's, but for
// ErrNUL.
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
	// PHP writes the letter y for the very same algorithm, and hashes anew what it does not know.
	return "$2y$" + strings.TrimPrefix(string(hash), "$2a$"), nil
}

// ErrNUL refuses passwords with a NUL in them, which PHP could never check.
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

// legacyMatches checks the hash of Q2A before 1.8: SHA-1 over half of the salt, the password and the other half.
func legacyMatches(s Stored, password string) bool {
	before := min(saltBefore, len(s.Salt))
	sum := sha1.New() //nolint:gosec // see the import
	sum.Write(s.Salt[:before])
	sum.Write([]byte(password))
	sum.Write(s.Salt[before:])
	return subtle.ConstantTimeCompare(sum.Sum(nil), s.Check) == 1
}
