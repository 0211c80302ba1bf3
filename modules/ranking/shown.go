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
	// snapshotAge is how long a process may go on showing rankings after another has published new ones.
	snapshotAge = time.Second
	// placesKept bounds the ordered boards in memory by the number of their places, of about 60 bytes each.
	placesKept = 500_000
)

// shown is what a process keeps in memory of the rankings.
type shown struct {
	db      *database.DB
	mu      sync.Mutex
	current *snapshot
	read    time.Time
	boards  *otter.Cache[shownKey, *ranked]
}

// shownKey names a board in one order, as a generation has it.
type shownKey struct {
	generation int64
	board      boardKey
	by         boards.Measure
}

// ranked is a board in an order, and where each user stands in it.
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

// latest is the newest complete computation, nil if there is none yet; it is asked for at most once a second.
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

// at is the complete computation of that generation, or the newest one where it is gone.
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

// forget makes the next reader ask the database.
func (s *shown) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}

// board is a board in an order; many who ask at once read it once.
func (s *shown) board(ctx context.Context, generation int64, key boardKey, by boards.Measure) (*ranked, error) {
	return s.boards.Get(ctx, shownKey{generation, key, by}, otter.LoaderFunc[shownKey, *ranked](func(ctx context.Context, k shownKey) (*ranked, error) {
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

// of is a user's place; nil if there is none.
func (r *ranked) of(userID int) *boards.Place {
	at, found := slices.BinarySearchFunc(r.byUser, userID, func(i int32, id int) int { return cmp.Compare(r.places[i].UserID, id) })
	if !found {
		return nil
	}
	return &r.places[r.byUser[at]]
}
