package moderation

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
)

// lockTime is for how long a lock holds unless it is renewed, in seconds.
const lockTime = 300

type lockInput struct {
	ID       int  `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the user or post"`
	TakeOver bool `query:"takeOver" doc:"Take the lock from whoever holds it"`
}

type lockOutput struct{ Body qa.ReviewLock }

// registerLocks adds the operations by which moderators tell each other what they are looking at.
func (m *Module) registerLocks(api huma.API) {
	for _, k := range []kind{aboutPost, aboutUser} {
		path := "/v1/admin/" + string(k) + "s/{id}/lock"
		web.Register(api, huma.Operation{
			OperationID: "lock-" + string(k), Method: http.MethodPut, Path: path,
			Tags: []string{"Moderation"}, Summary: "Tell other moderators that one is looking at a " + string(k),
			Description: "For those who may decide about it. The lock ends after five minutes; the same request " +
				"renews it. While somebody else holds it the problem is review_locked, unless takeOver is set. The " +
				"lists of /v1/moderation show it as reviewedBy. It is advice only: no decision is refused because of it.",
			Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict},
		}, func(ctx context.Context, in *lockInput) (*lockOutput, error) { return m.lock(ctx, k, in) })
		web.Register(api, huma.Operation{
			OperationID: "unlock-" + string(k), Method: http.MethodDelete, Path: path,
			Tags: []string{"Moderation"}, Summary: "Give back a lock of a " + string(k),
			Description:   "Locks of others stay; the problem is review_locked then.",
			DefaultStatus: http.StatusNoContent,
			Errors:        []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict},
		}, func(ctx context.Context, in *subjectInput) (*noContent, error) { return m.unlock(ctx, k, in.ID) })
	}
}

func (m *Module) lock(ctx context.Context, k kind, in *lockInput) (*lockOutput, error) {
	if err := m.may(ctx, k, in.ID); err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	var holder int
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		now := tx.Now()
		if err := lockSubject(ctx, tx, k, in.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_review_locks} WHERE until <= ?", now); err != nil {
			return fmt.Errorf("remove locks that have ended: %w", err)
		}
		if _, err := tx.Exec(ctx, tx.InsertIgnore()+
			" {q2ab_review_locks} (kind, subject, userid, until) VALUES (?, ?, ?, ?)",
			string(k), in.ID, caller.UserID, now+lockTime); err != nil {
			return fmt.Errorf("take a lock: %w", err)
		}
		query := "UPDATE {q2ab_review_locks} SET userid = ?, until = ? WHERE kind = ? AND subject = ?"
		args := []any{caller.UserID, now + lockTime, string(k), in.ID}
		if !in.TakeOver {
			query, args = query+" AND userid = ?", append(args, caller.UserID)
		}
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return fmt.Errorf("renew a lock: %w", err)
		}
		_, err := tx.Get(ctx, []any{&holder},
			"SELECT userid FROM {q2ab_review_locks} WHERE kind = ? AND subject = ?", string(k), in.ID)
		if err != nil {
			return fmt.Errorf("read a lock: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	locks, err := m.locks(ctx, k, []int{in.ID})
	if err != nil {
		return nil, err
	}
	lock := locks[in.ID]
	switch {
	case lock == nil: // it was given back at the same moment
		return nil, problem.New(problem.CodeUnavailable)
	case holder != caller.UserID:
		return nil, problem.New(codeReviewLocked, lock.By.Handle)
	}
	return &lockOutput{Body: *lock}, nil
}

func (m *Module) unlock(ctx context.Context, k kind, id int) (*noContent, error) {
	if err := m.may(ctx, k, id); err != nil {
		return nil, err
	}
	if _, err := m.db.Exec(ctx, "DELETE FROM {q2ab_review_locks} WHERE kind = ? AND subject = ? AND userid = ?",
		string(k), id, auth.CallerOf(ctx).UserID); err != nil {
		return nil, fmt.Errorf("give a lock back: %w", err)
	}
	locks, err := m.locks(ctx, k, []int{id})
	if err != nil {
		return nil, err
	}
	if lock := locks[id]; lock != nil {
		return nil, problem.New(codeReviewLocked, lock.By.Handle)
	}
	return &noContent{http.StatusNoContent}, nil
}
