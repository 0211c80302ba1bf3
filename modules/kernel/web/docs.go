package web

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"

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
<link rel="icon" href="data:,">
</head>
<body>
<div id="reference"></div>
<script src="/docs/scalar.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

// docsScript shows the reference. Requests cannot be sent from it, since on a site in use an example would be
// written; nothing is loaded from elsewhere.
const docsScript = `Scalar.createApiReference("#reference", {
  url: "/openapi.json", withDefaultFonts: false, telemetry: false, agent: { disabled: true },
  hideTestRequestButton: true, hideClientButton: true, showDeveloperTools: "never",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
});
`

var problemsPage = template.Must(template.New("problems").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Problems</title></head>
<body>
<h1>Problems</h1>
<p>Each response that is not a success is a problem document (RFC 9457) with one of these codes.</p>
{{range .Problems}}<h2 id="{{.Code}}">{{.Code}} ({{.Status}})</h2>
<p>{{.English}}</p>
<p lang="ja">{{.Japanese}}</p>
{{end}}<h1>Fields</h1>
<p>What can be wrong with a part of the input: the codes in <code>errors</code> of a problem, and what is in <code>params</code>.</p>
{{range .Fields}}<h2 id="field-{{.Code}}">{{.Code}}</h2>
<p>{{.English}}{{with .Params}} (params: {{.}}){{end}}</p>
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
	s.registerReference()
	type row struct {
		Code              string
		Status            int
		English, Japanese string
		Params            string
	}
	problems := func(c echo.Context) error {
		var page struct{ Problems, Fields []row }
		for _, code := range problem.Codes() {
			e := problem.New(code)
			page.Problems = append(page.Problems, row{Code: code.String(), Status: e.Status(),
				English: e.Title(problem.English), Japanese: e.Title(problem.Japanese)})
		}
		for _, code := range problem.FieldCodes() {
			f := problem.Field{Code: code}
			var names []any
			for _, name := range code.Params() {
				names = append(names, name)
			}
			f.Args = names // in place of the values
			page.Fields = append(page.Fields, row{Code: code.String(), Params: strings.Trim(fmt.Sprint(names), "[]"),
				English: f.Message(problem.English), Japanese: f.Message(problem.Japanese)})
		}
		c.Response().Header().Set(echo.HeaderContentType, echo.MIMETextHTMLCharsetUTF8)
		return problemsPage.Execute(c.Response(), page)
	}
	s.echo.GET("/problems", problems)
	s.echo.GET("/problems/:code", func(c echo.Context) error {
		return c.Redirect(http.StatusFound, "/problems#"+c.Param("code"))
	})
}

// apiConfig returns the configuration of Huma, with the documentation pages of this package and
// without Huma's additions to responses.
func apiConfig(publicURL string, d Description) huma.Config {
	cfg := huma.DefaultConfig(d.Title, d.Version)
	cfg.Info.Description = d.Text
	cfg.DocsPath = ""
	for _, tag := range d.Tags {
		cfg.Tags = append(cfg.Tags, &huma.Tag{Name: tag.Name, Description: tag.Text})
	}
	cfg.CreateHooks = nil
	cfg.Formats = jsonFormats()
	if publicURL != "" {
		cfg.Servers = []*huma.Server{{URL: publicURL}}
	}
	cfg.Components.Schemas = d.registry()
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT",
			Description: "Without a token the caller is an anonymous visitor."},
		"visitor": {Type: "apiKey", In: "header", Name: headerVisitorToken,
			Description: "Of a visitor who wrote before: the token that the response had then."},
	}
	cfg.Security = []map[string][]string{{}, {"bearer": {}}, {"visitor": {}}}
	return cfg
}
