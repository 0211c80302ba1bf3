package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// TestReferenceFiles checks that the server itself serves everything that the page of the API reference loads,
// whole, compressed or not, together with the licence of Scalar.
func TestReferenceFiles(t *testing.T) {
	s := New(Settings{BodyLimit: 1 << 20})
	get := func(path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for path, c := range map[string]struct {
		contentType, contains string
		bytes                 int
	}{
		"/docs/scalar.js": {"text/javascript; charset=utf-8", "createApiReference", 3566844},
	} {
		t.Run(path, func(t *testing.T) {
			plain := get(path)
			body := plain.Body.Bytes()
			if plain.Code != 200 || plain.Header().Get("Content-Encoding") != "" || len(body) != c.bytes ||
				!bytes.Contains(body, []byte(c.contains)) {
				t.Fatalf("without compression: %d, %v, %d bytes", plain.Code, plain.Header(), len(body))
			}
			compressed := get(path, "Accept-Encoding", "gzip, br")
			sent := compressed.Body.Len()
			expanded, err := gzip.NewReader(compressed.Body)
			if err != nil {
				t.Fatal(err)
			}
			again, err := io.ReadAll(expanded)
			if err != nil || !bytes.Equal(again, body) || sent*3 > len(body) {
				t.Errorf("compressed: %d bytes sent, %d when expanded, %v", sent, len(again), err)
			}
			for _, res := range []*httptest.ResponseRecorder{plain, compressed} {
				if got := res.Header().Get("Content-Type"); got != c.contentType {
					t.Errorf("content type %q", got)
				}
				if !strings.Contains(strings.Join(res.Header().Values("Vary"), ","), "Accept-Encoding") {
					t.Errorf("caches would mix up the encodings: %v", res.Header())
				}
			}
			tag := compressed.Header().Get("ETag")
			if tag == "" || tag == plain.Header().Get("ETag") {
				t.Errorf("ETag %q of both encodings", tag)
			}
			if again := get(path, "Accept-Encoding", "gzip", "If-None-Match", tag); again.Code != 304 ||
				again.Body.Len() != 0 {
				t.Errorf("with the same ETag: %d, %d bytes", again.Code, again.Body.Len())
			}
		})
	}
	for path, contains := range map[string]string{
		"/docs/LICENSE.txt": "Copyright (c) 2023-present Scalar",
	} {
		t.Run(path, func(t *testing.T) {
			if res := get(path); res.Code != 200 || !strings.Contains(res.Body.String(), contains) {
				t.Errorf("%d: %.100s", res.Code, res.Body)
			}
		})
	}
	t.Run("the page loads nothing else", func(t *testing.T) {
		for _, m := range regexp.MustCompile(`(?:src|href|url)[=:]\s*"([^"]*)"`).
			FindAllStringSubmatch(docsPage+docsScript, -1) {
			if path := m[1]; path != "data:," && path != "/openapi.json" && get(path).Code != 200 {
				t.Errorf("%s is not served here", path)
			}
		}
	})
	if res := get("/docs/scalar.js.gz"); res.Code != 404 {
		t.Errorf("the file as it is embedded: %d", res.Code)
	}
}
