package qa

import (
	"cmp"
	"context"
	"slices"

	"38qa.net/backend/modules/kernel/web"
)

type answersInput struct {
	web.Page
	ID      int      `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Sort    string   `query:"sort" enum:"votes,newest,oldest" doc:"Order; by default the site's, as in the question's thread"`
	Include []string `query:"include" enum:"comments,permissions" doc:"What to give beside the answers, separated by commas"`
}

type answersOutput struct{ Body web.List[answer] }

// answersPlace is a place in the answers of a question, kept in a cursor: how many come before it, and the
// last of them.
type answersPlace struct {
	Before int `json:"n"`
	ID     int `json:"id"`
}

// Valid implements web.Position.
func (p *answersPlace) Valid() bool {
	return p.Before >= 1 && web.ValidCount(p.Before) && web.ValidID(p.ID)
}

// in returns how many of the answers come before the place now: those up to the one that was the last or, if
// that is gone, as many as then.
func (p *answersPlace) in(answers []*post) int {
	if i := slices.IndexFunc(answers, func(a *post) bool { return a.id == p.ID }); i >= 0 {
		return i + 1
	}
	return p.Before
}

// pageOfAnswers returns at most size answers after the first ones, and the cursor of those that follow in the
// given order, or "" if none do.
func pageOfAnswers(answers []*post, first, size int, sort string) (page []*post, next string) {
	first = min(first, len(answers))
	end := min(first+size, len(answers))
	if end < len(answers) {
		next = web.EncodeCursor("answers"+sort, &answersPlace{end, answers[end-1].id})
	}
	return answers[first:end], next
}

func (m *Module) listAnswers(ctx context.Context, in *answersInput) (*answersOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, t, err := m.open(ctx, in.ID, in.Include)
	if err != nil {
		return nil, err
	}
	switch in.Sort {
	case "votes":
		slices.SortStableFunc(t.answers, func(a, b *post) int {
			return cmp.Or(cmp.Compare(b.net, a.net), cmp.Compare(a.created, b.created))
		})
	case "newest":
		slices.SortStableFunc(t.answers, func(a, b *post) int {
			return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(b.id, a.id))
		})
	case "oldest":
		slices.SortStableFunc(t.answers, func(a, b *post) int {
			return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.id, b.id))
		})
	}
	total := len(t.answers)
	first := in.Offset(in.Size(100))
	if in.Cursor != "" {
		place := answersPlace{}
		if err := web.DecodeCursor("answers"+in.Sort, in.Cursor, &place); err != nil {
			return nil, err
		}
		first = place.in(t.answers)
	}
	var next string
	if size := in.Size(100); in.Limit > 0 || in.Cursor != "" || in.Page.Page > 0 {
		t.answers, next = pageOfAnswers(t.answers, first, size, in.Sort)
	}
	answers := m.show(ctx, o, t, append(in.Include, "answers")).answers()
	return &answersOutput{Body: web.List[answer]{Items: answers, NextCursor: next, Total: &total}}, nil
}
