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
	// holdersAge is how old the count of all awards may be. Awards only ever come, but for those of an
	// account that is deleted: these may go on being counted for so long.
	holdersAge = time.Minute
	// lateAwards is how long, in seconds, before the count of all an award may have been dated that was
	// committed after it.
	lateAwards = 120
)

// holders knows how many users have each badge. There is a row for each award, and no index that counts the
// users of all at once: what was awarded long ago is counted once in a minute, and what came since, whoever
// wrote it, at each request.
type holders struct {
	db *database.DB
	mu sync.Mutex
	// before are the holders by badge of what was awarded before the second since.
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
	// Of each month there are three awards.
	err = h.count(ctx, all, newHolders("")+
		" UNION ALL SELECT badgeid, COUNT(DISTINCT userid) FROM {ysb_badge_ranking} GROUP BY badgeid",
		badgeIDs(), since, since)
	return all, err
}

// newHolders is a query of how many users have each badge since a time only. Naming all badges makes it one
// short range of the index for each.
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

// counted returns the count of all awards up to a time, which is at most holdersAge old.
func (h *holders) counted(ctx context.Context) (before map[int]int, since int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.before != nil && time.Since(h.read) < holdersAge {
		return h.before, h.since, nil
	}
	read, since, before := time.Now(), h.db.Now()-lateAwards, map[int]int{}
	// All less the new ones: the index of users and badges has no times, and without them it is all that is
	// read.
	err = h.count(ctx, before, "SELECT badgeid, COUNT(*) FROM (SELECT DISTINCT userid, badgeid FROM {ysb_badges}) a "+
		"GROUP BY badgeid UNION ALL "+newHolders("-"), badgeIDs(), since, since)
	if err != nil {
		return nil, 0, err
	}
	h.before, h.since, h.read = before, since, read
	return before, since, nil
}

// count adds what a query counts by badge.
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
