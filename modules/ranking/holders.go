package ranking

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"sync"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/ranking/internal/badges"
)

const (
	// holdersAge is how old the count of all awards may be. Awards are never taken back except when
	// an account is deleted; that account's awards may go on being counted for this long.
	holdersAge = time.Minute
	// lateAwards is for how many seconds before the count of all awards an award may be dated
	// although its transaction committed only after the count.
	lateAwards = 120
)

// holders counts the users who have each badge. The plugin keeps a row for each award, and no index
// counts the users of all badges at once. Therefore older awards are counted once a minute, and
// newer ones at each request, whether this backend or the old site wrote them.
type holders struct {
	db *database.DB
	mu sync.Mutex
	// before counts the holders, by badge, of the awards that are dated before since, in Unix
	// seconds.
	before map[int]int
	since  int64
	read   time.Time
}

// of returns the number of holders by badge.
func (h *holders) of(ctx context.Context) (map[int]int, error) {
	before, since, err := h.counted(ctx)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(before)
	// Monthly badges need no cache: there are only about three awards a month.
	err = h.count(ctx, all, newHolders("")+
		" UNION ALL SELECT badgeid, COUNT(DISTINCT userid) FROM {ysb_badge_ranking} GROUP BY badgeid",
		badgeIDs(), since, since)
	return all, err
}

// newHolders returns a query that counts, by badge, the users who got the badge for the first time
// at or after a given time; sign is put before the count. It names all badges, so that the database
// reads one short range of the index for each. Its arguments are the ids of the badges and, twice,
// the time.
func newHolders(sign string) string {
	return "SELECT b.badgeid, " + sign + `COUNT(DISTINCT b.userid) FROM {ysb_badges} b
		WHERE b.badgeid IN ? AND b.created >= FROM_UNIXTIME(?) AND NOT EXISTS (SELECT 1 FROM {ysb_badges} o
			WHERE o.userid = b.userid AND o.badgeid = b.badgeid AND o.created < FROM_UNIXTIME(?))
		GROUP BY b.badgeid`
}

func badgeIDs() []int {
	ids := make([]int, len(badges.All))
	for i := range badges.All {
		ids[i] = badges.All[i].ID
	}
	return ids
}

// counted returns the count of all awards that are dated before the time since. The count is at
// most holdersAge old.
func (h *holders) counted(ctx context.Context) (before map[int]int, since int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.before != nil && time.Since(h.read) < holdersAge {
		return h.before, h.since, nil
	}
	read, since, before := time.Now(), h.db.Now()-lateAwards, map[int]int{}
	// All awards minus the new ones. The index of users and badges does not contain times; without
	// a condition on them, the database reads nothing but that index.
	err = h.count(ctx, before,
		`SELECT badgeid, COUNT(*)
			FROM (SELECT DISTINCT userid, badgeid FROM {ysb_badges}) a
			GROUP BY badgeid
			UNION ALL `+newHolders("-"), badgeIDs(), since, since)
	if err != nil {
		return nil, 0, err
	}
	h.before, h.since, h.read = before, since, read
	return before, since, nil
}

// count adds the result of a query, a number for each badge, to the map.
func (h *holders) count(ctx context.Context, to map[int]int, query string, args ...any) error {
	err := h.db.Select(ctx, func(rows *sql.Rows) error {
		var id, n int
		err := rows.Scan(&id, &n)
		to[id] += n
		return err
	}, query, args...)
	if err != nil {
		return fmt.Errorf("count a badge's holders: %w", err)
	}
	return nil
}
