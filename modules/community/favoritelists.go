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
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

type pageInput struct{ web.Page }

type favoriteQuestionsOutput struct{ Body web.List[qa.QuestionItem] }
type favoriteTagsOutput struct{ Body web.List[qa.Tag] }
type favoriteCategoriesOutput struct {
	Body web.List[qa.CategoryInfo]
}

// registerFavoriteLists adds the lists of what the caller follows. They have the orders of the old site's
// page of favourites.
func (m *Module) registerFavoriteLists(api huma.API) {
	operation := func(what, path, summary string) huma.Operation {
		return huma.Operation{OperationID: "list-favorite-" + what, Method: http.MethodGet,
			Path: "/v1/me/favorites/" + path, Tags: []string{"Me"}, Summary: summary,
			Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, operation("questions", "question", "Questions that one follows, the newest first"),
		func(ctx context.Context, in *pageInput) (*favoriteQuestionsOutput, error) {
			if _, err := auth.RequireUser(ctx); err != nil {
				return nil, err
			}
			list, err := m.qa.FavoriteQuestionPage(ctx, in.Page)
			return &favoriteQuestionsOutput{list}, err
		})
	web.Register(api, operation("users", "user", "Users whom one follows, by handle"), m.favoriteUsers)
	web.Register(api, operation("tags", "tag", "Tags that one follows, the most used first"), m.favoriteTags)
	web.Register(api, operation("categories", "category", "Categories that one follows, by title"),
		m.favoriteCategories)
}

// handlePosition is a place in a list of users by handle.
type handlePosition struct {
	Handle string `json:"h"`
	ID     int    `json:"id"`
}

// Valid reports whether a user can be at this place.
func (p *handlePosition) Valid() bool {
	return p.Handle != "" && web.ValidText(p.Handle) && web.ValidID(p.ID)
}

func (m *Module) favoriteUsers(ctx context.Context, in *pageInput) (*usersOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	return m.namedByCaller(ctx, caller, "U", in.Page)
}

// namedByCaller returns one page of the users whom the caller follows or has muted, as the kind says, by
// handle.
func (m *Module) namedByCaller(
	ctx context.Context, caller auth.Caller, kind string, page web.Page,
) (*usersOutput, error) {
	if err := page.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	size := page.Size(o.Int(option.PageSizeUsers))
	after, args := "", []any{caller.UserID, kind}
	if page.Cursor != "" {
		var at handlePosition
		if err := web.DecodeCursor("people:"+kind, page.Cursor, &at); err != nil {
			return nil, err
		}
		after = " AND (u.handle > ? OR u.handle = ? AND u.userid > ?)"
		args = append(args, at.Handle, at.Handle, at.ID)
	}
	var ids []int
	var last handlePosition
	next := ""
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var at handlePosition
		if err := rows.Scan(&at.ID, &at.Handle); err != nil {
			return err
		}
		if len(ids) == size {
			next = web.EncodeCursor("people:"+kind, &last)
			return nil
		}
		ids, last = append(ids, at.ID), at
		return nil
	}, `SELECT u.userid, u.handle
		FROM {userfavorites} f
		JOIN {users} u ON u.userid = f.entityid
		WHERE f.userid = ? AND f.entitytype = ?`+after+`
		ORDER BY u.handle, u.userid
		LIMIT ? OFFSET ?`, append(args, size+1, page.Offset(size))...)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	out := &usersOutput{}
	out.Body.NextCursor = next
	out.Body.Items, err = m.usersByID(ctx, o, ids)
	return out, err
}

// usersByID returns the users with the ids, in this order and with the caller's marks. Those who are gone
// are left out.
func (m *Module) usersByID(ctx context.Context, o *site.Options, ids []int) ([]user, error) {
	users := []user{}
	if len(ids) == 0 {
		return users, nil
	}
	accounts, err := m.auth.Accounts(ctx, "u.userid IN ?", ids)
	if err != nil {
		return nil, err
	}
	byID := map[int]auth.Account{}
	for _, a := range accounts {
		byID[a.ID] = a
	}
	moderates := auth.CallerOf(ctx).Level >= auth.LevelModerator
	for _, id := range ids {
		if a, there := byID[id]; there {
			users = append(users, user{Author: *a.Author(o), CreatedAt: time.Unix(a.Created, 0).UTC(),
				Blocked: moderates && a.Flags&auth.FlagBlocked != 0})
		}
	}
	return users, m.mark(ctx, users)
}

// countPosition is a place in a list of tags by how many questions they have.
type countPosition struct {
	Count int `json:"c"`
	ID    int `json:"id"`
}

// Valid reports whether a tag can be at this place.
func (p *countPosition) Valid() bool { return web.ValidCount(p.Count) && web.ValidID(p.ID) }

func (m *Module) favoriteTags(ctx context.Context, in *pageInput) (*favoriteTagsOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	size := in.Size(o.Int(option.PageSizeTags))
	after, args := "", []any{caller.UserID}
	if in.Cursor != "" {
		var at countPosition
		if err := web.DecodeCursor("favorite-tags", in.Cursor, &at); err != nil {
			return nil, err
		}
		after = " AND (w.tagcount < ? OR w.tagcount = ? AND w.wordid < ?)"
		args = append(args, at.Count, at.Count, at.ID)
	}
	out := &favoriteTagsOutput{Body: web.List[qa.Tag]{Items: []qa.Tag{}}}
	var last countPosition
	is := true
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var at countPosition
		t := qa.Tag{IsFavorite: &is}
		if err := rows.Scan(&at.ID, &t.Tag, &t.QuestionCount); err != nil {
			return err
		}
		if len(out.Body.Items) == size {
			out.Body.NextCursor = web.EncodeCursor("favorite-tags", &last)
			return nil
		}
		at.Count = t.QuestionCount
		last, out.Body.Items = at, append(out.Body.Items, t)
		return nil
	}, `SELECT w.wordid, w.word, w.tagcount
		FROM {userfavorites} f
		JOIN {words} w ON w.wordid = f.entityid
		WHERE f.userid = ? AND f.entitytype = 'T'`+after+`
		ORDER BY w.tagcount DESC, w.wordid DESC
		LIMIT ? OFFSET ?`, append(args, size+1, in.Offset(size))...)
	if err != nil {
		return nil, fmt.Errorf("list favourite tags: %w", err)
	}
	return out, nil
}

// titlePosition is a place in a list of categories by title.
type titlePosition struct {
	Title string `json:"w"`
	ID    int    `json:"id"`
}

// Valid reports whether a category can be at this place.
func (p *titlePosition) Valid() bool {
	return p.Title != "" && web.ValidText(p.Title) && web.ValidID(p.ID)
}

// favoriteCategories returns one page of the categories that the caller follows. All of a site's categories
// are in memory, so the page is cut from them.
func (m *Module) favoriteCategories(ctx context.Context, in *pageInput) (*favoriteCategoriesOutput, error) {
	if _, err := auth.RequireUser(ctx); err != nil {
		return nil, err
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	list, err := m.qa.FavoriteCategories(ctx)
	if err != nil {
		return nil, err
	}
	compare := func(a, b titlePosition) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID))
	}
	place := func(c qa.CategoryInfo) titlePosition { return titlePosition{c.Title, c.ID} }
	slices.SortFunc(list, func(a, b qa.CategoryInfo) int { return compare(place(a), place(b)) })
	size := in.Size(100)
	list = list[min(in.Offset(size), len(list)):]
	if in.Cursor != "" {
		var at titlePosition
		if err := web.DecodeCursor("favorite-categories", in.Cursor, &at); err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(c qa.CategoryInfo) bool { return compare(place(c), at) <= 0 })
	}
	out := &favoriteCategoriesOutput{Body: web.List[qa.CategoryInfo]{Items: []qa.CategoryInfo{}}}
	out.Body.Items = append(out.Body.Items, list[:min(size, len(list))]...)
	if len(list) > size {
		last := place(list[size-1])
		out.Body.NextCursor = web.EncodeCursor("favorite-categories", &last)
	}
	return out, nil
}
