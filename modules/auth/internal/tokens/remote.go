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
	// keysKept is how long keys are used before they are fetched anew.
	keysKept = time.Hour
	// staleRetry is the least time between two attempts to renew such keys; meanwhile the old ones are used.
	staleRetry = time.Minute
	// unknownRetry is the least time between an attempt and one for the sake of an unknown key, so that tokens with
	// made-up key ids cannot make this program a burden to the issuer.
	unknownRetry = 30 * time.Second
	// firstRetry is the least time between two attempts while there are no keys at all.
	firstRetry = 5 * time.Second

	fetchTime = 3 * time.Second
	maxKeySet = 1 << 20 // bytes
)

// Remote is the KeySource of a JWKS address. It fetches the keys when the first one is asked for, renews them every
// hour and when a key is asked for that it does not know, and goes on with the keys it has while the address does not
// answer. There is never more than one fetch at a time.
type Remote struct {
	url    string
	client *http.Client
	clock  func() time.Time

	mu sync.Mutex
	// keys are nil until the first fetch went well. The map is never changed, only replaced.
	keys map[string]jwk.Key
	// fetched is when keys came, tried when the last attempt ended, well or not.
	fetched, tried time.Time
	// failure is why the last attempt went wrong, nil if it went well.
	failure error
	// running is closed when the fetch under way ends, nil when there is none.
	running chan struct{}
}

// NewRemote returns the key source of an address. The client may be nil; redirects are not followed whatever it says.
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

// Key returns the key of the id. It waits for the network only if there are no keys yet, or none of this id; if the
// context ends meanwhile it returns ErrKeysUnavailable.
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

// look returns what is known of the id; the caller holds the lock.
func (r *Remote) look(kid string) (jwk.Key, error) {
	if r.keys == nil {
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, r.failure)
	}
	if key, known := r.keys[kid]; known {
		return key, nil
	}
	return nil, ErrUnknownKey
}

// due says whether a new attempt may start: none is under way, and the last one is long enough ago. The caller holds
// the lock.
func (r *Remote) due(now time.Time, pause time.Duration) bool {
	return r.running == nil && (r.tried.IsZero() || now.Sub(r.tried) >= pause)
}

// start begins a fetch; the caller holds the lock. It goes on when the request that caused it is given up, as others
// may be waiting for it.
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
			slog.WarnContext(ctx, "the token issuer's keys could not be renewed; those at hand are used", "url", r.url, "error", err)
		}
		close(r.running)
		r.running = nil
	}()
}

// fetch gets the keys from the address.
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

// parseKeys reads a JWKS. Keys of kinds that are never used are left out, so that an issuer may have them: those
// without an id, shared secrets, private keys, and what cannot be read. Of two keys with one id the first counts.
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
