package media_test

import (
	"bytes"
	"encoding/json"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"net/http"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestMedia(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for path, want := range map[string]struct {
			status, width, height int
			contentType           string
		}{
			"/v1/media/349191701032341547":                                {200, 60, 60, "image/png"},
			"/v1/media/426476911304401303":                                {200, 200, 100, "image/gif"},
			"/v1/media/17765946983181832608":                              {200, 0, 0, "image/jpeg"}, // beyond 2^63
			"/v1/media/10049731480559611771":                              {200, 0, 0, "image/jpeg"}, // on disk
			"/v1/media/17174156899342237090":                              {200, -1, 0, "application/pdf"},
			"/v1/media/426476911304401303?size=50":                        {200, 50, 25, "image/jpeg"},
			"/v1/media/349191701032341547?size=2000":                      {200, 60, 60, "image/jpeg"}, // never larger than it is
			"/v1/media/17174156899342237090?size=50":                      {422, -1, 0, "application/problem+json"},
			"/v1/media/12345":                                             {404, -1, 0, "application/problem+json"},
			"/v1/media/abc":                                               {422, -1, 0, "application/problem+json"},
			"/?qa=blob&qa_blobid=349191701032341547":                      {200, 60, 60, "image/png"},
			"/index.php?qa=image&qa_blobid=426476911304401303&qa_size=20": {200, 20, 10, "image/jpeg"},
			"/image/426476911304401303/20":                                {200, 20, 10, "image/jpeg"},
			"/?qa=image&qa_blobid=nonsense":                               {404, -1, 0, "application/problem+json"},
		} {
			t.Run(path, func(t *testing.T) {
				res := s.Request(t, http.MethodGet, path, testsite.Visitor)
				body := testsite.Text(t, res)
				if res.StatusCode != want.status || res.Header.Get("Content-Type") != want.contentType {
					t.Errorf("GET %s: %s %s", path, res.Status, res.Header.Get("Content-Type"))
					return
				}
				if want.width < 0 {
					return
				}
				cfg, _, err := image.DecodeConfig(bytes.NewReader([]byte(body)))
				if err != nil || want.width > 0 && (cfg.Width != want.width || cfg.Height != want.height) {
					t.Errorf("GET %s: %d × %d, %v", path, cfg.Width, cfg.Height, err)
				}
				if cc := res.Header.Get("Cache-Control"); !strings.Contains(cc, "immutable") {
					t.Errorf("GET %s: Cache-Control %q", path, cc)
				}
			})
		}
		part := s.Request(t, http.MethodGet, "/v1/media/349191701032341547", testsite.Visitor, "Range",
			"bytes=0-7")
		if part.StatusCode != http.StatusPartialContent || testsite.Text(t, part) != "\x89PNG\r\n\x1a\n" {
			t.Errorf("a range: %s", part.Status)
		}
		beyond := s.Request(t, http.MethodGet, "/v1/media/349191701032341547", testsite.Visitor, "Range",
			"bytes=9000000-")
		var p struct{ Code string }
		if err := json.Unmarshal([]byte(testsite.Text(t, beyond)), &p); err != nil ||
			p.Code != "range_not_satisfiable" ||
			beyond.StatusCode != http.StatusRequestedRangeNotSatisfiable ||
			beyond.Header.Get("Content-Type") != "application/problem+json" ||
			!strings.HasPrefix(beyond.Header.Get("Content-Range"), "bytes */") ||
			beyond.Header.Get("Cache-Control") != "" {
			t.Errorf("a range that is not there: %s %v %v %v", beyond.Status, beyond.Header, p, err)
		}
	})
}
