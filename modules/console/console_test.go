package console_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"38qa.net/backend/modules/console"
	"38qa.net/backend/modules/kernel/web"
)

// newServer returns a server with the console, without any operations.
func newServer(t *testing.T, s console.Settings) *web.Server {
	t.Helper()
	server := web.New(web.Settings{BodyLimit: 1 << 20})
	if err := console.Register(server.Router(), s); err != nil {
		t.Fatal(err)
	}
	return server
}

// get requests a path with the headers, given as names and values.
func get(server http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w
}

func TestPageIsServedAtEachAddressOfTheConsole(t *testing.T) {
	t.Parallel()
	server := newServer(t, console.Settings{})
	first := get(server, "/console")
	for _, path := range []string{"/console", "/console/", "/console/jobs/recount",
		"/console/users/%E3%81%AF%E3%81%AA", "/console/users/a%2Fb", "/console/../console/x"} {
		t.Run(path, func(t *testing.T) {
			res := get(server, path)
			if res.Code != 200 || res.Body.String() != first.Body.String() ||
				!strings.HasPrefix(res.Header().Get("Content-Type"), "text/html") {
				t.Fatalf("%d %v", res.Code, res.Header())
			}
			const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
				"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
			if got := res.Header().Get("Content-Security-Policy"); got != policy {
				t.Errorf("policy %q", got)
			}
			tag := res.Header().Get("ETag")
			if tag == "" || res.Header().Get("Cache-Control") != "no-cache" {
				t.Errorf("browsers would keep an old page: %v", res.Header())
			}
			if again := get(server, path, "If-None-Match", tag); again.Code != http.StatusNotModified {
				t.Errorf("with its ETag: %d", again.Code)
			}
		})
	}
	if res := get(server, "/consoles"); res.Code != http.StatusNotFound {
		t.Errorf("an address beside the console: %d", res.Code)
	}
}

// TestPageHasNothingInline checks that the page needs no exception of its policy.
func TestPageHasNothingInline(t *testing.T) {
	t.Parallel()
	page := get(newServer(t, console.Settings{}), "/console").Body.String()
	if !strings.Contains(page, "<script ") {
		t.Fatalf("there is no script in %s", page)
	}
	for _, inline := range []string{`<script(?:\s[^>]*)?>[^<]`, `<style`, `\sstyle=`, `\son[a-z]+=`,
		`(?:src|href)="(?:https?:)?//`} {
		if found := regexp.MustCompile(inline).FindString(page); found != "" {
			t.Errorf("the policy refuses %q", found)
		}
	}
}

func TestFilesAreServedCompressedAndKept(t *testing.T) {
	t.Parallel()
	server := newServer(t, console.Settings{})
	page := get(server, "/console").Body.String()
	paths := regexp.MustCompile(`(?:src|href)="(/console/assets/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(paths) < 2 {
		t.Fatalf("the page has %d files: %s", len(paths), page)
	}
	for _, m := range paths {
		t.Run(m[1], func(t *testing.T) {
			packed := get(server, m[1], "Accept-Encoding", "gzip, br")
			plain := get(server, m[1])
			zipped := get(server, m[1], "Accept-Encoding", "gzip")
			if packed.Header().Get("Content-Encoding") != "br" || zipped.Header().Get("Content-Encoding") != "gzip" ||
				plain.Header().Get("Content-Encoding") != "" {
				t.Fatalf("encodings %v %v %v", packed.Header(), zipped.Header(), plain.Header())
			}
			expanded, err := io.ReadAll(brotli.NewReader(packed.Body))
			if err != nil || string(expanded) != plain.Body.String() {
				t.Errorf("%d bytes expanded, %d plain: %v", len(expanded), plain.Body.Len(), err)
			}
			for _, res := range []*httptest.ResponseRecorder{packed, plain, zipped} {
				if res.Code != 200 || res.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" ||
					!strings.Contains(strings.Join(res.Header().Values("Vary"), ","), "Accept-Encoding") {
					t.Errorf("%d %v", res.Code, res.Header())
				}
			}
			if got := plain.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/javascript") &&
				!strings.HasPrefix(got, "text/css") {
				t.Errorf("content type %q", got)
			}
			if tag := packed.Header().Get("ETag"); tag == plain.Header().Get("ETag") ||
				get(server, m[1], "Accept-Encoding", "br", "If-None-Match", tag).Code != http.StatusNotModified {
				t.Errorf("ETag %q", tag)
			}
		})
	}
	for _, path := range []string{"/console/assets/", "/console/assets/nothing.js",
		"/console/assets/../index.html", paths[0][1] + ".br", "/console/assets/%2e%2e/index.html"} {
		if res := get(server, path); res.Code == 200 && !strings.Contains(res.Body.String(), "<div id=\"root\">") {
			t.Errorf("%s: %d %.60s", path, res.Code, res.Body)
		}
	}
	for _, path := range []string{"/console/assets/nothing.js", paths[0][1] + ".br"} {
		if res := get(server, path); res.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.Code)
		}
	}
}

// TestPicturesOfTheSiteAreAllowed checks that the page knows the hosts of pictures that its policy allows,
// and that an address cannot add anything else to either.
func TestPicturesOfTheSiteAreAllowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given []string
		want  string
	}{
		"a CDN": {[]string{"", "https://media.38qa.net/a/b?c"}, "https://media.38qa.net"},
		"twice": {[]string{"https://api.38qa.net", "https://api.38qa.net/x"}, "https://api.38qa.net"},
		"two": {[]string{"http://127.0.0.1:8080", "https://m.example"},
			"http://127.0.0.1:8080 https://m.example"},
		"no address": {[]string{"javascript:1", "/media", "ftp://x.example", "https://", "%"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := get(newServer(t, console.Settings{Images: c.given}), "/console")
			if !strings.Contains(res.Body.String(), `data-images="`+c.want+`"`) {
				t.Errorf("page: %.200s", res.Body)
			}
			allowed := "img-src 'self' data:" + strings.TrimRight(" "+c.want, " ") + ";"
			if got := res.Header().Get("Content-Security-Policy"); !strings.Contains(got, allowed) {
				t.Errorf("policy %q without %q", got, allowed)
			}
		})
	}
}
