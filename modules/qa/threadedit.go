package qa

import (
	"maps"
	"slices"
)

// threadEdit is a thread before and after an action. It needs no database: what an action changes in the
// counts is the difference between the two states.
type threadEdit struct {
	thread *loaded
	// whole is set if the whole thread was read, and not only the post, its parent and its question.
	whole   bool
	before  map[int]post // the posts before the action, by id
	added   []*post
	removed []*post
}

// eachChange calls f for each post of the thread with its state before and after the action. The state
// before is nil for a new post, and the state after is nil for a deleted one.
func (e *threadEdit) eachChange(f func(before, after *post)) {
	for _, p := range e.posts() {
		before, existed := e.before[p.id]
		switch {
		case !existed:
			f(nil, p)
		case e.gone(p):
			f(&before, nil)
		default:
			f(&before, p)
		}
	}
}

// questionCounts returns by how much the action changes the number of visible questions of each category,
// by the category's id. The number of a category includes the questions in the categories below it. New
// questions are left out: they are counted when they are added.
func (e *threadEdit) questionCounts() map[int]int {
	counts := map[int]int{}
	add := func(p *post, sign int) {
		if p != nil && p.kind == KindQuestion && p.visible() {
			for _, id := range p.categoryPath {
				counts[id] += sign
			}
		}
	}
	e.eachChange(func(before, after *post) {
		if before != nil {
			add(before, -1)
			add(after, 1)
		}
	})
	return counts
}

// countAnswers updates what the question stores about its answers: how many are visible, and the votes of
// the best one. known is false if the best answer may be one that was not read; best is then the highest
// number of votes of those that were. heated is true if something that the question's hotness depends on
// has changed.
func (e *threadEdit) countAnswers() (heated bool, best int, known bool) {
	q := e.thread.question
	isAnswer := func(p *post) bool {
		return p != nil && p.kind == KindAnswer && p.visible() && p.parentID == q.id
	}
	changed, fell := false, false
	e.eachChange(func(before, after *post) {
		was, is := isAnswer(before), isAnswer(after)
		if was {
			q.answers--
		}
		if is {
			q.answers++
			best = max(best, after.net)
		}
		if was != is || is && before.created != after.created {
			heated = true
		}
		if was != is || is && before.net != after.net {
			changed = true
			fell = fell || was && before.net >= q.maxAnswerVotes && (!is || after.net < before.net)
		}
	})
	before := e.before[q.id]
	heated = heated || q.net != before.net || q.created != before.created
	switch {
	case !changed:
	case e.whole || best >= q.maxAnswerVotes:
		q.maxAnswerVotes = best
	case fell:
		return heated, best, false
	}
	return heated, best, true
}

// posts returns all posts of the thread that were read, in the order of their ids, and after them those
// that the action adds. It includes the posts that the action deletes.
func (e *threadEdit) posts() []*post {
	all := slices.Collect(maps.Values(e.thread.byID))
	slices.SortFunc(all, func(a, b *post) int { return a.id - b.id })
	return append(all, e.added...)
}

// gone reports whether the action deletes the post.
func (e *threadEdit) gone(p *post) bool { return slices.Contains(e.removed, p) }

// now returns the post with the given id as the action leaves it, or nil if there is none.
func (e *threadEdit) now(id int) *post {
	for _, p := range e.added {
		if p.id == id && id != 0 {
			return p
		}
	}
	p := e.thread.byID[id]
	if p == nil || e.gone(p) {
		return nil
	}
	return p
}

// was returns the post with the given id as it was before the action, or nil if there was none.
func (e *threadEdit) was(id int) *post {
	if p, ok := e.before[id]; ok {
		return &p
	}
	return nil
}

// snapshot keeps copies of the posts as they are now.
func (e *threadEdit) snapshot() {
	e.before = make(map[int]post, len(e.thread.byID))
	for id, p := range e.thread.byID {
		e.before[id] = *p
	}
}

// everyoneSees reports whether a post and all posts above it are visible; get returns a post by its id.
func everyoneSees(p *post, get func(int) *post) bool {
	if p.kind == KindQuestion {
		return p.visible()
	}
	parent := get(p.parentID)
	return p.visible() && parent != nil && everyoneSees(parent, get)
}
