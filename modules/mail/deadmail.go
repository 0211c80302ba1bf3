package mail

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/mail/internal/undelivered"
)

// Mails that were refused or given up are dead letters: they are kept for some time, so that administrators
// can see what went wrong and have them tried again. Like the queue they hold no addresses.

// deadKept is for how many seconds dead letters are kept.
const deadKept = 30 * day

// maxReason is how many characters of a reason are kept.
const maxReason = 200

// DeadMail is a mail that was refused or given up.
type DeadMail struct {
	ID       int64        `json:"id"`
	Kind     string       `json:"kind" doc:"Which mail it is, such as q_answered or reset"`
	User     *auth.Author `json:"user,omitempty" doc:"The recipient or, of mails to the site, whom they are about; absent for visitors and deleted accounts"`
	PostID   int          `json:"postId,omitempty" doc:"The post that the mail is about"`
	Outcome  string       `json:"outcome" enum:"refused,given-up" doc:"refused: by the mail server, for good; given-up: after a day of attempts"`
	Reason   string       `json:"reason" doc:"In English, without addresses; new ones may come"`
	Attempts int          `json:"attempts"`
	QueuedAt time.Time    `json:"queuedAt"`
	At       time.Time    `json:"at" doc:"When it was refused or given up"`
}

// QueueState says how many mails wait.
type QueueState struct {
	Waiting  int        `json:"waiting" doc:"How many mails are to be sent, the following ones among them"`
	Due      int        `json:"due" doc:"Of them, those that could leave now"`
	Failed   int        `json:"failed" doc:"Of them, those that have failed at least once"`
	OldestAt *time.Time `json:"oldestAt,omitempty" doc:"When the oldest of them was queued"`
}

// mailState is the queue, and a page of the dead letters.
type mailState struct {
	Queue QueueState `json:"queue"`
	web.List[DeadMail]
}

type (
	mailStateInput struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items"`
		Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
	}
	mailStateOutput struct{ Body mailState }
	deadMailInput   struct {
		ID int64 `path:"id" minimum:"1" maximum:"9007199254740991"`
	}
	deadMailOutput struct{ Status int }
)

func (m *Module) registerDeadMail(api huma.API) {
	operation := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/mail" + path, Summary: summary,
			Tags: []string{"Administration"}, Errors: []int{http.StatusForbidden}}
	}
	list := operation("list-dead-mails", http.MethodGet, "",
		"How many mails wait, and those that were refused or given up, the newest first")
	list.Description = "They are kept for 30 days."
	web.Register(api, list, auth.ForAdmins(m.listDeadMails))
	for _, o := range []struct {
		id, method, path, summary string
		do                        func(ctx context.Context, id int64) (bool, error)
	}{
		{"retry-mail", http.MethodPost, "/{id}/retry", "Try a mail again that was refused or given up", m.RetryDead},
		{"delete-mail", http.MethodDelete, "/{id}", "Drop a mail that was refused or given up", m.DropDead},
	} {
		op := operation(o.id, o.method, o.path, o.summary)
		op.DefaultStatus, op.Errors = http.StatusNoContent, append(op.Errors, http.StatusNotFound)
		web.Register(api, op, auth.ForAdmins(func(ctx context.Context, in *deadMailInput) (*deadMailOutput, error) {
			found, err := o.do(ctx, in.ID)
			if err == nil && !found {
				err = problem.NotFound()
			}
			return &deadMailOutput{http.StatusNoContent}, err
		}))
	}
}

// deadPosition is a position in the list of dead letters.
type deadPosition struct {
	At int64 `json:"a"`
	ID int64 `json:"i"`
}

// Valid reports whether a dead letter can have such a position.
func (p *deadPosition) Valid() bool {
	return p.At > 0 && p.At < 1<<53 && p.ID < 1<<32 && web.ValidID(int(p.ID))
}

// deadRow is a row of a dead letter whose user is not looked up yet.
type deadRow struct {
	DeadMail
	userID int
	at     int64
}

// readDead returns the newest dead letters before a position, or of all if it is nil.
func (m *Module) readDead(ctx context.Context, before *deadPosition, limit int) (list []deadRow, err error) {
	condition, args := "1 = 1", []any{}
	if before != nil {
		condition, args = "(at < ? OR at = ? AND id < ?)", []any{before.At, before.At, before.ID}
	}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var d deadRow
		var params sql.NullString
		var refused bool
		var created int64
		err := rows.Scan(&d.ID, &d.Kind, &d.userID, &d.PostID, &params, &created, &d.Attempts, &refused,
			&d.Reason, &d.at)
		if err != nil {
			return err
		}
		d.Outcome, d.QueuedAt, d.At = "given-up", time.Unix(created, 0).UTC(), time.Unix(d.at, 0).UTC()
		if refused {
			d.Outcome = "refused"
		}
		var what about
		// What a newer release has written differently only lacks its post.
		if json.Unmarshal([]byte(params.String), &what) == nil && what.Post != 0 {
			// Rather than the recipient's own post, which asked for the mail.
			d.PostID = what.Post
		}
		list = append(list, d)
		return nil
	}, `SELECT id, kind, userid, postid, params, created, attempts, refused, reason, at
		FROM {q2ab_dead_mail} WHERE `+condition+" ORDER BY at DESC, id DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	return list, nil
}

func (m *Module) listDeadMails(ctx context.Context, in *mailStateInput) (*mailStateOutput, error) {
	var before *deadPosition
	if in.Cursor != "" {
		before = &deadPosition{}
		if err := web.DecodeCursor("dead-mails", in.Cursor, before); err != nil {
			return nil, err
		}
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	list, err := m.readDead(ctx, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &mailStateOutput{Body: mailState{List: web.List[DeadMail]{Items: []DeadMail{}}}}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Body.NextCursor = web.EncodeCursor("dead-mails", &deadPosition{last.at, last.ID})
	}
	var users []int
	for _, d := range list {
		if d.userID != 0 {
			users = append(users, d.userID)
		}
	}
	people, err := m.settings.Auth.Authors(ctx, o, users)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		d.User = people[d.userID]
		out.Body.Items = append(out.Body.Items, d.DeadMail)
	}
	out.Body.Queue, err = m.Queue(ctx)
	return out, err
}

// Queue returns how many mails wait.
func (m *Module) Queue(ctx context.Context) (q QueueState, err error) {
	var oldest sql.NullInt64
	if _, err := m.db.Get(ctx, []any{&q.Waiting, &q.Due, &q.Failed, &oldest}, `
		SELECT COUNT(*), COALESCE(SUM(CASE WHEN due <= ? AND locked_until <= ? THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), 0), MIN(created)
		FROM {q2ab_mail}`, m.db.Now(), m.db.Now()); err != nil {
		return q, fmt.Errorf("count the mails that wait: %w", err)
	}
	if oldest.Valid {
		at := time.Unix(oldest.Int64, 0).UTC()
		q.OldestAt = &at
	}
	return q, nil
}

// Dead returns the newest dead letters, at most limit, without their users.
func (m *Module) Dead(ctx context.Context, limit int) (list []DeadMail, err error) {
	rows, err := m.readDead(ctx, nil, limit)
	for _, d := range rows {
		list = append(list, d.DeadMail)
	}
	return list, err
}

// bury moves a mail from the queue to the dead letters. refusal is nil unless the server has refused it; if
// it says that the address does not exist, that is recorded.
func (m *Module) bury(ctx context.Context, r *row, refusal *refused, reason string) error {
	params, err := json.Marshal(r.about)
	if err != nil {
		return fmt.Errorf("keep a dead letter: %w", err)
	}
	if text := []rune(reason); len(text) > maxReason {
		reason = string(text[:maxReason])
	}
	return m.db.Tx(ctx, func(tx *database.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM {q2ab_mail} WHERE id = ? AND fence = ?", r.id, r.fence)
		if err != nil {
			return err
		}
		if n == 0 {
			return errTaken
		}
		_, err = tx.Exec(ctx, `INSERT INTO {q2ab_dead_mail}
				(id, seq, kind, userid, postid, params, created, attempts, refused, reason, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, r.id, r.seq, r.kind, r.userID, r.postID, string(params),
			r.created, r.attempts, refusal != nil, reason, tx.Now())
		if err != nil || refusal == nil || refusal.noSuchAddress == "" {
			return err
		}
		return m.record(ctx, tx, refusal.noSuchAddress, undelivered.Permanent)
	})
}

// RetryDead puts the dead letter with the id back into the queue, and reports whether there was one. The
// mail has the Message-ID that it had before, unless the address has changed.
func (m *Module) RetryDead(ctx context.Context, id int64) (found bool, err error) {
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		now := tx.Now()
		n, err := tx.Exec(ctx, tx.InsertIgnore()+` {q2ab_mail}
				(id, seq, kind, userid, postid, params, created, due, retried)
			SELECT id, seq, kind, userid, postid, params, created, ?, ? FROM {q2ab_dead_mail} WHERE id = ?`,
			now, now, id)
		if err != nil || n == 0 {
			return err
		}
		found = true
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_dead_mail} WHERE id = ?", id); err != nil {
			return err
		}
		return auditMail(ctx, tx, id)
	})
	if err != nil {
		return false, fmt.Errorf("try a dead letter again: %w", err)
	}
	if found {
		m.wake.Signal()
	}
	return found, nil
}

// DropDead deletes the dead letter with the id, and reports whether there was one.
func (m *Module) DropDead(ctx context.Context, id int64) (found bool, err error) {
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		n, err := tx.Exec(ctx, "DELETE FROM {q2ab_dead_mail} WHERE id = ?", id)
		if found = n > 0; err != nil || !found {
			return err
		}
		return auditMail(ctx, tx, id)
	})
	if err != nil {
		return false, fmt.Errorf("drop a dead letter: %w", err)
	}
	return found, nil
}

// auditMail keeps that an administrator has decided about a dead letter.
func auditMail(ctx context.Context, tx *database.DB, id int64) error {
	return audit.Record(ctx, tx, audit.Entry{Kind: "mail", Subject: strconv.FormatInt(id, 10)})
}
