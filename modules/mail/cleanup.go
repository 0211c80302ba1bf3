package mail

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

const (
	// notificationsKept is for how many seconds the ids of notifications are kept: for longer than a
	// notification is taken.
	notificationsKept = 4 * 3600
	// clearedAtOnce is how many rows one transaction of the clean-up removes.
	clearedAtOnce = 1000
)

// CleanUpJob returns the job that removes what is kept about mails for some time only: dead letters, ids of
// notifications, and what is known against addresses that have no account or failed for the time being. It
// also ends the pending states of the old site's plugin q2a-email-bounce, as the plugin's own job does.
func (m *Module) CleanUpJob() jobs.Job {
	return jobs.Job{
		Name: "mail-clean-up",
		Summary: "removes old dead letters and old reports about addresses, and ends pending bounces of the " +
			"plugin q2a-email-bounce",
		Schedule: "35 * * * *",
		Missed:   jobs.Skip,
		Steps: []jobs.Step{
			{Name: "dead letters", Batch: m.clear("{q2ab_dead_mail}", "id", "at < ?", deadKept)},
			{Name: "notifications", Batch: m.clear("{q2ab_mail_notifications}", "id", "at < ?", notificationsKept)},
			{Name: "failures", Batch: m.clear("{q2ab_mail_addresses}", "address", "problem = '' AND at < ?",
				failuresRest)},
			{Name: "addresses of nobody", Batch: m.clear("{q2ab_mail_addresses}", "address",
				"userid = 0 AND at < ?", addressesKept)},
			{Name: "hosts", Batch: m.clear("{q2ab_mail_hosts}", "host", "minute * 60 < ?", day)},
			{Name: "pending bounces", Batch: func(ctx context.Context, _ int, w *jobs.Work) (int, error) {
				run := w.Tx
				if w.DryRun {
					run = m.db.Tx
				}
				n, err := m.forgivePending(ctx, run, w.DryRun)
				w.Done = int(n)
				if w.DryRun && n > 0 {
					w.Report("{emailbounce}", "rows", "bounced", int(n), 0)
				}
				return 0, err
			}},
		},
	}
}

// clear returns a step that removes the rows of a table that meet a condition, whose placeholder is the time
// so many seconds ago.
func (m *Module) clear(
	table, key, condition string, ago int64,
) func(context.Context, int, *jobs.Work) (int, error) {
	return func(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
		before := m.db.Now() - ago
		var keys []any
		err = m.db.Select(ctx, database.Append(&keys),
			fmt.Sprintf("SELECT %s FROM %s WHERE %s LIMIT ?", key, table, condition), before, clearedAtOnce)
		if w.Done = len(keys); err != nil || len(keys) == 0 {
			return 0, err
		}
		if w.DryRun {
			w.Report(table, "rows", key, len(keys), 0)
			return 0, nil
		}
		if len(keys) == clearedAtOnce {
			next = 1
		}
		err = w.Tx(ctx, func(tx *database.DB) error {
			_, err := tx.Exec(ctx, fmt.Sprintf("DELETE FROM %s WHERE %s IN ? AND %s", table, key, condition),
				keys, before)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("clean up %s: %w", table, err)
		}
		return next, nil
	}
}
