package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

const (
	// noticesJob is the name of the job that hands a notice to all members.
	noticesJob = "notices"
	// noticesAtOnce is how many members get a notice in one transaction.
	noticesAtOnce = 500
)

type newNoticeInput struct {
	Body struct {
		To      string  `json:"to,omitempty" maxLength:"80" doc:"Handle of the user who gets it"`
		ToAll   bool    `json:"toAll,omitempty" doc:"Instead of to: all members get it who are not blocked"`
		Content string  `json:"content" maxLength:"48000" doc:"The text, in the format; what becomes of it may have 12,000 characters"`
		Format  string  `json:"format,omitempty" enum:"plain,html,markdown" doc:"How content is written; plain by default. HTML is cleaned"`
		Tags    *string `json:"tags,omitempty" maxLength:"200" doc:"Kept with the notice, never shown"`
	}
}

// sentNotice is a notice that an administrator has made.
type sentNotice struct {
	ID        int       `json:"id" doc:"Of a notice to one user, the notice; of one to all, what GET /v1/admin/notices lists"`
	To        string    `json:"to,omitempty" doc:"Handle of the user who gets it; absent for all members"`
	Content   string    `json:"content" doc:"As stored"`
	Format    string    `json:"format" enum:"plain,html"`
	Members   int       `json:"memberCount" doc:"How many members have it already"`
	Done      bool      `json:"done" doc:"Whether everybody has it who is to get it"`
	CreatedAt time.Time `json:"createdAt"`
}

type sentNoticeOutput struct{ Body sentNotice }

type sentNoticesOutput struct{ Body web.List[sentNotice] }

// registerNewNotices adds the operations by which administrators make notices.
func (m *Module) registerNewNotices(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "create-notice", Method: http.MethodPost, Path: "/v1/admin/notices",
		Tags: []string{"Administration"}, Summary: "Give a notice to a user, or to all members",
		Description: "For administrators. A notice to all is handed out by the job notices; the response says so " +
			"by done: false, and GET /v1/admin/notices how far it is.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, auth.ForAdmins(m.createNotice))
	web.Register(api, huma.Operation{
		OperationID: "list-sent-notices", Method: http.MethodGet, Path: "/v1/admin/notices",
		Tags: []string{"Administration"}, Summary: "Notices to all members, the newest first",
		Description: "For administrators.", Errors: []int{http.StatusForbidden},
	}, auth.ForAdmins(m.listSentNotices))
}

// Notify gives a user a notice, in the transaction of what it is about, as plugins of Q2A do. content is
// cleaned HTML for the format html, and text for the format "". tags are kept with it and never shown.
func (m *Module) Notify(ctx context.Context, tx *database.DB, userID int, content, format, tags string,
) (id int, err error) {
	made, err := tx.Insert(ctx, `INSERT INTO {usernotices} (userid, content, format, tags, created)
		VALUES (?, ?, ?, ?, FROM_UNIXTIME(?))`, userID, content, format, nullIfEmpty(tags), tx.Now())
	if err != nil {
		return 0, fmt.Errorf("make a notice: %w", err)
	}
	return int(made), nil
}

func nullIfEmpty(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

func (m *Module) createNotice(ctx context.Context, in *newNoticeInput) (*sentNoticeOutput, error) {
	b := in.Body
	switch {
	case b.To == "" && !b.ToAll:
		return nil, problem.Invalid(problem.Field{Name: "to", Code: problem.FieldRequired})
	case b.To != "" && b.ToAll:
		return nil, problem.Invalid(problem.Field{Name: "toAll", Code: problem.FieldNotCombinable,
			Args: []any{"to"}})
	}
	content, format, err := m.qa.CleanText(ctx, b.Content, b.Format)
	if err != nil {
		return nil, err
	}
	tags := ""
	if b.Tags != nil {
		tags = formtext.Line(*b.Tags)
	}
	if utf8.RuneCountInString(tags) > 200 {
		return nil, problem.Invalid(problem.Field{Name: "tags", Code: problem.FieldTooLong, Args: []any{200}})
	}
	out := &sentNoticeOutput{Body: sentNotice{Content: content, Format: shownFormat(format),
		CreatedAt: time.Unix(m.db.Now(), 0).UTC()}}
	if b.ToAll {
		return out, m.noticeToAll(ctx, &out.Body, format, tags)
	}
	to, err := m.auth.AccountByHandle(ctx, b.To)
	if err != nil {
		return nil, err
	}
	out.Body.To, out.Body.Members, out.Body.Done = to.Handle, 1, true
	out.Body.ID, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		id, err := m.Notify(ctx, w.Tx, to.ID, content, format, tags)
		if database.MissingReference(err) {
			err = problem.NotFound() // the account has just gone
		}
		if err != nil {
			return 0, err
		}
		return id, audit.Record(ctx, w.Tx, audit.Entry{Kind: audit.User, Subject: strconv.Itoa(to.ID),
			After: map[string]string{"content": content}})
	})
	return out, err
}

func shownFormat(format string) string {
	if format == "" {
		return "plain"
	}
	return format
}

// noticeToAll stores a notice to all members and has the job hand it out. If the process dies in between,
// the job's next run by schedule does it.
func (m *Module) noticeToAll(ctx context.Context, n *sentNotice, format, tags string) (err error) {
	n.ID, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		id, err := w.Tx.Insert(ctx, `INSERT INTO {q2ab_notices} (content, format, tags, byuserid, made, last)
			VALUES (?, ?, ?, ?, ?, (SELECT COALESCE(MAX(userid), 0) FROM {users}))`,
			n.Content, format, nullIfEmpty(tags), w.Caller.UserID, w.Tx.Now())
		if err != nil {
			return 0, fmt.Errorf("make a notice to all: %w", err)
		}
		return int(id), audit.Record(ctx, w.Tx, audit.Entry{Kind: audit.Notice, Subject: strconv.FormatInt(id, 10),
			After: map[string]string{"content": n.Content}})
	})
	if err != nil {
		return err
	}
	_, err = m.jobs.Request(ctx, noticesJob, jobs.Options{})
	return err
}

// noticePosition is a position in the list of notices to all.
type noticePosition struct {
	ID int `json:"id"`
}

// Valid reports whether a notice can have such a position.
func (p *noticePosition) Valid() bool { return web.ValidID(p.ID) }

func (m *Module) listSentNotices(ctx context.Context, in *struct{ web.Page }) (*sentNoticesOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	size, condition, args := in.Size(20), "1 = 1", []any{}
	if in.Cursor != "" {
		var at noticePosition
		if err := web.DecodeCursor("sent-notices", in.Cursor, &at); err != nil {
			return nil, err
		}
		condition, args = "id < ?", []any{at.ID}
	}
	list := web.List[sentNotice]{Items: []sentNotice{}}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var n sentNotice
		var made int64
		if err := rows.Scan(&n.ID, &n.Content, &n.Format, &made, &n.Members, &n.Done); err != nil {
			return err
		}
		if len(list.Items) == size {
			list.NextCursor = web.EncodeCursor("sent-notices", &noticePosition{list.Items[size-1].ID})
			return nil
		}
		n.Format, n.CreatedAt = shownFormat(n.Format), time.Unix(made, 0).UTC()
		list.Items = append(list.Items, n)
		return nil
	}, `SELECT id, content, format, made, members, done
		FROM {q2ab_notices}
		WHERE `+condition+`
		ORDER BY id DESC
		LIMIT ? OFFSET ?`, append(args, size+1, in.Offset(size))...)
	if err != nil {
		return nil, fmt.Errorf("list notices to all: %w", err)
	}
	return &sentNoticesOutput{list}, nil
}

// NoticesJob returns the job that hands notices of administrators to all members.
func (m *Module) NoticesJob() jobs.Job {
	return jobs.Job{
		Name:     noticesJob,
		Summary:  "hands notices of administrators to all members who are not blocked",
		Schedule: "50 * * * *",
		Missed:   jobs.Skip,
		Steps:    []jobs.Step{{Name: "members", Count: m.awaitingNotices, Batch: m.handOut}},
	}
}

// awaitingNotices returns how many notices are still to be handed out, one for each member.
func (m *Module) awaitingNotices(ctx context.Context) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, `SELECT COUNT(*)
		FROM {q2ab_notices} n
		JOIN {users} u ON u.userid > n.sent AND u.userid <= n.last AND (u.flags & 2) = 0
		WHERE n.done = 0`)
	return n, err
}

// handOut gives the oldest notice that is not done to the next members. Who has it is noted in the same
// transaction, so that nobody gets it twice.
func (m *Module) handOut(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	if w.DryRun {
		return 0, nil
	}
	err = w.Tx(ctx, func(tx *database.DB) error {
		w.Done, next = 0, 0
		var id, last, sent int
		var content, format string
		var tags sql.NullString
		found, err := tx.Get(ctx, []any{&id, &content, &format, &tags, &last, &sent},
			`SELECT id, content, format, tags, last, sent
			FROM {q2ab_notices}
			WHERE done = 0
			ORDER BY id
			LIMIT 1`+tx.ForUpdate())
		if err != nil || !found {
			return err
		}
		var users []int
		if err := tx.Select(ctx, database.Append(&users), `SELECT userid
			FROM {users}
			WHERE userid > ? AND userid <= ? AND (flags & 2) = 0
			ORDER BY userid
			LIMIT ?`, sent, last, noticesAtOnce); err != nil {
			return err
		}
		next, w.Done = 1, len(users)
		var given int64
		if len(users) > 0 {
			sent = users[len(users)-1]
			// Of an account that is deleted in between, there is no row to select.
			if given, err = tx.Exec(ctx, `INSERT INTO {usernotices} (userid, content, format, tags, created)
				SELECT userid, ?, ?, ?, FROM_UNIXTIME(?) FROM {users} WHERE userid IN ? ORDER BY userid`,
				content, format, tags, tx.Now(), users); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx,
			"UPDATE {q2ab_notices} SET sent = ?, members = members + ?, done = ? WHERE id = ?",
			sent, given, len(users) < noticesAtOnce, id)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("hand out a notice: %w", err)
	}
	return next, nil
}
