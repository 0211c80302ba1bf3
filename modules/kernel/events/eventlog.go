package events

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/database"
)

// Limits of the columns of Q2A's table, in characters. Longer texts are cut.
const (
	// maxLogged is the longest value that is logged whole. A longer one is cut to two characters
	// less, followed by "...".
	maxLogged       = 40
	maxLoggedEvent  = 20
	maxLoggedParams = 800
)

// Log writes events into the table of Q2A's Event Logger plugin, for sites with the option
// event_logger_to_database. Like the plugin, it is called after the action that the events describe
// and outside of its transaction: the plugin's table is MyISAM, so a transaction that is run again
// would leave its rows there twice. A failure is logged and otherwise ignored.
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
		args = append(args, e.At, ip, user, handle, cookie, first(e.Name, maxLoggedEvent),
			first(strings.Join(parts, "\t"), maxLoggedParams))
	}
	const row = "(FROM_UNIXTIME(?), ?, ?, ?, ?, ?, ?)"
	_, err := db.Exec(ctx, `INSERT INTO {eventlog} (datetime, ipaddress, userid, handle, cookieid, event,
			params)
		VALUES `+row+strings.Repeat(", "+row, len(events)-1), args...)
	if err != nil {
		slog.ErrorContext(ctx, "event log not written", "error", err)
	}
}

// Logged is an event that Q2A's event log has.
type Logged struct {
	Name string
	// At is in Unix seconds. UserID is who caused it, 0 for nobody.
	At     int64
	UserID int
	// Params are the parameters by their names, as far as the log has them: long texts are cut.
	Params map[string]string
}

// LoggedAbout returns the newest events with the given names whose first parameter has the given value, the
// newest first and at most limit. There are none if the site does not have the event log.
func LoggedAbout(
	ctx context.Context, db *database.DB, names []string, param string, value, limit int,
) ([]Logged, error) {
	there, err := db.HasTable(ctx, "eventlog")
	if err != nil || !there {
		return nil, err
	}
	var list []Logged
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var l Logged
		var user sql.NullInt64
		var params string
		err := rows.Scan(&l.Name, &l.At, &user, &params)
		l.UserID, l.Params = int(user.Int64), loggedParams(params)
		list = append(list, l)
		return err
	}, `SELECT event, UNIX_TIMESTAMP(datetime), userid, params
		FROM {eventlog}
		WHERE event IN ? AND params LIKE ?
		ORDER BY datetime DESC
		LIMIT ?`, names, fmt.Sprintf("%s=%d\t%%", param, value), limit)
	if err != nil {
		return nil, fmt.Errorf("read the event log: %w", err)
	}
	return list, nil
}

// loggedValue returns a parameter's value in the form that Q2A logs; a row is logged as array(number
// of fields), a list as array(number of items).
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
	case []int:
		text = fmt.Sprintf("array(%d)", len(v))
	default:
		text = fmt.Sprint(v)
	}
	if utf8.RuneCountInString(text) > maxLogged {
		text = first(text, maxLogged-2) + "..."
	}
	return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(text)
}

// first returns at most the given number of characters from the start of the text.
func first(text string, characters int) string {
	if r := []rune(text); len(r) > characters {
		return string(r[:characters])
	}
	return text
}
