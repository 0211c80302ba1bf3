package events

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/database"
)

// Limits of Q2A's table, in characters; what is longer it cuts.
const (
	// maxLogged is from how many characters on a value is cut, to two less and "...".
	maxLogged       = 40
	maxLoggedEvent  = 20
	maxLoggedParams = 800
)

// Log writes events into the table of Q2A's plugin Event Logger, for sites with the option event_logger_to_database. As the
// plugin does, it comes after what the events tell of, and outside of its transaction: the plugin's table is MyISAM, where
// a transaction that runs again would leave its rows twice. A failure is logged and keeps nobody from anything.
func Log(ctx context.Context, db *database.DB, events []Event) {
	if len(events) == 0 {
		return
	}
	args := make([]any, 0, 7*len(events))
	for _, e := range events {
		var user, handle, cookie, ip any
		if e.Actor.UserID != 0 {
			user, handle = e.Actor.UserID, e.Actor.Handle
		}
		if e.Actor.CookieID != "" {
			cookie = e.Actor.CookieID
		}
		if e.Actor.IP.IsValid() {
			ip = e.Actor.IP.String()
		}
		parts := make([]string, len(e.Params))
		for i, p := range e.Params {
			parts[i] = p.Name + "=" + loggedValue(p.Value)
		}
		args = append(args, e.At, ip, user, handle, cookie, first(e.Name, maxLoggedEvent), first(strings.Join(parts, "\t"), maxLoggedParams))
	}
	const row = "(FROM_UNIXTIME(?), ?, ?, ?, ?, ?, ?)"
	_, err := db.Exec(ctx, "INSERT INTO {eventlog} (datetime, ipaddress, userid, handle, cookieid, event, params) VALUES "+row+
		strings.Repeat(", "+row, len(events)-1), args...)
	if err != nil {
		slog.ErrorContext(ctx, "event log not written", "error", err)
	}
}

// loggedValue is a parameter's value as the log tells it: rows as array(number of fields).
func loggedValue(value any) string {
	text := ""
	switch v := value.(type) {
	case nil:
	case bool:
		if v {
			text = "1"
		}
	case Record:
		text = fmt.Sprintf("array(%d)", v.Fields)
	default:
		text = fmt.Sprint(v)
	}
	if utf8.RuneCountInString(text) > maxLogged {
		text = first(text, maxLogged-2) + "..."
	}
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(text)
}

// first is the text's first characters.
func first(text string, characters int) string {
	if r := []rune(text); len(r) > characters {
		return string(r[:characters])
	}
	return text
}
