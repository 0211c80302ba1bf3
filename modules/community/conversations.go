package community

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// conversation is the messages with one user or of one group, with the latest of them.
type conversation struct {
	Kind      string       `json:"kind" enum:"private,group"`
	With      *auth.Author `json:"with,omitempty" doc:"Of a private conversation; absent for the messages with deleted accounts, which are one conversation"`
	Group     *group       `json:"group,omitempty" doc:"Of a group"`
	Latest    *message     `json:"latest,omitempty" doc:"Absent as long as nobody has written in a group"`
	UpdatedAt time.Time    `json:"updatedAt" doc:"When the latest message was written, or the group was made"`
	Unread    int          `json:"unreadCount" minimum:"0" maximum:"100" doc:"Messages of others since one read or wrote here last; counted up to 100"`
	CanReply  bool         `json:"canReply" doc:"Whether the caller may write here"`
}

const (
	kindPrivate = "private"
	kindGroup   = "group"
	// mostUnread is up to what unread messages are counted.
	mostUnread = 100
)

type conversationsInput struct {
	web.Page
	Kind string `query:"kind" enum:"private,group" doc:"Only private conversations, or only those of groups"`
}

type conversationsOutput struct{ Body web.List[conversation] }

func (m *Module) registerConversations(api huma.API) {
	o := messageOperation("list-conversations", http.MethodGet, "me/conversations",
		"Private and group conversations, the one with the newest message first")
	web.Register(api, o, m.listConversations)
}

// conversationPosition is the position of a conversation in the list: by the time of the latest
// message, private ones first, the highest id first. The zero position is before the first. Deleted
// accounts have no id.
type conversationPosition struct {
	At   int64  `json:"at"`
	Kind string `json:"k"`
	ID   int    `json:"id,omitempty"`
}

// Valid reports whether a conversation can have such a position.
func (p *conversationPosition) Valid() bool {
	return web.ValidUnix(p.At) && p.At > 0 && (p.Kind == kindPrivate || p.Kind == kindGroup) &&
		(web.ValidID(p.ID) || p.ID == 0 && p.Kind == kindPrivate)
}

func (p conversationPosition) compare(q conversationPosition) int {
	return cmp.Or(cmp.Compare(q.At, p.At), cmp.Compare(q.Kind, p.Kind), cmp.Compare(q.ID, p.ID))
}

// listed is a conversation in the list, before it is shown: one of a partner or one of a group.
type listed struct {
	conversationPosition
	partner partnerRow
	group   groupRow
}

func (m *Module) listConversations(
	ctx context.Context, in *conversationsInput,
) (*conversationsOutput, error) {
	caller, o, err := m.messageReader(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Check(); err != nil {
		return nil, err
	}
	plugins, err := m.messagePlugins(ctx)
	if err != nil {
		return nil, err
	}
	list := "conversations" + in.Kind
	var after conversationPosition
	if in.Cursor != "" {
		if err := web.DecodeCursor(list, in.Cursor, &after); err != nil {
			return nil, err
		}
	}
	size := in.Size(o.Int(option.PageSizePms))
	offset := in.Offset(size)
	var all []listed
	if in.Kind != kindGroup {
		if all, err = m.listPartners(ctx, caller.UserID, after, offset+size+1); err != nil {
			return nil, err
		}
	}
	if in.Kind != kindPrivate && plugins.groups {
		groups, err := m.listGroupRows(ctx, caller.UserID, after)
		if err != nil {
			return nil, err
		}
		all = append(all, groups...)
	}
	slices.SortFunc(all, func(a, b listed) int { return a.compare(b.conversationPosition) })
	all = all[min(offset, len(all)):]
	out := &conversationsOutput{}
	if len(all) > size {
		all = all[:size]
		out.Body.NextCursor = web.EncodeCursor(list, &all[size-1].conversationPosition)
	}
	out.Body.Items, err = m.showConversations(ctx, o, caller, plugins, all)
	return out, err
}

func (m *Module) listPartners(
	ctx context.Context, user int, after conversationPosition, count int,
) ([]listed, error) {
	if err := m.followBox(ctx, user); err != nil {
		return nil, err
	}
	page, err := m.pageOfPartners(ctx, user, after, count)
	all := make([]listed, len(page))
	for i, r := range page {
		at := conversationPosition{r.latest, kindPrivate, r.other}
		all[i] = listed{conversationPosition: at, partner: r}
	}
	return all, err
}

// showConversations returns the conversations as the API shows them. The number of statements does not
// depend on how many they are.
func (m *Module) showConversations(
	ctx context.Context, o *site.Options, caller auth.Caller, plugins messagePlugins, all []listed,
) ([]conversation, error) {
	members, err := m.membersOf(ctx, all)
	if err != nil {
		return nil, err
	}
	rows := make([]messageRow, len(all))
	people := []int{caller.UserID}
	for i, c := range all {
		if rows[i] = c.partner.message; c.Kind == kindGroup {
			rows[i] = c.group.latest
		}
		people = append(people, rows[i].from, rows[i].to)
		if c.Kind == kindPrivate {
			people = append(people, c.ID)
		}
		people = append(people, members[c.group.id]...)
	}
	accounts, err := m.auth.Accounts(ctx, "u.userid IN ?", distinct(people))
	if err != nil {
		return nil, err
	}
	authors, partners := map[int]*auth.Author{}, map[int]partner{}
	for _, a := range accounts {
		authors[a.ID], partners[a.ID] = a.Author(o), partner{a.ID, a.Level, a.Flags}
	}
	shown, err := m.messagesBy(ctx, o, rows, authors)
	if err != nil {
		return nil, err
	}
	unread, err := m.countUnread(ctx, caller.UserID, all)
	if err != nil {
		return nil, err
	}
	var others []partner
	for _, c := range all {
		if p, there := partners[c.ID]; there && c.Kind == kindPrivate {
			others = append(others, p)
		}
	}
	relations, err := m.relations(ctx, m.db, plugins.on, partners[caller.UserID], others)
	if err != nil {
		return nil, err
	}
	conversations := make([]conversation, len(all))
	for i, c := range all {
		conversations[i] = conversation{Kind: c.Kind, UpdatedAt: time.Unix(c.At, 0).UTC(), Unread: unread[i]}
		if rows[i].id != 0 {
			conversations[i].Latest = &shown[i]
		}
		if c.Kind == kindGroup {
			g := c.group.shown(authors, members[c.group.id])
			conversations[i].Group, conversations[i].CanReply = &g, true
			continue
		}
		_, there := partners[c.ID]
		conversations[i].With = authors[c.ID]
		r := relations[c.ID]
		r.earlier = true // here they are
		conversations[i].CanReply = there && mayMessage(plugins.on, r) == nil
	}
	return conversations, nil
}

// countUnread returns how many messages of others came in each conversation after what the user has
// read, or written, last. Whoever answers has read what was written before.
func (m *Module) countUnread(ctx context.Context, user int, all []listed) ([]int, error) {
	unread := make([]int, len(all))
	var private, groups [][]any
	for i, c := range all {
		if c.Kind == kindGroup {
			if g := c.group; g.latest.id > max(g.readID, g.own) {
				groups = append(groups, []any{i, g.id, max(g.readID, g.own), user})
			}
			continue
		}
		p := c.partner
		if p.received == 0 || p.message.id == p.own.id {
			continue
		}
		at, id := p.readAt, p.readID
		if p.own.created > at || p.own.created == at && int64(p.own.id) > id {
			at, id = p.own.created, int64(p.own.id)
		}
		if c.ID != 0 {
			private = append(private, []any{i, c.ID, user, at, at, id})
		} else if err := m.countEach(ctx, unread, fmt.Sprintf(unreadPrivate, "IS NULL"),
			[][]any{{i, user, at, at, id}}); err != nil {
			return nil, err
		}
	}
	if err := m.countEach(ctx, unread, fmt.Sprintf(unreadPrivate, "= ?"), private); err != nil {
		return nil, err
	}
	return unread, m.countEach(ctx, unread,
		"{q2ab_group_messages} WHERE groupid = ? AND messageid > ? AND userid <> ?", groups)
}

// unreadPrivate are the private messages from somebody to a user after a time and an id.
const unreadPrivate = `{messages} WHERE type = 'PRIVATE' AND fromuserid %s AND touserid = ? AND tohidden = 0
	AND created >= FROM_UNIXTIME(?) AND (created > FROM_UNIXTIME(?) OR messageid > ?)`

// countEach counts rows, up to mostUnread, with each of the lists of values. The first value of a list
// says where in counts the number belongs.
func (m *Module) countEach(ctx context.Context, counts []int, from string, values [][]any) error {
	if len(values) == 0 {
		return nil
	}
	// As many arms as a power of two, so that there are few different statements; the last one is repeated.
	var arms []string
	var args []any
	for i := 0; i < len(values) || i&(i-1) != 0; i++ {
		arms = append(arms, fmt.Sprintf(
			"SELECT ? AS i, COUNT(*) AS n FROM (SELECT 1 AS one FROM %s LIMIT %d) a%d", from, mostUnread, i))
		args = append(args, values[min(i, len(values)-1)]...)
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var i, n int
		err := rows.Scan(&i, &n)
		counts[i] = n
		return err
	}, strings.Join(arms, " UNION ALL "), args...)
	if err != nil {
		return fmt.Errorf("count unread messages: %w", err)
	}
	return nil
}

func sortedKeys[V any](values map[int]V) []int { return slices.Sorted(maps.Keys(values)) }

// repeated returns a list of as many times the text as given.
func repeated(text string, times int) string { return text + strings.Repeat(", "+text, times-1) }
