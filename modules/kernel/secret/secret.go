// Package secret holds the keys of hashes and signatures that all processes of a site must share.
package secret

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"38qa.net/backend/modules/kernel/database"
)

// Secret is a key of 32 bytes, the same in all processes. It is derived from a configured secret, which
// the database does not hold, or else stored in the database.
type Secret struct {
	name, configured string

	mu    sync.Mutex
	value []byte
}

// New returns the secret with the name. configured is the setting from which it is derived, or "".
func New(name, configured string) *Secret { return &Secret{name: name, configured: configured} }

// Read returns the key. It makes and stores one if none is configured and the database has none.
func (s *Secret) Read(ctx context.Context, db *database.DB) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value != nil {
		return s.value, nil
	}
	if s.configured != "" {
		sum := sha256.Sum256([]byte(s.name + "\n" + s.configured)) // each secret is another
		s.value = sum[:]
		return s.value, nil
	}
	const query = "SELECT secret FROM {q2ab_secrets} WHERE name = ?"
	var value []byte
	found, err := db.Get(ctx, []any{&value}, query, s.name)
	if err == nil && !found {
		made := make([]byte, sha256.Size)
		if _, err := rand.Read(made); err != nil {
			return nil, err
		}
		if _, err := db.Exec(ctx,
			db.InsertIgnore()+" {q2ab_secrets} (name, secret) VALUES (?, ?)", s.name, made); err != nil {
			return nil, fmt.Errorf("make a secret: %w", err)
		}
		found, err = db.Get(ctx, []any{&value}, query, s.name) // another task may have been faster
	}
	if err == nil && !found {
		err = errors.New("it is gone")
	}
	if err != nil {
		return nil, fmt.Errorf("read a secret: %w", err)
	}
	s.value = value
	return value, nil
}
