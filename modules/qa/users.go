package qa

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// UserPosts returns a page of what a user wrote, as far as everybody may see it. kind is "questions",
// "answers", "comments", "edits" or "activity". Edits are the user's changes to any posts, own ones and
// others'. Activity has one page only; any cursor for it is an invalid_cursor.
func (m *Module) UserPosts(
	ctx context.Context, userID int, kind string, page web.Page,
) (web.List[ActivityItem], error) {
	list := web.List[ActivityItem]{Items: []ActivityItem{}}
	if err := page.Check(); err != nil {
		return list, err
	}
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return list, err
	}
	size := page.Size(userPageSize(o, kind))
	if kind == "activity" { // it has only one page
		if page.Cursor != "" {
			return list, problem.New(problem.CodeInvalidCursor)
		}
		events, err := m.userActivity(ctx, userID, size)
		if err == nil {
			list.Items, err = m.activityItems(ctx, o, tree, events)
		}
		return list, err
	}
	q, err := userQuery(userID, kind, page, size)
	if err != nil {
		return list, err
	}
	events, err := m.events(ctx, q)
	if err != nil {
		return list, err
	}
	if len(events) > size {
		events = events[:size]
		last := events[size-1]
		list.NextCursor = web.EncodeCursor("user-"+kind, &userPosition{last.timeText, last.postID})
	}
	if list.Items, err = m.activityItems(ctx, o, tree, events); err != nil {
		return list, err
	}
	if kind == "answers" {
		for i := range events {
			list.Items[i].Votes = &events[i].votes
		}
	}
	return list, nil
}

func userPageSize(o *site.Options, kind string) int {
	switch kind {
	case "questions":
		return o.Int(option.PageSizeQs)
	case "activity":
		return o.Int(option.PageSizeActivity)
	}
	return maxMerged
}

type userPosition struct {
	Time string `json:"t"`
	ID   int    `json:"id"`
}

// Valid reports whether a post can be at this place.
func (p *userPosition) Valid() bool { return web.ValidTime(p.Time) && web.ValidID(p.ID) }

// userQuery returns the query for one kind of a user's posts.
func userQuery(userID int, kind string, page web.Page, size int) (eventQuery, error) {
	column, owner := "created", "userid"
	types := []string{map[string]string{"questions": "Q", "answers": "A", "comments": "C"}[kind]}
	q := eventQuery{}
	if kind == "edits" {
		column, owner, types, q.updates = "updated", "lastuserid", []string{"Q", "A", "C"}, true
	}
	where := "e." + owner + " = ? AND e.type IN ? AND " + visibleEvents
	column = "e." + column
	q.args = []any{userID, types}
	if kind == "edits" {
		where += " AND e.updated IS NOT NULL"
	}
	if page.Cursor != "" {
		var at userPosition
		if err := web.DecodeCursor("user-"+kind, page.Cursor, &at); err != nil {
			return q, err
		}
		where += " AND " + column + " <= ? AND (" + column + " < ? OR e.postid < ?)"
		q.args = append(q.args, at.Time, at.Time, at.ID)
	}
	q.ids = `SELECT e.postid
		FROM {posts} e
		` + eventJoin + `
		WHERE ` + where + `
		ORDER BY ` + column + ` DESC, e.postid DESC
		LIMIT ? OFFSET ?`
	q.args = append(q.args, size+1, page.Offset(size))
	return q, nil
}

// userActivity merges all that a user did, as Q2A's page of a user's recent activity does.
func (m *Module) userActivity(ctx context.Context, userID, size int) ([]event, error) {
	var queries []eventQuery
	for _, kind := range []string{"questions", "answers", "comments", "edits"} {
		limit := maxMerged
		if kind == "questions" {
			limit = size
		}
		q, err := userQuery(userID, kind, web.Page{}, limit-1)
		if err != nil {
			return nil, err
		}
		queries = append(queries, q)
	}
	return m.merged(ctx, size, queries...)
}

// FavoriteQuestions returns the visible questions among a user's favourites, the newest first.
func (m *Module) FavoriteQuestions(ctx context.Context, userID int) ([]QuestionItem, error) {
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	posts, err := m.selectMine(ctx, "{userfavorites} f JOIN {posts} p ON p.postid = f.entityid", nil,
		` WHERE f.userid = ? AND f.entitytype = 'Q' AND p.type = 'Q'
			ORDER BY p.created DESC, p.postid DESC`, userID)
	if err == nil {
		err = m.illustrate(ctx, o, posts...)
	}
	return m.items(o, tree, posts), err
}

// CategoryRef returns the category with the id, or nil if there is none.
func (m *Module) CategoryRef(ctx context.Context, id int) (*Category, error) {
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	return tree.ref(id), nil
}

// UpdatesFor returns what happened to the caller's own posts (own) and favourites (favorites), the
// newest first. Each question is in the list once.
func (m *Module) UpdatesFor(ctx context.Context, own, favorites bool) ([]ActivityItem, error) {
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	events, err := m.updates(ctx, o, own, favorites)
	if err != nil {
		return nil, err
	}
	return m.activityItems(ctx, o, tree, merge(events))
}

// MaySeeQuestion returns nil if there is a question with the id that the caller may see, and otherwise the
// problem.
func (m *Module) MaySeeQuestion(ctx context.Context, id int) error {
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	t, err := m.assemble(ctx, m.db, o, "SELECT postid FROM {posts} WHERE postid = ?", []any{id}, id, false)
	if err != nil {
		return err
	}
	return seen(o, auth.CallerOf(ctx), t, t.question)
}

// FindCategory returns the category with the id or the path of slugs, or nil if there is none.
func (m *Module) FindCategory(ctx context.Context, idOrPath string) (*Category, error) {
	tree, err := m.tree(ctx)
	if err != nil {
		return nil, err
	}
	c := tree.find(idOrPath)
	if c == nil {
		return nil, nil //nolint:nilnil // no category is not an error
	}
	return tree.ref(c.id), nil
}

// TagID returns the id of the word that is the tag, or 0 if no visible question has it.
func (m *Module) TagID(ctx context.Context, tag string) (int, error) {
	word, count, err := m.tagWord(ctx, tag)
	if count == 0 {
		word = 0
	}
	return word, err
}

// TagWithID returns the id again if the word with the id is a tag of a visible question, and 0 if not.
func (m *Module) TagWithID(ctx context.Context, id int) (word int, err error) {
	if _, err := m.db.Get(ctx, []any{&word},
		"SELECT wordid FROM {words} WHERE wordid = ? AND tagcount > 0", id); err != nil {
		return 0, fmt.Errorf("look up a tag: %w", err)
	}
	return word, nil
}
