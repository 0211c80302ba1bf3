package community

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

type wallInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"The handle of the wall's owner, in any case of letters"`
	Body   struct {
		Content string `json:"content" minLength:"1" maxLength:"32000" doc:"Plain text of up to 8,000 characters"`
	}
}

type messageOutput struct{ Body message }

func (m *Module) registerWalls(api huma.API) {
	o := messageOperation("write-on-wall", http.MethodPost, "users/{handle}/wall",
		"Write on the wall of a user")
	o.Tags = []string{"Users"}
	web.Register(api, o, m.writeOnWall)
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
	out, err := m.messagePage(ctx, o, "wall", o.Int(option.PageSizeWall), in.Page,
		messageArm{"m.type = 'PUBLIC' AND m.touserid = ?", []any{a.ID}})
	if err == nil {
		out.Body.Total = &a.WallPosts
	}
	return out, err
}

// mayWriteOnWall returns the problem for which the caller may not write on a wall, nil if the caller may. A
// closed wall is open to its owner.
func mayWriteOnWall(o *site.Options, c auth.Caller, owner partner, muted bool) *problem.Error {
	switch {
	case !o.Bool(option.AllowUserWalls):
		return problem.New(problem.CodeFeatureOff)
	case c.UserID == owner.id: // who cannot have been muted
	case owner.flags&auth.FlagNoWallPosts != 0:
		return problem.New(codeWallClosed)
	case muted:
		return problem.New(auth.CodeMuted)
	}
	return auth.Refusal(o, c, option.PermitPostWall, c.Level)
}

func (m *Module) writeOnWall(ctx context.Context, in *wallInput) (*messageOutput, error) {
	if _, err := auth.RequireUser(ctx); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if !o.Bool(option.AllowUserWalls) {
		return nil, problem.New(problem.CodeFeatureOff)
	}
	owner, err := m.auth.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	text, err := m.qa.PrepareText(ctx, in.Body.Content, "plain", maxMessage)
	if err != nil {
		return nil, err
	}
	id, err := m.auth.Write(ctx, func(w *auth.Writer) (int, error) { return m.writeWallPost(w, owner, text) })
	if err != nil {
		return nil, err
	}
	rows, err := m.readMessages(ctx, "SELECT "+messageColumns+" FROM {messages} m WHERE m.messageid = ?", id)
	if err == nil && len(rows) == 0 {
		err = problem.NotFound() // deleted in the meantime
	}
	if err != nil {
		return nil, err
	}
	shown, err := m.showMessages(ctx, o, rows)
	if err != nil {
		return nil, err
	}
	return &messageOutput{shown[0]}, nil
}

// writeWallPost writes a post on a wall and returns its id. As in Q2A, the time of the account's last write
// stays.
func (m *Module) writeWallPost(w *auth.Writer, owner auth.Account, text qa.StoredText) (int, error) {
	people, err := lockPartners(w.Ctx, w.Tx, w.Caller.UserID, owner.ID)
	if err != nil {
		return 0, err
	}
	of, there := people[owner.ID]
	if !there {
		return 0, problem.NotFound()
	}
	relations, err := m.relations(w.Ctx, w.Tx, false, people[w.Caller.UserID], []partner{of})
	if err != nil {
		return 0, err
	}
	if p := mayWriteOnWall(w.Options, w.Caller, of, relations[of.id].muted); p != nil {
		return 0, p
	}
	if err := auth.CheckLimit(w.Ctx, w.Tx, w.Options, w.Caller, auth.WallPosts); err != nil {
		return 0, err
	}
	id, err := m.insertMessage(w, "PUBLIC", owner.ID, text)
	if err != nil {
		return 0, err
	}
	if err := auth.CountWallPosts(w.Ctx, w.Tx, owner.ID); err != nil {
		return 0, err
	}
	w.ReportTo([]int{owner.ID}, "u_wall_post", "userid", owner.ID, "handle", owner.Handle,
		"messageid", id, "content", text.Content, "format", text.Format, "text", text.Content)
	return id, auth.Charge(w.Ctx, w.Tx, w.Caller, auth.WallPosts)
}

// mayDeleteFromWall reports whether the caller may delete a post from a wall: its owner may, and
// whoever may hide posts and delete hidden ones; and its author may, until somebody else writes on the
// wall, as long as the post is on the wall's first page. Q2A does not ask whether the owner or the
// author is blocked.
func mayDeleteFromWall(o *site.Options, c auth.Caller, owner, author int, newer, byOthers int) bool {
	switch {
	case c.Anonymous():
		return false
	case c.UserID == owner,
		c.UserID == author && byOthers == 0 && newer < o.Int(option.PageSizeWall):
		return true
	}
	return auth.Permit(o, c, option.PermitHideShow, c.Level) == auth.Permitted &&
		auth.Permit(o, c, option.PermitDeleteHidden, c.Level) == auth.Permitted
}

// deleteWallPost deletes a post from a wall, if the caller may do that.
func (m *Module) deleteWallPost(w *auth.Writer, s storedMessage) error {
	if !w.Options.Bool(option.AllowUserWalls) {
		return problem.New(problem.CodeFeatureOff)
	}
	newer, byOthers := 0, 0
	if s.from == w.Caller.UserID && s.to != w.Caller.UserID {
		_, err := w.Tx.Get(w.Ctx, []any{&newer, &byOthers}, `
			SELECT COUNT(*), COALESCE(SUM(CASE WHEN fromuserid = ? THEN 0 ELSE 1 END), 0)
			FROM {messages}
			WHERE type = 'PUBLIC' AND touserid = ? AND created >= FROM_UNIXTIME(?)
				AND (created > FROM_UNIXTIME(?) OR messageid > ?)`,
			s.from, s.to, s.created, s.created, s.id)
		if err != nil {
			return fmt.Errorf("count the newer posts on a wall: %w", err)
		}
	}
	if !mayDeleteFromWall(w.Options, w.Caller, s.to, s.from, newer, byOthers) {
		return problem.New(auth.CodePermissionLevel)
	}
	if err := m.removeMessage(w, s); err != nil {
		return err
	}
	if s.to != 0 {
		if err := auth.CountWallPosts(w.Ctx, w.Tx, s.to); err != nil {
			return err
		}
	}
	w.Report("u_wall_delete", "messageid", s.id, "oldmessage", wallRecord(s))
	return nil
}

// recordedFields is how many fields Q2A's record of a post on a wall has.
const recordedFields = 21

// wallRecord returns a post on a wall as an event tells it. Q2A's record also has what the pages show of
// the author and the owner.
func wallRecord(s storedMessage) events.Record {
	id := func(user int) any {
		if user == 0 {
			return nil
		}
		return user
	}
	return events.Record{Fields: recordedFields, Row: map[string]any{
		"messageid": s.id, "fromuserid": id(s.from), "touserid": id(s.to), "content": s.text.Content,
		"format": s.text.Format, "created": time.Unix(s.created, 0).UTC().Format(time.RFC3339),
	}}
}
