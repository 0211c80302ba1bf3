package community

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/qa"
)

// draftsAtOnce is how many drafts one transaction of the clean-up looks at.
const draftsAtOnce = 200

// dropPosted removes the drafts of what an action has posted, as the plugin q2a-auto-save does.
func dropPosted(ctx context.Context, tx *database.DB, a *qa.Action) error {
	for _, c := range a.Posts {
		if c.Before != nil || c.After == nil || c.After.UserID == 0 {
			continue
		}
		if at, ok := placeOfPost(c.After); ok {
			if err := dropDraft(ctx, tx, c.After.UserID, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// placeOfPost returns the place of the drafts that become such a post, and whether there are any.
func placeOfPost(p *qa.PostState) (at place, ok bool) {
	switch p.Kind {
	case qa.KindQuestion:
		return place{kind: draftOfQuestion}, true
	case qa.KindAnswer:
		return place{draftOfAnswer, p.ParentID}, true
	case qa.KindComment:
		return place{draftOfComment, p.ParentID}, true
	}
	return place{}, false
}

// DraftsJob returns the job that removes drafts that were not saved again for the given time, or never if
// it is 0, and those that have become posts. Of a draft that the old site has saved, the time begins when
// the job first sees it.
func (m *Module) DraftsJob(after time.Duration) jobs.Job {
	oldest := func() int64 {
		if after == 0 {
			return 0
		}
		return m.db.Now() - int64(after/time.Second)
	}
	return jobs.Job{
		Name:     "drafts",
		Summary:  "removes drafts that nobody has gone on with for a long time, or that were posted meanwhile",
		Schedule: "40 4 * * *",
		Missed:   jobs.CatchUpOnce,
		Steps: []jobs.Step{
			{Name: "drafts of the old site", Batch: m.noteDrafts},
			{Name: "drafts that were posted", Batch: m.dropDrafts("d.draft IS NOT NULL AND "+draftPosted,
				func() []any { return nil }, func(k keptDraft) bool { return k.posted })},
			{Name: "old drafts", Batch: m.dropDrafts("d.saved < ?", func() []any { return []any{oldest()} },
				func(k keptDraft) bool { return k.saved < oldest() })},
		},
	}
}

// noteDrafts notes since when there are drafts that the old site's plugin has saved, of the users after the
// given one.
func (m *Module) noteDrafts(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	var users []int
	if err := m.db.Select(ctx, database.Append(&users), `SELECT DISTINCT userid
		FROM {usermetas}
		WHERE userid > ? AND title LIKE 'q2a_as_%'
		ORDER BY userid
		LIMIT ?`, after, draftsAtOnce/10); err != nil || len(users) == 0 {
		return 0, err
	}
	for _, user := range users {
		all, err := m.draftPlaces(ctx, user)
		if err != nil {
			return 0, err
		}
		for ; len(all) > 0; all = all[min(len(all), draftsAtOnce):] {
			noted, err := m.noteOf(ctx, w, user, all[:min(len(all), draftsAtOnce)])
			if w.Done += noted; err != nil {
				return 0, err
			}
		}
	}
	return users[len(users)-1], nil
}

// noteOf does the work of noteDrafts for some drafts of a user, and returns how many it noted.
func (m *Module) noteOf(ctx context.Context, w *jobs.Work, user int, places []draftPosition) (n int, err error) {
	if w.DryRun {
		return 0, nil
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		n = 0
		kept, err := readDrafts(ctx, tx, user, places)
		if err != nil {
			return err
		}
		for _, k := range kept {
			if k.meta == nil || bytes.Equal(k.mirror, hashOf(*k.meta)) {
				continue
			}
			n++
			if _, err := tx.Exec(ctx,
				`INSERT INTO {q2ab_drafts} (userid, kind, subject, draft, mirror, newest, saved)
				VALUES (?, ?, ?, NULL, ?, 0, ?)`+tx.Upsert("userid, kind, subject")+"draft = NULL, mirror = "+
					tx.Given("mirror")+", newest = 0, saved = "+tx.Given("saved"),
				user, k.kind, k.subject, hashOf(*k.meta), tx.Now()); err != nil {
				return fmt.Errorf("note a draft: %w", err)
			}
		}
		return nil
	})
	return n, err
}

// dropDrafts returns a step that removes the drafts d that meet an SQL condition, if outdated still reports
// so when no other request can change them.
func (m *Module) dropDrafts(condition string, args func() []any, outdated func(k keptDraft) bool,
) func(context.Context, int, *jobs.Work) (int, error) {
	return func(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
		var list []draftOwner
		err = m.db.Select(ctx, func(rows *sql.Rows) error {
			var f draftOwner
			err := rows.Scan(&f.user, &f.kind, &f.subject)
			list = append(list, f)
			return err
		}, "SELECT d.userid, d.kind, d.subject FROM {q2ab_drafts} d WHERE "+condition+" LIMIT ?",
			append(args(), draftsAtOnce)...)
		if w.Done = len(list); err != nil || len(list) == 0 {
			return 0, err
		}
		if w.DryRun {
			w.Report("{q2ab_drafts}", "drafts", "userid", len(list), 0)
			return 0, nil
		}
		for _, f := range list {
			if err := w.Tx(ctx, func(tx *database.DB) error { return f.drop(ctx, tx, outdated) }); err != nil {
				return 0, err
			}
		}
		if len(list) == draftsAtOnce {
			next = 1
		}
		return next, nil
	}
}

// draftOwner is a place of a user's draft.
type draftOwner struct {
	user int
	place
}

// drop removes the draft if it is outdated. What the old site has saved since it was noted stays.
func (f draftOwner) drop(ctx context.Context, tx *database.DB, outdated func(k keptDraft) bool) error {
	k, err := lockDraft(ctx, tx, f.user, f.place)
	if p := (*problem.Error)(nil); errors.As(err, &p) || err == nil && !outdated(k) {
		return nil // the account is gone, and its drafts with it
	}
	if err != nil {
		return err
	}
	if k.meta == nil || bytes.Equal(k.mirror, hashOf(*k.meta)) {
		return dropDraft(ctx, tx, f.user, f.place)
	}
	return forgetDraft(ctx, tx, f.user, f.place)
}
