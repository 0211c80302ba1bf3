package media

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

type deleteInput struct {
	ID string `path:"id" pattern:"^[0-9]{1,20}$" doc:"Id of the file"`
}

func (m *Module) registerDelete(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "delete-media", Method: http.MethodDelete, Path: uploadPath + "/{id}", Tags: []string{"Media"}, Summary: "Delete a file",
		Description:   "Who uploaded it takes it back: it goes within the hour unless something shows it. Who may delete posts deletes it at once, whatever shows it.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, func(ctx context.Context, in *deleteInput) (*struct{}, error) { return nil, m.delete(ctx, in.ID) })
}

// mayDelete is nil for those who may delete any file: who may delete posts for good.
func mayDelete(o *site.Options, c auth.Caller) error {
	if reason := auth.Permit(o, c, "permit_delete_hidden", c.Level); reason != auth.Permitted {
		return reason.Problem()
	}
	return nil
}

func (m *Module) delete(ctx context.Context, id string) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	caller := auth.CallerOf(ctx)
	return m.db.Tx(ctx, func(tx *database.DB) error {
		var user sql.NullInt64
		var cookie sql.NullString
		found, err := tx.Get(ctx, []any{&user, &cookie}, "SELECT userid, cookieid FROM {blobs} WHERE blobid = ?"+tx.ForUpdate(), id)
		if err != nil {
			return fmt.Errorf("read a file's owner: %w", err)
		}
		if !found {
			return problem.NotFound()
		}
		refusal := mayDelete(o, caller)
		switch {
		case refusal == nil:
			return m.Drop(ctx, tx, id)
		case !(&awaited{UserID: int(user.Int64), Cookie: cookie.String}).isOf(caller):
			return refusal
		}
		if reason := auth.Permit(o, caller, "", caller.Level); reason != auth.Permitted {
			return reason.Problem()
		}
		return m.Release(ctx, tx, []string{id})
	})
}
