package qa

import (
	"context"
	"slices"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/site/option"
)

type editInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Body struct{ Editing }
}

// editAnswer changes an answer.
func (m *Module) editAnswer(ctx context.Context, in *editInput) (*answerOutput, error) {
	text, err := m.prepare(ctx, &in.Body.Writing)
	if err != nil {
		return nil, err
	}
	_, err = m.change(ctx, in.ID, onlyAnswers, wholeThread, func(c *change, p *post) (int, error) {
		return 0, c.editReply(p, &in.Body.Editing, text)
	})
	if err != nil {
		return nil, err
	}
	return m.answerAt(ctx, in.ID)
}

// editComment changes a comment.
func (m *Module) editComment(ctx context.Context, in *editInput) (*commentOutput, error) {
	text, err := m.prepare(ctx, &in.Body.Writing)
	if err != nil {
		return nil, err
	}
	_, err = m.change(ctx, in.ID, onlyComments, wholeThread, func(c *change, p *post) (int, error) {
		return 0, c.editReply(p, &in.Body.Editing, text)
	})
	if err != nil {
		return nil, err
	}
	return m.commentAt(ctx, in.ID)
}

// revise checks whether the caller may edit an answer or a comment, sets its new text, and returns the
// edit. It returns an error if the text is not valid.
func (c *change) revise(p *post, body *Editing, text *content) (*edit, error) {
	if err := c.may(editing, p); err != nil {
		return nil, err
	}
	if err := c.maySilently(p, body.Silent); err != nil {
		return nil, err
	}
	e := &edit{before: *p, silent: body.Silent}
	e.queue = c.Options.Bool(option.ModerateEditedAgain) && auth.Moderated(c.Options, c.Caller, c.level(p.categoryPath))
	p.take(text)
	check := &checks{}
	check.content(c.Options, p, p.kind)
	check.person(&body.Writing)
	if err := check.err(); err != nil {
		return nil, err
	}
	c.takePerson(p, &body.Writing)
	return e, nil
}

func (c *change) editReply(p *post, body *Editing, text *content) error {
	e, err := c.revise(p, body, text)
	if err != nil {
		return err
	}
	changed := p.content != e.before.content || p.format != e.before.format
	if err := c.settle(p, e, changed, "E"); err != nil {
		return err
	}
	if isIndexed(p, c.now) && changed {
		if err := c.expect(p); err != nil {
			return err
		}
	}
	letter := p.kind.letter()
	with := append(c.replyParams(p), params("content", p.content, "format", p.format,
		"text", TextOf(p.content, p.format), "name", given(body.Name),
		"old"+p.kind.name(), c.record(&e.before))...)
	c.report(letter+"_edit", p, slices.Concat(with, editParams(e, changed)), func(ev *Event) {
		ev.Silent, ev.TextChanged = e.silent, changed
	})
	if p.queued && !e.before.queued {
		c.report(letter+"_requeue", p, with, nil)
	}
	return nil
}

// replyParams returns the event parameters that say to which posts an answer or a comment belongs.
func (c *change) replyParams(p *post) []events.Param {
	q, parent := c.thread.question, c.thread.byID[p.parentID]
	if p.kind == KindAnswer {
		return params("postid", p.id, "parentid", p.parentID, "parent", c.record(q))
	}
	return params("postid", p.id, "parentid", p.parentID, "parenttype", string(parent.kind),
		"parent", c.record(parent), "questionid", q.id, "question", c.record(q))
}
