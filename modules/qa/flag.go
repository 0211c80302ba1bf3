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

// registerFlag adds the operations for flagging posts.
func (m *Module) registerFlag(api huma.API) {
	web.Register(api,
		writeOperation("flag-post", http.MethodPut, "posts/{id}/flag", "Flag a post for the moderators",
			"A post that enough people flagged is hidden."),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.setFlag(ctx, in.ID, true)
		},
	)
	web.Register(api,
		writeOperation("unflag-post", http.MethodDelete, "posts/{id}/flag", "Take one's flag back", ""),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.setFlag(ctx, in.ID, false)
		},
	)
	web.Register(api,
		writeOperation("clear-flags", http.MethodDelete, "posts/{id}/flags", "Take all flags off a post", ""),
		func(ctx context.Context, in *postID) (*stateOutput, error) {
			return m.clearFlags(ctx, in.ID)
		},
	)
}

// setFlag sets the caller's flag on a post, which asks the moderators to look at it, or takes it back.
// A post with as many flags as the option flagging_hide_after says is hidden.
func (m *Module) setFlag(ctx context.Context, id int, flag bool) (*stateOutput, error) {
	return m.setState(ctx, id, func(c *change, p *post) error {
		if flag {
			return c.flag(p)
		}
		return c.unflag(p)
	})
}

func (c *change) flag(p *post) error {
	if p.myFlag != 0 {
		return errUnchanged
	}
	if err := c.may(flagging, p); err != nil {
		return err
	}
	if err := c.limited(auth.Flags); err != nil {
		return err
	}
	before := p.flags
	if err := c.storeFlag(p, 1); err != nil {
		return err
	}
	c.charge = auth.Flags
	c.report(p.kind.letter()+"_flag", p, params("postid", p.id, "oldpost", c.record(p), "flagcount", p.flags,
		"questionid", c.thread.question.id, "question", c.record(c.thread.question)), nil)
	if p.flags < c.Options.Int(option.FlaggingHideAfter) {
		return nil
	}
	// The post is hidden in nobody's name. As in Q2A, the site's count of flags falls by the flags that
	// the post had before this one.
	return c.setStatus(p, asHidden, c.nobody(), before)
}

func (c *change) unflag(p *post) error {
	if p.myFlag == 0 && !c.Caller.Anonymous() {
		return errUnchanged
	}
	if err := c.may(unflagging, p); err != nil {
		return err
	}
	if err := c.storeFlag(p, 0); err != nil {
		return err
	}
	c.report(p.kind.letter()+"_unflag", p, params("postid", p.id, "oldpost", c.record(p)), nil)
	return nil
}

// storeFlag writes the caller's flag, which is in the same row as the caller's vote: 1 sets it, and 0
// takes it back.
func (c *change) storeFlag(p *post, flag int) error {
	if err := c.sign(); err != nil {
		return err
	}
	_, err := c.Tx.Exec(c.Ctx, `INSERT INTO {uservotes} (postid, userid, vote, flag)
		VALUES (?, ?, 0, ?)`+
		c.Tx.Overwrite("userid, postid", "flag"),
		p.id, c.Caller.UserID, flag)
	if err != nil {
		return fmt.Errorf("write the flag: %w", err)
	}
	difference := 2*flag - 1
	p.flags = max(p.flags+difference, 0)
	c.flagged += difference
	return nil
}

// clearFlags removes the flags of all users from a post.
func (m *Module) clearFlags(ctx context.Context, id int) (*stateOutput, error) {
	return m.setState(ctx, id, (*change).clearFlags)
}

func (c *change) clearFlags(p *post) error {
	if refusal := auth.Refusal(c.Options, c.Caller, option.PermitHideShow,
		c.level(p.categoryPath)); refusal == nil && p.flags == 0 {
		return errUnchanged
	}
	if err := c.may(clearing, p); err != nil {
		return err
	}
	if err := c.sign(); err != nil {
		return err
	}
	cleared, err := c.Tx.Exec(c.Ctx,
		"UPDATE {uservotes} SET flag = 0 WHERE postid = ? AND flag <> 0", p.id)
	if err != nil {
		return fmt.Errorf("clear flags: %w", err)
	}
	c.flagged -= int(cleared)
	c.report(p.kind.letter()+"_clearflags", p, params("postid", p.id, "oldpost", c.record(p)), nil)
	p.flags = 0
	return nil
}
