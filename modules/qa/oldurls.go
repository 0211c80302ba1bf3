package qa

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// Routes adds the routes that are not operations of the API: the feeds, the sitemap, and the old site's
// addresses of questions, tags and lists, which redirect to the operations that return the same.
func (m *Module) Routes(e *echo.Echo) {
	e.GET("/feed/*", m.serveFeed)
	e.GET("/sitemap.xml", m.serveSitemap)
	e.GET("/sitemap-:part", m.serveSitemapPart)
	e.GET("/tag/:tag", func(c echo.Context) error {
		return redirect(c, "/v1/questions", "tag", c.Param("tag"))
	})
	e.GET("/search", func(c echo.Context) error { return redirect(c, "/v1/search", "q", c.QueryParam("q")) })
	for old, target := range map[string]string{
		"hot":        "/v1/questions?sort=hot",
		"unanswered": "/v1/questions?unanswered=answer",
		"questions":  "/v1/questions",
		"activity":   "/v1/activity",
		"answers":    "/v1/activity?kind=answers",
		"comments":   "/v1/activity?kind=comments",
		"qa":         "/v1/activity?kind=home",
		"tags":       "/v1/tags",
		"categories": "/v1/categories",
	} {
		e.GET("/"+old, func(c echo.Context) error { return c.Redirect(http.StatusFound, target) })
		switch old {
		case "questions", "activity", "answers", "comments", "qa", "unanswered":
			e.GET("/"+old+"/*", func(c echo.Context) error {
				separator := "?"
				if strings.Contains(target, "?") {
					separator = "&"
				}
				category := url.QueryEscape(unescaped(c.Param("*")))
				return c.Redirect(http.StatusFound, target+separator+"category="+category)
			})
		}
	}
	// Categories are up to four levels deep.
	for _, path := range []string{"/:id", "/:id/:slug", "/:id/:slug/:third", "/:id/:slug/:third/:fourth"} {
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

// redirectQuestion redirects /{id}/{slug} to the question, /{slugs of a category} to the category's
// home list, and /{slug of a page} to the page. As on the old site, only questions have addresses with
// an id, and the slug after the id does not matter.
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
	found, err := m.db.Get(ctx, []any{&kind},
		"SELECT type FROM {posts} WHERE postid = ? AND type IN ('Q', 'Q_HIDDEN', 'Q_QUEUED')", id)
	if err != nil {
		return fmt.Errorf("old address: %w", err)
	}
	if !found {
		return problem.NotFound()
	}
	if kind == "Q_QUEUED" { // only those who may see it learn that it exists
		if _, _, err := m.open(ctx, int(id), nil); err != nil {
			return err
		}
	}
	return c.Redirect(http.StatusFound, "/v1/questions/"+strconv.FormatUint(id, 10)+
		"?include=answers,comments")
}
