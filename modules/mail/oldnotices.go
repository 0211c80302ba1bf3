package mail

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// noticeTable is the table of the notices of a plugin of the old site. The plugin's source is not known:
// noticeid, read_flag and created are seen in what another plugin reads. The other columns are looked for.
const noticeTable = "sn_notice"

// noticesKnownFor is for how long it is remembered which columns the table has.
const noticesKnownFor = time.Minute

// noticeColumns are the columns of the plugin's table, as far as they are found; "" for those that are not.
type noticeColumns struct {
	id, user, read, created, content, link string
	// all are the names of all columns; none if there is no such table.
	all []string
	// known is when this was found out.
	known time.Time
}

// The names that the columns of the plugin's table may have, the likeliest first.
var (
	noticeUser    = []string{"userid", "user_id", "touserid", "to_userid", "recipientid"}
	noticeContent = []string{"content", "message", "notice", "text", "body", "title"}
	noticeLink    = []string{"url", "link", "path"}
)

// findNoticeColumns returns which columns hold what, given the names of all of them. Names are compared
// without regard to case, as MySQL does.
func findNoticeColumns(all []string) noticeColumns {
	find := func(names ...string) string {
		for _, name := range names {
			if slices.ContainsFunc(all, func(c string) bool { return strings.EqualFold(c, name) }) {
				return name
			}
		}
		return ""
	}
	return noticeColumns{id: find("noticeid"), user: find(noticeUser...), read: find("read_flag"),
		created: find("created"), content: find(noticeContent...), link: find(noticeLink...), all: all}
}

// usable reports whether all columns without which nothing can be shown are there.
func (c noticeColumns) usable() bool {
	return c.id != "" && c.user != "" && c.read != "" && c.created != "" && c.content != ""
}

// oldNoticeColumns returns the columns of the plugin's table. If they do not suffice, or there is no such
// table, the error is the problem feature_off.
func (m *Module) oldNoticeColumns(ctx context.Context) (noticeColumns, error) {
	c := m.noticeColumns.Load()
	if c == nil || time.Since(c.known) >= noticesKnownFor {
		all, err := m.db.Columns(ctx, noticeTable)
		if err != nil {
			return noticeColumns{}, fmt.Errorf("read the columns of %s: %w", noticeTable, err)
		}
		found := findNoticeColumns(all)
		found.known = time.Now()
		c = &found
		m.noticeColumns.Store(c)
	}
	if !c.usable() {
		return *c, problem.New(problem.CodeFeatureOff)
	}
	return *c, nil
}

// oldNotice is a notice of the old site's plugin.
type oldNotice struct {
	ID   int64     `json:"id"`
	Text string    `json:"text"`
	Link string    `json:"link,omitempty" doc:"An address, or a path on the old site; where the plugin stores one"`
	Read bool      `json:"read"`
	At   time.Time `json:"at"`
}

// oldNotices is a page of the notices of the old site's plugin.
type oldNotices struct {
	web.List[oldNotice]
	Unread int `json:"unread" doc:"How many are unread, on all pages"`
}

type oldNoticesOutput struct{ Body oldNotices }

type oldNoticesInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
	Unread bool   `query:"unread" doc:"Only those that are unread"`
}

type readOldNoticesInput struct {
	Body struct {
		UpTo int64 `json:"upTo,omitempty" minimum:"1" doc:"Id of the newest notice that has been seen; all if absent"`
	}
}

// oldNoticePosition is a position among the notices.
type oldNoticePosition struct {
	ID int64 `json:"i"`
}

// Valid reports whether a notice can have such a position.
func (p *oldNoticePosition) Valid() bool { return p.ID < 1<<32 && web.ValidID(int(p.ID)) }

func (m *Module) registerOldNotices(api huma.API) {
	operation := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/me/old-notices" + path,
			Summary: summary, Tags: []string{"Me"}, Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	}
	list := operation("list-old-notices", http.MethodGet, "",
		"What the old site's own plugin tells the caller, the newest first")
	list.Description = "Beside the inbox, for what happens on the old site: the rows of the table sn_notice. Where " +
		"the site has none, this is 404 (feature_off)."
	web.Register(api, list, m.listOldNotices)
	web.Register(api, operation("read-old-notices", http.MethodPut, "/read",
		"Mark the notices of the old site's plugin as read"), m.readOldNotices)
}

func (m *Module) listOldNotices(ctx context.Context, in *oldNoticesInput) (*oldNoticesOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	c, err := m.oldNoticeColumns(ctx)
	if err != nil {
		return nil, err
	}
	condition, args := c.user+" = ?", []any{caller.UserID}
	if in.Unread {
		condition += " AND " + c.read + " = 0"
	}
	if in.Cursor != "" {
		var at oldNoticePosition
		if err := web.DecodeCursor("old-notices", in.Cursor, &at); err != nil {
			return nil, err
		}
		condition += " AND " + c.id + " < ?"
		args = append(args, at.ID)
	}
	link := c.link
	if link == "" {
		link = "NULL"
	}
	out := &oldNoticesOutput{Body: oldNotices{List: web.List[oldNotice]{Items: []oldNotice{}}}}
	items := &out.Body.Items
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var n oldNotice
		var at int64
		var read sql.NullBool
		var text, address sql.NullString
		err := rows.Scan(&n.ID, &read, &at, &text, &address)
		n.Read, n.At, n.Link = read.Bool, time.Unix(at, 0).UTC(), safeLink(address.String)
		n.Text = m.settings.Text(text.String, "html")
		*items = append(*items, n)
		return err
	}, "SELECT "+strings.Join([]string{c.id, c.read, "COALESCE(UNIX_TIMESTAMP(" + c.created + "), 0)", c.content,
		link}, ", ")+" FROM {sn_notice} WHERE "+condition+" ORDER BY "+c.id+" DESC LIMIT ?",
		append(args, in.Limit+1)...)
	if err != nil {
		return nil, fmt.Errorf("read the notices of the plugin: %w", err)
	}
	if len(*items) > in.Limit {
		*items = (*items)[:in.Limit]
		out.Body.NextCursor = web.EncodeCursor("old-notices", &oldNoticePosition{(*items)[in.Limit-1].ID})
	}
	out.Body.Unread, err = m.unreadOldNotices(ctx, c, caller.UserID)
	return out, err
}

// safeLink returns an address that a browser can follow without running it as a script, or "".
func safeLink(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Opaque != "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

func (m *Module) unreadOldNotices(ctx context.Context, c noticeColumns, userID int) (n int, err error) {
	if _, err := m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {sn_notice} WHERE "+c.user+" = ? AND "+c.read+
		" = 0", userID); err != nil {
		return 0, fmt.Errorf("count the notices of the plugin: %w", err)
	}
	return n, nil
}

func (m *Module) readOldNotices(ctx context.Context, in *readOldNoticesInput) (*unreadOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	c, err := m.oldNoticeColumns(ctx)
	if err != nil {
		return nil, err
	}
	condition, args := "", []any{caller.UserID}
	if in.Body.UpTo != 0 {
		condition, args = " AND "+c.id+" <= ?", append(args, in.Body.UpTo)
	}
	if _, err := m.db.Change(ctx, "UPDATE {sn_notice} SET "+c.read+" = 1 WHERE "+c.user+" = ? AND "+c.read+" = 0"+
		condition, args...); err != nil {
		return nil, fmt.Errorf("mark the notices of the plugin: %w", err)
	}
	out := &unreadOutput{}
	out.Body.Unread, err = m.unreadOldNotices(ctx, c, caller.UserID)
	return out, err
}

// ExamineNotices returns what the doctor says of the table of the old site's plugin for notices; nothing if there
// is none.
func ExamineNotices(ctx context.Context, db *database.DB) []site.Finding {
	all, err := db.Columns(ctx, noticeTable)
	if err != nil {
		return []site.Finding{{Severity: "error", Topic: "notices", Text: fmt.Sprintf("%s cannot be read: %v",
			noticeTable, err)}}
	}
	if len(all) == 0 {
		return nil
	}
	c := findNoticeColumns(all)
	if !c.usable() {
		var missing []string
		for what, column := range map[string]string{"noticeid": c.id, "the user's id": c.user, "read_flag": c.read,
			"created": c.created, "the text": c.content} {
			if column == "" {
				missing = append(missing, what)
			}
		}
		slices.Sort(missing)
		return []site.Finding{{Severity: "warning", Topic: "notices", Text: fmt.Sprintf(
			"the table %s is left alone: no column is known to be %s. It has %s", noticeTable,
			strings.Join(missing, ", "), strings.Join(all, ", "))}}
	}
	return []site.Finding{{Severity: "note", Topic: "notices", Text: fmt.Sprintf(
		"the table %s is shown beside the inbox: user %s, text %s (as HTML), link %s. It has %s", noticeTable,
		c.user, c.content, orNone(c.link), strings.Join(all, ", "))}}
}

func orNone(name string) string {
	if name == "" {
		return "none"
	}
	return name
}
