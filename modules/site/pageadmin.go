package site

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// maxPages bounds how many pages a site can have, since each change reads all of them.
const maxPages = 2000

// codeTooManyPages is the problem of a page more than a site can have.
var codeTooManyPages = problem.Define("too_many_pages", http.StatusConflict,
	problem.Text("Too many pages", "ページが多すぎます"),
	problem.Text("A site can have %d pages and links.", "ページとリンクは合わせて %d 件までです。"))

// newPage is a page or link to be made.
type newPage struct {
	Type string `json:"type" enum:"page,link" doc:"A page of the site's own, or a link to another address"`
	PageChange
}

type (
	pageIDInput struct {
		ID int `path:"id" minimum:"1" maximum:"65535"`
	}
	newPageInput    struct{ Body newPage }
	updatePageInput struct {
		ID   int `path:"id" minimum:"1" maximum:"65535"`
		Body PageChange
	}
	pageDefinitionOutput struct {
		ETag string `header:"ETag"`
		Body pageDefinition
	}
	createdPageOutput struct {
		Location string `header:"Location"`
		ETag     string `header:"ETag"`
		Body     pageDefinition
	}
	pageDefinitionsOutput struct {
		ETag string `header:"ETag"`
		Body web.List[pageDefinition]
	}
)

// DefinitionRules are the functions that the site module needs from other modules for what administrators
// define.
type DefinitionRules struct {
	// May returns an error for callers who are no administrators.
	May func(context.Context) error
	// Words splits a text into its words, as Q2A does.
	Words func(text string) []string
}

// registerPageDefinitions adds the operations by which administrators change pages to the API.
func (m *Module) registerPageDefinitions(api huma.API, rules DefinitionRules) {
	op := func(id, method, path, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/v1/admin/pages" + path,
			Tags: []string{"Administration"}, Summary: summary, Description: description,
			Errors: []int{http.StatusForbidden}}
	}
	of := func(o huma.Operation, more ...int) huma.Operation {
		o.Errors = append(o.Errors, append([]int{http.StatusNotFound}, more...)...)
		return o
	}
	web.Register(api, op("list-page-definitions", http.MethodGet, "",
		"All pages and links, whoever may see them", "For administrators. Without what the pages say."),
		web.Guard(rules.May, m.listPageDefinitions))
	web.Register(api, of(op("get-page-definition", http.MethodGet, "/{id}",
		"A page or link with all that is stored of it", "For administrators.")),
		web.Guard(rules.May, func(ctx context.Context, in *pageIDInput) (*pageDefinitionOutput, error) {
			return m.pageDefinition(ctx, in.ID)
		}))
	create := op("create-page", http.MethodPost, "", "Make a page or a link",
		"A page without a slug gets one from its title, as in Q2A; a link needs a url. Without a position it "+
			"goes behind what is in its place; where it has no place, it goes to the front, as in Q2A.")
	create.DefaultStatus = http.StatusCreated
	create.Errors = append(create.Errors, http.StatusConflict)
	web.Register(api, create, web.Guard(rules.May,
		func(ctx context.Context, in *newPageInput) (*createdPageOutput, error) {
			return m.createPage(ctx, &in.Body, rules.Words)
		}))
	web.Register(api, of(op("update-page", http.MethodPatch, "/{id}",
		"Change a page or link, or its place in the navigation; only what is sent changes",
		"With the ETag of the page in If-Match, somebody else's change since is not overwritten; with that of "+
			"the list, neither is one of the order."), http.StatusPreconditionFailed),
		web.Guard(rules.May, m.updatePage))
	remove := of(op("delete-page", http.MethodDelete, "/{id}", "Delete a page or link",
		"Those behind it move up."), http.StatusPreconditionFailed)
	web.Register(api, remove, web.Guard(rules.May, func(ctx context.Context, in *pageIDInput) (*struct{}, error) {
		return nil, m.deletePage(ctx, in.ID)
	}))
}

func (m *Module) listPageDefinitions(ctx context.Context, _ *struct{}) (*pageDefinitionsOutput, error) {
	list, err := readPages(ctx, m.db)
	if err != nil {
		return nil, err
	}
	out := &pageDefinitionsOutput{ETag: web.RevisionTag(list.revision())}
	out.Body.Items = []pageDefinition{}
	for _, r := range list {
		d := r.shown()
		d.Content = nil
		out.Body.Items = append(out.Body.Items, d)
	}
	return out, nil
}

func (m *Module) pageDefinition(ctx context.Context, id int) (*pageDefinitionOutput, error) {
	list, err := readPages(ctx, m.db)
	if err != nil {
		return nil, err
	}
	r := list.find(id)
	if r == nil {
		return nil, problem.NotFound()
	}
	return &pageDefinitionOutput{web.RevisionTag(r.revision()), r.shown()}, nil
}

// createPage makes a page as Q2A's form does: at the end and without a place first, and then moved.
func (m *Module) createPage(
	ctx context.Context, in *newPage, split func(string) []string,
) (*createdPageOutput, error) {
	o, err := m.Options(ctx)
	if err != nil {
		return nil, err
	}
	id, err := web.Once(ctx, m.db, func(tx *database.DB) (int, error) {
		p, err := pageOrder.lock(ctx, tx)
		if err != nil {
			return 0, err
		}
		list, err := readPages(ctx, tx)
		if err != nil {
			return 0, err
		}
		if len(list) >= maxPages {
			return 0, problem.New(codeTooManyPages, maxPages)
		}
		row, err := newPageRow(ctx, tx, o, list, in, split)
		if err != nil {
			return 0, err
		}
		last := p.last() + 1
		id, err := tx.Insert(ctx, `INSERT INTO {pages} (title, nav, flags, permit, tags, heading, content, position)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, row.title, row.nav, row.flags, row.permit, row.tags, row.heading,
			row.content, last)
		if err != nil {
			return 0, fmt.Errorf("make a page: %w", err)
		}
		row.id, p[int(id)], row.position = int(id), last, min(row.position, last)
		if err := pageOrder.move(ctx, tx, p, row.id, row.position); err != nil {
			return 0, err
		}
		return row.id, audit.Record(ctx, tx, audit.Entry{Kind: audit.Page, Subject: strconv.Itoa(row.id),
			After: row.shown()})
	})
	if err != nil {
		return nil, err
	}
	out, err := m.pageDefinition(ctx, id)
	if err != nil {
		return nil, err
	}
	return &createdPageOutput{"/v1/admin/pages/" + strconv.Itoa(id), out.ETag, out.Body}, nil
}

// newPageRow returns the row of a new page with the position to which it is to be moved, or the problem with
// what is wrong with it.
func newPageRow(ctx context.Context, tx *database.DB, o *Options, list pageRows, in *newPage,
	split func(string) []string,
) (*pageRow, error) {
	row := &pageRow{nav: navigation["none"]}
	f := &pageForm{o: o, row: row, others: list}
	sent := in.PageChange
	everybody, empty := "everybody", ""
	if sent.Permit == nil {
		sent.Permit = &everybody
	}
	if sent.Title == nil {
		sent.Title = &empty
	}
	if in.Type == "link" {
		row.flags = pageExternal
		if sent.URL == nil {
			sent.URL = &empty
		}
	} else {
		row.heading.Valid, row.content.Valid = true, true
	}
	f.apply(&sent)
	var err error
	switch {
	case row.isLink():
	case sent.Slug != nil:
		err = f.slug(ctx, tx, *sent.Slug)
	default:
		err = f.freeSlug(ctx, tx, split)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case sent.Position != nil:
		row.position = *sent.Position
	case placeOf(row.nav) == "none":
		row.position = 1
	default:
		row.position = list.end(row)
	}
	return row, f.err()
}

func (m *Module) updatePage(ctx context.Context, in *updatePageInput) (*pageDefinitionOutput, error) {
	o, err := m.Options(ctx)
	if err != nil {
		return nil, err
	}
	err = m.db.Tx(ctx, func(tx *database.DB) error {
		list, p, row, err := lockPage(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		before, nav := row.shown(), row.nav
		f := &pageForm{o: o, row: row, others: list}
		f.apply(&in.Body)
		if in.Body.Slug != nil && !row.isLink() {
			if err := f.slug(ctx, tx, *in.Body.Slug); err != nil {
				return err
			}
		}
		if err := f.err(); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE {pages}
			SET title = ?, flags = ?, permit = ?, tags = ?, heading = ?, content = ?, nav = ?
			WHERE pageid = ?`,
			row.title, row.flags, row.permit, row.tags, row.heading, row.content, row.nav, row.id)
		if err != nil {
			return fmt.Errorf("change a page: %w", err)
		}
		to := row.position
		switch {
		case in.Body.Position != nil:
			to = *in.Body.Position
		case row.nav != nav && placeOf(row.nav) != "none":
			to = list.end(row)
		}
		if err := pageOrder.move(ctx, tx, p, row.id, to); err != nil {
			return err
		}
		row.position = max(1, min(to, p.last()))
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Page, Subject: strconv.Itoa(row.id),
			Before: before, After: row.shown()})
	})
	if err != nil {
		return nil, err
	}
	return m.pageDefinition(ctx, in.ID)
}

func (m *Module) deletePage(ctx context.Context, id int) error {
	return m.db.Tx(ctx, func(tx *database.DB) error {
		_, p, row, err := lockPage(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := pageOrder.remove(ctx, tx, p, id); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Kind: audit.Page, Subject: strconv.Itoa(id),
			Before: row.shown()})
	})
}
