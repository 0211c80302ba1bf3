package qa

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

type replyInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Body struct {
		Writing
		CaptchaToken string `json:"captchaToken,omitempty" maxLength:"8192" doc:"Of the solved challenge, where GET /v1/auth/session names post"`
	}
}

// registerReplies adds the operations for answering and commenting.
func (m *Module) registerReplies(api huma.API) {
	web.Register(api,
		writeOperation("create-answer", http.MethodPost, "questions/{id}/answers", "Answer a question", ""),
		m.answer,
	)
	web.Register(api,
		writeOperation("create-comment", http.MethodPost, "posts/{id}/comments",
			"Comment on a question or an answer", ""),
		m.comment,
	)
}

// answer writes an answer to a question.
func (m *Module) answer(ctx context.Context, in *replyInput) (*createdAnswer, error) {
	if err := m.checkCaptcha(ctx, in.ID, in.Body.CaptchaToken); err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	text, err := m.prepare(ctx, &in.Body.Writing)
	if err != nil {
		return nil, err
	}
	suspicion := m.screen(ctx, KindAnswer, in.ID, "", &in.Body.Writing, text)
	id, err := m.change(ctx, in.ID, onlyQuestions, wholeThread, func(c *change, q *post) (int, error) {
		c.suspicion = suspicion
		id, err := c.answer(q, &in.Body.Writing, text)
		caller = c.Caller
		return id, err
	})
	if err != nil {
		return nil, err
	}
	out, err := m.answerAt(auth.WithCaller(ctx, caller), id)
	if err != nil {
		return nil, err
	}
	return &createdAnswer{
		Status: http.StatusCreated, Location: "/v1/answers/" + itoa(id),
		VisitorHeaders: auth.HeadersOf(caller), ETag: out.ETag, Body: out.Body,
	}, nil
}

func (c *change) answer(q *post, w *Writing, text *content) (int, error) {
	if err := c.may(answering, q); err != nil {
		return 0, err
	}
	if err := c.limited(auth.Answers); err != nil {
		return 0, err
	}
	a, err := c.reply(KindAnswer, q, w, text)
	if err != nil {
		return 0, err
	}
	for _, other := range c.thread.answers {
		if !other.hidden && sameText(other.content, a.content) {
			return 0, problem.Invalid(problem.Field{Name: "content", Code: fieldRepeated})
		}
	}
	if err := c.write(a, w); err != nil {
		return 0, err
	}
	name := "a_post"
	if a.queued {
		name = "a_queue"
	}
	with := params("postid", a.id, "parentid", q.id, "parent", c.record(q),
		"content", a.content, "format", a.format, "text", TextOf(a.content, a.format),
		"categoryid", orNull(q.categoryID), "name", given(w.Name),
		"notify", w.Notify != nil && *w.Notify, "email", given(w.Email))
	c.charge = auth.Answers
	c.report(name, a, with, func(e *Event) { e.ParentKind, e.ParentOwnerID = KindQuestion, q.userID })
	return a.id, nil
}

// reply returns a new answer or comment below the parent, not yet written, and checks what was sent.
// Its error describes the invalid fields.
func (c *change) reply(kind Kind, parent *post, w *Writing, text *content) (*post, error) {
	q := c.thread.question
	p := &post{kind: kind, parentID: parent.id, categoryID: q.categoryID, categoryPath: q.categoryPath}
	p.take(text)
	check := &checks{}
	check.content(c.Options, p, kind)
	check.person(w)
	p.queued = c.suspicion != nil || auth.Moderated(c.Options, c.Caller, c.level(parent.categoryPath))
	return p, check.err()
}

// write writes a new answer or comment.
func (c *change) write(p *post, w *Writing) error {
	if isIndexed(p, c.now) {
		if err := c.expect(p); err != nil {
			return err
		}
	}
	if err := c.author(p, w); err != nil {
		return err
	}
	return c.add(p)
}

// comment writes a comment on a question or an answer.
func (m *Module) comment(ctx context.Context, in *replyInput) (*createdComment, error) {
	if err := m.checkCaptcha(ctx, in.ID, in.Body.CaptchaToken); err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	text, err := m.prepare(ctx, &in.Body.Writing)
	if err != nil {
		return nil, err
	}
	suspicion := m.screen(ctx, KindComment, in.ID, "", &in.Body.Writing, text)
	id, err := m.change(ctx, in.ID, questionsAndAnswers, wholeThread, func(
		c *change, parent *post,
	) (int, error) {
		c.suspicion = suspicion
		id, err := c.comment(parent, &in.Body.Writing, text)
		caller = c.Caller
		return id, err
	})
	if err != nil {
		return nil, err
	}
	out, err := m.commentAt(auth.WithCaller(ctx, caller), id)
	if err != nil {
		return nil, err
	}
	return &createdComment{
		Status: http.StatusCreated, Location: "/v1/comments/" + itoa(id),
		VisitorHeaders: auth.HeadersOf(caller), ETag: out.ETag, Body: out.Body,
	}, nil
}

func (c *change) comment(parent *post, w *Writing, text *content) (int, error) {
	if err := c.may(commenting, parent); err != nil {
		return 0, err
	}
	if err := c.limited(auth.Comments); err != nil {
		return 0, err
	}
	p, err := c.reply(KindComment, parent, w, text)
	if err != nil {
		return 0, err
	}
	for _, other := range c.thread.comments {
		if other.kind == KindComment && other.parentID == parent.id && !other.hidden &&
			sameText(other.content, p.content) {
			return 0, problem.Invalid(problem.Field{Name: "content", Code: fieldRepeated})
		}
	}
	thread := c.commenters(parent)
	if err := c.write(p, w); err != nil {
		return 0, err
	}
	name := "c_post"
	if p.queued {
		name = "c_queue"
	}
	q := c.thread.question
	with := params("postid", p.id, "parentid", parent.id, "parenttype", string(parent.kind),
		"parent", c.record(parent), "questionid", q.id, "question", c.record(q), "thread", nil,
		"content", p.content, "format", p.format, "text", TextOf(p.content, p.format),
		"categoryid", orNull(q.categoryID), "name", given(w.Name),
		"notify", w.Notify != nil && *w.Notify, "email", given(w.Email))
	c.charge = auth.Comments
	c.report(name, p, with, func(e *Event) {
		e.ParentKind, e.ParentOwnerID, e.ThreadUserIDs = parent.kind, parent.userID, thread
	})
	return p.id, nil
}

// commenters returns the authors of the visible comments on a post, each once, in the order of their
// first comments.
func (c *change) commenters(parent *post) []int {
	var users []int
	seen := map[int]bool{0: true}
	for _, p := range c.thread.comments {
		if p.kind == KindComment && p.visible() && p.parentID == parent.id && !seen[p.userID] {
			seen[p.userID] = true
			users = append(users, p.userID)
		}
	}
	return users
}
