package qa

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// status says who can see a post: everybody, or only some because it is hidden or queued.
type status int

const (
	asVisible status = iota
	asHidden
	asQueued
)

type visibilityInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Body struct {
		Hidden bool `json:"hidden" doc:"Whether it is to be hidden from those who may not hide posts"`
	}
}

// registerVisibility adds the operations for hiding, showing, approving and rejecting posts.
func (m *Module) registerVisibility(api huma.API) {
	web.Register(api,
		writeOperation("set-visibility", http.MethodPut, "posts/{id}/visibility",
			"Hide a post, or show it again", ""),
		m.setVisibility,
	)
	web.Register(api,
		writeOperation("set-approval", http.MethodPut, "posts/{id}/approval",
			"Approve or reject a post that waits for it", ""),
		m.setApproval,
	)
}

// setVisibility hides a post or shows it again.
func (m *Module) setVisibility(ctx context.Context, in *visibilityInput) (*stateOutput, error) {
	use := (*change).show
	if in.Body.Hidden {
		use = (*change).hide
	}
	return m.setState(ctx, in.ID, use)
}

// hide hides a post in the caller's name.
func (c *change) hide(p *post) error {
	if p.hidden {
		return errUnchanged
	}
	if err := c.may(hiding, p); err != nil {
		return err
	}
	return c.setStatus(p, asHidden, c.actor, p.flags)
}

// show shows a hidden post again. It is queued instead of shown where the caller's posts have to be approved
// and the caller may not show hidden posts in general.
func (c *change) show(p *post) error {
	if p.visible() {
		return errUnchanged
	}
	if err := c.may(reshowing, p); err != nil {
		return err
	}
	to := asVisible
	if !c.rules(p).reshowImmed && auth.Moderated(c.Options, c.Caller, c.level(p.categoryPath)) {
		to = asQueued
	}
	return c.setStatus(p, to, c.actor, p.flags)
}

type approvalInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Body struct {
		Approved bool `json:"approved" doc:"false rejects it: it is hidden"`
	}
}

// setApproval approves or rejects a queued post.
func (m *Module) setApproval(ctx context.Context, in *approvalInput) (*stateOutput, error) {
	use := (*change).reject
	if in.Body.Approved {
		use = (*change).approve
	}
	return m.setState(ctx, in.ID, use)
}

// approve makes a queued post visible.
func (c *change) approve(p *post) error { return c.decide(p, asVisible) }

// reject hides a queued post.
func (c *change) reject(p *post) error { return c.decide(p, asHidden) }

func (c *change) decide(p *post, to status) error {
	if err := c.may(approving, p); err != nil {
		return err
	}
	return c.setStatus(p, to, c.actor, p.flags)
}

// postStateResult is a post's state, which says who can see it, and its number of flags.
type postStateResult struct {
	State     string `json:"state" enum:"visible,hidden,queued"`
	FlagCount int    `json:"flagCount"`
}

type stateOutput struct{ Body postStateResult }

func (p *post) stateResult() postStateResult {
	r := postStateResult{State: "visible", FlagCount: p.flags}
	switch {
	case p.hidden:
		r.State = "hidden"
	case p.queued:
		r.State = "queued"
	}
	return r
}

// setState runs a change of a post's state and returns the state after it. It returns no more than
// that, because the caller may not be allowed to see the post any more.
func (m *Module) setState(
	ctx context.Context, id int, use func(c *change, p *post) error,
) (*stateOutput, error) {
	out := &stateOutput{}
	_, err := m.change(ctx, id, anyKind, wholeThread, func(c *change, p *post) (int, error) {
		err := use(c, p)
		out.Body = p.stateResult()
		return 0, err
	})
	return out, err
}

// setStatus shows, hides or queues a post in the name of an actor. flags is how many flags of the post
// are in the site's count of flags, which counts visible posts only.
func (c *change) setStatus(p *post, to status, by actor, flags int) error {
	wasHidden, wasQueued, wasVisible := p.hidden, p.queued, p.visible()
	wasRequeued := wasQueued && p.updated != 0
	event, touched := "", false
	switch {
	case to == asQueued && !wasQueued:
		event = "requeue"
	case to == asHidden && wasQueued:
		event = "reject"
	case to == asHidden && !wasHidden:
		event, touched = "hide", true
	case to == asVisible && wasQueued:
		event = "approve"
	case to == asVisible && wasHidden:
		event, touched = "reshow", true
	}
	if to == asHidden && p.kind == KindAnswer && c.thread.question.selectedID == p.id {
		c.choose(nil, c.nobody())
	}
	p.hidden, p.queued = to == asHidden, to == asQueued
	if touched {
		c.touchBy(by, p, "H")
	}
	if wasQueued && to == asVisible && c.Options.Bool(option.ModerateUpdateTime) {
		if wasRequeued {
			p.updated = c.Tx.Now()
		} else {
			p.created = c.Tx.Now()
		}
	}
	if p.visible() != wasVisible {
		if p.visible() {
			c.flagged += flags
		} else {
			c.flagged -= flags
		}
	}
	if event == "" {
		return nil
	}
	if p.visible() && isIndexed(p, c.now) {
		if err := c.expect(p); err != nil {
			return err
		}
	}
	letter := p.kind.letter()
	with := append(c.stateParams(p), params("old"+p.kind.name(), c.record(p))...)
	c.reportBy(by, letter+"_"+event, p, with, nil)
	if event == "approve" && !wasRequeued {
		return c.reportApproved(p)
	}
	return nil
}

// reportApproved reports, in the name of its author, that a post was written, when the post is
// approved. When it was written, it could not be seen.
func (c *change) reportApproved(p *post) error {
	author := actor{userID: p.userID, ip: c.actor.ip}
	with := append(c.stateParams(p), params(
		"notify", p.notify != "", "email", textOrNull(strings.TrimSuffix(p.notify, "@")),
		"delayed", c.was(p.id).created,
	)...)
	parent := c.thread.byID[p.parentID]
	var tagIDs []int
	if p.kind == KindQuestion {
		var err error
		if tagIDs, err = c.taggedWords(tagList(p.tags)); err != nil {
			return err
		}
	}
	more := func(e *Event) {
		e.Delayed = true
		if parent != nil {
			e.ParentKind, e.ParentOwnerID = parent.kind, parent.userID
		}
		switch p.kind {
		case KindQuestion:
			var follows *followed
			if parent != nil && parent.kind == KindAnswer {
				follows = &followed{parent, parent.parentID}
			}
			e.asQuestion(p, tagIDs, follows)
		case KindComment:
			e.ThreadUserIDs = c.commenters(parent)
		}
	}
	c.reportBy(author, p.kind.letter()+"_post", p, with, more)
	return nil
}

// stateParams returns the parameters that all of Q2A's events about a post's state have.
func (c *change) stateParams(p *post) []events.Param {
	parent, q := c.thread.byID[p.parentID], c.thread.question
	with := []any{"postid", p.id, "parentid", orNull(p.parentID)}
	switch p.kind {
	case KindQuestion:
		with = append(with, "parent", c.record(parent), "title", p.title)
	case KindAnswer:
		with = append(with, "parent", c.record(q))
	case KindComment:
		with = append(with, "parenttype", string(parent.kind), "parent", c.record(parent),
			"questionid", q.id, "question", c.record(q))
	}
	with = append(with, "content", p.content, "format", p.format, "text", TextOf(p.content, p.format))
	if p.kind == KindQuestion {
		with = append(with, "tags", p.tags)
	}
	return params(append(with, "categoryid", orNull(p.categoryID), "name", textOrNull(p.name))...)
}

// nobody returns the actor of changes that follow from others and that nobody makes. Such a change
// still has the caller's address, as the last one from which the post was changed.
func (c *change) nobody() actor { return actor{ip: c.self().ip, nobody: true} }

// touchBy is like touch, in the name of an actor.
func (c *change) touchBy(by actor, p *post, what string) {
	p.updated, p.updateType, p.lastUserID, p.lastIP = c.Tx.Now(), what, by.userID, by.ip
}

// referred reports whether posts that are not part of the thread refer to p. For example, Q2A lets a
// question follow from an answer while that answer becomes a comment; the question then refers to the
// comment.
func (c *change) referred(p *post) (bool, error) {
	var id int
	found, err := c.Tx.Get(c.Ctx, []any{&id}, `
		SELECT postid FROM {posts} WHERE parentid = ? AND postid <> ?
		UNION SELECT postid FROM {posts} WHERE closedbyid = ?
		LIMIT 1`, p.id, p.closedByID, p.id) // the closing note goes with its question
	if err != nil {
		return false, fmt.Errorf("look for posts below: %w", err)
	}
	return found, nil
}

func (c *change) delete(p *post) error {
	if err := c.eachVote(p, func(*voteChange) {}); err != nil {
		return err
	}
	with := []any{"postid", p.id}
	if p.kind != KindQuestion {
		with = append(with, "parentid", p.parentID)
	}
	with = append(with, "old"+p.kind.name(), c.record(p))
	if p.kind == KindComment {
		with = append(with, "parenttype", string(c.thread.byID[p.parentID].kind),
			"questionid", c.thread.question.id)
	}
	letter := p.kind.letter()
	c.report(letter+"_delete_before", p, params(with...), nil)
	if note := c.thread.byID[p.closedByID]; note != nil && note.parentID == p.id {
		c.remove(note)
		p.closedByID = 0
	}
	c.remove(p)
	c.report(letter+"_delete", p, params(with...), nil)
	return nil
}
