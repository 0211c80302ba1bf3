package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

//go:generate reference/fetch

// referenceFiles holds the script of the API reference (Scalar), compressed, and its licence.
//
//go:embed reference/*.gz reference/*.txt
var referenceFiles embed.FS

// registerReference serves the files of the API reference below /docs/.
func (s *Server) registerReference() {
	s.echo.GET("/docs/scalar.js",
		serveCompressed(referenceFile("scalar.js.gz"), "text/javascript; charset=utf-8"))
	s.echo.GET("/docs/LICENSE.txt", func(c echo.Context) error {
		return c.Blob(http.StatusOK, echo.MIMETextPlainCharsetUTF8, referenceFile("LICENSE.txt"))
	})
}

func referenceFile(name string) []byte {
	content, err := referenceFiles.ReadFile("reference/" + name)
	if err != nil {
		panic(err) // it is not embedded
	}
	return content
}

// serveCompressed returns a handler that sends compressed content as it is, and expands it for the
// few clients that do not accept gzip.
func serveCompressed(gzipped []byte, contentType string) echo.HandlerFunc {
	return func(c echo.Context) error {
		if acceptance(c.Request(), "gzip") > 0 {
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
