package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

//go:generate swagger/fetch

// swaggerFiles holds the script and the style sheet of Swagger UI, compressed, and their licences.
//
//go:embed swagger/*.gz swagger/*.txt
var swaggerFiles embed.FS

// registerSwagger serves the files of Swagger UI below /docs/.
func (s *Server) registerSwagger() {
	for name, contentType := range map[string]string{
		"swagger-ui-bundle.js": "text/javascript; charset=utf-8",
		"swagger-ui.css":       "text/css; charset=utf-8",
	} {
		s.echo.GET("/docs/"+name, serveCompressed(swaggerFile(name+".gz"), contentType))
	}
	for _, name := range []string{"LICENSE.txt", "NOTICE.txt", "swagger-ui-bundle.js.LICENSE.txt"} {
		content := swaggerFile(name)
		s.echo.GET("/docs/"+name, func(c echo.Context) error {
			return c.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, content)
		})
	}
}

func swaggerFile(name string) []byte {
	content, err := swaggerFiles.ReadFile("swagger/" + name)
	if err != nil {
		panic(err) // it is not embedded
	}
	return content
}

// serveCompressed returns a handler that sends compressed content as it is, and expands it for the
// few clients that do not accept gzip.
func serveCompressed(gzipped []byte, contentType string) echo.HandlerFunc {
	return func(c echo.Context) error {
		if acceptsGzip(c.Request()) {
			c.Response().Header().Set(echo.HeaderContentEncoding, "gzip")
			return c.Blob(http.StatusOK, contentType, gzipped)
		}
		expanded, err := gzip.NewReader(bytes.NewReader(gzipped))
		if err != nil {
			return fmt.Errorf("expand an embedded file: %w", err)
		}
		return c.Stream(http.StatusOK, contentType, expanded)
	}
}
