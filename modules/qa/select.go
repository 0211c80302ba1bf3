package qa

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

type selectInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Body struct {
		AnswerID int `json:"answerId" minimum:"1" maximum:"4294967295" doc:"Id of the answer that is best"`
	}
}

// registerSelect adds the operations for choosing the best answer.
func (m *Module) registerSelect(api huma.API) {
	web.Register(api,
		writeOperation("select-answer", http.MethodPut, "questions/{id}/selected-answer",
			"Choose the best answer", ""),
		func(ctx context.Context, in *selectInput) (*threadOutput, error) {
			return m.selectAnswer(ctx, in.ID, in.Body.AnswerID)
		},
	)
	web.Register(api,
		writeOperation("unselect-answer", http.MethodDelete, "questions/{id}/selected-answer",
			"Take the choice of the best answer back", ""),
		func(ctx context.Context, in *postID) (*threadOutput, error) {
			return m.selectAnswer(ctx, in.ID, 0)
		},
	)
}

// selectAnswer selects an answer as the best one of the question, or, if answerID is 0, takes the
// selection back.
func (m *Module) selectAnswer(ctx context.Context, id, answerID int) (*threadOutput, error) {
	_, err := m.change(ctx, id, onlyQuestions, wholeThread, func(c *change, q *post) (int, error) {
		if r := c.rules(q); r.aSelectable && !r.choiceOpen && answerID == q.selectedID {
			return 0, errUnchanged // the choice is final, and the same one is no other
		}
		if err := c.may(selecting, q); err != nil {
			return 0, err
		}
		var answer *post
		if answerID != 0 {
			answer = c.thread.byID[answerID]
			if answer == nil || answer.kind != KindAnswer || answer.parentID != q.id || !answer.visible() {
				return 0, problem.Invalid(problem.Field{Name: "answerId", Code: fieldNoAnswerHere})
			}
		}
		if answerID == q.selectedID {
			return 0, errUnchanged
		}
		c.choose(answer, c.actor)
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return m.questionAt(ctx, id)
}

// choose selects an answer as the best one, or none if answer is nil, in the name of an actor. Where
// the site closes questions that have a selected answer, it also reports the question as closed or
// reopened.
func (c *change) choose(answer *post, by actor) {
	q := c.thread.question
	wasClosed := isClosed(c.Options, q)
	old := c.thread.byID[q.selectedID]
	if old != nil && old.updateType == "S" { // its last change was its selection, which ends now
		old.updated, old.updateType, old.lastUserID, old.lastIP = 0, "", 0, nil
	}
	q.selectedID = 0
	if answer != nil {
		q.selectedID = answer.id
		if by.userID != 0 {
			c.touchBy(by, answer, "S")
		}
	}
	with := func(a *post) []any {
		return []any{"parentid", q.id, "parent", c.record(q), "postid", a.id, "answer", c.record(a)}
	}
	if old != nil {
		c.reportBy(by, "a_unselect", old, params(with(old)...), nil)
		if wasClosed && q.closedByID == 0 {
			c.touchBy(by, q, "C")
			c.reportBy(by, "q_reopen", q, params("postid", q.id, "oldquestion", c.record(q)), nil)
		}
	}
	if answer == nil {
		return
	}
	c.reportBy(by, "a_select", answer, params(with(answer)...), nil)
	if !wasClosed && c.Options.Bool(option.DoCloseOnSelect) {
		c.touchBy(by, q, "C")
		c.reportBy(by, "q_close", q, params("postid", q.id, "oldquestion", c.record(q),
			"reason", "answer-selected", "originalid", c.record(answer)), nil)
	}
}
