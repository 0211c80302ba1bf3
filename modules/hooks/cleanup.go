package hooks

import (
	"context"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// removedAtOnce is how many deliveries one transaction of the clean-up removes.
const removedAtOnce = 500

// CleanUpJob returns the job that removes old deliveries, those of deleted webhooks, and secrets that do not
// sign any more.
func (m *Module) CleanUpJob() jobs.Job {
	old := func() int64 {
		if m.settings.LogFor == 0 {
			return 0
		}
		return m.db.Now() - int64(m.settings.LogFor/time.Second)
	}
	return jobs.Job{
		Name: "webhooks",
		Summary: "removes old deliveries of webhooks, those of deleted webhooks, and secrets that do not sign " +
			"any more",
		Schedule: "20 * * * *",
		Missed:   jobs.Skip,
		Steps: []jobs.Step{
			{Name: "old deliveries", Batch: m.drop("created < ?", func() []any { return []any{old()} })},
			{Name: "deliveries of deleted webhooks", Batch: m.drop(
				"NOT EXISTS (SELECT 1 FROM {q2ab_webhooks} w WHERE w.id = {q2ab_deliveries}.webhookid)",
				func() []any { return nil })},
			{Name: "secrets", Batch: m.dropSecrets},
		},
	}
}

// drop returns a step that removes the deliveries that meet a condition, in small numbers by their keys, so
// that others do not wait long for them.
func (m *Module) drop(
	condition string, args func() []any,
) func(context.Context, int, *jobs.Work) (int, error) {
	return func(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
		var ids []int64
		err = m.db.Select(ctx, database.Append(&ids),
			"SELECT id FROM {q2ab_deliveries} WHERE "+condition+" ORDER BY id LIMIT ?",
			append(args(), removedAtOnce)...)
		if w.Done = len(ids); err != nil || len(ids) == 0 {
			return 0, err
		}
		if w.DryRun {
			w.Report("{q2ab_deliveries}", "deliveries", "id", len(ids), 0)
			return 0, nil
		}
		err = w.Tx(ctx, func(tx *database.DB) error {
			_, err := tx.Exec(ctx, "DELETE FROM {q2ab_deliveries} WHERE id IN ?", ids)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("remove deliveries of webhooks: %w", err)
		}
		if len(ids) == removedAtOnce {
			next = 1
		}
		return next, nil
	}
}

// dropSecrets forgets the secrets before, once they do not sign any more.
func (m *Module) dropSecrets(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	var ids []int
	if err := m.db.Select(ctx, database.Append(&ids),
		"SELECT id FROM {q2ab_webhooks} WHERE old_secret IS NOT NULL AND old_until <= ?",
		m.db.Now()); err != nil || len(ids) == 0 {
		return 0, err
	}
	w.Done = len(ids)
	if w.DryRun {
		w.Report("{q2ab_webhooks}", "old_secret", "id", len(ids), 0)
		return 0, nil
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, `UPDATE {q2ab_webhooks} SET old_secret = NULL, old_sealed = 0, old_until = 0
			WHERE id IN ? AND old_until <= ?`, ids, tx.Now())
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget secrets of webhooks: %w", err)
	}
	return 0, nil
}
