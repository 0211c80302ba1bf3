package auth

import (
	"context"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

// codesAtOnce is how many codes one transaction of CodesJob handles.
const codesAtOnce = 100

// CodesJob returns the job that looks after mailed codes. It records the codes that the old site has
// mailed, so that they expire like others. It also ends the codes of this backend that have expired
// or whose account has changed on the old site, since the old site would accept them without end.
func (m *Module) CodesJob() jobs.Job {
	return jobs.Job{
		Name:     "codes",
		Summary:  "ends mailed codes whose time is over, and notes those that the old site has mailed",
		Schedule: "*/10 * * * *",
		Missed:   jobs.Skip,
		Steps: []jobs.Step{
			{Name: "codes that end", Batch: m.seeToCodes("c.purpose <> ''", m.endCode)},
			{Name: "codes of the old site", Batch: m.seeToCodes(
				"u.emailcode <> '' AND (c.userid IS NULL OR c.code <> u.emailcode)", m.noteCode)},
			{Name: "rows without a code", Batch: m.clearCodes},
		},
	}
}

// batch does one batch of a job's step.
type batch func(ctx context.Context, after int, w *jobs.Work) (next int, err error)

// seeToCodes returns a step that calls do for each user who meets a condition on u (the table users)
// and c (q2ab_codes), in the order of the ids. do reports whether there was anything to do; if dry is
// true it must not change anything.
func (m *Module) seeToCodes(
	condition string, do func(ctx context.Context, tx *database.DB, u user, dry bool) (bool, error),
) batch {
	return func(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
		var ids []int
		err = m.db.Select(ctx, database.Append(&ids), `
			SELECT u.userid FROM {users} u LEFT JOIN {q2ab_codes} c ON c.userid = u.userid
			WHERE u.userid > ? AND (`+condition+`) ORDER BY u.userid LIMIT ?`, after, codesAtOnce)
		if err != nil || len(ids) == 0 {
			return 0, err
		}
		if len(ids) == codesAtOnce {
			next = ids[len(ids)-1]
		}
		w.Done = len(ids)
		run := w.Tx
		if w.DryRun {
			run = m.db.Tx
		}
		return next, run(ctx, func(tx *database.DB) error {
			changed := 0
			for _, id := range ids {
				u, _, err := lockIfThere(ctx, tx, id)
				if err != nil {
					return err
				}
				done, err := do(ctx, tx, u, w.DryRun)
				if err != nil {
					return err
				}
				if done {
					changed++
				}
			}
			if w.DryRun && changed > 0 {
				w.Report("{q2ab_codes}", "rows", "userid", changed, 0)
			}
			return nil
		})
	}
}

// endCode ends a code of this backend that is not valid any more.
func (m *Module) endCode(ctx context.Context, tx *database.DB, u user, dry bool) (bool, error) {
	known, err := readCode(ctx, tx, u.id)
	if err != nil || known == nil || known.purpose == fromOldSite {
		return false, err
	}
	switch {
	case known.isCurrent(u) && codeIsGood(u, known, known.purpose, true, tx.Now()):
		return false, nil
	case dry:
		return true, nil
	case known.isCurrent(u):
		return true, dropCode(ctx, tx, u.id)
	}
	// The column holds another code, or the code was used.
	_, err = tx.Exec(ctx, "DELETE FROM {q2ab_codes} WHERE userid = ?", u.id)
	return true, err
}

// noteCode records a code that the old site has mailed, with the current state of the account.
func (m *Module) noteCode(ctx context.Context, tx *database.DB, u user, dry bool) (bool, error) {
	known, err := readCode(ctx, tx, u.id)
	if err != nil || strings.TrimSpace(u.emailCode) == "" || known.isCurrent(u) {
		return false, err
	}
	if dry {
		return true, nil
	}
	return true, writeCode(ctx, tx, u, fromOldSite)
}

// clearCodes removes rows whose code was used on the old site, or whose user the old site has
// deleted.
func (m *Module) clearCodes(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	var ids []int
	err = m.db.Select(ctx, database.Append(&ids), `
		SELECT c.userid FROM {q2ab_codes} c LEFT JOIN {users} u ON u.userid = c.userid
		WHERE u.userid IS NULL OR u.emailcode = '' LIMIT ?`, codesAtOnce)
	if w.Done = len(ids); err != nil || len(ids) == 0 {
		return 0, err
	}
	if w.DryRun {
		w.Report("{q2ab_codes}", "rows", "userid", len(ids), 0)
		return 0, nil
	}
	if len(ids) == codesAtOnce {
		next = 1
	}
	return next, w.Tx(ctx, func(tx *database.DB) error {
		_, err := tx.Exec(ctx, `
			DELETE FROM {q2ab_codes} WHERE userid IN ? AND NOT EXISTS
				(SELECT 1 FROM {users} u WHERE u.userid = {q2ab_codes}.userid AND u.emailcode <> '')`, ids)
		return err
	})
}
