package qa

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

type voteInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the post"`
	Body struct {
		Value int `json:"value" enum:"1,-1" doc:"1 likes it, -1 does not"`
	}
}

// voteResult holds a post's votes and the caller's own vote, after the caller has voted.
type voteResult struct {
	Votes  votes `json:"votes"`
	MyVote int   `json:"myVote" enum:"1,0,-1"`
}

type voteOutput struct{ Body voteResult }

// registerVote adds the operations for voting.
func (m *Module) registerVote(api huma.API) {
	web.Register(api,
		writeOperation("vote-on-post", http.MethodPut, "posts/{id}/vote", "Vote on a post",
			"Another vote takes the place of the caller's earlier one; the same vote again changes nothing."),
		func(ctx context.Context, in *voteInput) (*voteOutput, error) {
			return m.setVote(ctx, in.ID, in.Body.Value)
		},
	)
	web.Register(api,
		writeOperation("remove-vote", http.MethodDelete, "posts/{id}/vote", "Take one's vote back", ""),
		func(ctx context.Context, in *postID) (*voteOutput, error) {
			return m.setVote(ctx, in.ID, 0)
		},
	)
}

// setVote sets the caller's vote on a post: 1, -1, or 0 to take it back.
func (m *Module) setVote(ctx context.Context, id, vote int) (*voteOutput, error) {
	out := &voteOutput{}
	_, err := m.change(ctx, id, anyKind, postOnly, func(c *change, p *post) (int, error) {
		if err := c.mayVote(p, vote); err != nil {
			return 0, err
		}
		err := c.vote(p, vote)
		out.Body = voteResult{votes{p.net, p.up, p.down}, vote}
		return 0, err
	})
	return out, err
}

// mayVote returns a problem if the rules do not allow the vote or, checked last, if the caller has
// voted too often in the current hour.
func (c *change) mayVote(p *post, vote int) error {
	op := votingUp // also for taking a vote back
	if vote < 0 {
		op = votingDown
	}
	if err := c.may(op, p); err != nil {
		return err
	}
	return c.limited(auth.Votes)
}

// voteOption returns the option that says who may vote on the post. As in Q2A, the option for answers
// is also that for comments.
func voteOption(_ *change, p *post) option.Key {
	if p.kind == KindQuestion {
		return option.PermitVoteQ
	}
	return option.PermitVoteA
}

// vote writes the vote. Giving the same vote again changes nothing and does not count for the hourly
// limit either.
func (c *change) vote(p *post, vote int) error {
	old := p.myVote
	if old == vote {
		return errUnchanged
	}
	if err := c.sign(); err != nil {
		return err
	}
	_, err := c.Tx.Exec(c.Ctx, `INSERT INTO {uservotes} (postid, userid, vote, flag, votecreated)
		VALUES (?, ?, ?, 0, FROM_UNIXTIME(?))`+
		c.Tx.Upsert("userid, postid")+"vote = "+c.Tx.Given("vote")+
		", voteupdated = "+c.Tx.Given("votecreated"),
		p.id, c.Caller.UserID, vote, c.Tx.Now())
	if err != nil {
		return fmt.Errorf("write the vote: %w", err)
	}
	p.recount(old, vote)
	c.votes = append(c.votes, voteChange{
		UserID: c.Caller.UserID, KindBefore: p.kind, KindAfter: p.kind, Before: old, After: vote,
	})
	c.charge = auth.Votes
	name := map[int]string{1: "_vote_up", 0: "_vote_nil", -1: "_vote_down"}[vote]
	c.report(p.kind.letter()+name, p,
		params("postid", p.id, "userid", orNull(p.userID), "vote", vote, "oldvote", old), nil)
	return nil
}

// recount replaces one vote by another in the post's counts. The row of the post is locked, so that its
// counts include all earlier votes.
func (p *post) recount(before, after int) {
	p.up += max(after, 0) - max(before, 0)
	p.down += max(-after, 0) - max(-before, 0)
	p.up, p.down = max(p.up, 0), max(p.down, 0)
	p.net = p.up - p.down
}
