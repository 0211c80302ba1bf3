package moderation

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
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

const (
	// maxNote is how many characters a note has at most, and maxNotes how many notes there are about one
	// user or post.
	maxNote  = 2000
	maxNotes = 100
)

// ModeratorNote is what a moderator notes about a user or post, for other moderators.
type ModeratorNote struct {
	ID      int          `json:"id"`
	Content string       `json:"content" doc:"Plain text"`
	By      *auth.Author `json:"by,omitempty" doc:"Who wrote it; absent once the account is deleted"`
	At      time.Time    `json:"at"`

	by int
}

type newNoteInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the user or post"`
	Body struct {
		Content string `json:"content" maxLength:"8000" doc:"Plain text of at most 2,000 characters"`
	}
}

type oneNoteInput struct {
	ID     int `path:"id" minimum:"1" maximum:"4294967295" doc:"Id of the user or post"`
	NoteID int `path:"noteId" minimum:"1" maximum:"4294967295" doc:"Id of the note"`
}

type (
	noteOutput  struct{ Body ModeratorNote }
	notesOutput struct{ Body web.List[ModeratorNote] }
)

// registerNotes adds the operations on what moderators note.
func (m *Module) registerNotes(api huma.API) {
	for _, k := range []kind{aboutPost, aboutUser} {
		path, who := "/v1/admin/"+string(k)+"s/{id}/notes", "For those who may decide about the post."
		if k == aboutUser {
			who = "For moderators. Nobody sees what is noted about their own account."
		}
		op := func(id, method, path, summary, description string, status int) huma.Operation {
			o := huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{"Moderation"},
				Summary: summary, Description: who + description, DefaultStatus: status,
				Errors: []int{http.StatusForbidden, http.StatusNotFound}}
			if method == http.MethodPost {
				o.Errors = append(o.Errors, http.StatusConflict)
			}
			return o
		}
		web.Register(api, op("list-"+string(k)+"-notes", http.MethodGet, path,
			"What moderators have noted about a "+string(k)+", the newest first", "", http.StatusOK),
			func(ctx context.Context, in *subjectInput) (*notesOutput, error) { return m.listNotes(ctx, k, in.ID) })
		web.Register(api, op("create-"+string(k)+"-note", http.MethodPost, path,
			"Note something about a "+string(k)+" for other moderators",
			" A note goes with the "+string(k)+" that it is about.", http.StatusCreated),
			func(ctx context.Context, in *newNoteInput) (*noteOutput, error) { return m.createNote(ctx, k, in) })
		web.Register(api, op("delete-"+string(k)+"-note", http.MethodDelete, path+"/{noteId}",
			"Delete a note about a "+string(k), " Notes of others are deleted by administrators only.",
			http.StatusNoContent),
			func(ctx context.Context, in *oneNoteInput) (*noContent, error) { return m.deleteNote(ctx, k, in) })
	}
}

func (m *Module) listNotes(ctx context.Context, k kind, id int) (*notesOutput, error) {
	if err := m.may(ctx, k, id); err != nil {
		return nil, err
	}
	list, err := m.notes(ctx, "kind = ? AND subject = ? ORDER BY id DESC LIMIT ?", string(k), id, maxNotes)
	if err != nil {
		return nil, err
	}
	return &notesOutput{Body: web.List[ModeratorNote]{Items: list}}, nil
}

// notes returns the notes that meet the rest of a query.
func (m *Module) notes(ctx context.Context, rest string, args ...any) ([]ModeratorNote, error) {
	list, writers := []ModeratorNote{}, []int{}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var n ModeratorNote
		var at int64
		err := rows.Scan(&n.ID, &n.Content, &n.by, &at)
		n.At = unixTime(at)
		list, writers = append(list, n), append(writers, n.by)
		return err
	}, "SELECT id, content, byuserid, at FROM {q2ab_notes} WHERE "+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	authors, err := m.auth.Authors(ctx, o, writers)
	if err != nil {
		return nil, fmt.Errorf("read who wrote notes: %w", err)
	}
	for i := range list {
		list[i].By = authors[list[i].by]
	}
	return list, nil
}

func (m *Module) createNote(ctx context.Context, k kind, in *newNoteInput) (*noteOutput, error) {
	if err := m.may(ctx, k, in.ID); err != nil {
		return nil, err
	}
	content := formtext.Block(in.Body.Content)
	switch n := utf8.RuneCountInString(content); {
	case n == 0:
		return nil, problem.Invalid(problem.Field{Name: "content", Code: problem.FieldRequired})
	case n > maxNote:
		return nil, problem.Invalid(problem.Field{Name: "content", Code: problem.FieldTooLong,
			Args: []any{maxNote}})
	}
	id, err := web.Once(ctx, m.db, func(tx *database.DB) (int, error) {
		if err := lockSubject(ctx, tx, k, in.ID); err != nil {
			return 0, err
		}
		var count int
		if _, err := tx.Get(ctx, []any{&count},
			"SELECT COUNT(*) FROM {q2ab_notes} WHERE kind = ? AND subject = ?", string(k), in.ID); err != nil {
			return 0, fmt.Errorf("count notes: %w", err)
		}
		if count >= maxNotes {
			return 0, problem.New(codeTooManyNotes, maxNotes)
		}
		id, err := tx.Insert(ctx, `INSERT INTO {q2ab_notes} (kind, subject, byuserid, at, content)
			VALUES (?, ?, ?, ?, ?)`, string(k), in.ID, auth.CallerOf(ctx).UserID, tx.Now(), content)
		if err != nil {
			return 0, fmt.Errorf("write a note: %w", err)
		}
		return int(id), recordNote(ctx, tx, k, in.ID, nil, noteEntry{int(id)})
	})
	if err != nil {
		return nil, err
	}
	list, err := m.notes(ctx, "id = ?", id)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 { // a repeated request for a note that is deleted
		return nil, problem.NotFound()
	}
	return &noteOutput{Body: list[0]}, nil
}

// noteEntry is what the log of changes keeps of a note. It holds no text, which goes with what it is about.
type noteEntry struct {
	Note int `json:"note"`
}

func recordNote(ctx context.Context, tx *database.DB, k kind, id int, before, after any) error {
	subject := map[kind]string{aboutPost: audit.Post, aboutUser: audit.User}[k]
	return audit.Record(ctx, tx, audit.Entry{Kind: subject, Subject: strconv.Itoa(id),
		Before: before, After: after})
}

func (m *Module) deleteNote(ctx context.Context, k kind, in *oneNoteInput) (*noContent, error) {
	if err := m.may(ctx, k, in.ID); err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	err := m.db.Tx(ctx, func(tx *database.DB) error {
		var by int
		found, err := tx.Get(ctx, []any{&by},
			"SELECT byuserid FROM {q2ab_notes} WHERE id = ? AND kind = ? AND subject = ?"+tx.ForUpdate(),
			in.NoteID, string(k), in.ID)
		switch {
		case err != nil:
			return fmt.Errorf("read a note: %w", err)
		case !found:
			return problem.NotFound()
		case by != caller.UserID && caller.Level < auth.LevelAdmin:
			return problem.New(auth.CodePermissionLevel)
		}
		if _, err := tx.Exec(ctx, "DELETE FROM {q2ab_notes} WHERE id = ?", in.NoteID); err != nil {
			return fmt.Errorf("delete a note: %w", err)
		}
		return recordNote(ctx, tx, k, in.ID, noteEntry{in.NoteID}, nil)
	})
	if err != nil {
		return nil, err
	}
	return &noContent{http.StatusNoContent}, nil
}
