// Package audit keeps a log of what administrators and moderators change: who changed what, when, from
// where, what it was before and what it is now. Entries are added in the transaction of the change itself,
// so that there is neither a change without an entry nor an entry without a change. Nothing alters or
// removes them; only what they hold of a person goes when the person's account goes.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/web"
)

// Actor is who changes something. The zero Actor is whoever runs a command, or a job of the site's own.
type Actor struct {
	UserID int
	Handle string
	// IP is the client's address. It may be the zero Addr.
	IP netip.Addr
}

type actorKey struct{}

// By returns a context for a request of the actor.
func By(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, actorKey{}, a) }

type commandKey struct{}

// Command returns a context for what a command does, whose name is the action then.
func Command(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, commandKey{}, name)
}

// Entry is one change.
type Entry struct {
	// Kind and Subject are what was changed, such as "user" and the user's id.
	Kind, Subject string
	// Before and After are what the change is about, as JSON; nil if there was, or is, nothing. They must
	// hold no secrets.
	Before, After any
}

// Kinds of subjects.
const (
	User     = "user"
	Option   = "option"
	Job      = "job"
	Notice   = "notice"
	Category = "category"
	Tag      = "tag"
	Post     = "post"
)

// Record adds entries, in the transaction of the changes that they are about. Who makes the changes, and by
// which operation or command, is known by the context: see By and Command.
func Record(ctx context.Context, tx *database.DB, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	by, _ := ctx.Value(actorKey{}).(Actor)
	action := web.OperationID(ctx)
	if command, ok := ctx.Value(commandKey{}).(string); ok {
		action = command
	}
	address := ""
	if by.IP.IsValid() {
		address = by.IP.Unmap().WithZone("").String()
	}
	var rows []string
	var args []any
	for _, e := range entries {
		before, err := encode(e.Before)
		if err != nil {
			return err
		}
		after, err := encode(e.After)
		if err != nil {
			return err
		}
		rows = append(rows, "(?, ?, ?, ?, ?, ?, ?, ?, ?)")
		args = append(args, tx.Now(), by.UserID, by.Handle, address, action, e.Kind, e.Subject, before, after)
	}
	_, err := tx.Exec(ctx, `INSERT INTO {q2ab_audit}
		(at, byuserid, byhandle, ip, action, kind, subject, was, became)
		VALUES `+strings.Join(rows, ", "), args...)
	if err != nil {
		return fmt.Errorf("keep what was changed: %w", err)
	}
	return nil
}

// encode returns a value as the column holds it: JSON, or NULL for nil.
func encode(value any) (text *string, err error) {
	if value == nil {
		return nil, nil
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode what was changed: %w", err)
	}
	s := string(b)
	return &s, nil
}

// Forget blanks what the log holds of a user whose account is deleted: the user's handle and addresses in
// what they changed, and what was changed of their account. That something was changed, and when, stays.
func Forget(ctx context.Context, tx *database.DB, userID int) error {
	if _, err := tx.Exec(ctx, "UPDATE {q2ab_audit} SET byhandle = '', ip = '' WHERE byuserid = ?",
		userID); err != nil {
		return fmt.Errorf("forget who changed something: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE {q2ab_audit}
		SET was = NULL, became = NULL
		WHERE kind = ? AND subject = ?`, User, strconv.Itoa(userID)); err != nil {
		return fmt.Errorf("forget what was changed of a user: %w", err)
	}
	return nil
}
