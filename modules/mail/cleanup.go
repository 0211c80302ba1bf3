package mail

import (
	"context"

	"38qa.net/backend/modules/kernel/jobs"
)

// notificationsKept is for how many seconds the ids of notifications are kept: for longer than a
// notification is taken.
const notificationsKept = 4 * 3600

// CleanUpJob returns the job that removes what is kept about mails for some time only: dead letters, ids of
// notifications, and what is known against addresses that have no account or failed for the time being. It
// also ends the pending states of the old site's plugin q2a-email-bounce, as the plugin's own job does.
func (m *Module) CleanUpJob() jobs.Job {
	clear := func(table, key, condition string, seconds int64) func(context.Context, int, *jobs.Work) (int, error) {
		return jobs.Clear(m.db, table, key, condition, func() int64 { return m.db.Now() - seconds })
	}
	return jobs.Job{
		Name: "mail-clean-up",
		Summary: "removes old dead letters and old reports about addresses, and ends pending bounces of the " +
			"plugin q2a-email-bounce",
		Schedule: "35 * * * *",
		Missed:   jobs.Skip,
		Steps: []jobs.Step{
			{Name: "dead letters", Batch: clear("{q2ab_dead_mail}", "id", "at < ?", deadKept)},
			{Name: "notifications", Batch: clear("{q2ab_mail_notifications}", "id", "at < ?", notificationsKept)},
			{Name: "failures", Batch: clear("{q2ab_mail_addresses}", "address", "problem = '' AND at < ?",
				failuresRest)},
			{Name: "addresses of nobody", Batch: clear("{q2ab_mail_addresses}", "address",
				"userid = 0 AND at < ?", addressesKept)},
			{Name: "hosts", Batch: clear("{q2ab_mail_hosts}", "host", "minute * 60 < ?", day)},
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
