package qa

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type convertInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the answer"`
	Body struct {
		Editing
		ParentID int `json:"parentId,omitempty" minimum:"1" maximum:"4294967295" doc:"The question or another answer to it that the comment is on; the question by default"`
	}
}

// registerConvert adds the operation for turning answers into comments.
func (m *Module) registerConvert(api huma.API) {
	convert := writeOperation("convert-answer-to-comment", http.MethodPost, "answers/{id}/comment",
		"Turn an answer into a comment",
		"On the question, or on another answer to it. What stands below it moves along.")
	convert.DefaultStatus = http.StatusOK
	web.Register(api, convert, m.convert)
}

// convert turns an answer into a comment on the question or on another answer. The comments on the
// answer become comments on the same post.
func (m *Module) convert(ctx context.Context, in *convertInput) (*createdComment, error) {
	text, err := m.prepare(ctx, &in.Body.Writing)
	if err != nil {
		return nil, err
	}
	id, err := m.change(ctx, in.ID, onlyAnswers, wholeThread, func(c *change, p *post) (int, error) {
		return p.id, c.convert(p, in, text)
	})
	if err != nil {
		return nil, err
	}
	out, err := m.commentAt(ctx, id)
	if err != nil {
		return nil, err
	}
	return &createdComment{
		Status: 200, Location: "/v1/comments/" + itoa(id), ETag: out.ETag, Body: out.Body,
	}, nil
}

func (c *change) convert(p *post, in *convertInput, text *content) error {
	q := c.thread.question
	parent := q
	if in.Body.ParentID != 0 {
		parent = c.thread.byID[in.Body.ParentID]
	}
	isPlace := parent != nil &&
		(parent == q || parent.kind == KindAnswer && parent.parentID == q.id && parent != p)
	if !isPlace {
		return problem.Invalid(problem.Field{Name: "parentId", Code: fieldNoParent})
	}
	e, err := c.revise(p, &in.Body.Editing, text)
	if err != nil {
		return err
	}
	if !c.rules(parent).commentButton {
		return problem.Invalid(problem.Field{Name: "parentId", Code: fieldNoParent})
	}
	if err := c.may(commenting, parent); err != nil {
		return err
	}
	if err := c.limited(auth.Comments); err != nil {
		return err
	}
	changed := p.content != e.before.content || p.format != e.before.format
	p.kind, p.parentID = KindComment, parent.id
	if !e.before.queued && !e.silent {
		c.touch(p, "Y")
	}
	if err := c.settle(p, e, changed, "E"); err != nil {
		return err
	}
	for _, below := range c.thread.comments {
		if below.parentID == p.id {
			below.parentID = parent.id
		}
	}
	if err := c.votesTurn(p); err != nil {
		return err
	}
	if isIndexed(p, c.now) {
		if err := c.expect(p); err != nil {
			return err
		}
	}
	if q.selectedID == p.id {
		c.choose(nil, c.nobody())
	}
	c.charge = auth.Comments
	with := append(c.replyParams(p), params("content", p.content, "format", p.format,
		"text", TextOf(p.content, p.format), "name", given(in.Body.Name),
		"oldanswer", c.record(&e.before))...)
	c.report("a_to_c", p, slices.Concat(with, editParams(e, changed)), func(ev *Event) {
		ev.Silent, ev.TextChanged = e.silent, changed
	})
	if p.queued && !e.before.queued {
		c.report("c_requeue", p, with, nil)
	}
	return nil
}
