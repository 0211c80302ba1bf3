// Package console serves the page for those who run the site, at /console. The page is built from
// deploy/console and embedded in the program; it uses the public API as any other client does, and what its
// reader may do is decided there.
package console

import (
	"bytes"
	"embed"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
)

// built is what `make console` made of deploy/console: index.html, and below assets/ files that have a hash
// of their content in their names and are compressed (.br).
//
//go:embed dist
var built embed.FS

// Settings are the settings of the console.
type Settings struct {
	// Images are addresses of hosts besides the server's own from which pictures of the site come, such as
	// that of a CDN. What has no host is ignored.
	Images []string
}

// Register serves the console at /console, and the page itself at every address below it that is not one of
// its files.
func Register(router *echo.Echo, s Settings) error {
	page, err := built.ReadFile("dist/index.html")
	if err != nil {
		return fmt.Errorf("the console is not built: %w", err)
	}
	assets, err := readAssets()
	if err != nil {
		return err
	}
	origins := originsOf(s.Images)
	page = withImages(page, origins)
	policy := policyFor(origins)
	index := func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		return c.HTMLBlob(http.StatusOK, page)
	}
	router.GET("/console", index)
	router.GET("/console/*", func(c echo.Context) error {
		name, isAsset := strings.CutPrefix(c.Param("*"), "assets/")
		if !isAsset {
			return index(c)
		}
		a, known := assets[name]
		if !known {
			return problem.NotFound()
		}
		return a.serve(c)
	})
	return nil
}

// policyFor returns the Content-Security-Policy of the page: nothing comes from elsewhere but pictures of the
// given origins, and nothing is sent elsewhere.
func policyFor(images []string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; " +
		strings.Join(append([]string{"img-src 'self' data:"}, images...), " ") +
		"; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}

// originsOf returns the origins of the addresses, each once.
func originsOf(addresses []string) []string {
	var origins []string
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			continue
		}
		if origin := u.Scheme + "://" + u.Host; !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// withImages returns the page with the origins of pictures in it. The page shows pictures of other origins as
// links, which its policy refuses.
func withImages(page []byte, origins []string) []byte {
	return bytes.Replace(page, []byte(`data-images=""`),
		[]byte(`data-images="`+html.EscapeString(strings.Join(origins, " "))+`"`), 1)
}

// asset is a file whose name changes with its content.
type asset struct {
	contentType string
	packed      []byte // by Brotli
}

func readAssets() (map[string]asset, error) {
	assets := map[string]asset{}
	entries, err := fs.ReadDir(built, "dist/assets")
	if err != nil {
		return nil, fmt.Errorf("the console is not built: %w", err)
	}
	for _, entry := range entries {
		name, ok := strings.CutSuffix(entry.Name(), ".br")
		if !ok {
			return nil, fmt.Errorf("%s of the console is not compressed", entry.Name())
		}
		packed, err := built.ReadFile("dist/assets/" + entry.Name())
		if err != nil {
			return nil, err
		}
		assets[name] = asset{contentType: mime.TypeByExtension(path.Ext(name)), packed: packed}
	}
	return assets, nil
}

// serve sends the file as it is embedded, and expanded to clients that do not accept Brotli, which browsers do
// by TLS only.
func (a asset) serve(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	if web.Accepts(c.Request(), "br") {
		c.Response().Header().Set(echo.HeaderContentEncoding, "br")
		return c.Blob(http.StatusOK, a.contentType, a.packed)
	}
	expanded, err := io.ReadAll(brotli.NewReader(bytes.NewReader(a.packed)))
	if err != nil {
		return fmt.Errorf("expand an embedded file: %w", err)
	}
	return c.Blob(http.StatusOK, a.contentType, expanded)
}
