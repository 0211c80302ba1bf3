package qa

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// AddressPage is one page of what came from an IP address, and whether the address is blocked.
type AddressPage struct {
	auth.AddressBlock
	Items      []ActivityItem `json:"items" doc:"Posts that were written from there and, as what says, posts that were last changed from there; the newest first, hidden and queued ones too"`
	NextCursor string         `json:"nextCursor,omitempty" doc:"Give it as cursor for the next page; absent on the last"`
}

type addressPageInput struct {
	auth.AddressInput
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"How many items; a page has fewer if the caller may not see all posts"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
}

type addressPageOutput struct{ Body AddressPage }

// registerAddresses adds the operations on what came from an IP address.
func (m *Module) registerAddresses(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "get-address", Method: http.MethodGet, Path: "/v1/admin/addresses/{ip}",
		Tags: []string{"Moderation"}, Summary: "What was written from an IP address, and whether it is blocked",
		Description: "For those who may see the addresses of anonymous authors (option permit_anon_view_ips), all " +
			"over or in some category. Posts that the caller may not see are left out. An edit is known by the " +
			"address only as long as it is the last change of a visible post.",
		Errors: []int{http.StatusForbidden},
	}, m.getAddress)
	web.Register(api, huma.Operation{
		OperationID: "hide-address-posts", Method: http.MethodPut, Path: "/v1/admin/addresses/{ip}/hidden-posts",
		Tags: []string{"Moderation"}, Summary: "Hide all posts that were written from an IP address",
		Description: "For moderators, also of single categories, who may hide posts; as on the old site, it is about " +
			"the posts of all categories. Up to 100 are hidden before the response. If there are more, the job " +
			"hide-address hides them in the caller's name; the same request says how many are left. What is " +
			"written after the request stays.",
		DefaultStatus: http.StatusAccepted, Errors: []int{http.StatusForbidden},
	}, m.hideAddress)
}

// trace is a post that was written from an address or, if edit is 1, last changed from there.
type trace struct {
	postID, edit int
	at           string // as the database holds it
}

// addressPosition is a place in the list of an address.
type addressPosition struct {
	Time string `json:"t"`
	Edit int    `json:"e"`
	ID   int    `json:"id"`
}

// Valid reports whether a post can be at this place.
func (p *addressPosition) Valid() bool {
	return web.ValidTime(p.Time) && (p.Edit == 0 || p.Edit == 1) && web.ValidID(p.ID)
}

// afterIn returns the condition for what comes after the position among posts (edit 0) or edits (edit 1), by
// time and id, with its arguments.
func (p *addressPosition) afterIn(column string, edit int) (condition string, args []any) {
	condition = column + " <= ? AND (" + column + " < ? OR postid < ?)"
	below := p.ID
	switch {
	case edit < p.Edit: // at the same time, edits come before posts
		below = maxPostID + 1
	case edit > p.Edit:
		below = 0
	}
	return " AND " + condition, []any{p.Time, p.Time, below}
}

// maxPostID is the greatest id that Q2A's column holds.
const maxPostID = 1<<32 - 1

func (m *Module) getAddress(ctx context.Context, in *addressPageInput) (*addressPageOutput, error) {
	ip, err := in.Parse()
	if err != nil {
		return nil, err
	}
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	if err := mayModerate(o, auth.CallerOf(ctx), []option.Key{option.PermitAnonViewIPs}); err != nil {
		return nil, err
	}
	list := "address:" + ip.String()
	var at *addressPosition
	if in.Cursor != "" {
		at = &addressPosition{}
		if err := web.DecodeCursor(list, in.Cursor, at); err != nil {
			return nil, err
		}
	}
	traces, err := m.traces(ctx, ip, at, in.Limit+1)
	if err != nil {
		return nil, err
	}
	clauses := auth.BlockingClauses(o, ip)
	out := &addressPageOutput{Body: AddressPage{AddressBlock: auth.AddressBlock{Address: ip.String(),
		Blocked: len(clauses) > 0, BlockedBy: clauses}}}
	if len(traces) > in.Limit {
		traces = traces[:in.Limit]
		last := traces[in.Limit-1]
		out.Body.NextCursor = web.EncodeCursor(list, &addressPosition{last.at, last.edit, last.postID})
	}
	out.Body.Items, err = m.traceItems(ctx, o, tree, traces)
	return out, err
}

// traces returns at most limit posts and edits from an address after a position, the newest first.
func (m *Module) traces(
	ctx context.Context, ip netip.Addr, at *addressPosition, limit int,
) ([]trace, error) {
	after := [2]string{}
	afterArgs := [2][]any{}
	if at != nil {
		after[0], afterArgs[0] = at.afterIn("created", 0)
		after[1], afterArgs[1] = at.afterIn("updated", 1)
	}
	address := ip.AsSlice()
	args := append(append([]any{address, allTypes}, afterArgs[0]...), limit)
	args = append(append(append(args, address, shownTypes), afterArgs[1]...), limit, limit)
	var list []trace
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var t trace
		err := rows.Scan(&t.postID, &t.edit, &t.at)
		list = append(list, t)
		return err
	}, `SELECT postid, edit, at
		FROM (
			SELECT * FROM (SELECT postid, 0 AS edit, created AS at
				FROM {posts}
				WHERE createip = ? AND type IN ?`+after[0]+`
				ORDER BY created DESC, postid DESC
				LIMIT ?) w
			UNION ALL
			SELECT * FROM (SELECT postid, 1 AS edit, updated AS at
				FROM {posts}
				WHERE lastip = ? AND updated IS NOT NULL AND type IN ?`+after[1]+`
				ORDER BY updated DESC, postid DESC
				LIMIT ?) c
		) y
		ORDER BY at DESC, edit DESC, postid DESC
		LIMIT ?`, args...)
	if err != nil {
		return nil, fmt.Errorf("read what came from an address: %w", err)
	}
	return list, nil
}

var (
	shownTypes = []string{"Q", "A", "C"}
	allTypes   = []string{"Q", "A", "C", "Q_QUEUED", "A_QUEUED", "C_QUEUED", "Q_HIDDEN", "A_HIDDEN", "C_HIDDEN"}
	// hideableTypes are those that are not hidden yet.
	hideableTypes = []string{"Q", "A", "C", "Q_QUEUED", "A_QUEUED", "C_QUEUED"}
)

// traceItems returns what the list shows of the traces, without posts that the caller may not see.
func (m *Module) traceItems(
	ctx context.Context, o *site.Options, tree *categoryTree, traces []trace,
) ([]ActivityItem, error) {
	type key struct {
		postID int
		edit   bool
	}
	read := map[key]event{}
	for edit := range 2 {
		var ids []int
		for _, t := range traces {
			if t.edit == edit {
				ids = append(ids, t.postID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		list, err := m.events(ctx, eventQuery{ids: "SELECT postid FROM {posts} WHERE postid IN ?",
			args: []any{ids}, updates: edit == 1})
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			read[key{e.postID, e.isUpdate}] = e
		}
	}
	var shown []event
	for _, t := range traces {
		e, there := read[key{t.postID, t.edit == 1}]
		if there && e.seenBy(o, auth.CallerOf(ctx)) {
			shown = append(shown, e)
		}
	}
	items, err := m.activityItems(ctx, o, tree, shown)
	for i := range items {
		text := m.text(o, &post{format: shown[i].format, content: shown[i].content})
		items[i].Excerpt, items[i].Flags = &text, shown[i].flags
	}
	return items, err
}

// seenBy reports whether the caller may see the post of the event and all posts above it.
func (e *event) seenBy(o *site.Options, c auth.Caller) bool {
	return mayRead(o, c, e.question) == auth.Permitted && mayView(o, c, e.question) &&
		(e.parent == nil || mayView(o, c, e.parent)) && mayView(o, c, e.post)
}
