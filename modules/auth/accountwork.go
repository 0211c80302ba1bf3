package auth

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/site"
)

// Merging two accounts, and anonymising one, can concern more rows than one transaction should change. So the
// request only closes the account, in one transaction with the row of q2ab_account_work that says what is to be
// done, and a job does the rest in small transactions. Each of them leaves a site on which all counts are right.
// The job keeps no place: what is left to do is what still names the account. So it goes on wherever it was
// stopped, also after another process has written in between.

// accountsJob is the name of the job that does what is left of merging and anonymising accounts.
const accountsJob = "accounts"

// Work is what is being done with the account of a user, whose row is locked: it is merged into the account of
// the user Into, or anonymised, if Into is 0.
type Work struct {
	UserID, Into int
	Options      *site.Options
}

// Merging reports whether the account is merged into another.
func (w Work) Merging() bool { return w.Into != 0 }

// workStep does a part of the work on an account in the given transaction. It changes some hundred rows at
// most, and returns how many rows, or 0 if nothing is left.
type workStep func(ctx context.Context, tx *database.DB, w Work) (done int, err error)

// WorkOnAccounts adds steps of the work on accounts. They are called in the order in which they were added,
// each until it has nothing left to do. It must be called before the application works on jobs.
func (m *Module) WorkOnAccounts(steps ...workStep) { m.workSteps = append(m.workSteps, steps...) }

// UseJobs tells the module of the manager of jobs, which runs those that it requests.
func (m *Module) UseJobs(j *jobs.Manager) { m.jobs = j }

// AccountsJob returns the job that does what is left of merging and anonymising accounts. Its schedule is for
// what a failure or the death of a process has left.
func (m *Module) AccountsJob() jobs.Job {
	return jobs.Job{
		Name: accountsJob, On: []string{"u_merge", "u_anonymise"}, Schedule: "50 * * * *", Missed: jobs.CatchUpOnce,
		Summary: "merges and anonymises accounts, as administrators have asked (POST /v1/admin/users/{id}/merge and …/anonymise)",
		Steps:   []jobs.Step{{Name: "accounts", Count: m.countWork, Batch: m.workOn}},
	}
}

func (m *Module) countWork(ctx context.Context) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {q2ab_account_work}")
	return n, err
}

// workOn does the next part of the work on the account for which it was asked first. Accounts with which it
// failed come last, so that the others do not wait for them.
func (m *Module) workOn(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	if w.DryRun {
		return 0, nil
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	work := Work{Options: o}
	found, err := m.db.Get(ctx, []any{&work.UserID, &work.Into},
		"SELECT userid, intoid FROM {q2ab_account_work} ORDER BY failures, asked, userid LIMIT 1")
	if err != nil || !found {
		return 0, err
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		w.Done, err = m.advance(ctx, tx, work)
		return err
	})
	if err == nil {
		m.site.Forget()
		return after + 1, nil
	}
	if _, failed := m.db.Exec(context.WithoutCancel(ctx),
		"UPDATE {q2ab_account_work} SET failures = failures + 1 WHERE userid = ?", work.UserID); failed != nil {
		return 0, failed
	}
	return 0, fmt.Errorf("work on the account of user %d: %w", work.UserID, err)
}

// advance does the first step that has something left to do, or ends the work if there is none.
func (m *Module) advance(ctx context.Context, tx *database.DB, w Work) (done int, err error) {
	users, err := lockBoth(ctx, tx, w)
	if err != nil {
		return 0, err
	}
	u, there := users[w.UserID]
	if _, into := users[w.Into]; !there || w.Merging() && !into {
		// Somebody has deleted one of the accounts meanwhile. The other one stays as it is.
		return 1, endWork(ctx, tx, w.UserID)
	}
	for _, step := range m.workSteps {
		if done, err := step(ctx, tx, w); err != nil || done > 0 {
			return done, err
		}
	}
	a := &action{Writer: &Writer{Ctx: ctx, Tx: tx, Options: w.Options}, m: m}
	if w.Merging() {
		err = a.finishMerge(u, users[w.Into])
	} else {
		err = CountWallPosts(ctx, tx, u.id)
	}
	if err != nil {
		return 0, err
	}
	if err := endWork(ctx, tx, w.UserID); err != nil {
		return 0, err
	}
	return 1, events.Append(ctx, tx, a.events...)
}

// lockBoth locks the accounts of the work, in the order of their ids, and returns those that are there.
func lockBoth(ctx context.Context, tx *database.DB, w Work) (map[int]user, error) {
	list, err := findUsers(ctx, tx, "userid IN ? ORDER BY userid"+tx.ForUpdate(), []int{w.UserID, w.Into})
	users := make(map[int]user, len(list))
	for _, u := range list {
		users[u.id] = u
	}
	return users, err
}

func endWork(ctx context.Context, tx *database.DB, userID int) error {
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_account_work} WHERE userid = ?", userID); err != nil {
		return fmt.Errorf("end the work on an account: %w", err)
	}
	return nil
}

// beginWork writes down what is to be done with an account. Nothing else may be under way with it.
func (a *action) beginWork(userID, into int) error {
	_, err := a.Tx.Exec(a.Ctx, `INSERT INTO {q2ab_account_work} (userid, intoid, byuserid, asked)
		VALUES (?, ?, ?, ?)`, userID, into, a.Caller.UserID, a.Tx.Now())
	if err != nil {
		return fmt.Errorf("begin the work on an account: %w", err)
	}
	return nil
}

// underWay returns what is being done with an account, and whether anything is.
func underWay(ctx context.Context, tx *database.DB, userID int) (w Work, found bool, err error) {
	w.UserID = userID
	found, err = tx.Get(ctx, []any{&w.Into},
		"SELECT intoid FROM {q2ab_account_work} WHERE userid = ?"+tx.ForUpdate(), userID)
	if err != nil {
		err = fmt.Errorf("look what is being done with an account: %w", err)
	}
	return w, found, err
}

// signOutForGood ends everything by which somebody can act for an account: its sessions, tokens and codes.
func signOutForGood(ctx context.Context, tx *database.DB, userID int) error {
	for _, query := range []string{
		"DELETE FROM {q2ab_sessions} WHERE userid = ?", "DELETE FROM {q2ab_codes} WHERE userid = ?",
		"DELETE FROM {q2ab_tickets} WHERE userid = ?", "DELETE FROM {q2ab_api_tokens} WHERE userid = ?",
	} {
		if _, err := tx.Exec(ctx, query, userID); err != nil {
			return fmt.Errorf("end the sessions of an account: %w", err)
		}
	}
	return nil
}
