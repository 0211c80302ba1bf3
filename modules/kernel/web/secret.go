package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"

	"38qa.net/backend/modules/kernel/database"
)

// secret is the key for the hashes of requests, the same in all processes. It is derived from a
// configured secret, which the database does not hold, or else stored in the database.
type secret struct {
	configured string

	mu    sync.Mutex
	value []byte
}

// read returns the secret. It makes and stores one if none is configured and the database has none.
func (s *secret) read(ctx context.Context, db *database.DB) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value != nil {
		return s.value, nil
	}
	if s.configured != "" {
		sum := sha256.Sum256([]byte("idempotency\n" + s.configured)) // not what seals the issuer's keys
		s.value = sum[:]
		return s.value, nil
	}
	const query = "SELECT secret FROM {q2ab_secrets} WHERE name = 'idempotency'"
	var value []byte
	found, err := db.Get(ctx, []any{&value}, query)
	if err == nil && !found {
		made := make([]byte, sha256.Size)
		if _, err := rand.Read(made); err != nil {
			return nil, err
		}
		if _, err := db.Exec(ctx,
			db.InsertIgnore()+" {q2ab_secrets} (name, secret) VALUES ('idempotency', ?)", made); err != nil {
			return nil, fmt.Errorf("make a secret: %w", err)
		}
		found, err = db.Get(ctx, []any{&value}, query) // another task may have been faster
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
