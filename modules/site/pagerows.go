package site

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// The flags of pages, as Q2A stores them.
const (
	pageExternal  = 1 // only a link to another address
	pageNewWindow = 2 // a link that opens in a new window
)

// pageOrder is the order of the site's pages, which is one for all places of the navigation.
var pageOrder = ordered{"{pages}", "pageid"}

// pageRow is a row of the table of pages.
type pageRow struct {
	id, position, flags int
	title, nav, tags    string
	// permit is NULL for everybody in tables that are older than the column.
	permit           sql.NullInt64
	heading, content sql.NullString
}

func (r *pageRow) isLink() bool { return r.flags&pageExternal != 0 }

// revision returns a text that changes with every change of the row itself. It does not with the position,
// which changes when other pages move.
func (r *pageRow) revision() string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %q %q %d %v %q %v %v", r.id, r.title, r.nav, r.flags, r.permit, r.tags, r.heading,
		r.content)
	return fmt.Sprintf("page-%x", h.Sum64())
}

// pageRows are all rows of the table, in their order.
type pageRows []*pageRow

// revision returns a text that changes with every change of any page and of their order.
func (l pageRows) revision() string {
	h := fnv.New64a()
	for _, r := range l {
		fmt.Fprintln(h, r.position, r.revision())
	}
	return fmt.Sprintf("pages-%x", h.Sum64())
}

// find returns the row with the id, or nil if there is none.
func (l pageRows) find(id int) *pageRow {
	for _, r := range l {
		if r.id == id {
			return r
		}
	}
	return nil
}

// end returns the position behind the other pages in the same place of the navigation, which is the last one
// that Q2A's form offers for it.
func (l pageRows) end(of *pageRow) int {
	last := 0
	for _, r := range l {
		if r.nav == of.nav && r.id != of.id {
			last = max(last, r.position)
		}
	}
	return last + 1
}

// check refuses a change that the client has meant for other pages, by the header If-Match: the ETag of the
// page, or of the list of all pages.
func (l pageRows) check(ctx context.Context, r *pageRow) error {
	if web.CheckMatch(ctx, l.revision()) == nil {
		return nil
	}
	return web.CheckMatch(ctx, r.revision())
}

// readPages returns all pages.
func readPages(ctx context.Context, db *database.DB) (pageRows, error) {
	var list pageRows
	err := db.Select(ctx, func(rows *sql.Rows) error {
		r := &pageRow{}
		list = append(list, r)
		return rows.Scan(&r.id, &r.title, &r.nav, &r.position, &r.flags, &r.permit, &r.tags, &r.heading,
			&r.content)
	}, `SELECT pageid, title, nav, position, flags, permit + 0, tags, heading, content
		FROM {pages}
		ORDER BY position, pageid`)
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	return list, nil
}

// lockPage returns all pages, which nobody else changes then before the transaction ends, and that with the
// id, if the client may change it by If-Match.
func lockPage(ctx context.Context, tx *database.DB, id int) (pageRows, positions, *pageRow, error) {
	p, err := pageOrder.lock(ctx, tx)
	if err != nil {
		return nil, nil, nil, err
	}
	list, err := readPages(ctx, tx)
	if err != nil {
		return nil, nil, nil, err
	}
	r := list.find(id)
	if r == nil {
		return nil, nil, nil, problem.NotFound()
	}
	return list, p, r, list.check(ctx, r)
}

// pageDefinition is a page or a link as administrators see it.
type pageDefinition struct {
	ID        int     `json:"id"`
	Type      string  `json:"type" enum:"page,link" doc:"A page of the site's own, or a link to another address; it never changes"`
	Title     string  `json:"title" doc:"In the navigation"`
	Place     string  `json:"place" enum:"main,before-main,opposite,footer,none" doc:"Where the site's navigation shows it"`
	Position  int     `json:"position" doc:"Among all pages, whatever their places; 1 is the first"`
	Permit    string  `json:"permit" enum:"everybody,users,confirmed,points,points-confirmed,approved,approved-points,experts,editors,moderators,admins,supers" doc:"Who may see it"`
	Slug      string  `json:"slug,omitempty" doc:"Of a page: its address"`
	Heading   string  `json:"heading,omitempty" doc:"Of a page"`
	Content   *string `json:"content,omitempty" doc:"Of a page: what it says, as HTML, as it is stored; GET /v1/pages/{slug} has it cleaned. Absent in lists"`
	URL       string  `json:"url,omitempty" doc:"Of a link: where it leads"`
	NewWindow bool    `json:"newWindow,omitempty" doc:"Of a link: it opens in a new window"`
}

// shown returns the row as administrators see it.
func (r *pageRow) shown() pageDefinition {
	d := pageDefinition{ID: r.id, Type: "page", Title: r.title, Place: placeOf(r.nav), Position: r.position,
		Permit: option.PermitName(option.ForAll)}
	if r.permit.Valid {
		d.Permit = option.PermitName(int(r.permit.Int64))
	}
	if r.isLink() {
		d.Type, d.URL, d.NewWindow = "link", r.tags, r.flags&pageNewWindow != 0
	} else {
		d.Slug, d.Heading, d.Content = r.tags, r.heading.String, &r.content.String
	}
	return d
}

// navigation are Q2A's letters for the places of the navigation. Q2A's form stores an underscore for none;
// whatever other letter there may be stands for none too.
var navigation = map[string]string{"main": "M", "before-main": "B", "opposite": "O", "footer": "F", "none": "_"}

func placeOf(nav string) string {
	for place, letter := range navigation {
		if letter == nav {
			return place
		}
	}
	return "none"
}
