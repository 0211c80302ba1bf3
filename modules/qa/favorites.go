package qa

import (
	"context"
	"database/sql"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// favoriteTag returns an SQL expression that says whether the caller follows the tag whose word's id is in
// the given column, with its arguments. It is NULL for anonymous callers.
func favoriteTag(ctx context.Context, id string) (column string, args []any) {
	caller := auth.CallerOf(ctx)
	if caller.Anonymous() {
		return "NULL", nil
	}
	return `EXISTS (SELECT 1 FROM {userfavorites} uf
		WHERE uf.userid = ? AND uf.entitytype = 'T' AND uf.entityid = ` + id + ")",
		[]any{caller.UserID}
}

// known returns a pointer to the value, or nil for NULL.
func known(value sql.NullBool) *bool {
	if !value.Valid {
		return nil
	}
	return &value.Bool
}

// favoriteCategories returns the categories that the caller follows, nil for anonymous callers.
func (m *Module) favoriteCategories(ctx context.Context) (map[int]bool, error) {
	caller := auth.CallerOf(ctx)
	if caller.Anonymous() {
		return nil, nil //nolint:nilnil // nobody has none
	}
	favorites := map[int]bool{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		err := rows.Scan(&id)
		favorites[id] = true
		return err
	}, "SELECT entityid FROM {userfavorites} WHERE userid = ? AND entitytype = 'C'", caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("read favourite categories: %w", err)
	}
	return favorites, nil
}

// FavoriteCategories returns the categories that the caller follows, in no order.
func (m *Module) FavoriteCategories(ctx context.Context) ([]CategoryInfo, error) {
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	favorites, err := m.favoriteCategories(ctx)
	if err != nil {
		return nil, err
	}
	var list []CategoryInfo
	for id := range favorites {
		if c := tree.byID[id]; c != nil {
			list = append(list, c.info(false, favorites))
		}
	}
	return list, nil
}

// FavoriteQuestionPage returns one page of the visible questions that the caller follows, the newest first.
func (m *Module) FavoriteQuestionPage(ctx context.Context, page web.Page) (web.List[QuestionItem], error) {
	return m.favoriteQuestions(ctx, "favorites", auth.CallerOf(ctx).UserID, page)
}

// FavoriteQuestionsOf is like FavoriteQuestionPage, of another user.
func (m *Module) FavoriteQuestionsOf(
	ctx context.Context, userID int, page web.Page,
) (web.List[QuestionItem], error) {
	return m.favoriteQuestions(ctx, "user-favorites", userID, page)
}

// favoriteQuestions returns one page of the questions that a user follows. name is that of the list, for
// its cursors.
func (m *Module) favoriteQuestions(
	ctx context.Context, name string, userID int, page web.Page,
) (web.List[QuestionItem], error) {
	list := web.List[QuestionItem]{Items: []QuestionItem{}}
	if err := page.Check(); err != nil {
		return list, err
	}
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return list, err
	}
	f := &questionFilter{list: name, unordered: true}
	f.add("p.type = 'Q'")
	f.add("p.postid IN (SELECT entityid FROM {userfavorites} WHERE userid = ? AND entitytype = 'Q')", userID)
	posts, next, err := m.questionPage(ctx, f, orders["recent"], page, page.Size(o.Int(option.PageSizeQs)))
	if err == nil {
		err = m.illustrate(ctx, o, posts...)
	}
	if err != nil {
		return list, err
	}
	list.Items, list.NextCursor = m.items(o, tree, posts), next
	return list, nil
}
