package mail

import (
	"context"
	"strings"

	"38qa.net/backend/modules/auth"
)

// loadInquiry prepares the reply to what somebody wrote to the site. The message is quoted only if the
// address is that of the writer's own account and confirmed, since anybody can enter the address of
// somebody else, who is not to get what a stranger wrote.
func (m *Module) loadInquiry(_ context.Context, r *row, c *content) error {
	if c.Feedback == nil {
		return gone("nobody wrote")
	}
	own := r.userID != 0 && c.user.flags&auth.FlagEmailConfirmed != 0 &&
		strings.EqualFold(c.Feedback.Email, c.user.email)
	if own {
		c.Message = r.about.Text
	} else {
		c.Feedback.Name = "" // which a stranger may have filled with anything
	}
	c.Link = c.links.to([]string{"ask"})
	return nil
}
