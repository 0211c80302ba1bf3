package community

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type muteInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The user's handle, in any case of letters, or the id, where nobody has such a handle"`
}

// registerMutes adds the operations on whom the caller has muted. The rows are those of the plugin
// q2a-custom-user-detail, which reports no event, and does not count a mute among what a user has written.
func (m *Module) registerMutes(api huma.API) {
	operation := func(id, method, path, summary string) huma.Operation {
		o := huma.Operation{OperationID: id, Method: method, Path: "/v1/me/mutes" + path, Summary: summary,
			Tags: []string{"Me"}, Errors: []int{http.StatusForbidden}}
		if method != http.MethodGet {
			o.DefaultStatus = http.StatusNoContent
			o.Errors = append(o.Errors, http.StatusNotFound)
		}
		return o
	}
	web.Register(api, operation("list-mutes", http.MethodGet, "", "Users whom one has muted, by handle"),
		m.listMutes)
	mute := operation("mute-user", http.MethodPut, "/{handle}", "Mute a user")
	mute.Description = "What the user writes is marked (isMuted), so that clients can fold it. The site may also " +
		"refuse the user's answers to one's questions, comments on one's posts and messages (muted)."
	web.Register(api, mute, m.mute)
	web.Register(api, operation("unmute-user", http.MethodDelete, "/{handle}", "Mute a user no more"), m.unmute)
}

func (m *Module) listMutes(ctx context.Context, in *pageInput) (*usersOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	return m.namedByCaller(ctx, caller, kindMuted, in.Page)
}

func (m *Module) mute(ctx context.Context, in *muteInput) (*noContent, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	whom, err := m.userNamed(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	if whom == caller.UserID {
		return nil, problem.New(auth.CodeOwnAccount)
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		_, err := follow(ctx, w.Tx, w.Options, caller.UserID, entity{kindMuted, whom})
		return 0, err
	})
	if err != nil {
		return nil, err
	}
	return &noContent{http.StatusNoContent}, nil
}

func (m *Module) unmute(ctx context.Context, in *muteInput) (*noContent, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	whom, err := m.userNamed(ctx, in.Handle)
	if id := numericID(in.Handle); isNotFound(err) && id != 0 {
		whom, err = id, nil // of an account that is gone
	}
	if err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		_, err := unfollow(ctx, w.Tx, caller.UserID, entity{kindMuted, whom})
		return 0, err
	})
	if err != nil {
		return nil, err
	}
	return &noContent{http.StatusNoContent}, nil
}
