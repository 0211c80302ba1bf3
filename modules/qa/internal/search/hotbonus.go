package search

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"
)

// exactUpTo is the number of candidates up to which a search reads the present hotness of each from the
// database.
const exactUpTo = 500

// hotnessSpan is the range of hotness of all visible questions.
type hotnessSpan struct{ lowest, highest float64 }

// bonus returns how much a question's hotness adds to its score: up to 2 ln(10000) for the hottest
// question.
func (s hotnessSpan) bonus(hotness float64) float64 {
	if s.highest <= s.lowest {
		return 0
	}
	return 2 * math.Log(ignoredFrom) * (hotness - s.lowest) / (s.highest - s.lowest)
}

// hotnessAge is how old the hotness may be that is used to rank the candidates of a search with many of
// them. What responses show is always the present hotness.
const hotnessAge = 10 * time.Second

// hotnessTable holds the hotness of all visible questions at one moment, indexed by id. It is NaN for
// ids that belong to no visible question.
type hotnessTable struct {
	byID []float64
	read time.Time
}

// of returns the hotness of a question. known is false if the table does not have it.
func (t *hotnessTable) of(id uint32) (hotness float64, known bool) {
	if int(id) >= len(t.byID) || math.IsNaN(t.byID[id]) {
		return 0, false
	}
	return t.byID[id], true
}

// allHotness returns the hotness of all visible questions as it was at most ten seconds ago. While one
// request reads it from the database, others wait for the result.
func (x *Index) allHotness(ctx context.Context) (*hotnessTable, error) {
	if t := x.hotness.Load(); t != nil && time.Since(t.read) < hotnessAge {
		return t, nil
	}
	x.readingHotness.Lock()
	defer x.readingHotness.Unlock()
	if t := x.hotness.Load(); t != nil && time.Since(t.read) < hotnessAge {
		return t, nil
	}
	t := &hotnessTable{read: time.Now()}
	err := x.readHotness(ctx, func(id uint32, hot float64) {
		for int(id) >= len(t.byID) {
			t.byID = append(t.byID, math.NaN())
		}
		t.byID[id] = hot
	}, "")
	if err != nil {
		return nil, err
	}
	x.hotness.Store(t)
	return t, nil
}

// candidateHotness returns a function for the hotness of the candidates, which is false for those that are no
// visible questions. Up to exactUpTo candidates get their present hotness. For more, the hotness may be
// up to hotnessAge old, except that of questions which are too new for the table.
func (x *Index) candidateHotness(ctx context.Context, ids []uint32) (func(id uint32) (float64, bool), error) {
	exact := map[uint32]float64{}
	unknown := ids
	table := &hotnessTable{}
	if len(ids) > exactUpTo {
		var err error
		if table, err = x.allHotness(ctx); err != nil {
			return nil, err
		}
		unknown = nil
		for _, id := range ids {
			if _, known := table.of(id); !known && len(unknown) < exactUpTo {
				unknown = append(unknown, id)
			}
		}
	}
	if len(unknown) > 0 {
		keep := func(id uint32, hot float64) { exact[id] = hot }
		if err := x.readHotness(ctx, keep, " AND postid IN ?", unknown); err != nil {
			return nil, err
		}
	}
	return func(id uint32) (float64, bool) {
		if hot, ok := table.of(id); ok {
			return hot, true
		}
		hot, ok := exact[id]
		return hot, ok
	}, nil
}

// readHotness calls found with the hotness of each visible question that meets the condition, which
// continues a WHERE clause and may be "".
func (x *Index) readHotness(
	ctx context.Context, found func(id uint32, hotness float64), condition string, args ...any,
) error {
	err := x.db.Select(ctx, func(rows *sql.Rows) error {
		var id uint32
		var hot sql.NullFloat64
		err := rows.Scan(&id, &hot)
		found(id, hot.Float64)
		return err
	}, "SELECT postid, hotness + 0e0 FROM {posts} WHERE type = 'Q'"+condition, args...)
	if err != nil {
		return fmt.Errorf("read hotness: %w", err)
	}
	return nil
}
