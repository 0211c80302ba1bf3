package qa

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type closeInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Body struct {
		DuplicateOf int    `json:"duplicateOf,omitempty" minimum:"1" maximum:"4294967295" doc:"Id of the question that it repeats"`
		Note        string `json:"note,omitempty" maxLength:"40000" doc:"Why it is closed, in plain text; either this or duplicateOf"`
	}
}

// registerClose adds the operations for closing and reopening questions.
func (m *Module) registerClose(api huma.API) {
	web.Register(api,
		writeOperation("close-question", http.MethodPut, "questions/{id}/closure", "Close a question",
			"As a duplicate of another, or with a note that says why."),
		m.closeQuestion,
	)
	web.Register(api,
		writeOperation("reopen-question", http.MethodDelete, "questions/{id}/closure",
			"Open a closed question again", ""),
		func(ctx context.Context, in *postID) (*threadOutput, error) {
			return m.reopen(ctx, in.ID)
		},
	)
}

// closeQuestion closes a question as a duplicate of another question, or with a note that says why.
func (m *Module) closeQuestion(ctx context.Context, in *closeInput) (*threadOutput, error) {
	_, err := m.change(ctx, in.ID, onlyQuestions, wholeThread, func(c *change, q *post) (int, error) {
		if err := c.may(closing, q); err != nil {
			return 0, err
		}
		note := formtext.Block(in.Body.Note)
		switch {
		case in.Body.DuplicateOf != 0 && note != "":
			return 0, problem.Invalid(problem.Field{
				Name: "note", Code: problem.FieldNotCombinable, Args: []any{"duplicateOf"},
			})
		case in.Body.DuplicateOf != 0:
			return 0, c.closeAsDuplicate(q, in.Body.DuplicateOf)
		case note == "":
			return 0, problem.Invalid(problem.Field{Name: "note", Code: problem.FieldRequired})
		}
		return 0, c.closeWithNote(q, note)
	})
	if err != nil {
		return nil, err
	}
	return m.questionAt(ctx, in.ID)
}

func (c *change) closeAsDuplicate(q *post, originalID int) error {
	if originalID == q.id {
		return problem.Invalid(problem.Field{Name: "duplicateOf", Code: fieldItself})
	}
	var visible int
	found, err := c.Tx.Get(c.Ctx, []any{&visible},
		"SELECT postid FROM {posts} WHERE postid = ? AND type = 'Q'", originalID)
	if err != nil {
		return err
	}
	if !found {
		return problem.Invalid(problem.Field{Name: "duplicateOf", Code: fieldNoQuestion})
	}
	q.closedByID = originalID
	c.touch(q, "C")
	c.report("q_close", q, params("postid", q.id, "oldquestion", c.record(q),
		"reason", "duplicate", "originalid", originalID), nil)
	return nil
}

func (c *change) closeWithNote(q *post, note string) error {
	check := &checks{}
	if check.length("note", note, 1, maxContent); check.err() != nil {
		return check.err()
	}
	n := &post{
		kind: KindNote, parentID: q.id, userID: c.Caller.UserID, content: note,
		categoryID: q.categoryID, categoryPath: q.categoryPath,
	}
	if c.Caller.Anonymous() {
		n.cookieID = c.Caller.CookieID
	}
	if q.visible() {
		if err := c.expect(n); err != nil {
			return err
		}
	}
	if err := c.add(n); err != nil {
		return err
	}
	q.closedByID = n.id
	c.touch(q, "C")
	c.report("q_close", q, params("postid", q.id, "oldquestion", c.record(q),
		"reason", "other", "note", note), nil)
	return nil
}

// reopen opens a question again that somebody closed, and deletes its closing note. A question that is
// closed because it has a selected answer stays closed until the selection is taken back.
func (m *Module) reopen(ctx context.Context, id int) (*threadOutput, error) {
	_, err := m.change(ctx, id, onlyQuestions, wholeThread, func(c *change, q *post) (int, error) {
		if !isClosed(c.Options, q) || q.closedByID == 0 {
			return 0, errUnchanged
		}
		if err := c.may(reopening, q); err != nil {
			return 0, err
		}
		if note := c.thread.byID[q.closedByID]; note != nil && note.parentID == q.id {
			c.remove(note)
		}
		q.closedByID = 0
		c.touch(q, "C")
		c.report("q_reopen", q, params("postid", q.id, "oldquestion", c.record(q)), nil)
		return 0, nil
	})
	if err != nil {
		return nil, err
	}
	return m.questionAt(ctx, id)
}
