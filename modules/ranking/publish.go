package ranking

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/ranking/internal/boards"
)

// snapshot is a complete computation of all rankings.
type snapshot struct {
	generation, computed int64
	spans                map[string]boards.Span
}

// latest returns the newest complete computation, or nil if there is none yet.
func latest(ctx context.Context, db *database.DB) (*snapshot, error) {
	return readSnapshot(ctx, db, "complete = 1 ORDER BY generation DESC LIMIT 1")
}

// readSnapshot returns the first computation that meets a condition, or nil if there is none.
func readSnapshot(ctx context.Context, db *database.DB, condition string, args ...any) (*snapshot, error) {
	s := &snapshot{}
	var spans string
	found, err := db.Get(ctx, []any{&s.generation, &s.computed, &spans},
		"SELECT generation, computed, spans FROM {q2ab_rankings} WHERE "+condition, args...)
	if err == nil && found {
		err = json.Unmarshal([]byte(spans), &s.spans)
	}
	if err != nil {
		return nil, fmt.Errorf("read the rankings: %w", err)
	}
	if !found {
		return nil, nil //nolint:nilnil // none yet is not an error
	}
	return s, nil
}

// boardKey identifies a board.
type boardKey struct {
	period string
	scope  boards.Scope
}

// storedBoard lists the versions of a board that the table holds, the oldest first.
type storedBoard struct {
	generations []int64
	checksum    int64 // of the newest version
}

// boardsPerInsert and bytesPerInsert bound what one transaction writes.
const (
	boardsPerInsert = 200
	bytesPerInsert  = 1 << 20
)

// publication writes the boards of one generation.
type publication struct {
	w          *jobs.Work
	generation int64
	stored     map[boardKey]*storedBoard
	rows       []any
	bytes      int
}

// publish stores what was counted, and then shows it to all readers at the same moment. Each
// transaction that writes makes sure that this process still holds the run.
func (m *Module) publish(ctx context.Context, c *computation, w *jobs.Work) error {
	before, err := latest(ctx, m.db)
	if err != nil {
		return err
	}
	if before == nil {
		before = &snapshot{}
	}
	p := &publication{w: w}
	if p.generation, err = m.open(ctx, c, before, w); err != nil {
		return err
	}
	if p.stored, err = stored(ctx, m.db); err != nil {
		return err
	}
	if old, ok := before.spans[month]; ok && old != c.spans[month] {
		if err := p.keepAllTime(ctx, m.db, before.generation); err != nil {
			return err
		}
	}
	for i, period := range periods {
		counted := c.counter.Boards(i)
		if period == allTime {
			if counted[boards.Site], err = total(ctx, m.db, counted[boards.Site]); err != nil {
				return err
			}
		}
		if err := p.write(ctx, period, counted); err != nil {
			return err
		}
	}
	if err := p.flush(ctx); err != nil {
		return err
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "UPDATE {q2ab_rankings} SET complete = 1 WHERE generation = ?", p.generation)
		return err
	})
	if err != nil {
		return fmt.Errorf("publish the rankings: %w", err)
	}
	m.shown.forget()
	return p.prune(ctx, before.generation)
}

// open begins a generation, and removes what a generation that was never finished has left behind.
func (m *Module) open(
	ctx context.Context, c *computation, before *snapshot, w *jobs.Work,
) (generation int64, err error) {
	spans, err := json.Marshal(c.spans)
	if err != nil {
		return 0, err
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		for _, table := range []string{"{q2ab_boards}", "{q2ab_rankings}"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE generation > ?",
				before.generation); err != nil {
				return err
			}
		}
		generation, err = tx.Insert(ctx, "INSERT INTO {q2ab_rankings} (computed, spans) VALUES (?, ?)",
			c.now, string(spans))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("open a generation of rankings: %w", err)
	}
	return generation, nil
}

// stored returns all boards that the table holds.
func stored(ctx context.Context, db *database.DB) (map[boardKey]*storedBoard, error) {
	list := map[boardKey]*storedBoard{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var period, scope string
		var generation, checksum int64
		if err := rows.Scan(&period, &scope, &generation, &checksum); err != nil {
			return err
		}
		key := boardKey{period, boards.Scope(scope)}
		b := list[key]
		if b == nil {
			b = &storedBoard{}
			list[key] = b
		}
		b.generations, b.checksum = append(b.generations, generation), checksum
		return nil
	}, "SELECT period, scope, generation, checksum FROM {q2ab_boards} ORDER BY period, scope, generation")
	if err != nil {
		return nil, fmt.Errorf("list the boards: %w", err)
	}
	return list, nil
}

// write stores the boards of a period that differ from their newest stored versions, and an empty
// board for each scope in which nobody is left.
func (p *publication) write(ctx context.Context, period string, counted map[boards.Scope]boards.Board) error {
	for key, s := range p.stored {
		if key.period == period && counted[key.scope] == nil && s.checksum != checksum(nil) {
			counted[key.scope] = nil
		}
	}
	for _, scope := range slices.Sorted(maps.Keys(counted)) {
		if err := p.add(ctx, boardKey{period, scope}, counted[scope].Encode()); err != nil {
			return err
		}
	}
	return nil
}

// checksum returns a hash of the encoded board.
func checksum(b boards.Board) int64 { return int64(xxhash.Sum64(b.Encode())) }

// add queues a board for insertion unless its newest stored version is the same, and flushes the
// queue when it is long enough.
func (p *publication) add(ctx context.Context, key boardKey, entries []byte) error {
	sum := int64(xxhash.Sum64(entries))
	if s := p.stored[key]; s != nil && s.checksum == sum {
		return nil
	}
	p.rows = append(p.rows, key.period, []byte(key.scope), p.generation, sum, entries)
	if p.bytes += len(entries); p.bytes < bytesPerInsert && len(p.rows) < 5*boardsPerInsert {
		return nil
	}
	return p.flush(ctx)
}

// flush inserts the queued boards.
func (p *publication) flush(ctx context.Context) error {
	if len(p.rows) == 0 {
		return nil
	}
	err := p.w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx,
			"INSERT INTO {q2ab_boards} (period, scope, generation, checksum, entries) VALUES (?, ?, ?, ?, ?)"+
				strings.Repeat(", (?, ?, ?, ?, ?)", len(p.rows)/5-1), p.rows...)
		return err
	})
	if err != nil {
		return fmt.Errorf("store boards: %w", err)
	}
	p.rows, p.bytes = nil, 0
	return nil
}

// keepAllTime stores the all-time boards of a generation as allTimeBefore, from which the changes
// of rank are counted during the month that begins.
func (p *publication) keepAllTime(ctx context.Context, db *database.DB, generation int64) error {
	for key, s := range p.stored {
		if key.period != allTime || len(s.generations) == 0 {
			continue
		}
		entries, err := readEntries(ctx, db, key, generation)
		if err != nil {
			return err
		}
		if err := p.add(ctx, boardKey{allTimeBefore, key.scope}, entries); err != nil {
			return err
		}
	}
	return nil
}

// readEntries returns a board's encoded entries as of a generation; nil if the board did not exist
// then.
func readEntries(
	ctx context.Context, db *database.DB, key boardKey, generation int64,
) (entries []byte, err error) {
	_, err = db.Get(ctx, []any{&entries},
		`SELECT entries
			FROM {q2ab_boards}
			WHERE period = ? AND scope = ? AND generation <= ?
			ORDER BY generation DESC LIMIT 1`,
		key.period, []byte(key.scope), generation)
	if err != nil {
		return nil, fmt.Errorf("read a board: %w", err)
	}
	return entries, nil
}

// prune removes the boards that neither this generation nor the one before it needs. The one before
// is kept for readers who are in the middle of its pages.
func (p *publication) prune(ctx context.Context, before int64) error {
	var rows []any
	for key, s := range p.stored {
		newest := -1
		for i, g := range s.generations {
			if g <= before {
				newest = i
			}
		}
		for i, g := range s.generations {
			if i < newest {
				rows = append(rows, key.period, []byte(key.scope), g)
			}
		}
	}
	for batch := range slices.Chunk(rows, 3*boardsPerInsert) {
		err := p.w.Tx(ctx, func(tx *database.DB) error {
			const one = "period = ? AND scope = ? AND generation = ?"
			_, err := tx.Exec(ctx,
				"DELETE FROM {q2ab_boards} WHERE "+one+strings.Repeat(" OR "+one, len(batch)/3-1), batch...)
			return err
		})
		if err != nil {
			return fmt.Errorf("remove old boards: %w", err)
		}
	}
	err := p.w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "DELETE FROM {q2ab_rankings} WHERE generation < ?", before)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove old rankings: %w", err)
	}
	return nil
}
