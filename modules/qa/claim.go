package qa

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/auth"
)

// claim makes the caller the author of a post that the caller wrote anonymously, from the same browser.
// Like writing a post, it counts against the caller's hourly limits.
func (m *Module) claim(ctx context.Context, id int) (*stateOutput, error) {
	return m.setState(ctx, id, func(c *change, p *post) error {
		if p.userID == c.caller.UserID && !c.caller.Anonymous() {
			return errUnchanged
		}
		if err := c.may(claiming, p); err != nil {
			return err
		}
		action := map[string]auth.Action{"Q": auth.Questions, "A": auth.Answers, "C": auth.Comments}[p.kind]
		if err := c.limited(action); err != nil {
			return err
		}
		if err := c.dropOwnVote(p); err != nil {
			return err
		}
		p.userID = c.caller.UserID
		if p.updated != 0 && p.lastUserID == 0 {
			p.lastUserID = c.caller.UserID
		}
		c.charge = action
		with := []any{"postid", p.id}
		if p.kind != "Q" {
			with = append(with, "parentid", p.parentID)
		}
		c.report(letters[p.kind]+"_claim", p,
			params(append(with, "old"+typeNames[p.kind], c.record(p))...), nil)
		return nil
	})
}

// dropOwnVote deletes the caller's vote and flag on a post of which the caller becomes the author.
func (c *change) dropOwnVote(p *post) error {
	if err := c.sign(); err != nil {
		return err
	}
	if _, err := c.tx.Exec(c.ctx, "DELETE FROM {uservotes} WHERE postid = ? AND userid = ?",
		p.id, c.caller.UserID); err != nil {
		return fmt.Errorf("delete the vote: %w", err)
	}
	if p.myVote != 0 {
		p.recount(p.myVote, 0)
		c.votes = append(c.votes, voteChange{
			UserID: c.caller.UserID, KindBefore: p.kind, KindAfter: p.kind, Before: p.myVote,
		})
	}
	if p.myFlag != 0 {
		p.flags = max(p.flags-1, 0)
		c.flagged--
	}
	return nil
}
