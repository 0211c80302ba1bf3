package tokens

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

const (
	// keysKept is how long keys are used before they are fetched again.
	keysKept = time.Hour
	// staleRetry is the least time between two attempts to renew keys that are older than that; in
	// the meantime the old keys are used.
	staleRetry = time.Minute
	// unknownRetry is the least time between any attempt and one that is made because a key is
	// unknown. So tokens with invented key ids cannot make this server flood the issuer with
	// requests.
	unknownRetry = 30 * time.Second
	// firstRetry is the least time between two attempts while there are no keys at all.
	firstRetry = 5 * time.Second

	fetchTime = 3 * time.Second
	maxKeySet = 1 << 20 // bytes
)

// Remote is a KeySource that fetches the keys from the address of a JWKS (JSON Web Key Set). It
// fetches them when the first key is asked for, every hour after that, and when it is asked for a key
// that it does not know. While the address does not respond it continues with the keys that it has.
// Only one fetch runs at a time.
type Remote struct {
	url    string
	client *http.Client
	clock  func() time.Time

	mu sync.Mutex
	// keys is nil until the first fetch has succeeded. The map is never changed, only replaced.
	keys map[string]jwk.Key
	// fetched is when the keys were fetched; tried is when the last attempt ended, successful or not.
	fetched, tried time.Time
	// failure is the error of the last attempt, nil if it was successful.
	failure error
	// running is closed when the current fetch ends. It is nil if none is running.
	running chan struct{}
}

// NewRemote returns the key source for the address of a JWKS. The client and the clock may be nil.
// Redirects are never followed, even if the client would.
func NewRemote(url string, client *http.Client, clock func() time.Time) *Remote {
	r := &Remote{url: url, client: &http.Client{}, clock: clock}
	if client != nil {
		*r.client = *client
	}
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if clock == nil {
		r.clock = time.Now
	}
	return r
}

// Key returns the key with the id. It waits for the network only if there are no keys yet, or none
// with this id. If the context ends while it waits it returns ErrKeysUnavailable.
func (r *Remote) Key(ctx context.Context, kid string) (jwk.Key, error) {
	r.mu.Lock()
	now := r.clock()
	key, known := r.keys[kid]
	switch {
	case known:
		if now.Sub(r.fetched) >= keysKept && r.due(now, staleRetry) {
			r.start(ctx)
		}
		r.mu.Unlock()
		return key, nil
	case r.keys == nil && r.due(now, firstRetry), r.keys != nil && r.due(now, unknownRetry):
		r.start(ctx)
	}
	running := r.running
	if running == nil {
		defer r.mu.Unlock()
		return r.look(kid)
	}
	r.mu.Unlock()
	select {
	case <-running:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, ctx.Err())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.look(kid)
}

// look returns the key with the id from those that were fetched. The caller must hold the lock.
func (r *Remote) look(kid string) (jwk.Key, error) {
	if r.keys == nil {
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, r.failure)
	}
	if key, known := r.keys[kid]; known {
		return key, nil
	}
	return nil, ErrUnknownKey
}

// due reports whether a new attempt may start, which requires that none is running and that the last
// one ended at least pause ago. The caller must hold the lock.
func (r *Remote) due(now time.Time, pause time.Duration) bool {
	return r.running == nil && (r.tried.IsZero() || now.Sub(r.tried) >= pause)
}

// start begins a fetch; the caller must hold the lock. The fetch continues if the request that caused
// it is cancelled, since other requests may be waiting for it.
func (r *Remote) start(ctx context.Context) {
	r.running = make(chan struct{})
	ctx = context.WithoutCancel(ctx)
	go func() {
		keys, err := r.fetch(ctx)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.tried, r.failure = r.clock(), err
		if err == nil {
			r.keys, r.fetched = keys, r.tried
		} else if r.keys != nil {
			slog.WarnContext(ctx,
				"the token issuer's keys could not be renewed; those at hand are used",
				"url", r.url, "error", err)
		}
		close(r.running)
		r.running = nil
	}()
}

// fetch fetches the keys from the address.
func (r *Remote) fetch(ctx context.Context) (map[string]jwk.Key, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("fetching keys: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetching keys: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching keys: status %d", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet+1))
	if err != nil {
		return nil, fmt.Errorf("fetching keys: %w", err)
	}
	if len(body) > maxKeySet {
		return nil, errors.New("fetching keys: more than 1 MiB")
	}
	return parseKeys(body)
}

// parseKeys returns the keys of a JWKS by their ids. It ignores keys that are never used, so that the
// issuer may publish them: keys without an id, shared secrets, private keys, and keys that cannot be
// parsed. Of two keys with the same id it takes the first.
func parseKeys(body []byte) (map[string]jwk.Key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("reading keys: %w", err)
	}
	if set.Keys == nil {
		return nil, errors.New("reading keys: not a key set")
	}
	keys := map[string]jwk.Key{}
	for _, raw := range set.Keys {
		key, err := jwk.ParseKey(raw)
		if err != nil || key.KeyID() == "" {
			continue
		}
		switch key.(type) {
		case jwk.RSAPublicKey, jwk.ECDSAPublicKey:
			if _, twice := keys[key.KeyID()]; !twice && key.Validate() == nil {
				keys[key.KeyID()] = key
			}
		}
	}
	return keys, nil
}
