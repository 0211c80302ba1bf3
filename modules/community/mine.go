package community

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
)

// favorites are the questions, users, tags and categories that a user follows.
type favorites struct {
	Questions  []qa.QuestionItem `json:"questions" doc:"The newest first"`
	Users      []auth.Author     `json:"users" doc:"By handle"`
	Tags       []qa.Tag          `json:"tags" doc:"Most used first"`
	Categories []qa.Category     `json:"categories" doc:"By title"`
}

type favoritesOutput struct{ Body favorites }

type updatesInput struct {
	About string `query:"about" enum:"all,favorites,mine" default:"all" doc:"All updates, only those of favourites, or only those of one's own posts"`
}

// notice is a message from the site to a user.
type notice struct {
	ID        int       `json:"id"`
	Content   string    `json:"content" doc:"As stored"`
	Format    string    `json:"format" enum:"plain,html"`
	HTML      string    `json:"html" doc:"The content as HTML that is safe to show"`
	CreatedAt time.Time `json:"createdAt"`
}

type noticesOutput struct{ Body web.List[notice] }

func (m *Module) registerMine(api huma.API) {
	operation := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/v1/me/" + path,
			Summary: summary, Tags: []string{"Me"}, Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, operation("list-favorites", "favorites", "One's own favourites"),
		func(ctx context.Context, _ *struct{}) (*favoritesOutput, error) {
			return m.favorites(ctx)
		})
	web.Register(api, operation("list-updates", "updates",
		"What happened to one's own posts and favourites, each question once"), m.listUpdates)
	web.Register(api, operation("list-notices", "notices",
		"Messages of the site to the caller, the oldest first"), m.listNotices)
}

// favorites returns the caller's favourites.
func (m *Module) favorites(ctx context.Context) (*favoritesOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	out := &favoritesOutput{Body: favorites{Users: []auth.Author{}, Tags: []qa.Tag{},
		Categories: []qa.Category{}}}
	if out.Body.Questions, err = m.qa.FavoriteQuestions(ctx, caller.UserID); err != nil {
		return nil, err
	}
	accounts, err := m.auth.Accounts(ctx,
		"up.userid IS NOT NULL AND u.userid IN (SELECT entityid FROM {userfavorites} WHERE userid = ? AND entitytype = 'U') ORDER BY u.handle",
		caller.UserID)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		out.Body.Users = append(out.Body.Users, *a.Author(o))
	}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var t qa.Tag
		err := rows.Scan(&t.Tag, &t.QuestionCount)
		out.Body.Tags = append(out.Body.Tags, t)
		return err
	}, `SELECT w.word, w.tagcount
		FROM {words} w
		JOIN {userfavorites} f ON f.entityid = w.wordid
		WHERE f.userid = ? AND f.entitytype = 'T'
		ORDER BY w.tagcount DESC, w.wordid DESC`,
		caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("read favourite tags: %w", err)
	}
	var categories []int
	err = m.db.Select(ctx, database.Append(&categories),
		"SELECT entityid FROM {userfavorites} WHERE userid = ? AND entitytype = 'C'", caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("read favourite categories: %w", err)
	}
	for _, id := range categories {
		c, err := m.qa.CategoryRef(ctx, id)
		if err != nil {
			return nil, err
		}
		if c != nil {
			out.Body.Categories = append(out.Body.Categories, *c)
		}
	}
	slices.SortStableFunc(out.Body.Categories,
		func(a, b qa.Category) int { return cmp.Compare(a.Title, b.Title) })
	return out, nil
}

func sortLevels(levels []categoryLevel) {
	slices.SortFunc(levels, func(a, b categoryLevel) int { return cmp.Compare(a.Category.ID, b.Category.ID) })
}

func (m *Module) listUpdates(ctx context.Context, in *updatesInput) (*userPostsOutput, error) {
	if _, err := auth.RequireUser(ctx); err != nil {
		return nil, err
	}
	items, err := m.qa.UpdatesFor(ctx, in.About != "favorites", in.About != "mine")
	return &userPostsOutput{Body: web.List[qa.ActivityItem]{Items: items}}, err
}

func (m *Module) listNotices(ctx context.Context, _ *struct{}) (*noticesOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	list, err := m.notices(ctx, o, caller.UserID)
	return &noticesOutput{Body: web.List[notice]{Items: list}}, err
}
