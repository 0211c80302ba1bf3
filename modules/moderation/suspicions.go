package moderation

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
)

// SuspiciousUser is an account whose registration was suspicious.
type SuspiciousUser struct {
	User auth.Author `json:"user"`
	qa.Review
}

type suspicionsInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many accounts"`
}

type suspicionsOutput struct{ Body web.List[SuspiciousUser] }

type noContent struct{ Status int }

// registerSuspicions adds the operations on accounts whose registration was suspicious.
func (m *Module) registerSuspicions(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-suspicious-users", Method: http.MethodGet, Path: "/v1/admin/suspicious-users",
		Tags: []string{"Moderation"}, Summary: "Accounts whose registration was suspicious, the newest first",
		Description: "For moderators. Their posts wait for approval until a moderator approves the account, gives it " +
			"a higher level or clears it here. Those that are approved or blocked are left out.",
		Errors: []int{http.StatusForbidden},
	}, m.listSuspicions)
	web.Register(api, huma.Operation{
		OperationID: "clear-suspicion", Method: http.MethodDelete, Path: "/v1/admin/users/{id}/suspicion",
		Tags: []string{"Moderation"}, Summary: "Take the suspicion from an account",
		Description: "For moderators. What the account has written already goes on waiting for approval; what it " +
			"writes from now on does not for this reason.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.clearSuspicion)
}

func (m *Module) listSuspicions(ctx context.Context, in *suspicionsInput) (*suspicionsOutput, error) {
	if err := m.auth.RequireModerator(ctx); err != nil {
		return nil, err
	}
	var ids []int
	err := m.db.Select(ctx, database.Append(&ids), `SELECT c.subject
		FROM {q2ab_spam_checks} c
		JOIN {users} u ON u.userid = c.subject
		WHERE c.kind = 'user' AND u.level < ? AND (u.flags & ?) = 0
		ORDER BY c.at DESC, c.subject DESC
		LIMIT ?`, auth.LevelApproved, auth.FlagBlocked, in.Limit)
	if err != nil {
		return nil, fmt.Errorf("list suspicious accounts: %w", err)
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	authors, err := m.auth.Authors(ctx, o, ids)
	if err != nil {
		return nil, err
	}
	reviews, err := m.ReviewsOfUsers(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := &suspicionsOutput{Body: web.List[SuspiciousUser]{Items: []SuspiciousUser{}}}
	for _, id := range ids {
		if a, r := authors[id], reviews[id]; a != nil && r.Suspicion != nil { // still there
			out.Body.Items = append(out.Body.Items, SuspiciousUser{User: *a, Review: r})
		}
	}
	return out, nil
}

func (m *Module) clearSuspicion(ctx context.Context, in *subjectInput) (*noContent, error) {
	if err := m.may(ctx, aboutUser, in.ID); err != nil {
		return nil, err
	}
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		var s qa.Suspicion
		var at int64
		found, err := tx.Get(ctx, []any{&s.Service, &s.Verdict, &s.Reason, &at}, `SELECT service, verdict, reason, at
			FROM {q2ab_spam_checks}
			WHERE kind = 'user' AND subject = ?`+tx.ForUpdate(), in.ID)
		if err != nil {
			return fmt.Errorf("read a suspicion: %w", err)
		}
		if !found {
			return problem.NotFound()
		}
		s.At = unixTime(at)
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_spam_checks} WHERE kind = 'user' AND subject = ?",
			in.ID); err != nil {
			return fmt.Errorf("clear a suspicion: %w", err)
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.User, Subject: strconv.Itoa(in.ID),
			Before: map[string]any{"suspicion": s}, After: map[string]any{"suspicion": nil}})
	})
	if err != nil {
		return nil, err
	}
	return &noContent{http.StatusNoContent}, nil
}

// mayAboutUser refuses what moderators do about an account if there is none with the id, or if it is their
// own.
func (m *Module) mayAboutUser(ctx context.Context, id int) error {
	if auth.CallerOf(ctx).UserID == id {
		return problem.New(auth.CodeOwnAccount)
	}
	var n int
	found, err := m.db.Get(ctx, []any{&n}, "SELECT 1 FROM {users} WHERE userid = ?", id)
	if err != nil {
		return fmt.Errorf("look for an account: %w", err)
	}
	if !found {
		return problem.NotFound()
	}
	return nil
}

// lockSubject locks the row of a user or post until the transaction ends, so that it is not deleted
// meanwhile. The error is not_found if it is gone.
func lockSubject(ctx context.Context, tx *database.DB, k kind, id int) error {
	query := "SELECT postid FROM {posts} WHERE postid = ?"
	if k == aboutUser {
		query = "SELECT userid FROM {users} WHERE userid = ?"
	}
	var n int
	found, err := tx.Get(ctx, []any{&n}, query+tx.ForUpdate(), id)
	if err != nil {
		return fmt.Errorf("lock a %s: %w", k, err)
	}
	if !found {
		return problem.NotFound()
	}
	return nil
}
