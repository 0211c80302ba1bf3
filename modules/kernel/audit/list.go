package audit

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
)

// Change is an entry of the log as the API shows it.
type Change struct {
	ID      int             `json:"id"`
	At      time.Time       `json:"at"`
	By      *ChangeActor    `json:"by,omitempty" doc:"Who changed it; absent for commands, which run without an account"`
	IP      string          `json:"ip,omitempty" doc:"The address that the request came from"`
	Action  string          `json:"action" doc:"The id of the operation, such as block-user, or the name of a command"`
	Kind    string          `json:"kind" doc:"What was changed: user, option, category …"`
	Subject string          `json:"subject" doc:"Which one: its id or name"`
	Before  json.RawMessage `json:"before,omitempty" doc:"What it was; absent if there was nothing"`
	After   json.RawMessage `json:"after,omitempty" doc:"What it has become; absent if it was removed"`
}

// ChangeActor is who changed something, with the handle that the account had then.
type ChangeActor struct {
	ID     int    `json:"id"`
	Handle string `json:"handle,omitempty" doc:"Absent once the account is deleted"`
}

// Filter says which entries are wanted. The zero Filter wants all.
type Filter struct {
	By      int    `query:"by" minimum:"1" maximum:"4294967295" doc:"Only what the user with this id changed"`
	Action  string `query:"action" maxLength:"60" pattern:"^[a-z -]+$" doc:"Only changes by this operation or command"`
	Kind    string `query:"kind" maxLength:"20" pattern:"^[a-z]+$" doc:"Only changes of this kind of thing"`
	Subject string `query:"subject" maxLength:"100" doc:"Only changes of the thing with this id or name; with kind"`
}

// condition returns the filter as a condition of SQL, with its arguments.
func (f Filter) condition() (string, []any) {
	conditions, args := []string{"1 = 1"}, []any{}
	add := func(condition string, value any, wanted bool) {
		if wanted {
			conditions, args = append(conditions, condition), append(args, value)
		}
	}
	add("byuserid = ?", f.By, f.By != 0)
	add("action = ?", f.Action, f.Action != "")
	add("kind = ?", f.Kind, f.Kind != "")
	add("subject = ?", f.Subject, f.Subject != "")
	return strings.Join(conditions, " AND "), args
}

// Log reads the log.
type Log struct{ db *database.DB }

// New returns the log of the site in the database.
func New(db *database.DB) *Log { return &Log{db} }

type listInput struct {
	web.Page
	Filter
}

type listOutput struct{ Body web.List[Change] }

// position is the place of an entry in the list, the newest first.
type position struct {
	ID int `json:"id"`
}

// Valid reports whether an entry can be at this place.
func (p *position) Valid() bool { return web.ValidID(p.ID) }

// Register adds the operation that lists the log to the API. may returns an error for callers that are
// not allowed to read it.
func (l *Log) Register(api huma.API, may func(context.Context) error) {
	web.Register(api, huma.Operation{
		OperationID: "list-changes", Method: http.MethodGet, Path: "/v1/admin/changes",
		Tags: []string{"Administration"}, Summary: "What administrators and moderators have changed, the newest first",
		Description: "For administrators. Posts have their own history. `admin audit` prints all of it, for archives.",
		Errors:      []int{http.StatusForbidden},
	}, web.Guard(may, func(ctx context.Context, in *listInput) (*listOutput, error) {
		return l.list(ctx, in)
	}))
}

func (l *Log) list(ctx context.Context, in *listInput) (*listOutput, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	size := in.Size(50)
	condition, args := in.condition()
	if in.Cursor != "" {
		var after position
		if err := web.DecodeCursor("changes", in.Cursor, &after); err != nil {
			return nil, err
		}
		condition, args = condition+" AND id < ?", append(args, after.ID)
	}
	list, err := l.read(ctx, condition+" ORDER BY id DESC LIMIT ? OFFSET ?",
		append(args, size+1, in.Offset(size))...)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	if len(list) > size {
		list = list[:size]
		out.Body.NextCursor = web.EncodeCursor("changes", &position{list[size-1].ID})
	}
	out.Body.Items = list
	return out, nil
}

// Export calls the function with all entries that the filter wants, the oldest first. It ends with the
// function's first error.
func (l *Log) Export(ctx context.Context, f Filter, each func(Change) error) error {
	condition, args := f.condition()
	for last := 0; ; {
		list, err := l.read(ctx, condition+" AND id > ? ORDER BY id LIMIT 500",
			append(args[:len(args):len(args)], last)...)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, c := range list {
			if err := each(c); err != nil {
				return err
			}
			last = c.ID
		}
	}
}

// About returns the newest entries about a subject, at most limit, the newest first.
func About(ctx context.Context, db *database.DB, kind, subject string, limit int) ([]Change, error) {
	return New(db).read(ctx, "kind = ? AND subject = ? ORDER BY id DESC LIMIT ?", kind, subject, limit)
}

// read returns the entries that meet the rest of a query.
func (l *Log) read(ctx context.Context, rest string, args ...any) ([]Change, error) {
	list := []Change{}
	err := l.db.Select(ctx, func(rows *sql.Rows) error {
		var c Change
		var by ChangeActor
		var at int64
		var before, after sql.NullString
		err := rows.Scan(&c.ID, &at, &by.ID, &by.Handle, &c.IP, &c.Action, &c.Kind, &c.Subject, &before, &after)
		if c.At = time.Unix(at, 0).UTC(); by.ID != 0 {
			c.By = &by
		}
		if before.Valid {
			c.Before = json.RawMessage(before.String)
		}
		if after.Valid {
			c.After = json.RawMessage(after.String)
		}
		list = append(list, c)
		return err
	}, `SELECT id, at, byuserid, byhandle, ip, action, kind, subject, was, became
		FROM {q2ab_audit}
		WHERE `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("read what was changed: %w", err)
	}
	return list, nil
}
