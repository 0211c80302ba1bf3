package ranking

import (
	"context"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/qa"
)

// Listen makes the module recompute, within the transaction of each action on posts, the points of
// everybody whom the action concerns.
func (m *Module) Listen(questions *qa.Module) {
	questions.Listen(func(ctx context.Context, tx *database.DB, a *qa.Action) error {
		return m.Recompute(ctx, tx, a.Options, concerned(a))
	})
}

// concerned returns the figures that an action changes, by user. Q2A lists these for each kind of
// action, and forgets some; here they follow from the difference between the states before and
// after the action.
func concerned(a *qa.Action) map[int]Columns {
	users := map[int]Columns{}
	for _, change := range a.Posts {
		before, after := change.Before, change.After
		posts(users, before, after)
		received(users, before, after)
		selections(users, change)
	}
	for _, v := range a.Votes {
		if v.Before == v.After && v.KindBefore == v.KindAfter {
			continue
		}
		users[v.UserID] |= given(v.KindBefore, v.Before) | given(v.KindAfter, v.After)
	}
	return users
}

var (
	postColumns = map[qa.Kind]Columns{
		qa.KindQuestion: QPosts, qa.KindAnswer: APosts, qa.KindComment: CPosts,
	}
	gainColumns = map[qa.Kind]Columns{
		qa.KindQuestion: QVoteds, qa.KindAnswer: AVoteds, qa.KindComment: CVoteds,
	}
	upColumns = map[qa.Kind]Columns{
		qa.KindQuestion: QUpvotes, qa.KindAnswer: AUpvotes, qa.KindComment: CUpvotes,
	}
	downColumns = map[qa.Kind]Columns{
		qa.KindQuestion: QDownvotes, qa.KindAnswer: ADownvotes, qa.KindComment: CDownvotes,
	}
)

// posts marks the figures that count visible posts, if the post has become visible or invisible, or
// its author or kind has changed.
func posts(users map[int]Columns, before, after *qa.PostState) {
	counts := func(p *qa.PostState) (user int, columns Columns) {
		if p == nil || !p.Visible {
			return 0, 0
		}
		return p.UserID, postColumns[p.Kind]
	}
	wasUser, was := counts(before)
	isUser, is := counts(after)
	if wasUser != isUser || was != is {
		users[wasUser] |= was
		users[isUser] |= is
	}
}

// received marks the figures of votes received, if a post's number of votes, its author or its kind
// has changed. Votes on hidden posts count too.
func received(users map[int]Columns, before, after *qa.PostState) {
	var was, is qa.PostState
	if before != nil {
		was = *before
	}
	if after != nil {
		is = *after
	}
	if was.Up == is.Up && was.Down == is.Down && was.UserID == is.UserID && was.Kind == is.Kind {
		return
	}
	for _, p := range []qa.PostState{was, is} {
		if p.Up != 0 || p.Down != 0 {
			users[p.UserID] |= gainColumns[p.Kind] | Upvoteds | Downvoteds
		}
	}
	// If only one of the states has votes, the author in the other state is counted again as well.
	users[was.UserID] |= whenAny(was, is)
	users[is.UserID] |= whenAny(is, was)
}

// whenAny returns the figures of votes received for the kind of p, if either state has any votes;
// otherwise 0.
func whenAny(p, other qa.PostState) Columns {
	if p.Kind == "" || p.Up+p.Down+other.Up+other.Down == 0 {
		return 0
	}
	return gainColumns[p.Kind] | Upvoteds | Downvoteds
}

// selections adds to users the counts of best answers that the change of a post may affect: ASelects
// of the asker, and ASelecteds of the answers' authors. Those change if another answer is selected,
// if the question or the answer has another author, kind or visibility, or if it is new or deleted.
func selections(users map[int]Columns, change qa.PostChange) {
	before, after := change.Before, change.After
	p := after
	if p == nil {
		p = before
	}
	if p.Kind == qa.KindAnswer || before != nil && before.Kind == qa.KindAnswer {
		if before == nil || after == nil || before.UserID != after.UserID || before.Kind != after.Kind ||
			before.Visible != after.Visible {
			for _, x := range []*qa.PostState{before, after} {
				if x != nil {
					users[x.UserID] |= ASelecteds
				}
			}
		}
		return
	}
	if p.Kind != qa.KindQuestion {
		return
	}
	asked := func(p *qa.PostState) (user, selected int) {
		if p == nil || !p.Visible || p.SelectedID == 0 {
			return 0, 0
		}
		return p.UserID, p.SelectedID
	}
	wasUser, was := asked(before)
	isUser, is := asked(after)
	if wasUser != isUser || (was == 0) != (is == 0) {
		users[wasUser] |= ASelects
		users[isUser] |= ASelects
	}
	if before == nil || after == nil || before.SelectedID != after.SelectedID ||
		before.UserID != after.UserID {
		for _, id := range change.SelectedUserIDs {
			users[id] |= ASelecteds
		}
	}
}

// given returns the figure that counts a vote which a user gave on a post of the kind; 0 if vote is
// 0.
func given(kind qa.Kind, vote int) Columns {
	switch {
	case vote > 0:
		return upColumns[kind]
	case vote < 0:
		return downColumns[kind]
	}
	return 0
}
