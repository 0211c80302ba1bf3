package qa

import (
	"context"
	"database/sql"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// A small site has its whole sitemap in /sitemap.xml, as Q2A's plugin writes it. On a larger site that
// address is an index of the parts, /sitemap-{list}-{first id}.xml. The parts are in the same folder,
// because a sitemap may list only addresses below its own folder. Each part covers a fixed range of
// ids. It can therefore be read by the primary key, does not change when other parts do, and stays
// below the protocol's limits of 50,000 addresses and 50 MB.

// sitemapAge is how long the list of parts is kept. The entries of a part are read at each request, so
// a new question can be missing for that long only if it is the first one in its range of ids.
const sitemapAge = 10 * time.Minute

const sitemapSpace = "http://www.sitemaps.org/schemas/sitemap/0.9"

type (
	sitemapIndex struct {
		XMLName xml.Name      `xml:"sitemapindex"`
		Space   string        `xml:"xmlns,attr"`
		Parts   []sitemapFile `xml:"sitemap"`
	}
	sitemapFile struct {
		Location string `xml:"loc"`
	}
	sitemap struct {
		XMLName xml.Name     `xml:"urlset"`
		Space   string       `xml:"xmlns,attr"`
		URLs    []sitemapURL `xml:"url"`
	}
	sitemapURL struct {
		Location string `xml:"loc"`
		Priority string `xml:"priority"`
	}
)

func (s *sitemap) add(siteURL, path string, priority float64) {
	s.URLs = append(s.URLs, sitemapURL{siteURL + encodePath(path), strconv.FormatFloat(priority, 'f', 3, 64)})
}

// sitemapList is one of the lists of addresses of Q2A's sitemap plugin.
type sitemapList struct {
	name string
	// show is Q2A's switch for the list. Without a value it is on.
	show option.Key
	// table, id and where select the entries. text and figure are the columns from which addresses and
	// priorities are computed.
	table, id, where, text, figure string
	// span is how many ids a part covers.
	span int
}

var sitemapLists = []sitemapList{
	// About one post in five is a question, and one word in a hundred a tag.
	{
		"questions", option.XMLSitemapShowQuestions, "{posts}", "postid", "type = 'Q'", "title",
		"hotness + 0e0", 4000,
	},
	{"users", option.XMLSitemapShowUsers, "{users}", "userid", "1 = 1", "handle", "0e0", 1000},
	{
		"tags", option.XMLSitemapShowTagQs, "{words}", "wordid", "tagcount > 0", "word", "tagcount + 0e0",
		10000,
	},
	{name: sitemapCategories, show: option.XMLSitemapShowCategoryQs},
}

// sitemapCategories is the name of the list of categories. It comes from the tree of categories, which
// is in memory, and has one part.
const sitemapCategories = "categories"

func (l *sitemapList) shown(o *site.Options) bool {
	switch {
	case o.String(l.show) == "0":
		return false
	case l.name == "tags":
		return o.UsingTags()
	case l.name == sitemapCategories:
		return o.UsingCategories()
	}
	return true
}

// sitemapPart is a part of a list: the range of ids that begins with first.
type sitemapPart struct {
	list  *sitemapList
	first int
}

func (p sitemapPart) path() string { return "sitemap-" + p.list.name + "-" + itoa(p.first) + ".xml" }

// sitemapParts remembers which parts have entries.
type sitemapParts struct {
	mu    sync.Mutex
	parts []sitemapPart
	read  time.Time
}

// of returns the parts that have entries. What it returns is at most sitemapAge old.
func (s *sitemapParts) of(ctx context.Context, db *database.DB) ([]sitemapPart, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts != nil && time.Since(s.read) < sitemapAge {
		return s.parts, nil
	}
	read := time.Now()
	var parts []sitemapPart
	for i := range sitemapLists {
		l := &sitemapLists[i]
		firsts := []int{0}
		if l.table != "" {
			firsts = firsts[:0]
			first := l.id + " - " + l.id + " % " + itoa(l.span)
			query := "SELECT DISTINCT " + first + " FROM " + l.table + " WHERE " + l.where
			if err := db.Select(ctx, database.Append(&firsts), query); err != nil {
				return nil, fmt.Errorf("parts of the sitemap: %w", err)
			}
			slices.Sort(firsts)
		}
		for _, first := range firsts {
			parts = append(parts, sitemapPart{l, first})
		}
	}
	s.parts, s.read = parts, read
	return parts, nil
}

// serveSitemap serves /sitemap.xml: the whole sitemap of a small site, or the index of its parts.
func (m *Module) serveSitemap(c echo.Context) error {
	ctx := c.Request().Context()
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	parts, err := m.sitemap.of(ctx, m.db)
	if err != nil {
		return err
	}
	parts = slices.DeleteFunc(slices.Clone(parts), func(p sitemapPart) bool { return !p.list.shown(o) })
	if len(parts) > len(sitemapLists) {
		index := sitemapIndex{Space: sitemapSpace}
		for _, p := range parts {
			index.Parts = append(index.Parts, sitemapFile{m.site.SiteURL(o) + p.path()})
		}
		return sendXML(c, index)
	}
	whole := sitemap{Space: sitemapSpace}
	for _, p := range parts {
		if err := m.addPart(ctx, o, &whole, p); err != nil {
			return err
		}
	}
	return sendXML(c, whole)
}

// serveSitemapPart serves /sitemap-{list}-{first id}.xml. A part without entries is not_found, since
// the protocol does not allow empty sitemaps.
func (m *Module) serveSitemapPart(c echo.Context) error {
	ctx := c.Request().Context()
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	name, isXML := strings.CutSuffix(c.Param("part"), ".xml")
	name, from, _ := strings.Cut(name, "-")
	first, err := strconv.ParseUint(from, 10, 32)
	at := slices.IndexFunc(sitemapLists, func(l sitemapList) bool { return l.name == name })
	if !isXML || err != nil || at < 0 || !sitemapLists[at].shown(o) {
		return problem.NotFound()
	}
	p := sitemapPart{&sitemapLists[at], int(first)}
	if itoa(p.first) != from || p.first != 0 && (p.list.span == 0 || p.first%p.list.span != 0) {
		return problem.NotFound() // each part has one address only
	}
	part := sitemap{Space: sitemapSpace}
	if err := m.addPart(ctx, o, &part, p); err != nil {
		return err
	}
	if len(part.URLs) == 0 {
		return problem.NotFound()
	}
	return sendXML(c, part)
}

// addPart adds the addresses of a part, with the priorities that Q2A's plugin gives them: questions by
// their hotness, tags by their number of questions, users and categories the same for all.
func (m *Module) addPart(ctx context.Context, o *site.Options, to *sitemap, p sitemapPart) error {
	siteURL := m.site.SiteURL(o)
	if p.list.name == sitemapCategories {
		tree, err := m.tree(ctx)
		if err != nil {
			return err
		}
		for _, cat := range tree.inOrder() {
			if cat.questions > 0 {
				to.add(siteURL, "questions/"+cat.path, 0.5)
			}
		}
		return nil
	}
	var lowest, highest float64 // hotness of all visible questions
	if p.list.name == "questions" {
		// Two subqueries, each of which reads only one end of an index.
		_, err := m.db.Get(ctx, []any{&lowest, &highest}, `
			SELECT (SELECT COALESCE(MIN(hotness), 0) + 0e0 FROM {posts} WHERE type = 'Q'),
				(SELECT COALESCE(MAX(hotness), 0) + 0e0 FROM {posts} WHERE type = 'Q')`)
		if err != nil {
			return fmt.Errorf("sitemap: %w", err)
		}
	}
	l := p.list
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var text sql.NullString
		var figure sql.NullFloat64
		err := rows.Scan(&id, &text, &figure)
		switch l.name {
		case "questions":
			hotter := (figure.Float64 - lowest) / (1 + highest - lowest)
			to.add(siteURL, m.path(o, id, text.String), 0.1+0.9*hotter)
		case "users":
			to.add(siteURL, "user/"+text.String, 0.25)
		case "tags":
			to.add(siteURL, "tag/"+text.String, 0.5/(1+1/figure.Float64))
		}
		return err
	}, "SELECT "+l.id+", "+l.text+", "+l.figure+" FROM "+l.table+
		" WHERE "+l.where+" AND "+l.id+" >= ? AND "+l.id+" < ? ORDER BY "+l.id, p.first, p.first+l.span)
	if err != nil {
		return fmt.Errorf("sitemap: %w", err)
	}
	return nil
}

func sendXML(c echo.Context, document any) error {
	body, err := xml.Marshal(document)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/xml; charset=utf-8", append([]byte(xml.Header), body...))
}
