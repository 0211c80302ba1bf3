package mail

import (
	"context"
	"fmt"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site/option"
)

// waitingListed is how many questions of each kind the mail for helpers lists.
const waitingListed = 3

// loadWaitingQuestions reads the newest open questions that have waited for an answer for a day, and those
// with one answer that are two to seven days old.
func (m *Module) loadWaitingQuestions(ctx context.Context, _ *row, c *content) (err error) {
	now := m.db.Now()
	c.Begin = plain(c.options.String(option.QaAskHelpAnswerMailBegin))
	if c.Items, err = m.waitingQuestions(ctx, 0, 0, now-day); err != nil {
		return err
	}
	if c.MoreItems, err = m.waitingQuestions(ctx, 1, now-7*day, now-2*day); err != nil {
		return err
	}
	if len(c.Items)+len(c.MoreItems) == 0 {
		return gone("no question waits for an answer")
	}
	return nil
}

// waitingQuestions returns the newest open questions with that many answers that were written within a
// time, in Unix seconds.
func (m *Module) waitingQuestions(ctx context.Context, answers int, from, to int64) ([]listedPost, error) {
	var ids []int
	err := m.db.Select(ctx, database.Append(&ids), `SELECT postid
		FROM {posts}
		WHERE type = 'Q' AND closedbyid IS NULL AND acount = ?
			AND created >= FROM_UNIXTIME(?) AND created < FROM_UNIXTIME(?)
		ORDER BY created DESC, postid DESC
		LIMIT ?`, answers, from, to, waitingListed)
	if err != nil {
		return nil, outage{fmt.Errorf("read the questions that wait for an answer: %w", err)}
	}
	return m.listPosts(ctx, ids, 0)
}

// helpWords returns the site's own subject, which is used as it is.
func helpWords(c *content) ownText {
	return ownText{title: strings.TrimSpace(c.options.String(option.QaAskHelpAnswerMailSubject)), whole: true}
}
