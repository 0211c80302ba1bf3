package community

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// maxMessage is how many characters a message may have: the size of the column of the plugin's groups,
// which also holds for private messages and posts on walls, since that of Q2A's own column depends on
// its settings.
const maxMessage = 8000

// overwritten is what the old site's plugin writes in place of a message that was deleted.
const overwritten = "メッセージが削除されました。"

// message is a private message, a message in a group, or a post on a wall.
type message struct {
	ID        int          `json:"id"`
	From      *auth.Author `json:"from,omitempty" doc:"Absent when the account was deleted"`
	To        *auth.Author `json:"to,omitempty" doc:"Absent in groups, and when the account was deleted"`
	Content   string       `json:"content" doc:"As stored"`
	Format    string       `json:"format" enum:"plain,html"`
	HTML      string       `json:"html" doc:"The content as HTML that is safe to show"`
	Deleted   bool         `json:"deleted,omitempty" doc:"Whether somebody deleted the message; its content says so then"`
	CreatedAt time.Time    `json:"createdAt"`
}

type messagesInput struct {
	web.Page
	Box string `query:"box" enum:"in,out" default:"in" doc:"Received or sent"`
}

type messagesOutput struct{ Body web.List[message] }

// messageBody is the body of a request that writes a message.
type messageBody struct {
	Content string `json:"content" minLength:"1" maxLength:"48000" doc:"The text, in the format; what becomes of it may have 8,000 characters"`
	Format  string `json:"format,omitempty" enum:"plain,html,markdown" doc:"How content is written; plain by default. HTML, which is cleaned, and Markdown, which becomes HTML, only where the site's messages are HTML"`
}

// messageOperation returns an operation with messages, with what all of them have in common.
func messageOperation(id, method, path, summary string) huma.Operation {
	o := huma.Operation{OperationID: id, Method: method, Path: "/v1/" + path, Summary: summary,
		Tags: []string{"Me"}, Errors: []int{http.StatusForbidden, http.StatusNotFound}}
	switch method {
	case http.MethodPost:
		o.DefaultStatus = http.StatusCreated
	case http.MethodDelete:
		o.DefaultStatus = http.StatusNoContent
	}
	return o
}

func (m *Module) registerMessages(api huma.API) {
	get := func(id, path, summary string) huma.Operation {
		return messageOperation(id, http.MethodGet, "me/"+path, summary)
	}
	web.Register(api, get("list-messages", "messages", "Private messages, the newest first"), m.listMessages)
	web.Register(api, get("list-conversation", "messages/{handle}",
		"Private messages with one user, the newest first"), m.listConversation)
	m.registerSending(api)
	m.registerDeletingMessages(api)
	m.registerConversations(api)
	m.registerCandidates(api)
	m.registerReading(api)
	m.registerGroups(api)
	m.registerGroupMembers(api)
	m.registerGroupMessages(api)
	m.registerWalls(api)
}

func (m *Module) listMessages(ctx context.Context, in *messagesInput) (*messagesOutput, error) {
	caller, o, err := m.messageReader(ctx)
	if err != nil {
		return nil, err
	}
	box := messageArm{"m.type = 'PRIVATE' AND m.touserid = ? AND m.tohidden = 0", []any{caller.UserID}}
	if in.Box == "out" {
		box.where = "m.type = 'PRIVATE' AND m.fromuserid = ? AND m.fromhidden = 0"
	}
	return m.messagePage(ctx, o, "messages-"+in.Box, o.Int(option.PageSizePms), in.Page, box)
}

func (m *Module) listConversation(ctx context.Context, in *userListInput) (*messagesOutput, error) {
	caller, o, err := m.messageReader(ctx)
	if err != nil {
		return nil, err
	}
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	return m.messagePage(ctx, o, "conversation", o.Int(option.PageSizePms), in.Page,
		messageArm{"m.type = 'PRIVATE' AND m.fromuserid = ? AND m.touserid = ? AND m.tohidden = 0",
			[]any{a.ID, caller.UserID}},
		messageArm{"m.type = 'PRIVATE' AND m.fromuserid = ? AND m.touserid = ? AND m.fromhidden = 0",
			[]any{caller.UserID, a.ID}})
}

// messenger returns the caller and the site's options. It returns a problem if the caller is not signed in
// or the site has private messages turned off.
func (m *Module) messenger(ctx context.Context) (auth.Caller, *site.Options, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return caller, nil, err
	}
	o, err := m.site.Options(ctx)
	if err == nil && !o.Bool(option.AllowPrivateMessages) {
		err = problem.New(problem.CodeFeatureOff)
	}
	return caller, o, err
}

// messageReader is like messenger, for operations that show messages. As in Q2A there are none to see
// on a site that does not keep them.
func (m *Module) messageReader(ctx context.Context) (auth.Caller, *site.Options, error) {
	caller, o, err := m.messenger(ctx)
	if err == nil && !o.Bool(option.ShowMessageHistory) {
		err = problem.New(problem.CodeFeatureOff)
	}
	return caller, o, err
}

// messagePosition is a position in a list of messages.
type messagePosition struct {
	Created int64 `json:"c"`
	ID      int   `json:"id"`
}

// Valid reports whether a message can have such a position.
func (p *messagePosition) Valid() bool { return web.ValidUnix(p.Created) && web.ValidID(p.ID) }

// messageArm is a condition on messages, which the table m stands for, that one of Q2A's keys answers.
type messageArm struct {
	where string
	args  []any
}

// messagePage returns one page of the messages that meet any of the conditions, the newest first. Each
// condition is a query of its own, so that each follows a key and ends with the page.
func (m *Module) messagePage(ctx context.Context, o *site.Options, list string, pageSize int, page web.Page,
	arms ...messageArm,
) (*messagesOutput, error) {
	if err := page.Check(); err != nil {
		return nil, err
	}
	size, offset := page.Size(pageSize), 0
	var after string
	var afterArgs []any
	if page.Cursor != "" {
		var at messagePosition
		if err := web.DecodeCursor(list, page.Cursor, &at); err != nil {
			return nil, err
		}
		after = ` AND m.created <= FROM_UNIXTIME(?) AND (m.created < FROM_UNIXTIME(?) OR m.messageid < ?)`
		afterArgs = []any{at.Created, at.Created, at.ID}
	} else {
		offset = page.Offset(size)
	}
	parts, args := make([]string, len(arms)), []any{}
	for i, arm := range arms {
		parts[i] = fmt.Sprintf(`SELECT * FROM (SELECT m.messageid, m.created FROM {messages} m WHERE %s%s
			ORDER BY m.created DESC, m.messageid DESC LIMIT ?) a%d`, arm.where, after, i)
		args = append(append(append(args, arm.args...), afterArgs...), offset+size+1)
	}
	found, err := m.readMessages(ctx, `SELECT `+messageColumns+`
		FROM (`+strings.Join(parts, " UNION ALL ")+`) p JOIN {messages} m ON m.messageid = p.messageid
		ORDER BY p.created DESC, p.messageid DESC LIMIT ? OFFSET ?`, append(args, size+1, offset)...)
	if err != nil {
		return nil, err
	}
	out := &messagesOutput{}
	if len(found) > size {
		found = found[:size]
		last := found[size-1]
		out.Body.NextCursor = web.EncodeCursor(list, &messagePosition{last.created, last.id})
	}
	out.Body.Items, err = m.showMessages(ctx, o, found)
	return out, err
}

// messageRow is a row of the messages of Q2A or of the plugin's groups. from and to are 0 for deleted
// accounts.
type messageRow struct {
	id, from, to int
	text         qa.StoredText
	created      int64
}

// messageColumns are the columns that readMessages reads of the table m.
const messageColumns = `m.messageid, m.fromuserid, m.touserid, m.content, m.format, UNIX_TIMESTAMP(m.created)`

func (m *Module) readMessages(ctx context.Context, query string, args ...any) ([]messageRow, error) {
	var found []messageRow
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var r messageRow
		var from, to sql.NullInt64
		var content sql.NullString
		err := rows.Scan(&r.id, &from, &to, &content, &r.text.Format, &r.created)
		r.from, r.to, r.text.Content = int(from.Int64), int(to.Int64), content.String
		found = append(found, r)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return found, nil
}

// showMessages returns messages as the API shows them, in the same order.
func (m *Module) showMessages(ctx context.Context, o *site.Options, rows []messageRow) ([]message, error) {
	var people []int
	for _, r := range rows {
		people = append(people, r.from, r.to)
	}
	authors, err := m.auth.Authors(ctx, o, distinct(people))
	if err != nil {
		return nil, err
	}
	return m.messagesBy(ctx, o, rows, authors)
}

// messagesBy is like showMessages, for callers who have read the authors already.
func (m *Module) messagesBy(
	ctx context.Context, o *site.Options, rows []messageRow, authors map[int]*auth.Author,
) ([]message, error) {
	texts := make([]qa.StoredText, len(rows))
	for i, r := range rows {
		texts[i] = r.text
	}
	shown, err := m.qa.ShowTexts(ctx, o, texts)
	if err != nil {
		return nil, err
	}
	messages := make([]message, len(rows))
	for i, r := range rows {
		messages[i] = message{ID: r.id, From: authors[r.from], To: authors[r.to], Content: r.text.Content,
			Format: formatName(r.text.Format), HTML: shown[i], Deleted: r.text.Content == overwritten,
			CreatedAt: time.Unix(r.created, 0).UTC()}
	}
	return messages, nil
}

// formatName returns the API's name of a format in which a message is stored. As in Q2A, what is not HTML
// is shown as plain text.
func formatName(stored string) string {
	if stored == "html" {
		return "html"
	}
	return "plain"
}

// prepareMessage returns the text of a message as it is stored. plugins says whether it may be HTML.
func (m *Module) prepareMessage(
	ctx context.Context, plugins messagePlugins, body messageBody,
) (qa.StoredText, error) {
	if body.Format != "" && body.Format != "plain" && !plugins.on {
		return qa.StoredText{}, problem.Invalid(problem.Field{Name: "format", Code: problem.FieldNotInList,
			Args: []any{"plain"}})
	}
	return m.qa.PrepareText(ctx, body.Content, body.Format, maxMessage)
}

// distinct returns the ids that are not 0, each once, in the same order.
func distinct(ids []int) []int {
	seen := map[int]bool{0: true}
	var list []int
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}

// tooLong reports whether the content of a message does not fit its column.
func tooLong(content string) bool { return utf8.RuneCountInString(content) > maxMessage }
