package auth

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

const (
	// cookieSeconds is how long the row of an anonymous visitor's cookie is of use. Browsers drop the
	// cookie a year after the visitor's last post; one more day allows for clocks that differ.
	cookieSeconds = 366 * 24 * hour
	// clearedAtOnce is about how many rows one transaction of the clean-up removes.
	clearedAtOnce = 1000
)

// CleanUpJob returns the job that removes rows which are no longer needed: cookies that browsers have
// dropped, counts of past hours, locks without an attempt for a day, and expired sessions and tickets. Q2A keeps
// such cookies and counts for ever.
func (m *Module) CleanUpJob() jobs.Job {
	// A transaction may still be counting in the previous hour.
	past := func() int64 { return m.db.Now()/hour - 1 }
	forgotten := func() int64 { return m.db.Now() - failuresLast }
	return jobs.Job{
		Name:     "clean-up",
		Summary:  "removes cookies of visitors who have not been here for a year, counts of past hours, and sessions, tickets and API tokens that have expired",
		Schedule: "25 * * * *",
		Missed:   jobs.Skip,
		Steps: []jobs.Step{
			{Name: "limits of users", Batch: m.clear("{userlimits}", "userid", "period < ?", past)},
			{Name: "limits of addresses", Batch: m.clear("{iplimits}", "ip", "period < ?", past)},
			{Name: "attempts", Batch: m.clear("{q2ab_attempts}", "id", "period < ?", past)},
			{Name: "locks", Batch: m.clear("{q2ab_locks}", "id", "last < ?", forgotten)},
			{Name: "sessions", Batch: m.clear("{q2ab_sessions}", "id", "expires <= ?", m.db.Now)},
			{Name: "API tokens", Batch: m.clear("{q2ab_api_tokens}", "id", "expires <= ?", m.db.Now)},
			{Name: "tickets", Batch: m.clear("{q2ab_tickets}", "id", "expires <= ?", m.db.Now)},
			{Name: "cookies", Batch: m.clear("{cookies}", "cookieid",
				"COALESCE(written, created) < FROM_UNIXTIME(?)",
				func() int64 { return m.db.Now() - cookieSeconds })},
		},
	}
}

// clear returns a step that removes the rows of a table that meet a condition. moment returns the
// value of the condition's placeholder when the step runs. The rows are removed in small numbers, by
// their keys, so that other transactions do not wait long for them.
func (m *Module) clear(
	table, key, condition string, moment func() int64,
) func(context.Context, int, *jobs.Work) (int, error) {
	return func(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
		at := moment()
		var keys []any
		err = m.db.Select(ctx, database.Append(&keys),
			fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s LIMIT ?", key, table, condition),
			at, clearedAtOnce)
		if w.Done = len(keys); err != nil || len(keys) == 0 {
			return 0, err
		}
		if len(keys) == clearedAtOnce {
			next = 1
		}
		if w.DryRun {
			w.Report(table, "rows", key, len(keys), 0)
			return 0, nil
		}
		err = w.Tx(ctx, func(tx *database.DB) error {
			_, err := tx.Exec(ctx,
				fmt.Sprintf("DELETE FROM %s WHERE %s IN ? AND %s", table, key, condition), keys, at)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("clean up %s: %w", table, err)
		}
		return next, nil
	}
}
