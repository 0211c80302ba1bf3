package ranking

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/ranking/internal/boards"
)

const (
	// snapshotAge is how long a process may go on showing old rankings after another process has
	// published new ones.
	snapshotAge = time.Second
	// placesKept is the most entries that all sorted leaderboards in memory have together. An entry takes
	// about 60 bytes.
	placesKept = 500_000
)

// shown is the part of the rankings that a process keeps in memory.
type shown struct {
	db      *database.DB
	mu      sync.Mutex
	current *snapshot
	read    time.Time
	boards  *otter.Cache[shownKey, *ranked]
}

// shownKey identifies a board of a generation in one order.
type shownKey struct {
	generation int64
	board      boardKey
	by         boards.Measure
}

// ranked is a board in one order, with an index of where each user stands in it.
type ranked struct {
	places []boards.Place
	byUser []int32 // indexes of places, by the users' ids
}

func newShown(db *database.DB) *shown {
	return &shown{db: db, boards: otter.Must(&otter.Options[shownKey, *ranked]{
		MaximumWeight: placesKept,
		Weigher:       func(_ shownKey, r *ranked) uint32 { return uint32(len(r.places)) + 10 },
	})}
}

// latest returns the newest complete computation, or nil if there is none yet. It asks the database
// at most once in snapshotAge.
func (s *shown) latest(ctx context.Context) (*snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && time.Since(s.read) < snapshotAge {
		return s.current, nil
	}
	current, err := latest(ctx, s.db)
	if err == nil {
		s.current, s.read = current, time.Now()
	}
	return current, err
}

// at returns the complete computation of the given generation or, if that has been removed, the
// newest one.
func (s *shown) at(ctx context.Context, generation int64) (*snapshot, error) {
	current, err := s.latest(ctx)
	if err != nil || current == nil || current.generation == generation {
		return current, err
	}
	old, err := readSnapshot(ctx, s.db, "generation = ? AND complete = 1", generation)
	if err != nil || old == nil {
		return current, err
	}
	return old, nil
}

// forget drops what is kept, so that the next call of the method latest reads from the database.
func (s *shown) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}

// board returns a board in the given order. Callers who ask for the same board at the same time
// share one read of the database.
func (s *shown) board(
	ctx context.Context, generation int64, key boardKey, by boards.Measure,
) (*ranked, error) {
	return s.boards.Get(ctx, shownKey{generation, key, by},
		otter.LoaderFunc[shownKey, *ranked](func(ctx context.Context, k shownKey) (*ranked, error) {
			entries, err := readEntries(ctx, s.db, k.board, k.generation)
			if err != nil || entries == nil {
				return &ranked{}, err
			}
			board, err := boards.Decode(entries)
			if err != nil {
				return nil, err
			}
			return newRanked(board.Ranked(k.by)), nil
		}))
}

func newRanked(places []boards.Place) *ranked {
	r := &ranked{places: places, byUser: make([]int32, len(places))}
	for i := range places {
		r.byUser[i] = int32(i)
	}
	slices.SortFunc(r.byUser, func(a, b int32) int { return cmp.Compare(places[a].UserID, places[b].UserID) })
	return r
}

// of returns a user's place, or nil if the user has none.
func (r *ranked) of(userID int) *boards.Place {
	at, found := slices.BinarySearchFunc(r.byUser, userID,
		func(i int32, id int) int { return cmp.Compare(r.places[i].UserID, id) })
	if !found {
		return nil
	}
	return &r.places[r.byUser[at]]
}
