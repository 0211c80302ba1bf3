package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"38qa.net/backend/modules/kernel/events"
)

// StillPublic brings what was public when it happened to what everybody may know now: nothing of posts that are hidden, wait
// for approval or are gone, themselves or what they stand below, but that they were hidden, by their ids alone.
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
			*t = events.Topics{Public: true, What: t.What, PostID: t.PostID, QuestionID: t.QuestionID}
		default:
			*t = events.Topics{}
		}
	}
	return nil
}

// chain are the types of a post, of what it stands on ("" for questions), and of its question; empty for posts that are gone.
type chain struct{ post, parent, question string }

func (c chain) visible() bool {
	return len(c.post) == 1 && len(c.parent) <= 1 && len(c.question) == 1
}

func (c chain) queued() bool {
	const suffix = "_QUEUED"
	return len(c.post) > 1 && c.post[1:] == suffix || len(c.parent) > 1 && c.parent[1:] == suffix || len(c.question) > 1 && c.question[1:] == suffix
}

// chains reads the chains of posts by their ids.
func (m *Module) chains(ctx context.Context, ids []int) (map[int]chain, error) {
	now := make(map[int]chain, len(ids))
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var c chain
		err := rows.Scan(&id, &c.post, &c.parent, &c.question)
		now[id] = c
		return err
	}, "SELECT e.postid, e.type, COALESCE(pp.type, ''), p.type FROM {posts} e "+eventJoin+"WHERE e.postid IN ?", ids)
	if err != nil {
		return nil, fmt.Errorf("read what is public by now: %w", err)
	}
	return now, nil
}
