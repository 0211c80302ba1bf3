package qa

import (
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
)

// The rules of permissions.go say whether something may be done; what follows says why not, by what helps most: first what
// concerns the caller, then the state of the post, then the caller's level.

// refuse is nil if the rule allows it. Else it is the reason: what the option asks of the caller, or the state of the post, or
// otherwise.
func (c *change) refuse(allowed bool, p *post, option string, otherwise string) error {
	if allowed {
		return nil
	}
	refusal := auth.Refusal(c.o, c.caller, option, c.level(p.categoryPath))
	if refusal != nil && refusal.Code != "permission_level" && refusal.Code != "permission_points" {
		return refusal
	}
	switch q := c.t.question; {
	case p.hidden:
		return problem.New("hidden")
	case p.queued:
		return problem.New("queued")
	case isClosed(c.o, q) && p == q && otherwise != "closed_by_other":
		return problem.New("closed")
	case refusal != nil:
		return refusal
	}
	return problem.New(otherwise)
}

// permitted is nil if the caller, at the level for the post, has what the option asks for and has not done it too often.
func (c *change) permitted(option string, p *post, action auth.Action) error {
	if refusal := auth.Refusal(c.o, c.caller, option, c.level(p.categoryPath)); refusal != nil {
		return refusal
	}
	if action == "" {
		return nil
	}
	return auth.CheckLimit(c.ctx, c.tx, c.o, c.caller, action)
}

// rules are what Q2A's page finds about the post.
func (c *change) rules(p *post) rules { return c.t.rules[p.id] }
