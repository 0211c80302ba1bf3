package personal

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

const (
	// removedAtOnce is how many archives a batch of the clean-up removes.
	removedAtOnce = 50
	// rememberedFor is for how many seconds it is remembered that there was an export.
	rememberedFor = 30 * 24 * 60 * 60
)

// CleanUpJob returns the job that removes archives whose time is over or whose account has gone.
func (m *Module) CleanUpJob() jobs.Job {
	return jobs.Job{
		Name: "export-clean-up", Schedule: "35 * * * *", Missed: jobs.Skip,
		Summary: "removes the copies of members' data whose links have expired, or whose accounts are gone",
		Steps: []jobs.Step{
			{Name: "expired", Batch: func(ctx context.Context, _ int, w *jobs.Work) (int, error) {
				return m.remove(ctx, w, "UPDATE {q2ab_exports} SET state = 'expired', hash = NULL WHERE id = ? AND state IN ('ready', 'failed')",
					"(state = 'ready' AND expires <= ? OR state = 'failed' AND asked <= ?)", m.db.Now(), m.db.Now()-exportEvery)
			}},
			{Name: "dropped", Batch: func(ctx context.Context, _ int, w *jobs.Work) (int, error) {
				return m.remove(ctx, w, "DELETE FROM {q2ab_exports} WHERE id = ? AND state = 'dropped'", "state = 'dropped'")
			}},
			{Name: "forgotten", Batch: jobs.Clear(m.db, "{q2ab_exports}", "id",
				"asked < ? AND state = 'expired'", func() int64 { return m.db.Now() - rememberedFor })},
		},
	}
}

// remove removes the archives of exports that meet a condition, and then does what is to be done with each row.
// The row comes last: otherwise an archive could be left that no row names.
func (m *Module) remove(ctx context.Context, w *jobs.Work, then, condition string, args ...any) (next int, err error) {
	type export struct {
		id     int
		object string
	}
	var list []export
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var e export
		err := rows.Scan(&e.id, &e.object)
		list = append(list, e)
		return err
	}, "SELECT id, object FROM {q2ab_exports} WHERE "+condition+" ORDER BY id LIMIT ?", append(args, removedAtOnce)...)
	if w.Done = len(list); err != nil || len(list) == 0 {
		return 0, err
	}
	if w.DryRun {
		w.Report("q2ab_exports", "rows", "object", len(list), 0)
		return 0, nil
	}
	for _, e := range list {
		if err := m.files.DropArchive(ctx, e.object); err != nil {
			return 0, err
		}
		err := w.Tx(ctx, func(tx *database.DB) error {
			_, err := tx.Exec(ctx, then, e.id)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("forget an export: %w", err)
		}
	}
	return 1, nil
}
