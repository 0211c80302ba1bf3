package qa

import (
	"slices"

	"38qa.net/backend/modules/kernel/audit"
)

// decisions are what moderators decide about posts of others, by the ends of the names of Q2A's events. The
// values are the words of the API and of the log of changes.
var decisions = map[string]string{
	"approve": "approved", "reject": "rejected", "hide": "hidden", "reshow": "reshown",
	"clearflags": "flags-cleared", "close": "closed", "reopen": "reopened", "delete": "deleted",
}

// decided is what the log of changes keeps of a post after a decision. It holds no text.
type decided struct {
	Decision   string `json:"decision"`
	QuestionID int    `json:"questionId"`
	postStateResult
}

// keepDecisions adds the decisions of the action about posts of others to the log of changes. What authors do
// with their own posts, and what follows from flags, is not among them.
func (c *change) keepDecisions() error {
	var entries []audit.Entry
	for i := range c.events {
		e := &c.events[i]
		decision := decisions[e.Name[min(2, len(e.Name)):]]
		if decision == "" || e.Actor.UserID == 0 || e.Actor.UserID == e.OwnerID {
			continue
		}
		before := c.was(e.PostID)
		if before == nil {
			continue // an answer that becomes a comment, for example, is told of as new
		}
		was, is := before.stateResult(), decided{Decision: decision, QuestionID: e.QuestionID}
		if now := c.now(e.PostID); now != nil {
			is.postStateResult = now.stateResult()
		} else {
			is.State = "deleted"
		}
		entries = append(entries,
			audit.Entry{Kind: audit.Post, Subject: itoa(e.PostID), Before: was, After: is})
	}
	return audit.Record(c.Ctx, c.Tx, entries...)
}

// decisionNames returns the words for decisions, in the order of the alphabet.
func decisionNames() []string {
	var names []string
	for _, name := range decisions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
