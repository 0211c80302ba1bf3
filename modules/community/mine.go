package community

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site/option"
)

// favorites are the questions, users, tags and categories that a user follows.
type favorites struct {
	Questions  []qa.QuestionItem `json:"questions" doc:"The newest first"`
	Users      []auth.Author     `json:"users" doc:"By handle"`
	Tags       []qa.Tag          `json:"tags" doc:"Most used first"`
	Categories []qa.Category     `json:"categories" doc:"By title"`
}

type favoritesOutput struct{ Body favorites }

type updatesInput struct {
	About string `query:"about" enum:"all,favorites,mine" default:"all" doc:"All updates, only those of favourites, or only those of one's own posts"`
}

// notice is a message from the site to a user.
type notice struct {
	ID        int       `json:"id"`
	Content   string    `json:"content" doc:"As stored"`
	Format    string    `json:"format" enum:"plain,html"`
	HTML      string    `json:"html" doc:"The content as HTML that is safe to show"`
	CreatedAt time.Time `json:"createdAt"`
}

type noticesOutput struct{ Body web.List[notice] }

// message is a private message or a post on a wall.
type message struct {
	ID        int          `json:"id"`
	From      *auth.Author `json:"from,omitempty" doc:"Absent when the account was deleted"`
	To        *auth.Author `json:"to,omitempty" doc:"Absent when the account was deleted"`
	Content   string       `json:"content" doc:"As stored"`
	HTML      string       `json:"html" doc:"The content as HTML that is safe to show"`
	CreatedAt time.Time    `json:"createdAt"`
}

type messagesInput struct {
	web.Page
	Box string `query:"box" enum:"in,out" default:"in" doc:"Received or sent"`
}

type messagesOutput struct{ Body web.List[message] }

func (m *Module) registerMine(api huma.API) {
	operation := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/v1/me/" + path,
			Summary: summary, Tags: []string{"Me"}, Errors: []int{http.StatusForbidden}}
	}
	web.Register(api, operation("list-favorites", "favorites", "One's own favourites"),
		func(ctx context.Context, _ *struct{}) (*favoritesOutput, error) {
			return m.favorites(ctx)
		})
	web.Register(api, operation("list-updates", "updates",
		"What happened to one's own posts and favourites, each question once"), m.listUpdates)
	web.Register(api, operation("list-notices", "notices",
		"Messages of the site to the caller, the oldest first"), m.listNotices)
	messages := operation("list-messages", "messages", "Private messages, the newest first")
	messages.Errors = append(messages.Errors, http.StatusNotFound) // where they are switched off
	web.Register(api, messages, m.listMessages)
	web.Register(api, operation("list-conversation", "messages/{handle}",
		"Private messages with one user, the newest first"), m.listConversation)
}

// favorites returns the caller's favourites.
func (m *Module) favorites(ctx context.Context) (*favoritesOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	out := &favoritesOutput{Body: favorites{Users: []auth.Author{}, Tags: []qa.Tag{},
		Categories: []qa.Category{}}}
	if out.Body.Questions, err = m.qa.FavoriteQuestions(ctx, caller.UserID); err != nil {
		return nil, err
	}
	accounts, err := m.auth.Accounts(ctx,
		"up.userid IS NOT NULL AND u.userid IN (SELECT entityid FROM {userfavorites} WHERE userid = ? AND entitytype = 'U') ORDER BY u.handle",
		caller.UserID)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		out.Body.Users = append(out.Body.Users, *a.Author(o))
	}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var t qa.Tag
		err := rows.Scan(&t.Tag, &t.QuestionCount)
		out.Body.Tags = append(out.Body.Tags, t)
		return err
	}, `SELECT w.word, w.tagcount
		FROM {words} w
		JOIN {userfavorites} f ON f.entityid = w.wordid
		WHERE f.userid = ? AND f.entitytype = 'T'
		ORDER BY w.tagcount DESC, w.wordid DESC`,
		caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("read favourite tags: %w", err)
	}
	var categories []int
	err = m.db.Select(ctx, database.Append(&categories),
		"SELECT entityid FROM {userfavorites} WHERE userid = ? AND entitytype = 'C'", caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("read favourite categories: %w", err)
	}
	for _, id := range categories {
		c, err := m.qa.CategoryRef(ctx, id)
		if err != nil {
			return nil, err
		}
		if c != nil {
			out.Body.Categories = append(out.Body.Categories, *c)
		}
	}
	slices.SortStableFunc(out.Body.Categories,
		func(a, b qa.Category) int { return cmp.Compare(a.Title, b.Title) })
	return out, nil
}

func sortLevels(levels []categoryLevel) {
	slices.SortFunc(levels, func(a, b categoryLevel) int { return cmp.Compare(a.Category.ID, b.Category.ID) })
}

func (m *Module) listUpdates(ctx context.Context, in *updatesInput) (*userPostsOutput, error) {
	if _, err := auth.RequireUser(ctx); err != nil {
		return nil, err
	}
	items, err := m.qa.UpdatesFor(ctx, in.About != "favorites", in.About != "mine")
	return &userPostsOutput{Body: web.List[qa.ActivityItem]{Items: items}}, err
}

func (m *Module) listNotices(ctx context.Context, _ *struct{}) (*noticesOutput, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	out := &noticesOutput{Body: web.List[notice]{Items: []notice{}}}
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var n notice
		var created int64
		if err := rows.Scan(&n.ID, &n.Content, &n.Format, &created); err != nil {
			return err
		}
		n.CreatedAt, n.HTML = time.Unix(created, 0).UTC(), m.qa.HTML(o, n.Content, n.Format)
		if n.Format == "" {
			n.Format = "plain"
		}
		out.Body.Items = append(out.Body.Items, n)
		return nil
	}, `SELECT noticeid, content, format, UNIX_TIMESTAMP(created)
		FROM {usernotices}
		WHERE userid = ?
		ORDER BY created, noticeid`,
		caller.UserID)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	return out, nil
}

func (m *Module) listWall(ctx context.Context, in *userListInput) (*messagesOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if !o.Bool(option.AllowUserWalls) {
		return nil, problem.New(problem.CodeFeatureOff)
	}
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	out, err := m.messages(ctx, "wall", o.Int(option.PageSizeWall), in.Page,
		"m.type = 'PUBLIC' AND m.touserid = ?", a.ID)
	if err == nil {
		out.Body.Total = &a.WallPosts
	}
	return out, err
}

func (m *Module) listMessages(ctx context.Context, in *messagesInput) (*messagesOutput, error) {
	caller, size, err := m.messenger(ctx)
	if err != nil {
		return nil, err
	}
	condition := "m.type = 'PRIVATE' AND m.touserid = ? AND m.tohidden = 0"
	if in.Box == "out" {
		condition = "m.type = 'PRIVATE' AND m.fromuserid = ? AND m.fromhidden = 0"
	}
	return m.messages(ctx, "messages-"+in.Box, size, in.Page, condition, caller.UserID)
}

func (m *Module) listConversation(ctx context.Context, in *userListInput) (*messagesOutput, error) {
	caller, size, err := m.messenger(ctx)
	if err != nil {
		return nil, err
	}
	a, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	return m.messages(ctx, "conversation", size, in.Page,
		`m.type = 'PRIVATE' AND (m.touserid = ? AND m.fromuserid = ? AND m.tohidden = 0
			OR m.fromuserid = ? AND m.touserid = ? AND m.fromhidden = 0)`,
		caller.UserID, a.ID, caller.UserID, a.ID)
}

// messenger returns the caller and the page size of lists of private messages. It returns an error
// if the caller is not signed in or the site has private messages turned off.
func (m *Module) messenger(ctx context.Context) (auth.Caller, int, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return caller, 0, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return caller, 0, err
	}
	if !o.Bool(option.AllowPrivateMessages) {
		return caller, 0, problem.New(problem.CodeFeatureOff)
	}
	return caller, o.Int(option.PageSizePms), nil
}

// messagePosition is a position in a list of messages.
type messagePosition struct {
	Created int64 `json:"c"`
	ID      int   `json:"id"`
}

// Valid reports whether a message can have such a position.
func (p *messagePosition) Valid() bool { return web.ValidUnix(p.Created) && web.ValidID(p.ID) }

// messages returns one page of the messages that meet a condition, the newest first. The condition
// calls the table m.
func (m *Module) messages(
	ctx context.Context, list string, pageSize int, page web.Page, condition string, args ...any,
) (*messagesOutput, error) {
	if err := page.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	size := page.Size(pageSize)
	if page.Cursor != "" {
		var at messagePosition
		if err := web.DecodeCursor(list, page.Cursor, &at); err != nil {
			return nil, err
		}
		condition += ` AND (UNIX_TIMESTAMP(m.created) < ?
			OR UNIX_TIMESTAMP(m.created) = ? AND m.messageid < ?)`
		args = append(args, at.Created, at.Created, at.ID)
	}
	out := &messagesOutput{Body: web.List[message]{Items: []message{}}}
	var people []int
	var ends [][2]int
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var msg message
		var from, to sql.NullInt64
		var format string
		var created int64
		if err := rows.Scan(&msg.ID, &from, &to, &msg.Content, &format, &created); err != nil {
			return err
		}
		if len(out.Body.Items) == size {
			last := out.Body.Items[size-1]
			out.Body.NextCursor = web.EncodeCursor(list, &messagePosition{last.CreatedAt.Unix(), last.ID})
			return nil
		}
		msg.CreatedAt, msg.HTML = time.Unix(created, 0).UTC(), m.qa.HTML(o, msg.Content, format)
		people = append(people, int(from.Int64), int(to.Int64))
		ends = append(ends, [2]int{int(from.Int64), int(to.Int64)})
		out.Body.Items = append(out.Body.Items, msg)
		return nil
	}, `SELECT m.messageid, m.fromuserid, m.touserid, m.content, m.format, UNIX_TIMESTAMP(m.created)
		FROM {messages} m
		WHERE `+condition+`
		ORDER BY m.created DESC, m.messageid DESC LIMIT ? OFFSET ?`,
		append(args, size+1, page.Offset(size))...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	authors, err := m.auth.Authors(ctx, o, people)
	if err != nil {
		return nil, err
	}
	for i, e := range ends {
		out.Body.Items[i].From, out.Body.Items[i].To = authors[e[0]], authors[e[1]]
	}
	return out, nil
}
