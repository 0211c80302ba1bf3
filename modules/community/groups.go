package community

import (
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
	"38qa.net/backend/modules/site/option"
)

// group is a group of users who write to each other, as one of them sees it.
type group struct {
	ID        int           `json:"id"`
	Title     string        `json:"title,omitempty"`
	Members   []auth.Author `json:"members" doc:"The caller among them"`
	Notify    bool          `json:"notify" doc:"Whether the caller wants to be told of new messages"`
	CreatedAt time.Time     `json:"createdAt"`
}

type groupsOutput struct{ Body web.List[group] }

type groupOutput struct{ Body group }

type groupInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295"`
}

type groupListInput struct {
	ID int `path:"id" minimum:"1" maximum:"4294967295"`
	web.Page
}

type groupPatchInput struct {
	ID   int `path:"id" minimum:"1" maximum:"4294967295"`
	Body struct {
		Notify *bool `json:"notify,omitempty" doc:"Whether to be told of new messages"`
	}
}

// The bounds of a group, with whoever starts it.
const (
	leastMembers = 3
	mostMembers  = 10
	// mostGroups is how many groups of a user are listed.
	mostGroups = 1000
)

func (m *Module) registerGroups(api huma.API) {
	web.Register(api, messageOperation("list-groups", http.MethodGet, "me/groups",
		"One's own groups, the one with the newest message first"), m.listGroups)
	web.Register(api, messageOperation("start-group", http.MethodPost, "me/groups",
		"Start a group with other users, or find the one that the same users have"), m.startGroup)
	web.Register(api, messageOperation("get-group", http.MethodGet, "me/groups/{id}",
		"One of one's own groups"), m.getGroup)
	web.Register(api, messageOperation("change-group", http.MethodPatch, "me/groups/{id}",
		"Say whether one wants to be told of a group's messages"), m.changeGroup)
	web.Register(api, messageOperation("leave-group", http.MethodDelete, "me/groups/{id}",
		"Leave a group; its messages cannot be read any more then"), m.leaveGroup)
}

// groupCaller returns the caller. It returns a problem if the caller is not signed in or the site has no
// groups.
func (m *Module) groupCaller(ctx context.Context) (auth.Caller, error) {
	caller, err := auth.RequireUser(ctx)
	if err != nil {
		return caller, err
	}
	return caller, m.requireGroups(ctx)
}

// groupMember returns the caller, who must be a member of the group, or else not_found: who is none is not
// told whether there is such a group.
func (m *Module) groupMember(ctx context.Context, id int) (auth.Caller, error) {
	caller, err := m.groupCaller(ctx)
	if err != nil {
		return caller, err
	}
	return caller, requireMember(ctx, m.db, id, caller.UserID, false)
}

// requireMember returns not_found if the user is not a member of the group. With lock, a member stays
// one until the transaction ends.
func requireMember(ctx context.Context, db *database.DB, group, user int, lock bool) error {
	query := "SELECT 1 FROM {msg_group_users} WHERE groupid = ? AND userid = ? AND `join` = 1"
	if lock {
		query += db.ForUpdate()
	}
	var one int
	found, err := db.Get(ctx, []any{&one}, query, group, user)
	if err != nil {
		return fmt.Errorf("read who is in a group: %w", err)
	}
	if !found {
		return problem.NotFound()
	}
	return nil
}

// groupRow is a group of a user.
type groupRow struct {
	id, created int
	title       string
	notify      bool
	latest      messageRow
	// readID and own are the ids of the latest message that the user has read, and has written, 0 for
	// none.
	readID, own int
}

// shown returns the group as the API shows it. Members whose accounts were deleted are left out.
func (g *groupRow) shown(authors map[int]*auth.Author, members []int) group {
	s := group{ID: g.id, Title: g.title, Members: []auth.Author{}, Notify: g.notify,
		CreatedAt: time.Unix(int64(g.created), 0).UTC()}
	for _, id := range members {
		if a := authors[id]; a != nil {
			s.Members = append(s.Members, *a)
		}
	}
	return s
}

// listGroupRows returns the user's groups after a position, with their latest messages.
func (m *Module) listGroupRows(ctx context.Context, user int, after conversationPosition) ([]listed, error) {
	if err := m.followGroups(ctx); err != nil {
		return nil, err
	}
	var all []listed
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		c := listed{conversationPosition: conversationPosition{Kind: kindGroup}}
		g := &c.group
		var title sql.NullString
		if err := rows.Scan(&g.id, &title, &g.created, &g.notify, &g.latest.id, &g.latest.created, &g.own,
			&g.readID); err != nil {
			return err
		}
		g.title = title.String
		c.ID, c.At = g.id, max(int64(g.created), g.latest.created)
		if after.At == 0 || after.compare(c.conversationPosition) < 0 {
			all = append(all, c)
		}
		return nil
	}, `SELECT g.groupid, g.title, UNIX_TIMESTAMP(g.created), u.notify <> 0,
			COALESCE(l.messageid, 0), COALESCE(l.created, 0),
			COALESCE((SELECT MAX(w.messageid) FROM {q2ab_group_messages} w
				WHERE w.groupid = u.groupid AND w.userid = u.userid), 0),
			COALESCE(c.read_id, 0)
		FROM {msg_group_users} u
		JOIN {msg_groups} g ON g.groupid = u.groupid
		LEFT JOIN {q2ab_conversations} c ON c.userid = u.userid AND c.kind = 'G' AND c.other = u.groupid
		LEFT JOIN {q2ab_group_messages} l ON l.groupid = u.groupid
			AND l.messageid =
				(SELECT MAX(i.messageid) FROM {q2ab_group_messages} i WHERE i.groupid = u.groupid)
		WHERE u.userid = ? AND u.`+"`join`"+` = 1
		ORDER BY u.groupid DESC LIMIT ?`, user, mostGroups)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	slices.SortFunc(all, func(a, b listed) int { return a.compare(b.conversationPosition) })
	return all, nil
}

// membersOf returns the members of the groups among the conversations, by group. It also fills in the
// groups' latest messages.
func (m *Module) membersOf(ctx context.Context, all []listed) (map[int][]int, error) {
	members := map[int][]int{}
	var groups, latest []int
	for _, c := range all {
		if c.Kind == kindGroup {
			groups, latest = append(groups, c.group.id), append(latest, c.group.latest.id)
		}
	}
	if len(groups) == 0 {
		return members, nil
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id, user int
		err := rows.Scan(&id, &user)
		members[id] = append(members[id], user)
		return err
	}, "SELECT groupid, userid FROM {msg_group_users} "+
		"WHERE groupid IN ? AND `join` = 1 ORDER BY groupid, userid", groups)
	if err != nil {
		return nil, fmt.Errorf("read who is in groups: %w", err)
	}
	if latest = distinct(latest); len(latest) == 0 {
		return members, nil
	}
	found, err := m.readMessages(ctx, "SELECT "+groupMessageColumns+
		" FROM {msg_group_messages} m WHERE m.messageid IN ?", latest)
	if err != nil {
		return nil, err
	}
	for _, row := range found {
		for i := range all {
			if all[i].Kind == kindGroup && all[i].group.latest.id == row.id {
				all[i].group.latest = row
			}
		}
	}
	return members, nil
}

// groupMessageColumns are messageColumns of a message in a group, which has no receiver.
const groupMessageColumns = "m.messageid, m.userid, NULL, m.content, m.format, UNIX_TIMESTAMP(m.created)"

func (m *Module) listGroups(ctx context.Context, in *struct{ web.Page }) (*groupsOutput, error) {
	caller, err := m.groupCaller(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	var after conversationPosition
	if in.Cursor != "" {
		if err := web.DecodeCursor("groups", in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	all, err := m.listGroupRows(ctx, caller.UserID, after)
	if err != nil {
		return nil, err
	}
	size := in.Size(o.Int(option.PageSizePms))
	all = all[min(in.Offset(size), len(all)):]
	out := &groupsOutput{Body: web.List[group]{Items: []group{}}}
	if len(all) > size {
		all = all[:size]
		out.Body.NextCursor = web.EncodeCursor("groups", &all[size-1].conversationPosition)
	}
	members, err := m.membersOf(ctx, all)
	if err != nil {
		return nil, err
	}
	var people []int
	for _, ids := range members {
		people = append(people, ids...)
	}
	authors, err := m.auth.Authors(ctx, o, distinct(people))
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		out.Body.Items = append(out.Body.Items, c.group.shown(authors, members[c.ID]))
	}
	return out, nil
}

func (m *Module) getGroup(ctx context.Context, in *groupInput) (*groupOutput, error) {
	caller, err := m.groupMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	g, err := m.groupOf(ctx, caller.UserID, in.ID)
	return &groupOutput{g}, err
}

// groupOf returns a group as a member of it sees it.
func (m *Module) groupOf(ctx context.Context, user, id int) (group, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return group{}, err
	}
	var g groupRow
	var title sql.NullString
	found, err := m.db.Get(ctx, []any{&g.id, &title, &g.created, &g.notify},
		`SELECT g.groupid, g.title, UNIX_TIMESTAMP(g.created), u.notify <> 0
			FROM {msg_groups} g
			JOIN {msg_group_users} u ON u.groupid = g.groupid
			WHERE g.groupid = ? AND u.userid = ? AND u.`+"`join` = 1", id, user)
	if err != nil {
		return group{}, fmt.Errorf("read a group: %w", err)
	}
	if !found {
		return group{}, problem.NotFound()
	}
	g.title = title.String
	at := conversationPosition{Kind: kindGroup}
	members, err := m.membersOf(ctx, []listed{{conversationPosition: at, group: g}})
	if err != nil {
		return group{}, err
	}
	authors, err := m.auth.Authors(ctx, o, members[id])
	return g.shown(authors, members[id]), err
}

func (m *Module) changeGroup(ctx context.Context, in *groupPatchInput) (*groupOutput, error) {
	caller, err := m.groupMember(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Notify != nil {
		_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
			if err := requireMember(ctx, w.Tx, in.ID, caller.UserID, true); err != nil {
				return 0, err
			}
			notify := 0
			if *in.Body.Notify {
				notify = 1
			}
			if _, err := w.Tx.Exec(ctx, "UPDATE {msg_group_users} SET notify = ? WHERE groupid = ? AND userid = ?",
				notify, in.ID, caller.UserID); err != nil {
				return 0, fmt.Errorf("change what is told of a group: %w", err)
			}
			return in.ID, nil
		})
		if err != nil {
			return nil, err
		}
	}
	g, err := m.groupOf(ctx, caller.UserID, in.ID)
	return &groupOutput{g}, err
}

// leaveGroup deletes the caller's row, as the plugin does. The messages stay for the others.
func (m *Module) leaveGroup(ctx context.Context, in *groupInput) (*noContent, error) {
	caller, err := m.groupCaller(ctx)
	if err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		if err := w.Tx.Alone(ctx, aloneForGroups); err != nil { // no group is reused while one leaves it
			return 0, err
		}
		left, err := w.Tx.Exec(ctx, "DELETE FROM {msg_group_users} "+
			"WHERE groupid = ? AND userid = ? AND `join` = 1", in.ID, caller.UserID)
		if err != nil {
			return 0, fmt.Errorf("leave a group: %w", err)
		}
		if left == 0 {
			return 0, problem.NotFound()
		}
		_, err = w.Tx.Exec(ctx,
			"DELETE FROM {q2ab_conversations} WHERE userid = ? AND kind = 'G' AND other = ?", caller.UserID, in.ID)
		if err != nil {
			return 0, fmt.Errorf("forget what was read of a group: %w", err)
		}
		return in.ID, nil
	})
	return &noContent{http.StatusNoContent}, err
}
