package mail

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"38qa.net/backend/modules/kernel/background"
	"38qa.net/backend/modules/kernel/database"
)

const (
	// lease is for how long a process holds a mail that it has taken. It is longer than the longest
	// sending (attemptTimeout twice) by so much that the clocks of the processes may
	// differ by a minute.
	lease = 2 * time.Minute
	// firstRetry is the pause after the first failure. Each further pause is twice as long, up to
	// lastRetry.
	firstRetry = 30 * time.Second
	lastRetry  = time.Hour
	// giveUpAfter is the age at which a mail that still fails becomes a dead letter.
	giveUpAfter = 24 * time.Hour
	// candidates is how many due mails a process reads in order to find one that no other process
	// has taken.
	candidates = 10
)

// errTaken is the error of a process whose lease of a mail ran out, so that another process has
// taken the mail.
var errTaken = errors.New("another process has taken the mail over")

// queued is a mail that waits to be sent: its kind and the user whom it goes to. For the kinds with
// toSite the recipient is the site's own address, and the user, if any, is whom the mail is about.
type queued struct {
	kind   string
	userID int
	// postID is the recipient's own post, whose column notify asks for the mail; 0 for mails that
	// nobody need ask for. It may name an address, if the author has no account or wants another one.
	postID int
	about  about
}

// about is what a mail tells of, besides its recipient. It is kept in the queue as a JSON object.
type about struct {
	Post    int `json:"post,omitempty"`
	Message int `json:"message,omitempty"`
	// By is the user who did what the mail tells of; 0 for the author of the post.
	By    int `json:"by,omitempty"`
	Flags int `json:"flags,omitempty"`
	// Text is the content of a message that is not stored elsewhere.
	Text string `json:"text,omitempty"`
	// Number is which of its kind the mail is about, such as a round number of posts, and Step which of
	// the step mails it is.
	Number int `json:"number,omitempty"`
	Step   int `json:"step,omitempty"`
	// To stands for the recipient among the addresses that an option lists.
	To string `json:"to,omitempty"`
	// Mailing is the id of the mailing to all members that the mail is of.
	Mailing int `json:"mailing,omitempty"`
	// Feedback is who wrote to the site, and from where.
	Feedback *feedbackFrom `json:"feedback,omitempty"`
	Digest   *digest       `json:"digest,omitempty"`
}

// row is a mail of the queue. The fence is incremented each time a process takes the mail, so that
// a process which lost it cannot change its row.
type row struct {
	queued
	id, seq  int64
	created  int64
	attempts int
	fence    int
	// slot is the time of the minute in which the mail may go to its host, 0 if that is not decided.
	slot int64
	// retried is when somebody had the mail tried again, 0 if nobody has.
	retried int64
}

// add queues a mail that follows from the event with the number seq. The event, the kind, the user and
// the user's post together are unique in the queue.
func add(ctx context.Context, tx *database.DB, seq int64, q queued) error {
	if seq <= 0 {
		return fmt.Errorf("queue mail %s: the event has no place in the order yet", q.kind)
	}
	params, err := json.Marshal(q.about)
	if err != nil {
		return fmt.Errorf("queue mail %s: %w", q.kind, err)
	}
	now := tx.Now()
	_, err = tx.Exec(ctx,
		tx.InsertIgnore()+` {q2ab_mail} (seq, kind, userid, postid, params, created, due)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
		seq, q.kind, q.userID, q.postID, string(params), now, now)
	if err != nil {
		return fmt.Errorf("queue mail %s: %w", q.kind, err)
	}
	return nil
}

// Waiting returns how many mails wait to be sent.
func (m *Module) Waiting(ctx context.Context) (n int, err error) {
	if _, err := m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {q2ab_mail}"); err != nil {
		return 0, fmt.Errorf("count the mails that wait: %w", err)
	}
	return n, nil
}

// claim takes the mail that has been due for longest and that no process holds. It returns nil if
// there is none.
func (m *Module) claim(ctx context.Context) (*row, error) {
	for {
		list, err := m.due(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for mails to send: %w", err)
		}
		for _, r := range list {
			taken, err := m.db.Change(ctx,
				"UPDATE {q2ab_mail} SET locked_until = ?, fence = fence + 1 WHERE id = ? AND fence = ?",
				m.db.Now()+int64(lease/time.Second), r.id, r.fence)
			if err != nil {
				return nil, fmt.Errorf("take a mail: %w", err)
			}
			if taken {
				r.fence++
				return &r, nil
			}
		}
		if len(list) < candidates {
			return nil, nil //nolint:nilnil // there is none
		}
	}
}

// due returns the first mails that are due and that no process holds.
func (m *Module) due(ctx context.Context) (list []row, err error) {
	now := m.db.Now()
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var r row
		var params sql.NullString
		err := rows.Scan(&r.id, &r.seq, &r.kind, &r.userID, &r.postID, &params, &r.created, &r.attempts,
			&r.fence, &r.slot, &r.retried)
		if err == nil && params.String != "" {
			err = json.Unmarshal([]byte(params.String), &r.about)
		}
		list = append(list, r)
		return err
	}, `SELECT id, seq, kind, userid, postid, params, created, attempts, fence, slot, retried
		FROM {q2ab_mail}
		WHERE due <= ? AND locked_until <= ?
		ORDER BY due, id LIMIT ?`,
		now, now, candidates)
	return list, err
}

// remove deletes a mail from the queue, once it needs no more work.
func (m *Module) remove(ctx context.Context, r *row) error {
	return m.held(m.db.Change(ctx, "DELETE FROM {q2ab_mail} WHERE id = ? AND fence = ?", r.id, r.fence))
}

// putBack releases a mail. Any process may take it again after the pause.
func (m *Module) putBack(ctx context.Context, r *row, pause time.Duration) error {
	return m.postpone(ctx, r, m.db.Now()+background.Seconds(pause), 0)
}

// postpone releases a mail until the time due. slot is the time of its minute, if it waits for that.
func (m *Module) postpone(ctx context.Context, r *row, due, slot int64) error {
	return m.held(m.db.Change(ctx,
		"UPDATE {q2ab_mail} SET due = ?, attempts = ?, slot = ?, locked_until = 0 WHERE id = ? AND fence = ?",
		due, r.attempts, slot, r.id, r.fence))
}

// held turns the result of a change to a held row into an error: errTaken if no row was changed.
func (m *Module) held(changed bool, err error) error {
	if err == nil && !changed {
		return errTaken
	}
	return err
}

// pause returns how long a mail waits after the given number of failures.
func (m *Module) pause(failures int) time.Duration {
	return min(m.retry<<min(failures-1, 12), lastRetry)
}
