package community

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
)

type readConversationInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The other one's handle, in any case of letters"`
	UpTo   int    `query:"upTo" minimum:"1" maximum:"4294967295" doc:"Id of the newest message that the client has shown; without it everything that there is now counts as read"`
}

type readGroupInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295"`
	UpTo int `query:"upTo" minimum:"1" maximum:"4294967295" doc:"Id of the newest message that the client has shown; without it everything that there is now counts as read"`
}

// registerReading adds the operations by which clients say what was read. Q2A does not know that; what was
// read once stays so.
func (m *Module) registerReading(api huma.API) {
	put := func(id, path, summary string) huma.Operation {
		o := messageOperation(id, http.MethodPut, "me/"+path, summary)
		o.DefaultStatus = http.StatusNoContent
		return o
	}
	web.Register(api, put("read-conversation", "messages/{handle}/read",
		"Say that private messages with a user were read"), m.readConversation)
	web.Register(api, put("read-group", "groups/{id}/read",
		"Say that the messages of a group were read"), m.readGroup)
	web.Register(api, put("read-conversations", "conversations/read", "Say that all messages were read"),
		m.readConversations)
}

func (m *Module) readConversation(ctx context.Context, in *readConversationInput) (*noContent, error) {
	caller, _, err := m.messageReader(ctx)
	if err != nil {
		return nil, err
	}
	with, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	condition, args := "", []any{with.ID, caller.UserID}
	if in.UpTo != 0 {
		condition, args = " AND m.messageid <= ?", append(args, in.UpTo)
	}
	rows, err := m.readMessages(ctx, "SELECT "+messageColumns+` FROM {messages} m
		WHERE m.type = 'PRIVATE' AND m.fromuserid = ? AND m.touserid = ?`+condition+`
		ORDER BY m.created DESC, m.messageid DESC LIMIT 1`, args...)
	if err != nil || len(rows) == 0 {
		return &noContent{http.StatusNoContent}, err
	}
	return m.markRead(ctx, caller.UserID, "P", with.ID, rows[0].created, rows[0].id)
}

func (m *Module) readGroup(ctx context.Context, in *readGroupInput) (*noContent, error) {
	caller, err := m.groupMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := m.followGroups(ctx); err != nil {
		return nil, err
	}
	condition, args := "", []any{in.ID}
	if in.UpTo != 0 {
		condition, args = " AND messageid <= ?", append(args, in.UpTo)
	}
	var id int
	if _, err := m.db.Get(ctx, []any{&id}, `SELECT COALESCE(MAX(messageid), 0)
		FROM {q2ab_group_messages} WHERE groupid = ?`+condition, args...); err != nil {
		return nil, fmt.Errorf("read a group's latest message: %w", err)
	}
	return m.markRead(ctx, caller.UserID, "G", in.ID, 0, id)
}

// markRead notes how far a conversation was read. Of private messages the time matters, as their order is
// by it.
func (m *Module) markRead(
	ctx context.Context, user int, kind string, other int, at int64, id int,
) (*noContent, error) {
	const old = "{q2ab_conversations}."
	newAt, newID := m.db.Given("read_at"), m.db.Given("read_id")
	later := "(" + old + "read_at < " + newAt + " OR " + old + "read_at = " + newAt +
		" AND " + old + "read_id < " + newID + ")"
	// read_id first: MySQL computes each from what the ones before have become.
	_, err := m.db.Exec(ctx, `INSERT INTO {q2ab_conversations} (userid, kind, other, latest, read_at, read_id)
		VALUES (?, ?, ?, ?, ?, ?)`+m.db.Upsert("userid, kind, other")+
		"read_id = CASE WHEN "+later+" THEN "+newID+" ELSE "+old+"read_id END, "+
		"read_at = CASE WHEN "+old+"read_at < "+newAt+" THEN "+newAt+" ELSE "+old+"read_at END",
		user, kind, other, at, at, id)
	if err != nil {
		return nil, fmt.Errorf("note what was read: %w", err)
	}
	return &noContent{http.StatusNoContent}, nil
}

func (m *Module) readConversations(ctx context.Context, _ *struct{}) (*noContent, error) {
	caller, _, err := m.messageReader(ctx)
	if err != nil {
		return nil, err
	}
	plugins, err := m.messagePlugins(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.followBox(ctx, caller.UserID); err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if _, err := w.Tx.Exec(ctx, `UPDATE {q2ab_conversations}
			SET read_at = ?, read_id = (SELECT COALESCE(MAX(messageid), 0) FROM {messages})
			WHERE userid = ? AND kind = 'P'`, w.Tx.Now(), caller.UserID); err != nil {
			return 0, fmt.Errorf("note that all was read: %w", err)
		}
		if !plugins.groups {
			return 0, nil
		}
		_, err := w.Tx.Exec(ctx, `INSERT INTO {q2ab_conversations}
				(userid, kind, other, latest, read_at, read_id)
			SELECT u.userid, 'G', u.groupid, 0, 0,
				(SELECT COALESCE(MAX(messageid), 0) FROM {msg_group_messages})
			FROM {msg_group_users} u WHERE u.userid = ?`+w.Tx.Overwrite("userid, kind, other", "read_id"),
			caller.UserID)
		if err != nil {
			return 0, fmt.Errorf("note that all groups were read: %w", err)
		}
		return 0, nil
	})
	return &noContent{http.StatusNoContent}, err
}
