package events

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// codeNoEventLog is the problem of reading the event log of a site that has none.
var codeNoEventLog = problem.Define("no_event_log", http.StatusNotFound,
	problem.Text("No event log", "イベントログはありません"),
	problem.Text("The site has no table of the plugin Event Logger (eventlog), so that no events are logged.",
		"プラグイン Event Logger のテーブル（eventlog）がないため、イベントは記録されていません。"))

// loggedEvent is an event as the plugin Event Logger, or this backend in its place, has logged it.
type loggedEvent struct {
	At     time.Time         `json:"at"`
	Event  string            `json:"event" doc:"As Q2A names it, such as q_post; cut at 20 characters"`
	User   *loggedUser       `json:"user,omitempty" doc:"Who did it; absent for visitors"`
	IP     string            `json:"ip,omitempty" doc:"The address that it came from"`
	Params map[string]string `json:"params" doc:"What the event is about, such as postid; values are cut at 40 characters, and all of them together at 800"`
}

// loggedUser is who did something, with the handle that the account had then.
type loggedUser struct {
	ID     int    `json:"id"`
	Handle string `json:"handle,omitempty"`
}

type listLogInput struct {
	web.Page
	Event  string    `query:"event" maxLength:"40" pattern:"^[A-Za-z0-9_.-]+$" doc:"Only events of this name"`
	User   int       `query:"user" minimum:"1" maximum:"4294967295" doc:"Only what the user with this id did"`
	Handle string    `query:"handle" maxLength:"80" doc:"Only what was done under this handle"`
	IP     string    `query:"ip" maxLength:"45" pattern:"^[0-9A-Fa-f.:]+$" doc:"Only what came from this address"`
	Since  time.Time `query:"since" doc:"Only what was then or later"`
	Until  time.Time `query:"until" doc:"Only what was before that"`
}

type listLogOutput struct{ Body web.List[loggedEvent] }

// logPosition is a place in the log. The table has no key, so that it is a time and how many of the events of
// that second come before.
type logPosition struct {
	At   int64 `json:"at"`
	Skip int   `json:"skip"`
}

// Valid reports whether an event can be at this place.
func (p *logPosition) Valid() bool {
	return web.ValidUnix(p.At) && p.Skip >= 0 && p.Skip <= math.MaxInt32
}

// RegisterLog adds the operation that lists the event log to the API. may returns an error for callers that
// are not allowed to read it.
func RegisterLog(api huma.API, db *database.DB, may func(context.Context) error) {
	web.Register(api, huma.Operation{
		OperationID: "list-logged-events", Method: http.MethodGet, Path: "/v1/admin/events",
		Tags: []string{"Administration"}, Summary: "The event log, the newest first",
		Description: "For administrators: what the plugin Event Logger and this server have written into the " +
			"plugin's table while the option event_logger_to_database was on. 404 `no_event_log` where the " +
			"site has no such table.",
		Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, web.Guard(may, func(ctx context.Context, in *listLogInput) (*listLogOutput, error) {
		if err := in.Check(); err != nil {
			return nil, err
		}
		there, err := db.HasTable(ctx, "eventlog")
		if err != nil {
			return nil, fmt.Errorf("look for the event log: %w", err)
		}
		if !there {
			return nil, problem.New(codeNoEventLog)
		}
		return in.list(ctx, db)
	}))
}

// condition returns the filter as a condition of SQL with its arguments; none says that nothing can meet it.
func (in *listLogInput) condition(
	ctx context.Context, db *database.DB,
) (sql string, args []any, none bool, err error) {
	conditions := []string{"1 = 1"}
	add := func(condition string, value any) {
		conditions, args = append(conditions, condition), append(args, value)
	}
	if in.Event != "" {
		add("event = ?", first(in.Event, maxLoggedEvent))
	}
	if in.User != 0 {
		add("userid = ?", in.User)
	}
	if in.Handle != "" {
		add("handle = ?", in.Handle)
	}
	if in.IP != "" {
		address, err := netip.ParseAddr(in.IP)
		if err != nil {
			return "", nil, false, problem.Invalid(problem.Field{Name: "ip", Code: problem.FieldWrongForm})
		}
		stored, err := addressAsLogged(ctx, db, address)
		if err != nil {
			return "", nil, false, err
		}
		add("ipaddress = ?", stored)
	}
	if !in.Since.IsZero() {
		add("datetime >= FROM_UNIXTIME(?)", logTime(in.Since))
	}
	if !in.Until.IsZero() {
		add("datetime < FROM_UNIXTIME(?)", logTime(in.Until))
	}
	return strings.Join(conditions, " AND "), args, database.BeyondQ2A(in.Handle), nil
}

// logTime returns a time in Unix seconds within the range that the databases can hold. An event of a second
// is not before a time within that second.
func logTime(t time.Time) int64 {
	at := t.Unix()
	if t.Nanosecond() > 0 {
		at++
	}
	return max(0, min(at, math.MaxInt32))
}

// addressAsLogged returns an address in the form in which the table holds addresses: text, or bytes in
// tables that somebody has changed.
func addressAsLogged(ctx context.Context, db *database.DB, address netip.Addr) (any, error) {
	var sample []byte
	_, err := db.Get(ctx, []any{&sample}, "SELECT ipaddress FROM {eventlog} WHERE ipaddress IS NOT NULL LIMIT 1")
	if err != nil {
		return nil, fmt.Errorf("look how addresses are logged: %w", err)
	}
	if _, err := netip.ParseAddr(string(sample)); err != nil && (len(sample) == 4 || len(sample) == 16) {
		return address.Unmap().AsSlice(), nil
	}
	return address.Unmap().WithZone("").String(), nil
}

// loggedAddress returns an address of the table as text, or "" if it is none.
func loggedAddress(stored []byte) string {
	if address, err := netip.ParseAddr(string(stored)); err == nil {
		return address.Unmap().String()
	}
	if address, ok := netip.AddrFromSlice(stored); ok {
		return address.Unmap().String()
	}
	return ""
}

// loggedParams returns the parameters of an event, which are logged as name=value with tabs between them.
func loggedParams(stored string) map[string]string {
	params := map[string]string{}
	for pair := range strings.SplitSeq(stored, "\t") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			params[name] = value
		}
	}
	return params
}

func (in *listLogInput) list(ctx context.Context, db *database.DB) (*listLogOutput, error) {
	out := &listLogOutput{Body: web.List[loggedEvent]{Items: []loggedEvent{}}}
	size := in.Size(50)
	condition, args, none, err := in.condition(ctx, db)
	if err != nil || none {
		return out, err
	}
	skip := in.Offset(size)
	var from logPosition
	if in.Cursor != "" {
		if err := web.DecodeCursor("logged-events", in.Cursor, &from); err != nil {
			return nil, err
		}
		condition, args = condition+" AND datetime <= FROM_UNIXTIME(?)", append(args, from.At)
		skip = from.Skip
	}
	list, err := readLog(ctx, db, condition, args, skip, size+1)
	if err != nil {
		return nil, fmt.Errorf("read the event log: %w", err)
	}
	if len(list) > size {
		list = list[:size]
		next := logPosition{At: list[size-1].At.Unix()}
		var newer int
		_, err := db.Get(ctx, []any{&newer}, "SELECT COUNT(*) FROM {eventlog} WHERE "+condition+
			" AND datetime > FROM_UNIXTIME(?)", append(args[:len(args):len(args)], next.At)...)
		if err != nil {
			return nil, fmt.Errorf("count the events of the log: %w", err)
		}
		next.Skip = skip + size - newer
		out.Body.NextCursor = web.EncodeCursor("logged-events", &next)
	}
	out.Body.Items = list
	return out, nil
}

// readLog returns some events that meet a condition, the newest first. Those of the same second are in an
// order that does not change. Only the seconds in question are sorted: there is an index of the times alone.
func readLog(
	ctx context.Context, db *database.DB, condition string, args []any, skip, limit int,
) ([]loggedEvent, error) {
	var oldest int64
	found, err := db.Get(ctx, []any{&oldest}, "SELECT UNIX_TIMESTAMP(datetime) FROM {eventlog} WHERE "+condition+
		" ORDER BY datetime DESC LIMIT 1 OFFSET ?", append(args[:len(args):len(args)], skip+limit-1)...)
	if err != nil {
		return nil, err
	}
	if found {
		condition, args = condition+" AND datetime >= FROM_UNIXTIME(?)", append(args[:len(args):len(args)], oldest)
	}
	list := []loggedEvent{}
	err = db.Select(ctx, func(rows *sql.Rows) error {
		var at int64
		var user sql.NullInt64
		var handle sql.NullString
		var address []byte
		var params string
		var e loggedEvent
		if err := rows.Scan(&at, &e.Event, &user, &handle, &address, &params); err != nil {
			return err
		}
		e.At, e.IP, e.Params = time.Unix(at, 0).UTC(), loggedAddress(address), loggedParams(params)
		if user.Valid {
			e.User = &loggedUser{int(user.Int64), handle.String}
		}
		list = append(list, e)
		return nil
	}, "SELECT UNIX_TIMESTAMP(datetime), event, userid, handle, ipaddress, params FROM {eventlog} WHERE "+
		condition+" ORDER BY datetime DESC, event, userid, params, ipaddress LIMIT ? OFFSET ?",
		append(args[:len(args):len(args)], limit, skip)...)
	return list, err
}
