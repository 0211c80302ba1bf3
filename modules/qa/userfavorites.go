package qa

import (
	"context"

	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// FavoriteQuestionsOf returns one page of the visible questions among a user's favourites, the newest first.
func (m *Module) FavoriteQuestionsOf(ctx context.Context, userID int, page web.Page) (web.List[QuestionItem], error) {
	list := web.List[QuestionItem]{Items: []QuestionItem{}}
	if err := page.Check(); err != nil {
		return list, err
	}
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return list, err
	}
	f := &questionFilter{list: "user-favorites", unordered: true}
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
