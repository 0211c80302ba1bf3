package moderation

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
)

const (
	// feedbackPoll is the longest time until a decision that is due is told.
	feedbackPoll = time.Minute
	// firstAgain is how many seconds after a failure the service is told again; the time doubles with each.
	firstAgain = 300
	// maxTold is how often a decision is told before it is given up, after a bit more than a day.
	maxTold = 9
)

// decisions are the ends of the names of Q2A's events by which moderators decide about a queued post, with
// what the service is told.
var decisions = map[string]string{"approve": "ham", "reject": "spam"}

// endsReview are the ends of the names of events after which nobody looks at the post any more.
var endsReview = []string{"approve", "reject", "hide", "reshow", "clearflags"}

// Handle consumes the outbox. It notes what moderators decided about a post that the service took for spam,
// for SendDue, and takes the locks from posts that have been decided about. Authors who take back a post of
// their own decide nothing.
func (m *Module) Handle(ctx context.Context, tx *database.DB, e events.Event) error {
	kindOfPost, what, _ := strings.Cut(e.Name, "_")
	if e.Topics.PostID == 0 || !slices.Contains([]string{"q", "a", "c"}, kindOfPost) ||
		!slices.Contains(endsReview, what) {
		return nil
	}
	if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_review_locks} WHERE kind = 'post' AND subject = ?",
		e.Topics.PostID); err != nil {
		return fmt.Errorf("take the lock from a post: %w", err)
	}
	decision := decisions[what]
	if decision == "" || e.Actor.UserID == 0 {
		return nil
	}
	changed, err := tx.Exec(ctx, `UPDATE {q2ab_spam_checks}
		SET decision = ?, due = ?
		WHERE kind = 'post' AND subject = ? AND service = ? AND decision = ''
			AND subject IN (SELECT postid FROM {posts} WHERE postid = ? AND COALESCE(userid, 0) <> ?)`,
		decision, tx.Now(), e.Topics.PostID, akismetName, e.Topics.PostID, e.Actor.UserID)
	if err != nil {
		return fmt.Errorf("note a decision: %w", err)
	}
	if changed > 0 {
		m.wake.Signal()
	}
	return nil
}

var _ events.Handler = (*Module)(nil).Handle

// Serve tells the service what is due until the context ends. Any number of processes may call it.
func (m *Module) Serve(ctx context.Context) {
	for ctx.Err() == nil {
		if err := m.SendDue(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "decisions about spam cannot be told", "error", err)
		}
		if background.Wait(ctx, feedbackPoll, m.wake) {
			background.Wait(ctx, time.Second, nil) // it is signalled before the commit
		}
	}
}

// due is a decision that the service has not been told yet.
type due struct {
	postID    int
	decision  string
	userAgent string
	at        int64
	attempts  int
}

// SendDue tells the service what is due, until nothing is left, the service fails or the context ends. Its
// error is one that does not come from the service. A decision is told again if a process dies between the
// service's response and the note of it. Without a service, what is due is forgotten.
func (m *Module) SendDue(ctx context.Context) error {
	if m.akismet == nil {
		_, err := m.db.Exec(ctx, "UPDATE {q2ab_spam_checks} SET due = 0, useragent = '' WHERE due > 0")
		return err
	}
	for ctx.Err() == nil {
		var d due
		found, err := m.db.Get(ctx, []any{&d.postID, &d.decision, &d.userAgent, &d.at, &d.attempts},
			`SELECT subject, decision, useragent, due, attempts
			FROM {q2ab_spam_checks}
			WHERE due > 0 AND due <= ?
			ORDER BY due, subject
			LIMIT 1`, m.db.Now())
		if err != nil {
			return fmt.Errorf("look for decisions to tell: %w", err)
		}
		if !found {
			return nil
		}
		claimed, err := m.db.Exec(ctx, `UPDATE {q2ab_spam_checks}
			SET due = ?, attempts = attempts + 1
			WHERE kind = 'post' AND subject = ? AND due = ? AND attempts = ?`,
			m.db.Now()+firstAgain<<d.attempts, d.postID, d.at, d.attempts)
		if err != nil {
			return fmt.Errorf("claim a decision: %w", err)
		}
		if claimed == 0 { // another process has it
			continue
		}
		if done, err := m.send(ctx, d); err != nil || !done {
			return err
		}
	}
	return nil
}

// send tells the service of a decision. It returns false if the service failed.
func (m *Module) send(ctx context.Context, d due) (done bool, err error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return false, err
	}
	post, err := m.qa.Draft(ctx, d.postID)
	if err != nil {
		return false, err
	}
	var failure error
	if post != nil {
		failure = m.akismet.tell(ctx, m.submission(o, post, d.userAgent), d.decision == decisions["reject"])
	}
	if failure != nil {
		m.akismet.guard.failed(ctx, failure)
		if d.attempts+1 < maxTold {
			return false, nil
		}
		slog.WarnContext(ctx, "a decision about spam was not told", "post", d.postID)
	}
	if _, err := m.db.Exec(context.WithoutCancel(ctx),
		"UPDATE {q2ab_spam_checks} SET due = 0, useragent = '' WHERE kind = 'post' AND subject = ?",
		d.postID); err != nil {
		return false, fmt.Errorf("note that a decision was told: %w", err)
	}
	return failure == nil, nil
}
