package community

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type noticeInput struct {
	ID string `path:"id" pattern:"^([0-9]{1,10}|welcome)$" doc:"Id of the notice, or \"welcome\""`
}

type noContent struct{ Status int }

// registerNotices adds the operation that closes a notice.
func (m *Module) registerNotices(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "close-notice", Method: http.MethodDelete, Path: "/v1/me/notices/{id}",
		Summary: "Close a notice of the site to the caller", Tags: []string{"Me"},
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.closeNotice)
}

// closeNotice deletes one of the caller's notices. The site's welcome is not a row like the other
// notices but a flag of the account.
func (m *Module) closeNotice(ctx context.Context, in *noticeInput) (*noContent, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	out := &noContent{http.StatusNoContent}
	if in.ID == "welcome" {
		return out, m.auth.CloseWelcome(ctx, caller)
	}
	id, err := strconv.Atoi(in.ID)
	if err != nil {
		return nil, problem.NotFound()
	}
	closed, err := m.db.Exec(ctx, "DELETE FROM {usernotices} WHERE noticeid = ? AND userid = ?",
		id, caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("close a notice: %w", err)
	}
	if closed == 0 {
		return nil, problem.NotFound()
	}
	return out, nil
}

// ListenToAccounts removes, when an account is deleted, the favourites by which other users follow
// it, as Q2A does, the rows by which others have muted it, and what is kept about its messages. The
// favourites of the account itself are deleted with its row.
func (m *Module) ListenToAccounts(accounts *auth.Module) {
	accounts.Listen(func(ctx context.Context, tx *database.DB, c auth.AccountChange) error {
		if c.Kind != auth.Deleting {
			return nil
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {userfavorites} WHERE entitytype IN ('U', 'M') AND entityid = ?",
			c.UserID); err != nil {
			return fmt.Errorf("forget who follows a user: %w", err)
		}
		return forgetBox(ctx, tx, c.UserID)
	})
}
