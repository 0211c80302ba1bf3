package database

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strconv"
)

// The random ids that Q2A gives to cookies and blobs begin at 10^12 and stay within what PHP and
// MySQL can hold. Those below 2^63 fit the signed integers of every language.
const (
	leastFreeID = 1_000000_000000
	// Q2AIDs is the number of ids that Q2A chooses from; SignedIDs is about how many of them are
	// below 2^63.
	Q2AIDs    = 18446743_000000_000000
	SignedIDs = 9_000000_000000_000000
)

// FreeID returns a random id that no row of the table has in its column key. It is one of the first
// `among` ids of Q2A's range; see Q2AIDs and SignedIDs. It returns an error if ten ids in a row are
// taken.
func (db *DB) FreeID(ctx context.Context, table, key string, among uint64) (uint64, error) {
	const attempts = 10
	for range attempts {
		n, err := rand.Int(rand.Reader, new(big.Int).SetUint64(among))
		if err != nil {
			return 0, fmt.Errorf("new id: %w", err)
		}
		id := n.Uint64() + leastFreeID
		var one int
		// As text: drivers take no number beyond 2^63.
		taken, err := db.Get(ctx, []any{&one}, "SELECT 1 FROM "+table+" WHERE "+key+" = ?",
			strconv.FormatUint(id, 10))
		if err != nil || !taken {
			return id, err
		}
	}
	return 0, fmt.Errorf("new id of %s: none free in %d attempts", table, attempts)
}
