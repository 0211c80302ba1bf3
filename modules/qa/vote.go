package qa

import (
	"context"
	"fmt"

	"38qa.net/backend/modules/auth"
)

type voteInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Body struct {
		Value int `json:"value" enum:"1,-1" doc:"1 likes it, -1 does not"`
	}
}

// VoteResult is a post's votes after the caller's own.
type VoteResult struct {
	Votes  Votes `json:"votes"`
	MyVote int   `json:"myVote" enum:"1,0,-1"`
}

type voteOutput struct{ Body VoteResult }

// setVote gives, changes or (with 0) takes back the caller's vote on a post.
func (m *Module) setVote(ctx context.Context, id, vote int) (*voteOutput, error) {
	out := &voteOutput{}
	_, err := m.change(ctx, id, "QAC", postOnly, func(c *change, p *post) (int, error) {
		if err := c.mayVote(p, vote); err != nil {
			return 0, err
		}
		if err := c.vote(p, vote); err != nil {
			return 0, err
		}
		out.Body = VoteResult{Votes{p.net, p.up, p.down}, vote}
		return 0, nil
	})
	return out, err
}

// mayVote asks the rules and, last, the hourly limit.
func (c *change) mayVote(p *post, vote int) error {
	op := votingUp // also to take a vote back
	if vote < 0 {
		op = votingDown
	}
	if err := c.may(op, p); err != nil {
		return err
	}
	return c.limited(auth.Votes)
}

// voteOption governs who may vote on the post. Q2A asks the one for answers about comments too.
func voteOption(_ *change, p *post) string {
	if p.kind == "Q" {
		return "permit_vote_q"
	}
	return "permit_vote_a"
}

// vote writes the vote. The same vote again changes nothing, not even the hourly limits.
func (c *change) vote(p *post, vote int) error {
	old := p.myVote
	if old == vote {
		c.actor.nobody = true
		return nil
	}
	if err := c.sign(); err != nil {
		return err
	}
	_, err := c.tx.Exec(c.ctx, "INSERT INTO {uservotes} (postid, userid, vote, flag, votecreated) VALUES (?, ?, ?, 0, FROM_UNIXTIME(?))"+c.tx.Upsert("userid, postid")+
		"vote = "+c.tx.Given("vote")+", voteupdated = "+c.tx.Given("votecreated"), p.id, c.caller.UserID, vote, c.tx.Now())
	if err != nil {
		return fmt.Errorf("write the vote: %w", err)
	}
	p.recount(old, vote)
	c.votes = append(c.votes, VoteChange{UserID: c.caller.UserID, KindBefore: p.kind, KindAfter: p.kind, Before: old, After: vote})
	c.charge = auth.Votes
	name := map[int]string{1: "_vote_up", 0: "_vote_nil", -1: "_vote_down"}[vote]
	c.report(letters[p.kind]+name, p, params("postid", p.id, "userid", orNull(p.userID), "vote", vote, "oldvote", old), nil)
	return nil
}

// recount puts one vote in the place of another. The post is locked, so that its counts are those of all votes before.
func (p *post) recount(before, after int) {
	p.up += max(after, 0) - max(before, 0)
	p.down += max(-after, 0) - max(-before, 0)
	p.up, p.down = max(p.up, 0), max(p.down, 0)
	p.net = p.up - p.down
}
