package mail

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// InboxPost is a post as entries of the inbox show it.
type InboxPost struct {
	ID         int    `json:"id"`
	Type       string `json:"type" enum:"question,answer,comment"`
	QuestionID int    `json:"questionId"`
	Title      string `json:"title" doc:"Of the question"`
	Path       string `json:"path" doc:"Address on the site's own pages, relative to the site"`
}

// InboxBadge is a badge as entries of the inbox show it.
type InboxBadge struct {
	ID    int    `json:"id"`
	Title string `json:"title" doc:"In the language of the request"`
}

// inboxEntry is an entry of the inbox.
type inboxEntry struct {
	ID    int64        `json:"id"`
	Kind  string       `json:"kind" enum:"answer,comment,selected,mention,followed,votes,message,wall,approved,hidden,group-message,badge" doc:"followed: a new question of a user, tag or category that one follows, or an answer to such a question"`
	Count int          `json:"count" doc:"How many events the entry stands for, such as 3 answers to one question; the rest is of the newest"`
	Read  bool         `json:"read"`
	At    time.Time    `json:"at"`
	By    *auth.Author `json:"by,omitempty" doc:"Who did it; absent for visitors, deleted accounts, votes and moderators"`
	Post  *InboxPost   `json:"post,omitempty" doc:"Absent for messages and badges"`
	// MessageID is that of a private message, a group's message or a post on the wall.
	MessageID int         `json:"messageId,omitempty"`
	GroupID   int         `json:"groupId,omitempty" doc:"The group that the message is in"`
	Votes     int         `json:"votes,omitempty" doc:"The round number that votes is about"`
	Badge     *InboxBadge `json:"badge,omitempty"`
}

// inbox is a page of the inbox.
type inbox struct {
	web.List[inboxEntry]
	Unread int `json:"unread" doc:"How many entries are unread, on all pages"`
}

type inboxOutput struct{ Body inbox }

type inboxInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
	Unread bool   `query:"unread" doc:"Only those that are unread"`
}

type readInput struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Read bool `json:"read" doc:"false makes the entry unread again"`
	}
}

type readAllInput struct {
	Body struct {
		UpTo int64 `json:"upTo,omitempty" minimum:"1" doc:"Id of the newest entry that has been seen, so that none is marked that came meanwhile; all if absent"`
	}
}

type unreadOutput struct {
	Body struct {
		Unread int `json:"unread" doc:"How many entries are unread now"`
	}
}

func (m *Module) registerInbox(api huma.API) {
	operation := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/me/inbox" + path,
			Summary: summary, Tags: []string{"Me"}, Errors: []int{http.StatusForbidden}}
	}
	list := operation("list-inbox", http.MethodGet, "", "What one is told of, the newest first")
	list.Description = "Answers, comments, chosen answers, mentions, what is new of what one follows, votes, " +
		"messages, badges, and what moderators did. Entries about posts that one may not see any more are left out. What goes " +
		"where is chosen by PATCH /v1/me/preferences."
	web.Register(api, list, m.listInbox)
	web.Register(api, operation("read-inbox", http.MethodPut, "/read", "Mark the whole inbox as read"), m.readAll)
	one := operation("read-inbox-entry", http.MethodPut, "/{id}", "Mark an entry of the inbox as read or unread")
	one.Errors = append(one.Errors, http.StatusNotFound)
	web.Register(api, one, m.readOne)
}

// inboxPosition is a position in the inbox.
type inboxPosition struct {
	Seq int64 `json:"s"`
	ID  int64 `json:"i"`
}

// Valid reports whether an entry can have such a position.
func (p *inboxPosition) Valid() bool {
	return p.Seq > 0 && p.Seq < 1<<53 && p.ID < 1<<32 && web.ValidID(int(p.ID))
}

// inboxRow is a row of the inbox with its references not looked up yet.
type inboxRow struct {
	inboxEntry
	seq        int64
	post, user int
	// subject and number are those of the row.
	subject, number int
}

func (m *Module) listInbox(ctx context.Context, in *inboxInput) (*inboxOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	condition, args := "userid = ?", []any{caller.UserID}
	if in.Unread {
		condition += " AND unread = 1"
	}
	if in.Cursor != "" {
		var at inboxPosition
		if err := web.DecodeCursor("inbox", in.Cursor, &at); err != nil {
			return nil, err
		}
		condition += " AND (seq < ? OR seq = ? AND id < ?)"
		args = append(args, at.Seq, at.Seq, at.ID)
	}
	var rows []inboxRow
	err = m.db.Select(ctx, func(r *sql.Rows) error {
		var n inboxRow
		var at int64
		var unread bool
		err := r.Scan(&n.ID, &n.Kind, &n.seq, &n.post, &n.MessageID, &n.user, &n.number, &n.Count, &at, &unread,
			&n.subject)
		n.At, n.Read = time.Unix(at, 0).UTC(), !unread
		rows = append(rows, n)
		return err
	}, `SELECT id, kind, seq, postid, messageid, byuserid, number, occurrences, at, unread, subject
		FROM {q2ab_inbox}
		WHERE `+condition+`
		ORDER BY seq DESC, id DESC LIMIT ?`, append(args, in.Limit+1)...)
	if err != nil {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	out := &inboxOutput{Body: inbox{List: web.List[inboxEntry]{Items: []inboxEntry{}}}}
	if len(rows) > in.Limit {
		rows = rows[:in.Limit]
		last := rows[in.Limit-1]
		out.Body.NextCursor = web.EncodeCursor("inbox", &inboxPosition{last.seq, last.ID})
	}
	if out.Body.Items, err = m.lookUp(ctx, rows); err != nil {
		return nil, err
	}
	out.Body.Unread, err = unreadOf(ctx, m.db, caller.UserID)
	return out, err
}

// lookUp returns the entries of rows with their people and posts. It leaves out those about posts that
// the caller may not see.
func (m *Module) lookUp(ctx context.Context, rows []inboxRow) ([]inboxEntry, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	var posts, users []int
	for _, n := range rows {
		if n.post != 0 {
			posts = append(posts, n.post)
		}
		if n.user != 0 {
			users = append(users, n.user)
		}
	}
	refs, err := m.settings.Posts(ctx, posts)
	if err != nil {
		return nil, err
	}
	people, err := m.settings.Auth.Authors(ctx, o, users)
	if err != nil {
		return nil, err
	}
	items := []inboxEntry{}
	for _, n := range rows {
		if n.post != 0 {
			ref, ok := refs[n.post]
			if !ok {
				continue
			}
			n.Post = &ref
		}
		n.By = people[n.user]
		switch entryKind(n.Kind) {
		case entryVotes:
			n.Votes = n.number
		case entryGroup:
			n.GroupID = n.subject
		case entryBadge:
			badge, ok := m.settings.Badge(n.number, web.ClientOf(ctx).Language)
			if !ok {
				continue
			}
			n.Badge = &badge
		}
		items = append(items, n.inboxEntry)
	}
	return items, nil
}

func unreadOf(ctx context.Context, db *database.DB, userID int) (n int, err error) {
	if _, err := db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {q2ab_inbox} WHERE userid = ? AND unread = 1",
		userID); err != nil {
		return 0, fmt.Errorf("count what is unread: %w", err)
	}
	return n, nil
}

func (m *Module) readOne(ctx context.Context, in *readInput) (*unreadOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	var there int
	found, err := m.db.Get(ctx, []any{&there}, "SELECT 1 FROM {q2ab_inbox} WHERE id = ? AND userid = ?",
		in.ID, caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("read an entry of the inbox: %w", err)
	}
	if !found {
		return nil, problem.NotFound()
	}
	return m.mark(ctx, caller.UserID, !in.Body.Read, "id = ?", in.ID)
}

func (m *Module) readAll(ctx context.Context, in *readAllInput) (*unreadOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	if in.Body.UpTo == 0 {
		return m.mark(ctx, caller.UserID, false, "unread = 1")
	}
	return m.mark(ctx, caller.UserID, false, `unread = 1
		AND seq <= (SELECT seq FROM (SELECT seq FROM {q2ab_inbox} WHERE id = ? AND userid = ?) seen)`,
		in.Body.UpTo, caller.UserID)
}

// mark sets whether the user's entries that meet a condition are unread, and returns how many are then.
func (m *Module) mark(
	ctx context.Context, userID int, unread bool, condition string, args ...any,
) (*unreadOutput, error) {
	out := &unreadOutput{}
	return out, m.db.Tx(ctx, func(tx *database.DB) error {
		changed, err := tx.Exec(ctx, "UPDATE {q2ab_inbox} SET unread = ? WHERE userid = ? AND unread <> ? AND "+
			condition, append([]any{unread, userID, unread}, args...)...)
		if err != nil {
			return fmt.Errorf("mark the inbox: %w", err)
		}
		if out.Body.Unread, err = unreadOf(ctx, tx, userID); err != nil || changed == 0 {
			return err
		}
		return announceRead(ctx, tx, userID, out.Body.Unread)
	})
}
