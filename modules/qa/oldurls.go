package qa

import (
	"database/sql"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// Routes adds what is not an operation of the API: feeds, the sitemap, and the old site's addresses of questions, tags and
// lists, which lead to the operations that give the same.
func (m *Module) Routes(e *echo.Echo) {
	e.GET("/feed/*", m.serveFeed)
	e.GET("/sitemap.xml", m.serveSitemap)
	e.GET("/tag/:tag", func(c echo.Context) error {
		return redirect(c, "/v1/questions", "tag", c.Param("tag"))
	})
	e.GET("/search", func(c echo.Context) error { return redirect(c, "/v1/search", "q", c.QueryParam("q")) })
	for old, target := range map[string]string{
		"hot": "/v1/questions?sort=hot", "unanswered": "/v1/questions?unanswered=answer", "questions": "/v1/questions",
		"activity": "/v1/activity", "answers": "/v1/activity?kind=answers", "comments": "/v1/activity?kind=comments",
		"qa": "/v1/activity?kind=home", "tags": "/v1/tags", "categories": "/v1/categories",
	} {
		e.GET("/"+old, func(c echo.Context) error { return c.Redirect(http.StatusFound, target) })
		if old == "questions" || old == "activity" || old == "answers" || old == "comments" || old == "qa" || old == "unanswered" {
			e.GET("/"+old+"/*", func(c echo.Context) error {
				separator := "?"
				if strings.Contains(target, "?") {
					separator = "&"
				}
				return c.Redirect(http.StatusFound, target+separator+"category="+url.QueryEscape(unescaped(c.Param("*"))))
			})
		}
	}
	for _, path := range []string{"/:id", "/:id/:slug", "/:id/:slug/:third", "/:id/:slug/:third/:fourth"} { // categories are up to four deep
		e.GET(path, m.redirectQuestion)
	}
}

func redirect(c echo.Context, path, name, value string) error {
	return c.Redirect(http.StatusFound, path+"?"+name+"="+url.QueryEscape(unescaped(value)))
}

func unescaped(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// redirectQuestion leads /{id}/{slug} to the question, /{path of categories} to the questions of a category and /{slug} of
// a page to the page. As on the old site, only questions have such an address, and the slug does not matter.
func (m *Module) redirectQuestion(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseUint(c.Param("id"), 10, 32)
	if err != nil {
		path := strings.Trim(unescaped(c.Request().URL.EscapedPath()), "/")
		tree, err := m.tree(ctx)
		if err != nil {
			return err
		}
		if cat := tree.find(path); cat != nil && cat.path != "" {
			return c.Redirect(http.StatusFound, "/v1/activity?kind=home&category="+itoa(cat.id))
		}
		page, err := m.site.HasPage(ctx, path)
		if err != nil {
			return err
		}
		if !page {
			return problem.NotFound()
		}
		return c.Redirect(http.StatusFound, "/v1/pages/"+url.PathEscape(path))
	}
	var kind string
	found, err := m.db.Get(ctx, []any{&kind}, "SELECT type FROM {posts} WHERE postid = ? AND type IN ('Q', 'Q_HIDDEN', 'Q_QUEUED')", id)
	if err != nil {
		return fmt.Errorf("old address: %w", err)
	}
	if !found {
		return problem.NotFound()
	}
	if kind == "Q_QUEUED" { // which only some are told of
		if _, _, err := m.open(ctx, int(id), nil); err != nil {
			return err
		}
	}
	return c.Redirect(http.StatusFound, "/v1/questions/"+strconv.FormatUint(id, 10)+"?include=answers,comments")
}

type sitemap struct {
	XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []sitemapURL `xml:"url"`
}

type sitemapURL struct {
	Location string `xml:"loc"`
	Priority string `xml:"priority"`
}

// sitemapEntries is the most that one sitemap file may hold, by its standard.
const sitemapEntries = 50000

// serveSitemap lists what Q2A's sitemap plugin lists by default, with its priorities: questions by hotness, users, tags,
// and categories with questions.
func (m *Module) serveSitemap(c echo.Context) error {
	ctx := c.Request().Context()
	o, err := m.site.Options(ctx)
	if err != nil {
		return err
	}
	siteURL := m.site.SiteURL(o)
	var doc sitemap
	add := func(path string, priority float64) {
		if len(doc.URLs) < sitemapEntries {
			doc.URLs = append(doc.URLs, sitemapURL{siteURL + encodePath(path), strconv.FormatFloat(priority, 'f', 3, 64)})
		}
	}
	on := func(option string) bool { return o.String("xml_sitemap_show_"+option) != "0" }
	var lowest, spread float64
	if _, err := m.db.Get(ctx, []any{&lowest, &spread}, "SELECT COALESCE(MIN(hotness), 0) + 0e0, COALESCE(MAX(hotness) - MIN(hotness), 0) + 0e0 FROM {posts} WHERE type = 'Q'"); err != nil {
		return fmt.Errorf("sitemap: %w", err)
	}
	lists := []struct {
		show  bool
		query string
		add   func(id int, text string, figure float64)
	}{
		{on("questions"), "SELECT postid, title, hotness + 0e0 FROM {posts} WHERE type = 'Q' ORDER BY postid LIMIT ?", func(id int, title string, hotness float64) {
			add(m.path(o, id, title), 0.1+0.9*(hotness-lowest)/(1+spread))
		}},
		{on("users"), "SELECT userid, handle, 0e0 FROM {users} ORDER BY userid LIMIT ?", func(_ int, handle string, _ float64) { add("user/"+handle, 0.25) }},
		{on("tag_qs") && o.UsingTags(), "SELECT wordid, word, tagcount + 0e0 FROM {words} WHERE tagcount > 0 ORDER BY wordid LIMIT ?", func(_ int, tag string, count float64) {
			add("tag/"+tag, 0.5/(1+1/count))
		}},
	}
	for _, l := range lists {
		if !l.show {
			continue
		}
		if err := m.db.Select(ctx, func(rows *sql.Rows) error {
			var id int
			var text sql.NullString
			var figure sql.NullFloat64
			err := rows.Scan(&id, &text, &figure)
			l.add(id, text.String, figure.Float64)
			return err
		}, l.query, sitemapEntries); err != nil {
			return fmt.Errorf("sitemap: %w", err)
		}
	}
	if tree, err := m.tree(ctx); err != nil {
		return err
	} else if on("category_qs") && o.UsingCategories() {
		for _, cat := range tree.inOrder() {
			if cat.questions > 0 {
				add("questions/"+cat.path, 0.5)
			}
		}
	}
	body, err := xml.Marshal(doc)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/xml; charset=utf-8", append([]byte(xml.Header), body...))
}
