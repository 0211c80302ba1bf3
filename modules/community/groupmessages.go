package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site/option"
)

type groupMessageInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295"`
	Body messageBody
}

type deleteGroupMessageInput struct {
	ID      int `path:"id" minimum:"1" maximum:"4294967295"`
	Message int `path:"messageId" minimum:"1" maximum:"4294967295"`
}

func (m *Module) registerGroupMessages(api huma.API) {
	web.Register(api, messageOperation("list-group-messages", http.MethodGet, "me/groups/{id}/messages",
		"Messages in a group, the newest first"), m.listGroupMessages)
	web.Register(api, messageOperation("write-in-group", http.MethodPost, "me/groups/{id}/messages",
		"Write to a group"), m.writeInGroup)
	web.Register(api, messageOperation("delete-group-message", http.MethodDelete,
		"me/groups/{id}/messages/{messageId}", "Delete one's own message in a group, for everybody in it"),
		m.deleteGroupMessage)
}

// groupMessagePosition is a position in the messages of a group.
type groupMessagePosition struct {
	ID int `json:"id"`
}

// Valid reports whether a message can have such a position.
func (p *groupMessagePosition) Valid() bool { return web.ValidID(p.ID) }

// followGroups brings the rows that say which messages a group has up to date with the messages, which the
// old site writes too. Nobody deletes messages of groups, so that new ones are all there is to see.
func (m *Module) followGroups(ctx context.Context) error {
	const (
		atOnce = 100
		// overlap is how far before the latest known message one looks for new ones, in messages: more
		// than are written at the same time.
		overlap = 200
	)
	for {
		var args []any
		err := m.db.Select(ctx, func(rows *sql.Rows) error {
			var id, group, user int
			var created int64
			err := rows.Scan(&id, &group, &user, &created)
			args = append(args, group, id, user, created)
			return err
		}, `SELECT g.messageid, g.groupid, COALESCE(g.userid, 0), UNIX_TIMESTAMP(g.created)
			FROM {msg_group_messages} g
			LEFT JOIN {q2ab_group_messages} i ON i.groupid = g.groupid AND i.messageid = g.messageid
			WHERE g.messageid > (SELECT COALESCE(MAX(messageid), 0) FROM {q2ab_group_messages}) - ?
				AND i.messageid IS NULL
			ORDER BY g.messageid LIMIT ?`, overlap, atOnce)
		if err != nil {
			return fmt.Errorf("read new messages in groups: %w", err)
		}
		if len(args) == 0 {
			return nil
		}
		if _, err := m.db.Exec(ctx, m.db.InsertIgnore()+
			" {q2ab_group_messages} (groupid, messageid, userid, created) VALUES "+
			repeated("(?, ?, ?, ?)", len(args)/4), args...); err != nil {
			return fmt.Errorf("note new messages in groups: %w", err)
		}
		if len(args) < 4*atOnce {
			return nil
		}
	}
}

func (m *Module) listGroupMessages(ctx context.Context, in *groupListInput) (*messagesOutput, error) {
	if _, err := m.groupMember(ctx, in.ID); err != nil {
		return nil, err
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	list := fmt.Sprintf("group-%d", in.ID)
	condition, args := "", []any{in.ID}
	if in.Cursor != "" {
		var at groupMessagePosition
		if err := web.DecodeCursor(list, in.Cursor, &at); err != nil {
			return nil, err
		}
		condition, args = " AND i.messageid < ?", append(args, at.ID)
	}
	if err := m.followGroups(ctx); err != nil {
		return nil, err
	}
	size := in.Size(o.Int(option.PageSizePms))
	rows, err := m.readMessages(ctx, "SELECT "+groupMessageColumns+` FROM (SELECT i.messageid
			FROM {q2ab_group_messages} i WHERE i.groupid = ?`+condition+`
			ORDER BY i.messageid DESC LIMIT ? OFFSET ?) p
		JOIN {msg_group_messages} m ON m.messageid = p.messageid
		ORDER BY p.messageid DESC`, append(args, size+1, in.Offset(size))...)
	if err != nil {
		return nil, err
	}
	out := &messagesOutput{}
	if len(rows) > size {
		rows = rows[:size]
		out.Body.NextCursor = web.EncodeCursor(list, &groupMessagePosition{rows[size-1].id})
	}
	out.Body.Items, err = m.showMessages(ctx, o, rows)
	return out, err
}

func (m *Module) writeInGroup(ctx context.Context, in *groupMessageInput) (*messageOutput, error) {
	if _, err := m.groupMember(ctx, in.ID); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	plugins, err := m.messagePlugins(ctx)
	if err != nil {
		return nil, err
	}
	text, err := m.prepareMessage(ctx, plugins, in.Body)
	if err != nil {
		return nil, err
	}
	// The plugin's pages take every message of a group for HTML.
	if text = text.AsHTML(); tooLong(text.Content) {
		return nil, problem.Invalid(problem.Field{Name: "content", Code: problem.FieldTooLong,
			Args: []any{maxMessage}})
	}
	id, err := m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		return m.writeGroupMessage(w, in.ID, text)
	})
	if err != nil {
		return nil, err
	}
	rows, err := m.readMessages(ctx, "SELECT "+groupMessageColumns+
		" FROM {msg_group_messages} m WHERE m.messageid = ?", id)
	if err == nil && len(rows) == 0 {
		err = problem.NotFound()
	}
	if err != nil {
		return nil, err
	}
	shown, err := m.showMessages(ctx, o, rows)
	if err != nil {
		return nil, err
	}
	return &messageOutput{shown[0]}, nil
}

// writeGroupMessage writes a message of the caller to a group. As with the plugin, it counts against no
// hourly limit, and the time of the account's last write stays.
func (m *Module) writeGroupMessage(w *auth.Writer, group int, text qa.StoredText) (int, error) {
	if err := requireMember(w.Ctx, w.Tx, group, w.Caller.UserID, true); err != nil {
		return 0, err
	}
	if p := auth.Refusal(w.Options, w.Caller, option.None, w.Caller.Level); p != nil {
		return 0, p
	}
	id, err := w.Tx.Insert(w.Ctx,
		`INSERT INTO {msg_group_messages} (groupid, userid, content, format, created)
			VALUES (?, ?, ?, ?, FROM_UNIXTIME(?))`, group, w.Caller.UserID, text.Content, text.Format, w.Tx.Now())
	if err != nil {
		return 0, fmt.Errorf("store a group's message: %w", err)
	}
	var joined []int
	if err := w.Tx.Select(w.Ctx, database.Append(&joined), "SELECT userid FROM {msg_group_users} "+
		"WHERE groupid = ? AND `join` = 1 ORDER BY userid", group); err != nil {
		return 0, fmt.Errorf("read who is in a group: %w", err)
	}
	others := slices.DeleteFunc(slices.Clone(joined), func(user int) bool { return user == w.Caller.UserID })
	w.ReportTo(others, "g_message", "groupid", group, "messageid", int(id), "message", text.Content,
		"join_users", joined)
	return int(id), m.qa.KeepFiles(w.Ctx, w.Tx, w.Options, text)
}

// deleteGroupMessage writes, as the plugin does, over a message that it was deleted. Unlike the plugin we
// look whose message it is.
func (m *Module) deleteGroupMessage(ctx context.Context, in *deleteGroupMessageInput) (*noContent, error) {
	caller, err := m.groupMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if err := requireMember(ctx, w.Tx, in.ID, caller.UserID, true); err != nil {
			return 0, err
		}
		var author sql.NullInt64
		var content sql.NullString
		text := qa.StoredText{}
		found, err := w.Tx.Get(ctx, []any{&author, &content, &text.Format}, `SELECT userid, content, format
			FROM {msg_group_messages} WHERE messageid = ? AND groupid = ?`+w.Tx.ForUpdate(), in.Message, in.ID)
		switch {
		case err != nil:
			return 0, fmt.Errorf("read a group's message: %w", err)
		case !found:
			return 0, problem.NotFound()
		case int(author.Int64) != caller.UserID:
			return 0, problem.New(auth.CodePermissionLevel)
		}
		if text.Content = content.String; text.Content == overwritten {
			return 0, nil
		}
		if _, err := w.Tx.Exec(ctx, "UPDATE {msg_group_messages} SET content = ? WHERE messageid = ?",
			overwritten, in.Message); err != nil {
			return 0, fmt.Errorf("delete a group's message: %w", err)
		}
		return 0, m.qa.ReleaseFiles(ctx, w.Tx, w.Options, text)
	})
	return &noContent{http.StatusNoContent}, err
}
