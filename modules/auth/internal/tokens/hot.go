package tokens

import (
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	// hotTime is how long a good token is remembered, and so how long it may outlive its key.
	hotTime = time.Minute
	// hotTokens bounds the memory of remembered tokens: some 10 MB with tokens of the usual size.
	hotTokens = 10_000
)

// tokenID stands for a token: the SHA-256 of its bytes, so that no tokens lie about in memory.
type tokenID [sha256.Size]byte

func idOf(token string) tokenID { return sha256.Sum256([]byte(token)) }

// hot remembers good tokens. It looks at their age itself when asked, and leaves it to the size to drop old ones.
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

// get returns the claims of a token whose signature was found good within the last minute, else nil. The times that the
// token states are for the caller to look at.
func (h *hot) get(id tokenID, now time.Time) *checked {
	t, ok := h.cache.GetIfPresent(id)
	// A clock that was put back makes ages below zero.
	if age := now.Sub(t.since); !ok || age < 0 || age >= hotTime {
		return nil
	}
	return t.claims
}

// put remembers a good token.
func (h *hot) put(id tokenID, c *checked, now time.Time) {
	h.cache.Set(id, hotToken{claims: c, since: now})
}
