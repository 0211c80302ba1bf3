package mail

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/width"

	"38qa.net/backend/modules/kernel/database"
)

const (
	// reminderMonths is how many months back the answers were written of which askers are reminded, and
	// reminderAnswers how many of them have to be without a comment.
	reminderMonths  = 6
	reminderAnswers = 2
	// remindedAnswers is how many of them a mail lists at most, and reminderColumns how wide each is
	// shown: half as many Japanese characters.
	remindedAnswers = 10
	reminderColumns = 100
)

// uncommented is the condition for answers a, to questions q, that nobody has commented on. Its argument
// is the time from which on the answers were written. The asker's own answers do not count.
const uncommented = `q.type = 'Q' AND a.type = 'A' AND a.created >= FROM_UNIXTIME(?)
	AND (a.userid IS NULL OR a.userid <> q.userid)
	AND NOT EXISTS (SELECT 1 FROM {posts} c WHERE c.parentid = a.postid AND c.type = 'C')`

// reminderSince returns from which time on answers count at a moment, both in Unix seconds.
func reminderSince(now int64) int64 {
	return time.Unix(now, 0).UTC().AddDate(0, -reminderMonths, 0).Unix()
}

// commentReminders returns the reminders to the next askers after the user with the id. An asker who was
// reminded before is reminded again once a newer answer has got no comment.
func commentReminders(ctx context.Context, db *database.DB, after int, due int64) (list []step, err error) {
	err = db.Select(ctx, func(rows *sql.Rows) error {
		s := step{queued: queued{kind: "comment_reminder"}}
		err := rows.Scan(&s.userID, &s.number)
		list = append(list, s)
		return err
	}, `SELECT q.userid, MAX(a.postid)
		FROM {posts} q
		JOIN {posts} a ON a.parentid = q.postid
		WHERE q.userid > ? AND `+uncommented+`
		GROUP BY q.userid
		HAVING COUNT(*) >= ?
		ORDER BY q.userid
		LIMIT ?`, after, reminderSince(due), reminderAnswers, engagedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("find answers without comments: %w", err)
	}
	return list, nil
}

// listedPost is a post in a list of a mail.
type listedPost struct{ Title, Text, Link string }

// loadUncommented reads the answers that the recipient of a reminder has not commented on, the newest
// first.
func (m *Module) loadUncommented(ctx context.Context, r *row, c *content) error {
	var ids []int
	err := m.db.Select(ctx, database.Append(&ids), `SELECT a.postid
		FROM {posts} q
		JOIN {posts} a ON a.parentid = q.postid
		WHERE q.userid = ? AND `+uncommented+`
		ORDER BY a.postid DESC
		LIMIT ?`, r.userID, reminderSince(m.db.Now()), remindedAnswers)
	if err != nil {
		return outage{fmt.Errorf("read the answers of a reminder: %w", err)}
	}
	if c.Items, err = m.listPosts(ctx, ids, reminderColumns); err != nil {
		return err
	}
	if len(c.Items) < reminderAnswers {
		return gone("the answers have comments by now")
	}
	return nil
}

// listPosts returns what mails list of the posts with the ids; columns is how wide their texts are shown,
// 0 for not at all. Posts that are not visible are left out.
func (m *Module) listPosts(ctx context.Context, ids []int, columns int) (list []listedPost, err error) {
	for _, id := range ids {
		p, err := m.settings.Post(ctx, id, true)
		if err != nil {
			return nil, outage{fmt.Errorf("read a post that a mail lists: %w", err)}
		}
		if p == nil || !p.Visible {
			continue
		}
		list = append(list, listedPost{oneLine(p.Title), narrow(p.Text, columns), p.Link()})
	}
	return list, nil
}

// narrow returns a text as one line that is at most so many columns wide, of which Japanese characters
// take two.
func narrow(text string, columns int) string {
	var b strings.Builder
	for _, r := range oneLine(text) {
		columns--
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			columns--
		}
		if columns < 0 {
			return strings.TrimSpace(b.String()) + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}
