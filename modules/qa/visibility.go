package qa

import (
	"context"
	"fmt"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
)

// status is whether and by whom a post is seen.
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

// setVisibility hides a post or shows it again.
func (m *Module) setVisibility(ctx context.Context, in *visibilityInput) (*stateOutput, error) {
	return m.setState(ctx, in.ID, func(c *change, p *post) error {
		if in.Body.Hidden {
			if p.hidden {
				c.actor.nobody = true // nothing is done
				return nil
			}
			if err := c.may(hiding, p); err != nil {
				return err
			}
			return c.setStatus(p, asHidden, c.actor, p.flags)
		}
		if p.visible() {
			c.actor.nobody = true
			return nil
		}
		if err := c.may(reshowing, p); err != nil {
			return err
		}
		to := asVisible
		if !c.rules(p).reshowImmed && auth.Moderated(c.o, c.caller, c.level(p.categoryPath)) {
			to = asQueued
		}
		return c.setStatus(p, to, c.actor, p.flags)
	})
}

type approvalInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Body struct {
		Approved bool `json:"approved" doc:"false rejects it: it is hidden"`
	}
}

// setApproval decides on a post that waits for approval.
func (m *Module) setApproval(ctx context.Context, in *approvalInput) (*stateOutput, error) {
	return m.setState(ctx, in.ID, func(c *change, p *post) error {
		if err := c.may(approving, p); err != nil {
			return err
		}
		to := asHidden
		if in.Body.Approved {
			to = asVisible
		}
		return c.setStatus(p, to, c.actor, p.flags)
	})
}

// PostStateResult is whether and by whom a post is seen.
type PostStateResult struct {
	State     string `json:"state" enum:"visible,hidden,queued"`
	FlagCount int    `json:"flagCount"`
}

type stateOutput struct{ Body PostStateResult }

func (p *post) stateResult() PostStateResult {
	r := PostStateResult{State: "visible", FlagCount: p.flags}
	switch {
	case p.hidden:
		r.State = "hidden"
	case p.queued:
		r.State = "queued"
	}
	return r
}

// setState runs a change of a post's state and tells the state afterwards, which the caller may not be able to see any more.
func (m *Module) setState(ctx context.Context, id int, use func(c *change, p *post) error) (*stateOutput, error) {
	out := &stateOutput{}
	_, err := m.change(ctx, id, "QAC", wholeThread, func(c *change, p *post) (int, error) {
		err := use(c, p)
		out.Body = p.stateResult()
		return 0, err
	})
	return out, err
}

// setStatus shows, hides or queues a post in somebody's name. flags are those that the site's count of flags has of it.
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
	if to == asHidden && p.kind == "A" && c.t.question.selectedID == p.id {
		c.choose(nil, c.nobody())
	}
	p.hidden, p.queued = to == asHidden, to == asQueued
	if touched {
		c.touchBy(by, p, "H")
	}
	if wasQueued && to == asVisible && c.o.Bool("moderate_update_time") {
		if wasRequeued {
			p.updated = c.tx.Now()
		} else {
			p.created = c.tx.Now()
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
	letter := strings.ToLower(p.kind)
	c.reportBy(by, letter+"_"+event, p, append(c.stateParams(p), params("old"+typeNames[p.kind], c.record(p))...), nil)
	if event == "approve" && !wasRequeued {
		return c.reportApproved(p)
	}
	return nil
}

// reportApproved reports a post that its author wrote before and that was approved now, in the author's name.
func (c *change) reportApproved(p *post) error {
	author := actor{userID: p.userID, ip: c.actor.ip}
	with := append(c.stateParams(p), params("notify", p.notify != "", "email", textOrNull(strings.TrimSuffix(p.notify, "@")), "delayed", c.was(p.id).created)...)
	parent := c.t.byID[p.parentID]
	var tagIDs []int
	if p.kind == "Q" {
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
		case "Q":
			var follows *followed
			if parent != nil && parent.kind == "A" {
				follows = &followed{parent, parent.parentID}
			}
			e.asQuestion(p, tagIDs, follows)
		case "C":
			e.ThreadUserIDs = c.commenters(parent)
		}
	}
	c.reportBy(author, strings.ToLower(p.kind)+"_post", p, with, more)
	return nil
}

// stateParams are the parameters that Q2A's events about a post's state share.
func (c *change) stateParams(p *post) []events.Param {
	parent, q := c.t.byID[p.parentID], c.t.question
	with := []any{"postid", p.id, "parentid", orNull(p.parentID)}
	switch p.kind {
	case "Q":
		with = append(with, "parent", c.record(parent), "title", p.title)
	case "A":
		with = append(with, "parent", c.record(q))
	case "C":
		with = append(with, "parenttype", parent.kind, "parent", c.record(parent), "questionid", q.id, "question", c.record(q))
	}
	with = append(with, "content", p.content, "format", p.format, "text", TextOf(p.content, p.format))
	if p.kind == "Q" {
		with = append(with, "tags", p.tags)
	}
	return params(append(with, "categoryid", orNull(p.categoryID), "name", textOrNull(p.name))...)
}

// nobody is the actor of what follows by itself. What was done last still came from the caller's address.
func (c *change) nobody() actor { return actor{ip: c.self().ip, nobody: true} }

// touchBy is touch in somebody's name.
func (c *change) touchBy(by actor, p *post, what string) {
	p.updated, p.updateType, p.lastUserID, p.lastIP = c.tx.Now(), what, by.userID, by.ip
}

// deletePost deletes a hidden post for good. A question goes with its closing note.
func (m *Module) deletePost(ctx context.Context, id int, kind string) (*struct{}, error) {
	_, err := m.change(ctx, id, kind, wholeThread, func(c *change, p *post) (int, error) {
		if err := c.may(deleting, p); err != nil {
			return 0, err
		}
		referred, err := c.referred(p)
		if err != nil {
			return 0, err
		}
		if referred {
			return 0, problem.New("has_replies")
		}
		return 0, c.delete(p)
	})
	return nil, err
}

// referred reports whether posts that the thread does not show refer to p, as a question does that PHP let follow an answer
// while that became a comment.
func (c *change) referred(p *post) (bool, error) {
	var id int
	found, err := c.tx.Get(c.ctx, []any{&id}, `
		SELECT postid FROM {posts} WHERE parentid = ? AND postid <> ?
		UNION SELECT postid FROM {posts} WHERE closedbyid = ?
		LIMIT 1`, p.id, p.closedByID, p.id) // the closing note goes with its question
	if err != nil {
		return false, fmt.Errorf("look for posts below: %w", err)
	}
	return found, nil
}

func (c *change) delete(p *post) error {
	if err := c.eachVote(p, func(*VoteChange) {}); err != nil {
		return err
	}
	with := []any{"postid", p.id}
	if p.kind != "Q" {
		with = append(with, "parentid", p.parentID)
	}
	with = append(with, "old"+typeNames[p.kind], c.record(p))
	if p.kind == "C" {
		with = append(with, "parenttype", c.t.byID[p.parentID].kind, "questionid", c.t.question.id)
	}
	letter := strings.ToLower(p.kind)
	c.report(letter+"_delete_before", p, params(with...), nil)
	if note := c.t.byID[p.closedByID]; note != nil && note.parentID == p.id {
		c.remove(note)
		p.closedByID = 0
	}
	c.remove(p)
	c.report(letter+"_delete", p, params(with...), nil)
	return nil
}
