package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"38qa.net/backend/modules/kernel/events"
)

// StillPublic reduces events that were public when they happened, in place, to what everybody may know
// now. An event stays as it is if its post, the post's parent and its question are visible. If one of
// them is hidden or queued, or the post is gone, the event is emptied. Events about hiding a post are
// the exception: they keep their name and the ids of the post and its question, unless one of the three
// is queued.
func (m *Module) StillPublic(ctx context.Context, before []*events.Topics) error {
	ids := make([]int, len(before))
	for i, t := range before {
		ids[i] = t.PostID
	}
	slices.Sort(ids)
	now, err := m.chains(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, t := range before {
		switch c := now[t.PostID]; {
		case c.visible():
		case t.What == publicNames["hide"] && !c.queued():
			*t = events.Topics{Public: true, For: t.For, What: t.What, PostID: t.PostID, QuestionID: t.QuestionID}
		default:
			*t = events.Topics{}
		}
	}
	return nil
}

// chain holds the types of a post, of its parent ("" for questions) and of its question. All are "" for
// a post that is gone.
type chain struct{ post, parent, question string }

func (c chain) visible() bool {
	return len(c.post) == 1 && len(c.parent) <= 1 && len(c.question) == 1
}

func (c chain) queued() bool {
	const suffix = "_QUEUED"
	return len(c.post) > 1 && c.post[1:] == suffix ||
		len(c.parent) > 1 && c.parent[1:] == suffix ||
		len(c.question) > 1 && c.question[1:] == suffix
}

// chains reads the chains of the posts with the ids. Posts that are gone are missing in the result.
func (m *Module) chains(ctx context.Context, ids []int) (map[int]chain, error) {
	now := make(map[int]chain, len(ids))
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var c chain
		err := rows.Scan(&id, &c.post, &c.parent, &c.question)
		now[id] = c
		return err
	}, `SELECT e.postid, e.type, COALESCE(pp.type, ''), p.type
		FROM {posts} e
		`+eventJoin+`
		WHERE e.postid IN ?`, ids)
	if err != nil {
		return nil, fmt.Errorf("read what is public by now: %w", err)
	}
	return now, nil
}
