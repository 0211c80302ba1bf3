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
	"38qa.net/backend/modules/site/option"
)

type deleteInput struct {
	ID string `path:"id" pattern:"^[0-9]{1,20}$" doc:"Id of the file"`
}

func (m *Module) registerDelete(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "delete-media", Method: http.MethodDelete, Path: uploadPath + "/{id}",
		Tags: []string{"Media"}, Summary: "Delete a file",
		Description:   "Who uploaded it takes it back: it goes within the hour unless something shows it. Who may delete posts deletes it at once, whatever shows it.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, func(ctx context.Context, in *deleteInput) (*struct{}, error) { return nil, m.delete(ctx, in.ID) })
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
		found, err := tx.Get(ctx, []any{&user, &cookie},
			"SELECT userid, cookieid FROM {blobs} WHERE blobid = ?"+tx.ForUpdate(), id)
		if err != nil {
			return fmt.Errorf("read a file's owner: %w", err)
		}
		if !found {
			return problem.NotFound()
		}
		by := owner{userID: int(user.Int64), cookie: cookie.String}
		refusal := auth.Refusal(o, caller, option.PermitDeleteHidden, caller.Level)
		switch {
		case refusal == nil:
			return m.Drop(ctx, tx, id)
		case !by.is(caller):
			return refusal
		}
		if err := unblocked(o, caller); err != nil {
			return err
		}
		return m.Release(ctx, tx, []string{id})
	})
}
