package qa

import (
	"context"
	"slices"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// question is a question with its thread, as far as the request asked for it.
type question struct {
	QuestionItem
	Text
	Extra         string         `json:"extra,omitempty" doc:"The site's additional field of questions"`
	Follows       *postRef       `json:"follows,omitempty" doc:"The answer that this question follows from"`
	Closure       *closure       `json:"closure,omitempty" doc:"Why the question is closed, if somebody closed it"`
	Duplicates    []postRef      `json:"duplicates,omitempty" doc:"Questions closed as duplicates of this one"`
	Answers       []answer       `json:"answers,omitempty" doc:"In the site's order: waiting for approval, selected, others, hidden; with include=answers"`
	AnswersCursor string         `json:"answersCursor,omitempty" doc:"With answerLimit: the cursor of the other answers in GET …/answers; absent if there are none"`
	Comments      []comment      `json:"comments,omitempty" doc:"On the question, the oldest first; with include=comments"`
	FollowUps     []postRef      `json:"followUps,omitempty" doc:"Questions that follow from the question itself: those that followed an answer which became a comment"`
	Related       []QuestionItem `json:"related,omitempty" doc:"With include=related"`
}

// answer is an answer with the comments and follow-ups below it.
type answer struct {
	Type string `json:"type" enum:"answer"`
	PostBase
	Text
	QuestionID int       `json:"questionId"`
	Selected   bool      `json:"selected" doc:"Whether it is the best answer"`
	Comments   []comment `json:"comments,omitempty" doc:"The oldest first; with include=comments"`
	FollowUps  []postRef `json:"followUps,omitempty" doc:"Questions that follow from it"`
}

// comment is a comment on a question or an answer.
type comment struct {
	Type string `json:"type" enum:"comment"`
	PostBase
	Text
	ParentID   int    `json:"parentId"`
	ParentType string `json:"parentType" enum:"question,answer"`
	QuestionID int    `json:"questionId"`
}

// postRef identifies a post, with its type and question, so that clients can link to it.
type postRef struct {
	ID         int    `json:"id"`
	Type       string `json:"type" enum:"question,answer,comment,note"`
	QuestionID int    `json:"questionId"`
	Title      string `json:"title,omitempty" doc:"Of the question"`
	Path       string `json:"path,omitempty" doc:"Address of the question below the site's"`
}

// closure says why a question is closed: it is a duplicate of another question, or has a closing note.
type closure struct {
	DuplicateOf *postRef `json:"duplicateOf,omitempty"`
	Note        *Text    `json:"note,omitempty"`
}

// shown turns a loaded thread into the posts of a response, with the parts that the caller asked to
// include.
type shown struct {
	m       *Module
	o       *site.Options
	t       *loaded
	include []string
	caller  auth.Caller
}

// show returns what turns the thread into a response for the caller of the request.
func (m *Module) show(ctx context.Context, o *site.Options, t *loaded, include []string) shown {
	return shown{m, o, t, include, auth.CallerOf(ctx)}
}

func (s shown) has(what string) bool { return slices.Contains(s.include, what) }

// base returns the fields that all kinds of posts have in common, with permissions if the caller asked
// for them.
func (s shown) base(p *post) PostBase {
	b := s.m.base(s.o, p)
	if s.has("permissions") {
		can := s.t.rules[p.id].public()
		b.Can, b.Cannot = &can, s.t.obstacles(s.o, s.caller, p)
	}
	return b
}

func (s shown) question(tree *categoryTree) question {
	q := s.t.question
	out := question{QuestionItem: s.m.item(s.o, tree, q), Text: s.m.text(s.o, q)}
	out.PostBase = s.base(q)
	if s.o.Bool(option.ExtraFieldActive) && s.o.Bool(option.ExtraFieldDisplay) {
		out.Extra = s.m.blockedWords(s.o).Censor(q.extra)
	}
	if s.t.follows != nil {
		ref := s.m.ref(s.o, s.t.follows, s.t.origin)
		out.Follows = &ref
	}
	if c := s.t.closing; c != nil {
		out.Closure = &closure{}
		if c.kind == KindQuestion {
			ref := s.m.ref(s.o, c, c)
			out.Closure.DuplicateOf = &ref
		} else {
			note := s.m.text(s.o, c)
			out.Closure.Note = &note
		}
	}
	for _, d := range s.t.duplicates {
		out.Duplicates = append(out.Duplicates, s.m.ref(s.o, d, d))
	}
	out.FollowUps = s.followUps(q)
	if s.has("answers") {
		out.Answers = s.answers()
	}
	if s.has("comments") {
		out.Comments = s.comments(q)
	}
	return out
}

func (s shown) answers() []answer {
	answers := make([]answer, len(s.t.answers))
	for i, a := range s.t.answers {
		answers[i] = s.answer(a)
	}
	return answers
}

func (s shown) answer(p *post) answer {
	a := answer{
		PostBase: s.base(p), Text: s.m.text(s.o, p), Type: KindAnswer.name(),
		QuestionID: s.t.question.id, Selected: p.id == s.t.question.selectedID,
	}
	if s.has("comments") {
		a.Comments = s.comments(p)
	}
	a.FollowUps = s.followUps(p)
	return a
}

// followUps returns the questions that follow directly from a post, the oldest first.
func (s shown) followUps(parent *post) []postRef {
	var refs []postRef
	for _, f := range s.t.comments {
		if f.parentID == parent.id && s.t.isFollowUp(f) {
			refs = append(refs, s.m.ref(s.o, f, f))
		}
	}
	return refs
}

// comments returns the comments right below a post, the oldest first.
func (s shown) comments(parent *post) []comment {
	var comments []comment
	for _, c := range s.t.comments {
		if c.kind == KindComment && c.parentID == parent.id {
			comments = append(comments, s.comment(c))
		}
	}
	return comments
}

// answerOutput and commentOutput return the responses of operations with one post.
func (s shown) answerOutput(p *post) *answerOutput {
	return &answerOutput{ETag: web.RevisionTag(p.revision()), Body: s.answer(p)}
}

func (s shown) commentOutput(p *post) *commentOutput {
	return &commentOutput{ETag: web.RevisionTag(p.revision()), Body: s.comment(p)}
}

func (s shown) comment(p *post) comment {
	c := comment{
		PostBase: s.base(p), Text: s.m.text(s.o, p), Type: KindComment.name(),
		ParentID: p.parentID, QuestionID: s.t.question.id, ParentType: "answer",
	}
	if p.parentID == s.t.question.id {
		c.ParentType = "question"
	}
	return c
}

// ref returns a reference to a post of the question.
func (m *Module) ref(o *site.Options, p, question *post) postRef {
	ref := postRef{
		ID: p.id, Type: p.kind.name(), QuestionID: question.id,
		Title: m.shown(o, question.title).title, Path: m.path(o, question.id, question.title),
	}
	switch p.kind {
	case KindAnswer, KindComment: // Q2A's form of a link to an answer or a comment on the question's page
		ref.Path += "?show=" + itoa(p.id) + "#" + p.kind.letter() + itoa(p.id)
	}
	return ref
}
