package ranking

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
)

// The job of weights keeps its place as one number. At or below counting, it computes points by the
// next weights; users are counted in any order, so no further place is needed. Between counting and
// repairing, the number is a time in Unix seconds up to which the job waits. From repairing on, it
// is repairing plus the id of the last user whose points were repaired.
const (
	counting  = 1
	repairing = 1 << 40
)

// stragglers is for how many seconds after the change of weights others, that is, other processes
// of this backend and the old site, may still write points by weights that they had read before. It
// exceeds the longest time that a request takes.
const stragglers = 30

// WeightsJob returns the job that puts changed weights into effect. It computes everybody's points
// by the next weights and stores them beside the current ones, replaces points and weights in one
// transaction, and finally repairs the points that were written by the old weights in the meantime.
func (m *Module) WeightsJob() jobs.Job {
	repair := m.RecountStep(m.db)
	return jobs.Job{
		Name: weightsJob, Summary: "computes everybody's points with changed weights (PUT /v1/admin/points)",
		Steps: []jobs.Step{{
			Name: "points",
			Count: func(ctx context.Context) (int, error) {
				n, err := repair.Count(ctx)
				return 2 * n, err
			},
			Batch: func(ctx context.Context, place int, w *jobs.Work) (next int, err error) {
				switch {
				case place <= counting:
					return m.countNext(ctx, w)
				case place < repairing:
					return m.waitForStragglers(ctx, place, w)
				}
				next, err = repair.Batch(ctx, place-repairing, w)
				if err != nil || next > 0 {
					return next + repairing, err
				}
				return m.orAgain(ctx)
			},
		}},
	}
}

// orAgain ends the job, or sends it back to its beginning if other weights were set in the
// meantime.
func (m *Module) orAgain(ctx context.Context) (next int, err error) {
	w, err := nextWeights(ctx, m.db)
	if err == nil && w != nil {
		return counting, nil
	}
	return 0, err
}

// waitForStragglers goes on to repairing once the time until, in Unix seconds, has come. Before
// that it pauses for half a second and keeps the place.
func (m *Module) waitForStragglers(ctx context.Context, until int, w *jobs.Work) (next int, err error) {
	if w.Done = 0; m.db.Now() >= int64(until) {
		return repairing, nil
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(500 * time.Millisecond):
		return until, nil
	}
}

// countNext computes the points by the next weights of some users for whom that has not been done.
// When no such users are left, it makes the weights and the points those of the site.
func (m *Module) countNext(ctx context.Context, w *jobs.Work) (next int, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		next, w.Done = 0, 0
		weights, err := lockedWeights(ctx, tx)
		if err != nil || weights == nil {
			return err // done already, or nothing was asked for
		}
		var ids []int
		if err := tx.Select(ctx, database.Append(&ids),
			`SELECT userid
				FROM {userpoints} u
				WHERE NOT EXISTS (SELECT 1 FROM {q2ab_points_next} n WHERE n.userid = u.userid)
				ORDER BY userid LIMIT ?`, usersPerBatch); err != nil {
			return err
		}
		by := o.With(weights.options())
		if w.Done = len(ids); len(ids) > 0 {
			next = counting
			return prepare(ctx, tx, by, ids)
		}
		next = int(tx.Now()) + stragglers
		return changeOver(ctx, tx, by, weights)
	})
	if err != nil {
		return 0, fmt.Errorf("compute points with other weights: %w", err)
	}
	if next != counting {
		m.site.Forget()
	}
	return next, nil
}

// lockedWeights returns the next weights, or nil if there are none. It locks their row, so that
// they cannot change before the transaction ends.
func lockedWeights(ctx context.Context, tx *database.DB) (*pointWeights, error) {
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_state} SET content = content WHERE name = ?",
		nextState); err != nil {
		return nil, err
	}
	return nextWeights(ctx, tx)
}

// prepare computes the points of the given users by the given options and stores them beside the
// current ones, in q2ab_points_next.
func prepare(ctx context.Context, tx *database.DB, by *site.Options, ids []int) error {
	rows, err := readFigures(ctx, tx, "userid IN ?", ids)
	if err != nil {
		return err
	}
	seen := make(map[int]int64, len(rows))
	users := make(map[int]Columns, len(rows))
	for id, f := range rows {
		seen[id], users[id] = f.checksum(), QVoteds|AVoteds|CVoteds
	}
	if len(users) == 0 {
		return nil
	}
	if err := Count(ctx, tx, by, users, rows); err != nil {
		return err
	}
	var args []any
	for id, f := range rows {
		args = append(args, id, f.Points, f.Of[qvoteds], f.Of[qvoteds+1], f.Of[qvoteds+2], seen[id])
	}
	_, err = tx.Exec(ctx,
		`INSERT INTO {q2ab_points_next} (userid, points, qvoteds, avoteds, cvoteds, seen)
			VALUES (?, ?, ?, ?, ?, ?)`+
			strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(rows)-1)+
			tx.Overwrite("userid", "points", "qvoteds", "avoteds", "cvoteds", "seen"), args...)
	return err
}

// qvoteds is the index in Figures.Of of the first of the three figures that depend on the weights:
// qvoteds, avoteds and cvoteds.
const qvoteds = 11

// checksum returns a hash of the row, by which a later change of it is noticed.
func (f *Figures) checksum() int64 {
	h := fnv.New64a()
	fmt.Fprint(h, *f)
	return int64(h.Sum64())
}

// changeOver makes the next weights, and the points that were computed by them, those of the site.
// Users whose rows have changed since then are counted once more, with their rows locked.
func changeOver(ctx context.Context, tx *database.DB, by *site.Options, weights *pointWeights) error {
	rows, err := readFigures(ctx, tx, "userid >= ?"+tx.ForUpdate(), 0)
	if err != nil {
		return err
	}
	changed, err := changedSince(ctx, tx, rows)
	if err != nil {
		return err
	}
	for start := 0; start < len(changed); start += usersPerBatch {
		if err := prepare(ctx, tx, by, changed[start:min(start+usersPerBatch, len(changed))]); err != nil {
			return err
		}
	}
	of := func(column string) string {
		return column + " = (SELECT n." + column +
			" FROM {q2ab_points_next} n WHERE n.userid = {userpoints}.userid)"
	}
	for _, statement := range []string{
		"UPDATE {userpoints} SET " +
			of("points") + ", " + of("qvoteds") + ", " + of("avoteds") + ", " + of("cvoteds") +
			" WHERE userid IN (SELECT userid FROM {q2ab_points_next})",
		"DELETE FROM {q2ab_points_next}",
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := site.Set(ctx, tx, weights.options()); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "DELETE FROM {q2ab_state} WHERE name = ?", nextState)
	return err
}

// changedSince returns the users whose rows are new or have changed since the next points were
// computed.
func changedSince(ctx context.Context, tx *database.DB, rows map[int]*Figures) ([]int, error) {
	seen := make(map[int]int64, len(rows))
	err := tx.Select(ctx, func(r *sql.Rows) error {
		var id int
		var sum int64
		err := r.Scan(&id, &sum)
		seen[id] = sum
		return err
	}, "SELECT userid, seen FROM {q2ab_points_next}")
	if err != nil {
		return nil, err
	}
	var changed []int
	for id, f := range rows {
		if sum, ok := seen[id]; !ok || sum != f.checksum() {
			changed = append(changed, id)
		}
	}
	return changed, nil
}
