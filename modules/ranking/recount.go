package ranking

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// usersPerBatch is how many users' points one transaction counts.
const usersPerBatch = 50

// RecountStep returns the step of the recalculation that counts everybody's points anew.
func (m *Module) RecountStep(db *database.DB) jobs.Step {
	return jobs.Step{
		Name: "points",
		Count: func(ctx context.Context) (n int, err error) {
			_, err = db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {users}")
			return n, err
		},
		Batch: func(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
			err = db.Tx(ctx, func(tx *database.DB) error {
				next, err = m.recount(ctx, tx, after, w)
				return err
			})
			return next, err
		},
	}
}

// recount counts the points of the next users after the given one. It reports the differences and,
// unless w is a dry run, stores the counted points.
func (m *Module) recount(
	ctx context.Context, tx *database.DB, after int, w *jobs.Work,
) (next int, err error) {
	w.Found = nil
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	var ids []int
	if err := tx.Select(ctx, database.Append(&ids),
		"SELECT userid FROM {users} WHERE userid > ? ORDER BY userid LIMIT ?",
		after, usersPerBatch); err != nil {
		return 0, fmt.Errorf("recount points: %w", err)
	}
	if w.Done = len(ids); len(ids) == 0 {
		return 0, m.dropStrangers(ctx, tx, w)
	}
	rows, err := lock(ctx, tx, ids)
	if err != nil {
		return 0, err
	}
	all := make(map[int]Columns, len(ids))
	before := make(map[int]Figures, len(ids))
	for _, id := range ids {
		if all[id] = AllColumns; rows[id] == nil {
			w.Report("userpoints", fmt.Sprintf("userid=%d", id), "row", "none", "one")
			rows[id] = &Figures{UserID: id}
			continue
		}
		before[id] = *rows[id]
	}
	if err := Count(ctx, tx, o, all, rows); err != nil {
		return 0, err
	}
	var changed []int
	for _, id := range ids {
		was, key := before[id], fmt.Sprintf("userid=%d", id)
		differs := w.Report("userpoints", key, "points", was.Points, rows[id].Points)
		for i, f := range figures {
			differs = w.Report("userpoints", key, f.name, was.Of[i], rows[id].Of[i]) || differs
		}
		if _, had := before[id]; differs || !had {
			changed = append(changed, id)
		}
	}
	if !w.DryRun {
		if err := store(ctx, tx, changed, rows); err != nil {
			return 0, err
		}
	}
	return ids[len(ids)-1], nil
}

// dropStrangers deletes the points of users who do not exist. As in Q2A's recalculation, rows with
// a bonus stay.
func (m *Module) dropStrangers(ctx context.Context, tx *database.DB, w *jobs.Work) error {
	const strangers = " FROM {userpoints} WHERE bonus = 0 AND userid NOT IN (SELECT userid FROM {users})"
	var ids []int
	if err := tx.Select(ctx, database.Append(&ids), "SELECT userid"+strangers); err != nil {
		return fmt.Errorf("recount points: %w", err)
	}
	for _, id := range ids {
		w.Report("userpoints", fmt.Sprintf("userid=%d", id), "row", "one", "none")
	}
	if len(ids) == 0 || w.DryRun {
		return nil
	}
	if _, err := tx.Exec(ctx, "DELETE"+strangers); err != nil {
		return fmt.Errorf("recount points: %w", err)
	}
	return nil
}
