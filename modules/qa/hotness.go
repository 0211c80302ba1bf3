package qa

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
)

// hotnessStart is the time from which hotness counts seconds in Q2A: 2010-01-01 00:00 in the database's
// time zone.
const hotnessStart = "2010-01-01 00:00:00"

// updateHotness computes the hotness of a question again and stores it.
func (m *Module) updateHotness(ctx context.Context, tx *database.DB, o *site.Options, id int) error {
	hotness, err := computeHotness(ctx, tx, o, id, 0)
	if err != nil {
		return err
	}
	if _, err = tx.Exec(ctx, "UPDATE {posts} SET hotness = ? WHERE postid = ?", hotness, id); err != nil {
		return fmt.Errorf("store hotness: %w", err)
	}
	return nil
}

// computeHotness returns the hotness of a question, computed from the database, with votes added to its
// number of votes. It adds up the age of the question and of its newest visible answer, in seconds, and
// the numbers of answers, votes and views, each with the site's weight. As in Q2A, a vote and an answer
// count 160,000 s and a view 4,000 s. The result is rounded to the column's type FLOAT.
func computeHotness(ctx context.Context, db *database.DB, o *site.Options, id, votes int) (float64, error) {
	seconds := func(column string) string {
		if db.Dialect() == database.SQLite {
			return "(UNIX_TIMESTAMP(" + column + ") - UNIX_TIMESTAMP('" + hotnessStart + "'))"
		}
		// This counts by the calendar. UNIX_TIMESTAMP would count an hour more or less with daylight
		// saving.
		return "TIMESTAMPDIFF(SECOND, '" + hotnessStart + "', " + column + ")"
	}
	var question, answer float64
	var answers, net, views int
	_, err := db.Get(ctx, []any{&question, &answer, &answers, &net, &views},
		"SELECT "+seconds("MAX(q.created)")+", "+seconds("COALESCE(MAX(a.created), MAX(q.created))")+
			", COUNT(a.postid), MAX(q.netvotes), MAX(q.views) "+
			"FROM {posts} q LEFT JOIN {posts} a ON a.parentid = q.postid AND a.type = 'A' WHERE q.postid = ? GROUP BY q.postid", id)
	if err != nil {
		return 0, fmt.Errorf("compute hotness: %w", err)
	}
	weight := func(name string) float64 { return float64(o.Int("hot_weight_" + name)) }
	hotness := question*weight("q_age") + answer*weight("a_age") + float64(answers)*weight("answers")*160000 +
		float64(net+votes)*weight("votes")*160000 + float64(views)*weight("views")*4000
	return float64(float32(hotness)), nil
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
func (m *Module) allHotness(ctx context.Context) (*hotnessTable, error) {
	if t := m.hotness.Load(); t != nil && time.Since(t.read) < hotnessAge {
		return t, nil
	}
	m.readingHotness.Lock()
	defer m.readingHotness.Unlock()
	if t := m.hotness.Load(); t != nil && time.Since(t.read) < hotnessAge {
		return t, nil
	}
	t := &hotnessTable{read: time.Now()}
	err := m.readHotness(ctx, func(id uint32, hot float64) {
		for int(id) >= len(t.byID) {
			t.byID = append(t.byID, math.NaN())
		}
		t.byID[id] = hot
	}, "")
	if err != nil {
		return nil, err
	}
	m.hotness.Store(t)
	return t, nil
}

// candidateHotness returns a function for the hotness of the candidates, which is false for those that are no
// visible questions. Up to exactUpTo candidates get their present hotness. For more, the hotness may be
// up to hotnessAge old, except that of questions which are too new for the table.
func (m *Module) candidateHotness(ctx context.Context, ids []uint32) (func(id uint32) (float64, bool), error) {
	exact := map[uint32]float64{}
	unknown := ids
	table := &hotnessTable{}
	if len(ids) > exactUpTo {
		var err error
		if table, err = m.allHotness(ctx); err != nil {
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
		if err := m.readHotness(ctx, keep, " AND postid IN ?", unknown); err != nil {
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
func (m *Module) readHotness(
	ctx context.Context, found func(id uint32, hotness float64), condition string, args ...any,
) error {
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
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
