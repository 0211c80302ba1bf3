package tokens

import (
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	// hotTime is how long a valid token is remembered, and so how long it may outlive its key.
	hotTime = time.Minute
	// hotTokens is how many tokens are remembered, which bounds the memory: some 10 MB with tokens of
	// the usual size.
	hotTokens = 10_000
)

// tokenID identifies a token by the SHA-256 of its bytes, so that the tokens themselves are not kept
// in memory.
type tokenID [sha256.Size]byte

func idOf(token string) tokenID { return sha256.Sum256([]byte(token)) }

// hot remembers valid tokens. It checks their age itself when it is asked for one, and removes old
// ones only when it is full.
type hot struct {
	cache *otter.Cache[tokenID, hotToken]
}

type hotToken struct {
	claims *checked
	since  time.Time
}

func newHot() *hot {
	return &hot{cache: otter.Must(&otter.Options[tokenID, hotToken]{MaximumSize: hotTokens})}
}

// get returns the claims of a token whose signature was found valid within the last minute, otherwise
// nil. The caller has to check the times that the token states.
func (h *hot) get(id tokenID, now time.Time) *checked {
	t, ok := h.cache.GetIfPresent(id)
	// The age is negative after the clock was put back.
	if age := now.Sub(t.since); !ok || age < 0 || age >= hotTime {
		return nil
	}
	return t.claims
}

// put remembers a valid token.
func (h *hot) put(id tokenID, c *checked, now time.Time) {
	h.cache.Set(id, hotToken{claims: c, since: now})
}
