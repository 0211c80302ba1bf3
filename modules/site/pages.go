package site

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/kernel/weblink"
)

// page is one of the site's own pages, or a link in its navigation.
type page struct {
	ID       int    `json:"id"`
	Title    string `json:"title"`
	Slug     string `json:"slug,omitempty" doc:"Last part of its address; absent for links"`
	URL      string `json:"url,omitempty" doc:"Where a link leads"`
	Heading  string `json:"heading,omitempty"`
	Position int    `json:"position"`
	Place    string `json:"place" enum:"main,before-main,opposite,footer,none" doc:"Where the site's navigation shows it"`
	New      bool   `json:"newWindow,omitempty" doc:"Of a link: it opens in a new window"`
	HTML     string `json:"html,omitempty" doc:"What the page says, as HTML that is safe to show; of single pages only"`
}

type pagesOutput struct{ Body web.List[page] }

type pageInput struct {
	Slug string `path:"slug" maxLength:"200"`
}

type pageOutput struct{ Body page }

// PageRules are the functions that the site module needs from other modules for its pages.
type PageRules struct {
	// May returns nil if the caller of the context meets a permit value, and otherwise the error
	// that the caller gets.
	May func(ctx context.Context, o *Options, permit int) error
	// SafeHTML returns the HTML with everything removed that is not safe to show.
	SafeHTML func(html string) string
}

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API, rules PageRules) {
	web.Register(api, huma.Operation{
		OperationID: "list-pages", Method: http.MethodGet, Path: "/v1/pages", Tags: []string{"Site"},
		Summary:     "The site's own pages and links, in their order",
		Description: "Those that the caller may not see are left out.",
	}, func(ctx context.Context, _ *struct{}) (*pagesOutput, error) {
		o, err := m.Options(ctx)
		if err != nil {
			return nil, err
		}
		out := &pagesOutput{Body: web.List[page]{Items: []page{}}}
		err = m.pages(ctx, "1 = 1 ORDER BY position", func(p page, permit int) {
			if p.HTML = ""; rules.May(ctx, o, permit) == nil {
				out.Body.Items = append(out.Body.Items, p)
			}
		})
		return out, err
	})
	web.Register(api, huma.Operation{
		OperationID: "get-page", Method: http.MethodGet, Path: "/v1/pages/{slug}", Tags: []string{"Site"},
		Summary: "One of the site's own pages", Errors: []int{http.StatusForbidden, http.StatusNotFound},
	}, func(ctx context.Context, in *pageInput) (*pageOutput, error) {
		o, err := m.Options(ctx)
		if err != nil {
			return nil, err
		}
		if database.BeyondQ2A(in.Slug) {
			return nil, problem.NotFound()
		}
		var out *pageOutput
		var refused error
		err = m.pages(ctx, "tags = ? ORDER BY pageid LIMIT 1", func(p page, permit int) {
			if p.URL == "" {
				p.HTML = rules.SafeHTML(p.HTML)
				out, refused = &pageOutput{Body: p}, rules.May(ctx, o, permit)
			}
		}, in.Slug)
		switch {
		case err != nil:
			return nil, err
		case out == nil:
			return nil, problem.NotFound()
		case refused != nil:
			return nil, refused
		}
		return out, nil
	})
}

// pages reads the pages that meet a condition, and calls found with each and its permit value.
func (m *Module) pages(
	ctx context.Context, condition string, found func(p page, permit int), args ...any,
) error {
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var p page
		var place, tags string
		var flags int
		var permit sql.NullInt64
		var heading, content sql.NullString
		if err := rows.Scan(&p.ID, &p.Title, &place, &p.Position, &flags, &permit, &tags, &heading,
			&content); err != nil {
			return err
		}
		p.Heading, p.HTML, p.Place, p.Slug = heading.String, content.String, placeOf(place), tags
		if flags&pageExternal != 0 {
			if p.Slug, p.URL = "", weblink.OnSite(tags); p.URL == "" {
				return nil // a link that leads nowhere
			}
			p.New = flags&pageNewWindow != 0
		}
		value := 150 // everybody
		if permit.Valid {
			value = int(permit.Int64)
		}
		found(p, value)
		return nil
	}, "SELECT pageid, title, nav, position, flags, permit + 0, tags, heading, content FROM {pages} WHERE "+
		condition, args...)
	if err != nil {
		return fmt.Errorf("read pages: %w", err)
	}
	return nil
}

// HasPage reports whether the site has a page of its own, and not only a link, at the given slug.
func (m *Module) HasPage(ctx context.Context, slug string) (bool, error) {
	if database.BeyondQ2A(slug) {
		return false, nil
	}
	found := false
	err := m.pages(ctx, "tags = ? ORDER BY pageid LIMIT 1", func(p page, _ int) { found = p.URL == "" }, slug)
	return found, err
}
