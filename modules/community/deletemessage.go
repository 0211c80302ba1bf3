package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site/option"
)

type messageIDInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295"`
}

func (m *Module) registerDeletingMessages(api huma.API) {
	one := messageOperation("delete-message", http.MethodDelete, "messages/{id}",
		"Hide a private message on one's own side, or delete a post on a wall")
	one.Description = "A private message is gone for good when both sides have hidden it."
	web.Register(api, one, m.deleteMessage)
	web.Register(api, messageOperation("delete-conversation", http.MethodDelete, "me/messages/{handle}",
		"Hide all private messages with one user on one's own side"), m.deleteConversation)
}

// storedMessage is a row of messages as who deletes it has to know it.
type storedMessage struct {
	messageRow
	public               bool
	fromHidden, toHidden bool
}

// sidesOf returns on which sides of a private message a user sees it: as who received it, as who sent it.
func (s *storedMessage) sidesOf(user int) (received, sent bool) {
	return s.to == user && !s.toHidden, s.from == user && !s.fromHidden
}

func lockMessage(ctx context.Context, tx *database.DB, id int) (s storedMessage, err error) {
	var from, to sql.NullInt64
	var kind string
	found, err := tx.Get(ctx, []any{&s.id, &from, &to, &s.text.Content, &s.text.Format, &s.created, &kind,
		&s.fromHidden, &s.toHidden}, "SELECT "+messageColumns+`, m.type, m.fromhidden <> 0, m.tohidden <> 0
		FROM {messages} m WHERE m.messageid = ?`+tx.ForUpdate(), id)
	if err != nil {
		return s, fmt.Errorf("lock a message: %w", err)
	}
	if !found {
		return s, problem.NotFound()
	}
	s.from, s.to, s.public = int(from.Int64), int(to.Int64), kind == "PUBLIC"
	return s, nil
}

func (m *Module) deleteMessage(ctx context.Context, in *messageIDInput) (*noContent, error) {
	if _, err := auth.RequireUser(ctx); err != nil {
		return nil, err
	}
	_, err := m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		s, err := m.lockForDeletion(w, in.ID)
		switch {
		case err != nil:
			return 0, err
		case s.public:
			return 0, m.deleteWallPost(w, s)
		}
		return 0, m.hideMessage(w, s)
	})
	return &noContent{http.StatusNoContent}, err
}

// lockForDeletion returns the message and keeps its row locked. Of a post on a wall it first locks the
// account that the wall belongs to, as who writes on the wall does.
func (m *Module) lockForDeletion(w *auth.Writer, id int) (s storedMessage, err error) {
	var owner sql.NullInt64
	if _, err := w.Tx.Get(w.Ctx, []any{&owner},
		"SELECT touserid FROM {messages} WHERE messageid = ? AND type = 'PUBLIC'", id); err != nil {
		return s, fmt.Errorf("read whose wall it is: %w", err)
	}
	if owner.Valid {
		if _, err := lockPartners(w.Ctx, w.Tx, int(owner.Int64)); err != nil {
			return s, err
		}
	}
	return lockMessage(w.Ctx, w.Tx, id)
}

// hideMessage hides a private message from the caller. The row goes when both sides have hidden it. As in
// Q2A there is no event, and the time of the account's last write stays.
func (m *Module) hideMessage(w *auth.Writer, s storedMessage) error {
	if !w.Options.Bool(option.AllowPrivateMessages) {
		return problem.New(problem.CodeFeatureOff)
	}
	received, sent := s.sidesOf(w.Caller.UserID)
	var columns []string
	if received {
		columns = append(columns, "tohidden = 1")
	}
	if sent {
		columns = append(columns, "fromhidden = 1")
	}
	if columns == nil {
		return problem.NotFound()
	}
	if _, err := w.Tx.Exec(w.Ctx, "UPDATE {messages} SET "+strings.Join(columns, ", ")+" WHERE messageid = ?",
		s.id); err != nil {
		return fmt.Errorf("hide a message: %w", err)
	}
	if !(received || s.toHidden) || !(sent || s.fromHidden) {
		return nil
	}
	return m.removeMessage(w, s)
}

// removeMessage deletes the row of a message.
func (m *Module) removeMessage(w *auth.Writer, s storedMessage) error {
	if _, err := w.Tx.Exec(w.Ctx, "DELETE FROM {messages} WHERE messageid = ?", s.id); err != nil {
		return fmt.Errorf("delete a message: %w", err)
	}
	return m.qa.ReleaseFiles(w.Ctx, w.Tx, w.Options, s.text)
}

// deleteConversation hides all messages with a user from the caller, as hideMessage does each of them.
func (m *Module) deleteConversation(ctx context.Context, in *handleInput) (*noContent, error) {
	caller, _, err := m.messenger(ctx)
	if err != nil {
		return nil, err
	}
	with, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if _, err := lockPartners(ctx, w.Tx, caller.UserID, with.ID); err != nil {
			return 0, err
		}
		for _, side := range []struct {
			column   string
			from, to int
		}{{"tohidden", with.ID, caller.UserID}, {"fromhidden", caller.UserID, with.ID}} {
			if _, err := w.Tx.Exec(ctx, "UPDATE {messages} SET "+side.column+` = 1
				WHERE type = 'PRIVATE' AND fromuserid = ? AND touserid = ? AND `+side.column+" = 0",
				side.from, side.to); err != nil {
				return 0, fmt.Errorf("hide a conversation: %w", err)
			}
			if err := m.removeHidden(w, side.from, side.to); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	return &noContent{http.StatusNoContent}, err
}

// removeHidden deletes the private messages of one user to another that both have hidden.
func (m *Module) removeHidden(w *auth.Writer, from, to int) error {
	const hidden = "type = 'PRIVATE' AND fromuserid = ? AND touserid = ? AND fromhidden = 1 AND tohidden = 1"
	var texts []qa.StoredText
	err := w.Tx.Select(w.Ctx, func(rows *sql.Rows) error {
		t := qa.StoredText{Format: "html"}
		err := rows.Scan(&t.Content)
		texts = append(texts, t)
		return err
	}, "SELECT content FROM {messages} WHERE "+hidden+` AND format = 'html'
		AND (content LIKE '%blob%' OR content LIKE '%media/%' OR content LIKE '%image/%')`, from, to)
	if err != nil {
		return fmt.Errorf("read the files of hidden messages: %w", err)
	}
	if _, err := w.Tx.Exec(w.Ctx, "DELETE FROM {messages} WHERE "+hidden, from, to); err != nil {
		return fmt.Errorf("delete hidden messages: %w", err)
	}
	return m.qa.ReleaseFiles(w.Ctx, w.Tx, w.Options, texts...)
}
