package qa

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
)

// registerClaim adds the operation for claiming posts.
func (m *Module) registerClaim(api huma.API) {
	web.Register(api,
		writeOperation("claim-post", http.MethodPut, "posts/{id}/owner",
			"Claim a post that one wrote before signing in",
			"With the cookie (qa_id) or the Visitor-Token that the response to the post had."),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.claim(ctx, in.ID)
		},
	)
}

// claim makes the caller the author of a post that the caller wrote anonymously, from the same browser.
// Like writing a post, it counts against the caller's hourly limits.
func (m *Module) claim(ctx context.Context, id int) (*stateOutput, error) {
	return m.setState(ctx, id, func(c *change, p *post) error {
		if p.userID == c.Caller.UserID && !c.Caller.Anonymous() {
			return errUnchanged
		}
		if err := c.may(claiming, p); err != nil {
			return err
		}
		action := map[Kind]auth.Action{
			KindQuestion: auth.Questions, KindAnswer: auth.Answers, KindComment: auth.Comments,
		}[p.kind]
		if err := c.limited(action); err != nil {
			return err
		}
		if err := c.dropOwnVote(p); err != nil {
			return err
		}
		p.userID = c.Caller.UserID
		if p.updated != 0 && p.lastUserID == 0 {
			p.lastUserID = c.Caller.UserID
		}
		c.charge = action
		with := []any{"postid", p.id}
		if p.kind != KindQuestion {
			with = append(with, "parentid", p.parentID)
		}
		c.report(p.kind.letter()+"_claim", p,
			params(append(with, "old"+p.kind.name(), c.record(p))...), nil)
		return nil
	})
}

// dropOwnVote deletes the caller's vote and flag on a post of which the caller becomes the author.
func (c *change) dropOwnVote(p *post) error {
	if err := c.sign(); err != nil {
		return err
	}
	if _, err := c.Tx.Exec(c.Ctx, "DELETE FROM {uservotes} WHERE postid = ? AND userid = ?",
		p.id, c.Caller.UserID); err != nil {
		return fmt.Errorf("delete the vote: %w", err)
	}
	if p.myVote != 0 {
		p.recount(p.myVote, 0)
		c.votes = append(c.votes, voteChange{
			UserID: c.Caller.UserID, KindBefore: p.kind, KindAfter: p.kind, Before: p.myVote,
		})
	}
	if p.myFlag != 0 {
		p.flags = max(p.flags-1, 0)
		c.flagged--
	}
	return nil
}
