package qa

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

type askInput struct {
	Body struct {
		Writing
		CaptchaToken  string   `json:"captchaToken,omitempty" maxLength:"8192" doc:"Of the solved challenge, where GET /v1/auth/session names post"`
		Title         string   `json:"title" maxLength:"4000"`
		Tags          []string `json:"tags,omitempty" maxItems:"100" maxLength:"800" doc:"Read as the old site's form reads them: in lower case, split at spaces or commas as the site has it"`
		CategoryID    int      `json:"categoryId,omitempty" minimum:"1" maximum:"4294967295"`
		FollowsAnswer int      `json:"followsAnswerId,omitempty" minimum:"1" maximum:"4294967295" doc:"The answer from which the question follows"`
		Extra         *string  `json:"extra,omitempty" maxLength:"32000" doc:"The site's additional field of questions, where it has one"`
	}
}

// registerAsk adds the operation for asking questions.
func (m *Module) registerAsk(api huma.API) {
	web.Register(api,
		writeOperation("create-question", http.MethodPost, "questions", "Ask a question",
			"Where new posts have to be approved, the answer's state is queued."),
		m.ask,
	)
}

// ask writes a new question and returns it.
func (m *Module) ask(ctx context.Context, in *askInput) (*createdQuestion, error) {
	if err := m.checkCaptcha(ctx, 0, in.Body.CaptchaToken); err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	text, err := m.prepare(ctx, &in.Body.Writing)
	if err != nil {
		return nil, err
	}
	suspicion := m.screen(ctx, KindQuestion, 0, in.Body.Title, &in.Body.Writing, text)
	id, err := m.transact(ctx, func(c *change) (int, error) {
		c.suspicion = suspicion
		id, err := c.ask(in, text)
		caller = c.Caller
		return id, err
	})
	if err != nil {
		return nil, err
	}
	out, err := m.questionAt(auth.WithCaller(ctx, caller), id)
	if err != nil {
		return nil, err
	}
	return &createdQuestion{
		Status: http.StatusCreated, Location: "/v1/questions/" + itoa(id),
		VisitorHeaders: auth.HeadersOf(caller), ETag: out.ETag, Body: out.Body,
	}, nil
}

func (c *change) ask(in *askInput, text *content) (int, error) {
	if p := auth.Refusal(c.Options, c.Caller, option.PermitPostQ, c.Caller.MaximumLevel()); p != nil {
		return 0, p
	}
	if err := c.m.mayAsk(c.Ctx, c.Tx, c.Options, c.Caller); err != nil {
		return 0, err
	}
	c.granted = true // asking is not an operation on a post: Refusal above has checked it
	if err := c.limited(auth.Questions); err != nil {
		return 0, err
	}
	if err := lockWordsFirst(c.Ctx, c.Tx); err != nil {
		return 0, err
	}
	body := &in.Body
	q := &post{kind: KindQuestion, title: formtext.Line(body.Title)}
	q.take(text)
	follows, err := c.checkQuestion(in, q)
	if err != nil {
		return 0, err
	}
	if err := c.checkRepeated(q); err != nil {
		return 0, err
	}
	q.queued = c.suspicion != nil || auth.Moderated(c.Options, c.Caller, c.level(q.categoryPath))
	c.thread, c.whole = &loaded{thread: thread{question: q}, byID: map[int]*post{}}, true
	if err := c.expect(q); err != nil {
		return 0, err
	}
	if err := c.author(q, &body.Writing); err != nil {
		return 0, err
	}
	if err := c.add(q); err != nil {
		return 0, err
	}
	if c.Options.Bool(option.ExtraFieldActive) {
		extra := ""
		if body.Extra != nil {
			extra = formtext.Block(*body.Extra)
		}
		c.extra = &extra
	}
	c.heated, c.charge = true, auth.Questions
	if err := c.reportQuestion(q, follows, &body.Writing); err != nil {
		return 0, err
	}
	return q.id, c.finish()
}

// checkQuestion checks all fields of a new question, and sets its category, tags and parent. If the
// question follows from an answer, checkQuestion also returns that answer.
func (c *change) checkQuestion(in *askInput, q *post) (follows *followed, err error) {
	body, check := &in.Body, &checks{}
	if body.CategoryID != 0 {
		if category := c.tree.byID[body.CategoryID]; category != nil && c.Options.UsingCategories() {
			q.categoryID, q.categoryPath = category.id, c.tree.pathTo(category)
		} else {
			check.add("categoryId", problem.FieldNoCategory)
		}
	}
	restricted := c.m.settings.tagsRestricted(c.Options, c.Caller)
	switch tags := tagsOf(c.Options, body.Tags); {
	case len(tags) > 0 && !c.Options.UsingTags():
		check.add("tags", problem.FieldTooMany, 0)
	case len(tags) > 0 && restricted:
		return nil, problem.New(codeTagsRestricted)
	case c.Options.UsingTags():
		q.tags = joinTags(tags)
	}
	check.question(c.Options, q, !restricted) // no tags can be demanded of those who may choose none
	check.person(&body.Writing)
	if body.Extra != nil {
		if c.Options.Bool(option.ExtraFieldActive) {
			check.length("extra", formtext.Block(*body.Extra), 0, maxExtra)
		} else {
			check.add("extra", problem.FieldUnknown)
		}
	}
	switch {
	case body.CategoryID == 0 && c.Options.UsingCategories() && len(c.tree.byID) > 0 &&
		!c.Options.Bool(option.AllowNoCategory):
		check.add("categoryId", problem.FieldRequired)
	case auth.Permit(c.Options, c.Caller, option.PermitPostQ, c.level(q.categoryPath)) != auth.Permitted:
		check.add("categoryId", fieldNotAllowedCategory)
	}
	if body.FollowsAnswer != 0 {
		if follows, err = c.followed(body.FollowsAnswer); err != nil {
			return nil, err
		}
		if follows == nil {
			check.add("followsAnswerId", fieldNoAnswer)
		} else {
			q.parentID = body.FollowsAnswer
		}
	}
	return follows, check.err()
}

// followed is an answer from which a new question follows.
type followed struct {
	answer   *post
	question int // id of the question that it answers
}

// followed returns the answer with the given id if the caller may ask a question that follows from it,
// and nil otherwise.
func (c *change) followed(id int) (*followed, error) {
	// The answer is locked, so that it is still an answer when the new question is stored.
	_, err := c.lock(id)
	var t *loaded
	if err == nil {
		t, err = c.m.assemble(c.Ctx, c.Tx, c.Options, lockIDs, repeated(id, 3), 0, true)
	}
	var p *problem.Error
	if errors.As(err, &p) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a := t.byID[id]
	if a == nil || a.kind != KindAnswer ||
		!t.rules[id].allows(followingUp) || seen(c.Options, c.Caller, t, a) != nil {
		return nil, nil //nolint:nilerr // whoever may not see it is told the same as if there were none
	}
	return &followed{a, t.question.id}, nil
}

// recentQuestions is how many of the newest questions a new one is compared with, as in Q2A.
const recentQuestions = 5

// checkRepeated returns a problem if the question has the same words as one of the newest questions.
func (c *change) checkRepeated(q *post) error {
	posts, err := selectPosts(c.Ctx, c.Tx, false, (*scanner).fullDest,
		`SELECT `+fullColumns+`
			FROM {posts} p`+fullJoin+`
			WHERE p.type = 'Q'
			ORDER BY p.created DESC, p.postid DESC
			LIMIT ?`, recentQuestions)
	if err != nil {
		return fmt.Errorf("read the newest questions: %w", err)
	}
	for _, p := range posts {
		if sameText(p.title, q.title) && sameText(p.content, q.content) {
			return problem.Invalid(problem.Field{Name: "content", Code: fieldRepeated})
		}
	}
	return nil
}

// reportQuestion adds the event about a new question to the action.
func (c *change) reportQuestion(q *post, follows *followed, w *Writing) error {
	name := "q_post"
	if q.queued {
		name = "q_queue"
	}
	var parent any
	if follows != nil {
		parent = c.record(follows.answer)
	}
	with := params("postid", q.id, "parentid", orNull(q.parentID), "parent", parent,
		"title", q.title, "content", q.content, "format", q.format, "text", TextOf(q.content, q.format),
		"tags", q.tags, "categoryid", orNull(q.categoryID), "extra", c.extraOf(q), "name", given(w.Name),
		"notify", w.Notify != nil && *w.Notify, "email", given(w.Email))
	tagIDs, err := c.taggedWords(tagList(q.tags))
	if err != nil {
		return err
	}
	c.report(name, q, with, func(e *Event) { e.asQuestion(q, tagIDs, follows) })
	return nil
}

// asQuestion sets the fields of an event about a new question that update streams need.
func (e *Event) asQuestion(q *post, tagIDs []int, follows *followed) {
	e.TagWordIDs, e.CategoryIDs = tagIDs, slices.Clone(q.categoryPath)
	if follows != nil {
		e.ParentKind, e.ParentOwnerID, e.FollowedID = KindAnswer, follows.answer.userID, follows.question
	}
}

// extraOf returns the content of the question's extra field, or nil if the question has none or the
// site does not use the field.
func (c *change) extraOf(q *post) any {
	switch {
	case c.extra != nil:
		return *c.extra
	case q.hasExtra && c.Options.Bool(option.ExtraFieldActive):
		return q.extra
	}
	return nil
}

// pathTo returns the ids of the categories from the top category down to c.
func (t *categoryTree) pathTo(c *category) []int {
	var path []int
	for ; c != nil && len(path) < maxDepth; c = t.byID[c.parentID] {
		path = append(path, c.id)
	}
	slices.Reverse(path)
	return path
}

// given returns the text that was sent for a field, as a single line, or nil if none was sent.
func given(text *string) any {
	if text == nil {
		return nil
	}
	return formtext.Line(*text)
}
