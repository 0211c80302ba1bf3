package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"

	"38qa.net/backend/modules/auth/internal/tokens"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/secret"
)

const (
	// keyAnnounced is how long a new key is published before tokens are signed with it, in seconds.
	// Clients that cache the published keys know it by then.
	keyAnnounced = 3600
	// keysFresh is how long a process uses the keys that it has read before it reads them again, in
	// seconds. keysAgain is the shorter time after which it reads them again for a token whose key it
	// does not know.
	keysFresh = 60
	keysAgain = 1
)

// signingKey is one key of the built-in issuer.
type signingKey struct {
	id      string
	private *ecdsa.PrivateKey
	public  jwk.Key
	created int64
}

// keyring holds the keys of the built-in issuer, which all processes of the server share through the
// database.
type keyring struct {
	db *database.DB
	// sealer encrypts the private keys in the database.
	sealer *secret.Sealer
	// rotation is the age in seconds at which a key is replaced by a new one. A key is kept for twice
	// that time, so that the tokens that it has signed stay valid.
	rotation int64

	mu   sync.Mutex
	keys []*signingKey // the newest first
	read int64
}

func newKeyring(db *database.DB, configured string, rotation time.Duration) *keyring {
	return &keyring{db: db, sealer: secret.NewSealer(configured), rotation: int64(rotation / time.Second)}
}

// Key returns the public key with the id, or tokens.ErrUnknownKey if there is none.
func (k *keyring) Key(ctx context.Context, id string) (jwk.Key, error) {
	for _, fresh := range []int64{keysFresh, keysAgain} {
		keys, err := k.all(ctx, fresh)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", tokens.ErrKeysUnavailable, err)
		}
		if i := slices.IndexFunc(keys, func(s *signingKey) bool { return s.id == id }); i >= 0 {
			return keys[i].public, nil
		}
	}
	return nil, tokens.ErrUnknownKey
}

// public returns the set of public keys that is published.
func (k *keyring) public(ctx context.Context) (jwk.Set, error) {
	if _, err := k.current(ctx); err != nil { // makes the first key
		return nil, err
	}
	keys, err := k.all(ctx, keysFresh)
	if err != nil {
		return nil, err
	}
	set := jwk.NewSet()
	for _, s := range keys {
		if err := set.AddKey(s.public); err != nil {
			return nil, fmt.Errorf("publish keys: %w", err)
		}
	}
	return set, nil
}

// current returns the key to sign with: the newest one that has been published for long enough or, if
// none has, the oldest one. It makes a new key if there is none or the newest is too old. Processes
// that do so at the same time make several keys, which does no harm.
func (k *keyring) current(ctx context.Context) (*signingKey, error) {
	keys, err := k.all(ctx, keysFresh)
	if err != nil {
		return nil, err
	}
	now := k.db.Now()
	if len(keys) == 0 || now-keys[0].created > k.rotation {
		if err := k.rotate(ctx, now); err != nil {
			return nil, err
		}
		if keys, err = k.all(ctx, 0); err != nil {
			return nil, err
		}
	}
	for _, s := range keys {
		if s.created <= now-keyAnnounced {
			return s, nil
		}
	}
	return keys[len(keys)-1], nil
}

// all returns the keys, the newest first. It reads them from the database unless it has done so
// within the last fresh seconds.
func (k *keyring) all(ctx context.Context, fresh int64) ([]*signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.db.Now()
	if age := now - k.read; k.keys != nil && age >= 0 && age < fresh {
		return k.keys, nil
	}
	var keys []*signingKey
	err := k.db.Select(ctx, func(rows *sql.Rows) error {
		var s signingKey
		var private []byte
		var sealed bool
		if err := rows.Scan(&s.id, &private, &sealed, &s.created); err != nil {
			return err
		}
		if err := k.open(&s, private, sealed); err != nil {
			return err
		}
		keys = append(keys, &s)
		return nil
	}, "SELECT kid, private, sealed, created FROM {q2ab_keys} ORDER BY created DESC, kid")
	if err != nil {
		return nil, fmt.Errorf("read the issuer's keys: %w", err)
	}
	k.keys, k.read = keys, now
	return keys, nil
}

// open fills in a key from its stored form, and decrypts it first if it is sealed.
func (k *keyring) open(s *signingKey, private []byte, sealed bool) error {
	private, err := k.sealer.Open(private, sealed, s.id)
	if err != nil {
		return fmt.Errorf("a key in the database cannot be used: %w", err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		// The cause is left out, since it could reveal parts of the key.
		return errors.New("a key in the database is broken")
	}
	var ok bool
	if s.private, ok = parsed.(*ecdsa.PrivateKey); !ok {
		return errors.New("a key in the database is of a kind that is not used")
	}
	if s.public, err = jwk.FromRaw(s.private.Public()); err != nil {
		return fmt.Errorf("publish a key: %w", err)
	}
	return errors.Join(s.public.Set(jwk.KeyIDKey, s.id), s.public.Set(jwk.AlgorithmKey, jwa.ES256),
		s.public.Set(jwk.KeyUsageKey, jwk.ForSignature))
}

// rotate makes a new key and deletes those that are too old for any valid token to be signed with
// them.
func (k *keyring) rotate(ctx context.Context, now int64) error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	stored, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	id := rand.Text()
	stored, sealed, err := k.sealer.Seal(stored, id)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	slog.InfoContext(ctx, "the built-in issuer has a new key", "kid", id)
	return k.db.Tx(ctx, func(tx *database.DB) error {
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_keys} WHERE created < ?",
			now-2*k.rotation); err != nil {
			return fmt.Errorf("drop old keys: %w", err)
		}
		if _, err := tx.Exec(ctx,
			"INSERT INTO {q2ab_keys} (kid, private, sealed, created) VALUES (?, ?, ?, ?)", id, stored,
			sealed, now); err != nil {
			return fmt.Errorf("store a key: %w", err)
		}
		return nil
	})
}
