package web

import (
	"html/template"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
)

// docsPolicy is the Content-Security-Policy of the documentation page, which may run only the
// server's own scripts.
const docsPolicy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const docsScript = `SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, tryItOutEnabled: true,
  displayRequestDuration: true, defaultModelsExpandDepth: 0, validatorUrl: null,
});
`

var problemsPage = template.Must(template.New("problems").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Problems</title></head>
<body>
<h1>Problems</h1>
<p>Each answer that is not a success is a problem document (RFC 9457) with one of these codes.</p>
{{range .}}<h2 id="{{.Code}}">{{.Code}} ({{.Status}})</h2>
<p>{{.English}}</p>
<p lang="ja">{{.Japanese}}</p>
{{end}}</body>
</html>
`))

// registerDocs serves the interactive API reference, whose scripts are embedded in the program, and
// the list of problems.
func (s *Server) registerDocs() {
	s.echo.GET("/docs", func(c echo.Context) error {
		c.Response().Header().Set("Content-Security-Policy", docsPolicy)
		return c.HTML(http.StatusOK, docsPage)
	})
	s.echo.GET("/docs/start.js", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", []byte(docsScript))
	})
	s.registerSwagger()
	type row struct {
		Code              string
		Status            int
		English, Japanese string
	}
	problems := func(c echo.Context) error {
		var rows []row
		for _, code := range problem.Codes() {
			e := problem.New(code)
			rows = append(rows,
				row{code.String(), e.Status(), e.Title(problem.English), e.Title(problem.Japanese)})
		}
		c.Response().Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
		return problemsPage.Execute(c.Response(), rows)
	}
	s.echo.GET("/problems", problems)
	s.echo.GET("/problems/:code", func(c echo.Context) error {
		return c.Redirect(http.StatusFound, "/problems#"+c.Param("code"))
	})
}

// apiConfig returns the configuration of Huma, with the documentation pages of this package and
// without Huma's additions to responses.
func apiConfig(publicURL string) huma.Config {
	cfg := huma.DefaultConfig("Question2Answer backend", "1.0.0")
	cfg.Info.Description = "Questions and answers of a Question2Answer site over REST. Problems are RFC 9457 documents with a stable `code`; " +
		"lists are `{items, nextCursor?, total?}`; times are UTC. See /problems for all codes."
	cfg.DocsPath = ""
	for _, tag := range []string{
		"Questions", "Activity", "Search", "Categories", "Tags", "Users", "Me", "Media", "Site", "Moderation",
		"Authentication", "Operations",
	} {
		cfg.Tags = append(cfg.Tags, &huma.Tag{Name: tag}) // the order of the reference
	}
	cfg.CreateHooks = nil
	cfg.Formats = jsonFormats()
	if publicURL != "" {
		cfg.Servers = []*huma.Server{{URL: publicURL}}
	}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "Without a token the caller is an anonymous visitor."},
	}
	cfg.Security = []map[string][]string{{}, {"bearer": {}}}
	return cfg
}
