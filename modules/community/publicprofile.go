package community

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// showsMore reports whether the old site shows everybody what Q2A's own profiles do not have: a user's
// favourite questions, and how the account was made. Its plugin q2a-custom-user-detail does, if it is
// among the enabled ones, whose names are given with semicolons between.
func showsMore(o *site.Options) bool {
	return slices.Contains(strings.Split(o.String(option.EnabledPlugins), ";"), "q2a-custom-user-detail")
}

// maySeeMore returns a problem if the caller may not see what only that plugin shows of the user with the
// id. Users see it of themselves.
func maySeeMore(more bool, caller auth.Caller, userID int) error {
	switch {
	case more || !caller.Anonymous() && caller.UserID == userID:
		return nil
	case caller.Anonymous():
		return auth.NeedsLogin.Problem()
	}
	return auth.NeedsLevel.Problem()
}

// registerPublicProfile adds the operations for what that plugin shows.
func (m *Module) registerPublicProfile(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "list-user-favorite-questions", Method: http.MethodGet,
		Path: "/v1/users/{handle}/favorite-questions", Tags: []string{"Users"},
		Summary: "A user's favourite questions, the newest first",
		Description: "One's own; those of others where the old site's plugin q2a-custom-user-detail is enabled, " +
			"whose profiles show them to everybody.",
		Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, m.listUserFavoriteQuestions)
}

func (m *Module) listUserFavoriteQuestions(ctx context.Context, in *userListInput) (*favoriteQuestionsOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	if err := maySeeMore(showsMore(o), auth.CallerOf(ctx), a.ID); err != nil {
		return nil, err
	}
	list, err := m.qa.FavoriteQuestionsOf(ctx, a.ID, in.Page)
	return &favoriteQuestionsOutput{Body: list}, err
}

// sources are the services whose names the plugin shows of accounts that were made with them. All others
// are shown as made by e-mail.
var sources = []string{"facebook", "twitter", "google"}

// tellMore adds to a profile what the plugin shows: how the account was made, and how many badges it has.
func (m *Module) tellMore(ctx context.Context, o *site.Options, caller auth.Caller, userID int, p *profile) error {
	var source string
	if _, err := m.db.Get(ctx, []any{&source, &p.Badges}, `SELECT
			COALESCE((SELECT source FROM {userlogins} WHERE userid = ? ORDER BY source LIMIT 1), ''),
			(SELECT COUNT(*) FROM {ysb_badges} WHERE userid = ?)
				+ (SELECT COUNT(*) FROM {ysb_badge_ranking} WHERE userid = ?)`,
		userID, userID, userID); err != nil {
		return fmt.Errorf("read more of a profile: %w", err)
	}
	refusal := maySeeMore(showsMore(o), caller, userID)
	if hidden := refusal != nil && caller.Level < auth.LevelAdmin; hidden {
		return nil
	}
	p.MadeWith = "email"
	if source = strings.ToLower(source); slices.Contains(sources, source) {
		p.MadeWith = source
	}
	return nil
}
