package qa

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// Editing holds the fields that the bodies of all requests that edit posts have in common.
type Editing struct {
	Writing
	Silent bool `json:"silent,omitempty" doc:"Leaves no trace of the edit, for those who may do that"`
}

type editQuestionInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Body struct {
		Editing
		Title      *string   `json:"title,omitempty" maxLength:"4000"`
		Tags       *[]string `json:"tags,omitempty" maxItems:"100" maxLength:"800"`
		CategoryID *int      `json:"categoryId,omitempty" minimum:"0" maximum:"4294967295" doc:"0 takes it out of its category"`
		Extra      *string   `json:"extra,omitempty" maxLength:"32000"`
	}
}

// moveInput and retagInput are the inputs of the operations that change only a question's category or
// only its tags.
type moveInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Body struct {
		CategoryID int  `json:"categoryId" minimum:"0" maximum:"4294967295" doc:"0 takes it out of its category"`
		Silent     bool `json:"silent,omitempty" doc:"Leaves no trace of the edit, for those who may do that"`
	}
}

type retagInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the question"`
	Body struct {
		Tags   []string `json:"tags" maxItems:"100" maxLength:"800"`
		Silent bool     `json:"silent,omitempty" doc:"Leaves no trace of the edit, for those who may do that"`
	}
}

// registerEdits adds the operations for editing posts.
func (m *Module) registerEdits(api huma.API) {
	web.Register(api,
		writeOperation("edit-question", http.MethodPatch, "questions/{id}", "Edit a question",
			"Only what is sent changes."),
		m.editQuestion,
	)
	web.Register(api,
		writeOperation("edit-answer", http.MethodPatch, "answers/{id}", "Edit an answer", ""),
		m.editAnswer,
	)
	web.Register(api,
		writeOperation("edit-comment", http.MethodPatch, "comments/{id}", "Edit a comment", ""),
		m.editComment,
	)
	web.Register(api,
		writeOperation("move-question", http.MethodPut, "questions/{id}/category",
			"Move a question to another category", ""),
		func(ctx context.Context, in *moveInput) (*threadOutput, error) {
			edit := &editQuestionInput{ID: in.ID}
			edit.Body.CategoryID, edit.Body.Silent = &in.Body.CategoryID, in.Body.Silent
			return m.editQuestion(ctx, edit)
		},
	)
	web.Register(api,
		writeOperation("retag-question", http.MethodPut, "questions/{id}/tags",
			"Change a question's tags", ""),
		func(ctx context.Context, in *retagInput) (*threadOutput, error) {
			edit := &editQuestionInput{ID: in.ID}
			edit.Body.Tags, edit.Body.Silent = &in.Body.Tags, in.Body.Silent
			return m.editQuestion(ctx, edit)
		},
	)
}

// editQuestion changes those fields of a question that were sent. As on the old site, both title and
// content are checked again, even if only one of them was sent.
func (m *Module) editQuestion(ctx context.Context, in *editQuestionInput) (*threadOutput, error) {
	text, err := m.prepare(ctx, &in.Body.Writing)
	if err != nil {
		return nil, err
	}
	_, err = m.change(ctx, in.ID, onlyQuestions, wholeThread, func(c *change, q *post) (int, error) {
		return 0, c.editQuestion(q, in, text)
	})
	if err != nil {
		return nil, err
	}
	return m.questionAt(ctx, in.ID)
}

// edit describes an edit of a post's text, with the post as it was before.
type edit struct {
	before post
	silent bool
	queue  bool // the post has to be approved again
}

func (c *change) editQuestion(q *post, in *editQuestionInput, text *content) error {
	body, r := &in.Body, c.rules(q)
	ofText := body.Title != nil || body.Content != nil || body.Extra != nil ||
		body.Notify != nil || body.Email != nil || body.Name != nil
	if ofText || body.Tags == nil && body.CategoryID == nil {
		if err := c.may(editing, q); err != nil {
			return err
		}
	}
	if body.Tags != nil || body.CategoryID != nil {
		if err := c.may(labelling, q); err != nil {
			return err
		}
	}
	if body.Tags != nil && c.Options.UsingTags() && joinTags(tagsOf(c.Options, *body.Tags)) != q.tags {
		if err := c.may(tagging, q); err != nil {
			return err
		}
	}
	if err := c.maySilently(q, body.Silent); err != nil {
		return err
	}
	e := edit{before: *q, silent: body.Silent}
	check := &checks{}
	if body.Title != nil {
		q.title = formtext.Line(*body.Title)
	}
	q.take(text)
	if body.Tags != nil {
		if q.tags = joinTags(tagsOf(c.Options, *body.Tags)); !c.Options.UsingTags() {
			check.add("tags", problem.FieldTooMany, 0)
		}
	}
	tagged := !c.m.settings.tagsRestricted(c.Options, c.Caller) // otherwise the tags are those of before
	if r.editable {
		check.question(c.Options, q, tagged)
		check.person(&body.Writing)
		if body.Extra != nil {
			check.length("extra", formtext.Block(*body.Extra), 0, maxExtra)
		}
	} else if tagged {
		check.tags(c.Options, q.tags)
	}
	category, path, level := c.newCategory(q, body.CategoryID, check)
	if err := check.err(); err != nil {
		q.title, q.content, q.format, q.tags =
			e.before.title, e.before.content, e.before.format, e.before.tags
		return err
	}
	c.takePerson(q, &body.Writing)
	if r.editable && c.Options.Bool(option.ExtraFieldActive) {
		extra := q.extra
		if body.Extra != nil {
			extra = formtext.Block(*body.Extra)
		}
		c.extra = &extra
	}
	e.queue = c.Options.Bool(option.ModerateEditedAgain) && auth.Moderated(c.Options, c.Caller, level)
	return c.applyQuestion(q, &e, category, path, given(body.Name))
}

// newCategory returns the category that a question is to be in, its path, and the caller's level for
// the question: the level in that category if the caller may change tags and category, and the general
// level otherwise. Problems are added to check.
func (c *change) newCategory(q *post, wanted *int, check *checks) (id int, path []int, level int) {
	id, path = q.categoryID, q.categoryPath
	switch {
	case wanted == nil:
	case *wanted == 0:
		id, path = 0, nil
		if c.Options.UsingCategories() && !c.Options.Bool(option.AllowNoCategory) {
			check.add("categoryId", problem.FieldRequired)
		}
	case c.tree.byID[*wanted] == nil || !c.Options.UsingCategories():
		check.add("categoryId", problem.FieldNoCategory)
	default:
		id, path = *wanted, c.tree.pathTo(c.tree.byID[*wanted])
	}
	level = c.Caller.Level
	if c.rules(q).retagCatable && c.Options.UsingCategories() {
		level = c.level(path)
	}
	if id != q.categoryID && auth.Permit(c.Options, c.Caller, option.PermitPostQ, level) != auth.Permitted {
		check.add("categoryId", fieldNotAllowedCategory)
	}
	return id, path, level
}

// applyQuestion does what follows from the new text and tags of a question, and moves it if it is to be
// in another category.
func (c *change) applyQuestion(q *post, e *edit, category int, path []int, name any) error {
	titleChanged := q.title != e.before.title
	contentChanged := q.content != e.before.content || q.format != e.before.format
	tagsChanged := q.tags != e.before.tags
	what := "T"
	if titleChanged || contentChanged {
		what = "E"
	}
	changed := titleChanged || contentChanged || tagsChanged
	if err := c.settle(q, e, changed, what); err != nil {
		return err
	}
	if isIndexed(q, c.now) && changed {
		if err := c.expect(q); err != nil {
			return err
		}
	}
	var tagIDs []int
	if tagsChanged {
		var err error
		if tagIDs, err = c.taggedWords(tagList(q.tags)); err != nil {
			return err
		}
	}
	with := params("postid", q.id, "title", q.title, "content", q.content, "format", q.format,
		"text", TextOf(q.content, q.format), "tags", q.tags, "extra", c.extraOf(q), "name", name,
		"oldquestion", c.record(&e.before))
	more := params("silent", e.silent, "oldtitle", e.before.title, "oldcontent", e.before.content,
		"oldformat", e.before.format, "oldtags", e.before.tags, "titlechanged", titleChanged,
		"contentchanged", contentChanged, "tagschanged", tagsChanged)
	c.report("q_edit", q, slices.Concat(with, more), func(ev *Event) {
		ev.Silent, ev.TextChanged, ev.TagsChanged = e.silent, titleChanged || contentChanged, tagsChanged
		ev.TagWordIDs = tagIDs
	})
	if q.queued && !e.before.queued {
		c.report("q_requeue", q, with, nil)
	}
	if category != e.before.categoryID {
		c.move(q, category, path, e.silent)
	}
	return nil
}

// settle records an edit of a post's text as the last change of the post and, where edits have to be
// approved, queues the post again. It does nothing if the text did not change, if the edit is silent,
// or if the post waits for approval already.
func (c *change) settle(p *post, e *edit, changed bool, what string) error {
	if !changed || e.before.queued || e.silent {
		return nil
	}
	c.touch(p, what)
	if !e.queue {
		return nil
	}
	if p.visible() {
		c.flagged -= p.flags
	}
	p.hidden, p.queued = false, true
	return nil
}

// move puts a question, with its answers, all comments and its closing note, into another category.
func (c *change) move(q *post, category int, path []int, silent bool) {
	if !silent {
		c.touch(q, "A")
	}
	old := q.categoryID
	q.categoryID, q.categoryPath = category, path
	for _, p := range c.thread.byID {
		below := p.kind != KindQuestion && (p.parentID == q.id ||
			c.thread.byID[p.parentID] != nil && c.thread.byID[p.parentID].parentID == q.id)
		if below && (p.kind != KindNote || p.id == q.closedByID) {
			p.categoryID, p.categoryPath = category, path
		}
	}
	c.report("q_move", q, params("postid", q.id, "oldquestion", c.record(q),
		"categoryid", orNull(category), "oldcategoryid", orNull(old)),
		func(e *Event) { e.CategoryIDs = slices.Clone(path) })
}

// maySilently returns the problem of a silent edit that the caller may not make, and otherwise records
// that the edit is silent, if it is.
func (c *change) maySilently(p *post, silent bool) error {
	if !silent {
		return nil
	}
	if refusal := lacks(fixed(option.PermitEditSilent))(c, p); refusal != nil {
		return refusal
	}
	c.silent = true
	return nil
}

// take sets the content of the post, if one was sent.
func (p *post) take(text *content) {
	if text != nil {
		p.content, p.format = text.text, text.format
	}
}

// takePerson sets what authors may change in their own posts: the wish to be notified and, if the
// author is anonymous and the site allows it, the name.
func (c *change) takePerson(p *post, w *Writing) {
	if !c.rules(p).isByUser {
		return
	}
	if w.Notify != nil || w.Email != nil {
		notify := p.notify != ""
		if w.Notify != nil {
			notify = *w.Notify
		}
		p.notify = notifyOf(p.userID, notify, w.Email)
	}
	if w.Name != nil && c.Options.Bool(option.AllowAnonymousNaming) && p.userID == 0 {
		p.name, p.hasName = formtext.Line(*w.Name), true
	}
}

func editParams(e *edit, changed bool) []events.Param {
	return params("silent", e.silent, "oldcontent", e.before.content, "oldformat", e.before.format,
		"contentchanged", changed)
}

// votesTurn records that from now on the votes on a post count as votes on another kind of post.
func (c *change) votesTurn(p *post) error {
	return c.eachVote(p, func(v *voteChange) { v.KindAfter, v.After = p.kind, v.Before })
}

// eachVote adds a voteChange to the action for each vote on a post; f sets what the vote becomes.
func (c *change) eachVote(p *post, f func(v *voteChange)) error {
	err := c.Tx.Select(c.Ctx, func(rows *sql.Rows) error {
		v := voteChange{KindBefore: c.was(p.id).kind}
		if err := rows.Scan(&v.UserID, &v.Before); err != nil {
			return err
		}
		f(&v)
		c.votes = append(c.votes, v)
		return nil
	}, "SELECT userid, vote FROM {uservotes} WHERE postid = ? AND vote <> 0", p.id)
	if err != nil {
		return fmt.Errorf("read the votes: %w", err)
	}
	return nil
}

// joinTags returns tags in the form in which a question stores them.
func joinTags(tags []string) string { return strings.Join(tags, ",") }
