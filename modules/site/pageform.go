package site

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/weblink"
	"38qa.net/backend/modules/site/option"
)

// Lengths of Q2A's columns, in characters.
const (
	maxPageTitle   = 80
	maxPageTags    = 200
	maxPageHeading = 800
	// maxPageContent is less than the column holds: a request's body has to have room for it.
	maxPageContent = 200000
)

// PageChange is what can be sent of a page or link.
type PageChange struct {
	Title     *string `json:"title,omitempty" maxLength:"1000" doc:"In the navigation; at most 80 characters"`
	Place     *string `json:"place,omitempty" enum:"main,before-main,opposite,footer,none" doc:"Where the site's navigation shows it; with another place and without a position it goes behind what is there"`
	Position  *int    `json:"position,omitempty" minimum:"1" maximum:"65535" doc:"Among all pages, whatever their places; those between the old and the new position move by one"`
	Permit    *string `json:"permit,omitempty" enum:"everybody,users,confirmed,points,points-confirmed,approved,approved-points,experts,editors,moderators,admins,supers" doc:"Who may see it: everybody, users, experts, editors, moderators, admins and, where the site approves users, approved"`
	Slug      *string `json:"slug,omitempty" maxLength:"1000" doc:"Of a page: at most 200 characters without + and /; not that of another page or of a category of the first level, and none of the old site's own pages"`
	Heading   *string `json:"heading,omitempty" maxLength:"2000" doc:"Of a page; at most 800 characters"`
	Content   *string `json:"content,omitempty" maxLength:"400000" doc:"Of a page: HTML, which is stored as it is; at most 200,000 characters"`
	URL       *string `json:"url,omitempty" maxLength:"1000" doc:"Of a link: an address of the web, or a path of the site; at most 200 characters"`
	NewWindow *bool   `json:"newWindow,omitempty" doc:"Of a link: whether it opens in a new window"`
}

// pageForm applies what was sent to a row, and collects what is wrong with it.
type pageForm struct {
	o      *Options
	row    *pageRow
	others pageRows
	faults
}

// line takes a text of one line that has to be stored in a column of the given length.
func (f *pageForm) line(name, text string, least, most int) string {
	text = formtext.Line(text)
	switch n := utf8.RuneCountInString(text); {
	case n < least:
		f.add(name, problem.FieldRequired)
	case n > most:
		f.add(name, problem.FieldTooLong, most)
	}
	return text
}

// apply changes the row by what was sent.
func (f *pageForm) apply(c *PageChange) {
	if c.Title != nil {
		f.row.title = f.line("title", *c.Title, 1, maxPageTitle)
	}
	if c.Permit != nil {
		f.row.permit = readers(f.o, f.row.permit, *c.Permit, &f.faults)
	}
	if f.row.isLink() {
		f.applyLink(c)
	} else {
		f.applyPage(c)
	}
	if c.Place != nil && *c.Place != placeOf(f.row.nav) {
		f.row.nav = navigation[*c.Place]
	}
}

func (f *pageForm) applyLink(c *PageChange) {
	for name, sent := range map[string]bool{
		"slug": c.Slug != nil, "heading": c.Heading != nil, "content": c.Content != nil,
	} {
		if sent {
			f.add(name, problem.FieldNotCombinable, "type=link")
		}
	}
	if c.URL != nil {
		f.row.tags = formtext.Exact(*c.URL)
		switch {
		case f.row.tags == "":
			f.add("url", problem.FieldRequired)
		case utf8.RuneCountInString(f.row.tags) > maxPageTags:
			f.add("url", problem.FieldTooLong, maxPageTags)
		case weblink.OnSite(f.row.tags) == "" || database.BeyondQ2A(f.row.tags):
			f.add("url", problem.FieldWrongForm)
		}
	}
	if c.NewWindow != nil {
		f.row.flags = pageExternal
		if *c.NewWindow {
			f.row.flags |= pageNewWindow
		}
	}
}

func (f *pageForm) applyPage(c *PageChange) {
	for name, sent := range map[string]bool{"url": c.URL != nil, "newWindow": c.NewWindow != nil} {
		if sent {
			f.add(name, problem.FieldNotCombinable, "type=page")
		}
	}
	if c.Heading != nil {
		f.row.heading = sql.NullString{String: f.line("heading", *c.Heading, 0, maxPageHeading), Valid: true}
	}
	if c.Content != nil {
		text := formtext.Exact(*c.Content)
		switch {
		case utf8.RuneCountInString(text) > maxPageContent:
			f.add("content", problem.FieldTooLong, maxPageContent)
		case database.BeyondQ2A(text): // which the old site could neither show nor save
			f.add("content", problem.FieldBadCharacters, "U+10000–U+10FFFF")
		}
		f.row.content = sql.NullString{String: text, Valid: true}
	}
}

// slug gives the row a slug that was sent.
func (f *pageForm) slug(ctx context.Context, tx *database.DB, sent string) error {
	fault, err := f.slugFault(ctx, tx, sent)
	if err != nil {
		return err
	}
	if f.row.tags = formtext.Exact(sent); !fault.Code.IsZero() {
		f.add("slug", fault.Code, fault.Args...)
	}
	return nil
}

// freeSlug gives a new page the first slug that it can have of those that follow from its title.
func (f *pageForm) freeSlug(ctx context.Context, tx *database.DB, split func(string) []string) error {
	var fault option.Fault
	for slug := range SlugCandidates("page", split(f.row.title)) {
		var err error
		if fault, err = f.slugFault(ctx, tx, slug); err != nil {
			return err
		}
		if fault.Code.IsZero() {
			f.row.tags = slug
			return nil
		}
	}
	f.add("slug", fault.Code, fault.Args...)
	return nil
}

// slugFault returns what keeps the row from having the slug.
func (f *pageForm) slugFault(ctx context.Context, tx *database.DB, slug string) (wrong option.Fault, err error) {
	exact := formtext.Exact(slug)
	switch {
	case exact == "":
		return option.Fault{Code: problem.FieldRequired}, nil
	case utf8.RuneCountInString(exact) > maxPageTags:
		return option.Fault{Code: problem.FieldTooLong, Args: []any{maxPageTags}}, nil
	case strings.ContainsAny(exact, "+/") || formtext.Line(exact) != exact:
		return option.Fault{Code: problem.FieldBadCharacters, Args: []any{"+ /"}}, nil
	case SlugReserved(exact) || exact == "." || exact == "..": // browsers take dots for folders
		return option.Fault{Code: FieldSlugReserved}, nil
	}
	for _, r := range f.others {
		if r.id != f.row.id && database.CompareGeneralCI(r.tags, exact) == 0 {
			return option.Fault{Code: FieldSlugOfPage}, nil
		}
	}
	var id int
	found, err := tx.Get(ctx, []any{&id},
		"SELECT categoryid FROM {categories} WHERE backpath = ? LIMIT 1", exact)
	if err != nil {
		return wrong, fmt.Errorf("look for a category by its slug: %w", err)
	}
	if found {
		wrong.Code = fieldSlugOfCategory
	}
	return wrong, nil
}
