package qa

import (
	"maps"
	"testing"
)

// edited returns an action's thread before the action has changed anything: a question in category 3, which
// is below category 1, with two answers of 4 and 2 votes.
func edited() (e *threadEdit, question, best, other *post) {
	question = &post{id: 1, kind: "Q", categoryPath: []int{1, 3}, answers: 2, maxAnswerVotes: 4}
	best = &post{id: 2, kind: "A", parentID: 1, net: 4}
	other = &post{id: 3, kind: "A", parentID: 1, net: 2}
	e = &threadEdit{whole: true, thread: &loaded{
		thread: thread{question: question}, byID: map[int]*post{1: question, 2: best, 3: other},
	}}
	e.snapshot()
	return e, question, best, other
}

// TestCountAnswers checks what a question stores about its answers after an action, and whether the posts
// that were read are enough to know it.
func TestCountAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		part          bool // only a part of the thread was read, without the other answer
		act           func(e *threadEdit, question, best, other *post)
		answers, most int
		heated, known bool
	}{
		{"nothing", false, func(*threadEdit, *post, *post, *post) {}, 2, 4, false, true},
		{"an answer is hidden", false, func(_ *threadEdit, _, _, other *post) { other.hidden = true }, 1, 4, true, true},
		{"the best answer is hidden", false, func(_ *threadEdit, _, best, _ *post) { best.hidden = true }, 1, 2, true, true},
		{"the best answer is deleted", false, func(e *threadEdit, _, best, _ *post) { e.removed = append(e.removed, best) }, 1, 2, true, true},
		{"the best answer becomes a comment", false, func(_ *threadEdit, _, best, _ *post) { best.kind = "C" }, 1, 2, true, true},
		{"an answer is added", false, func(e *threadEdit, _, _, _ *post) {
			e.added = append(e.added, &post{id: 9, kind: "A", parentID: 1})
		}, 3, 4, true, true},
		{"a queued answer is added", false, func(e *threadEdit, _, _, _ *post) {
			e.added = append(e.added, &post{id: 9, kind: "A", parentID: 1, queued: true})
		}, 2, 4, false, true},
		{"all answers fall below 0", false, func(_ *threadEdit, _, best, other *post) { best.net, other.net = -1, -2 }, 2, 0, false, true},
		{"a vote for the question", false, func(_ *threadEdit, question, _, _ *post) { question.net++ }, 2, 4, true, true},
		{"a vote for the best answer, read alone", true, func(_ *threadEdit, _, best, _ *post) { best.net++ }, 2, 5, false, true},
		{"a vote against the best answer, read alone", true, func(_ *threadEdit, _, best, _ *post) { best.net-- }, 2, 4, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, question, best, other := edited()
			if c.part {
				delete(e.thread.byID, other.id)
				e.whole = false
				e.snapshot()
			}
			c.act(e, question, best, other)
			heated, _, known := e.countAnswers()
			if question.answers != c.answers || question.maxAnswerVotes != c.most || heated != c.heated ||
				known != c.known {
				t.Errorf("%d answers, at most %d votes, heated %v, known %v; want %d, %d, %v, %v",
					question.answers, question.maxAnswerVotes, heated, known,
					c.answers, c.most, c.heated, c.known)
			}
		})
	}
}

// TestQuestionCounts checks by how much an action changes the numbers of questions in categories.
func TestQuestionCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		act  func(e *threadEdit, question *post)
		want map[int]int
	}{
		{"nothing", func(*threadEdit, *post) {}, map[int]int{1: 0, 3: 0}},
		{"hidden", func(_ *threadEdit, q *post) { q.hidden = true }, map[int]int{1: -1, 3: -1}},
		{"queued", func(_ *threadEdit, q *post) { q.queued = true }, map[int]int{1: -1, 3: -1}},
		{"moved beside", func(_ *threadEdit, q *post) { q.categoryPath = []int{1, 4} }, map[int]int{1: 0, 3: -1, 4: 1}},
		{"deleted", func(e *threadEdit, q *post) { e.removed = append(e.removed, q) }, map[int]int{1: -1, 3: -1}},
		{"a new question", func(e *threadEdit, _ *post) {
			e.added = append(e.added, &post{id: 9, kind: "Q", categoryPath: []int{1}})
		}, map[int]int{1: 0, 3: 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, question, _, _ := edited()
			c.act(e, question)
			if got := e.questionCounts(); !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestStatesOfAnEdit checks that an action knows each post as it was before and as it is after the action.
func TestStatesOfAnEdit(t *testing.T) {
	t.Parallel()
	e, question, best, other := edited()
	added := &post{id: 9, kind: "C", parentID: 2}
	e.added, e.removed = []*post{added}, []*post{other}
	question.hidden = true
	if e.was(9) != nil || e.now(9) != added {
		t.Error("an added post was there before, or is not there now")
	}
	if e.was(3) == nil || e.now(3) != nil {
		t.Error("a deleted post was not there before, or is there now")
	}
	if e.was(1).hidden || !e.now(1).hidden {
		t.Error("the states of the hidden question are mixed up")
	}
	if everyoneSees(best, e.now) || !everyoneSees(best, e.was) ||
		everyoneSees(&post{kind: "C", parentID: 77}, e.was) {
		t.Error("an answer is seen below a hidden question, or a post whose parent is not read")
	}
}
