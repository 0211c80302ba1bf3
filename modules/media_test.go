package modules_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
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
			res := s.Request(t, http.MethodGet, path, testsite.Visitor)
			body := testsite.Text(t, res)
			if res.StatusCode != want.status || res.Header.Get("Content-Type") != want.contentType {
				t.Errorf("GET %s: %s %s", path, res.Status, res.Header.Get("Content-Type"))
				continue
			}
			if want.width < 0 {
				continue
			}
			cfg, _, err := image.DecodeConfig(bytes.NewReader([]byte(body)))
			if err != nil || want.width > 0 && (cfg.Width != want.width || cfg.Height != want.height) {
				t.Errorf("GET %s: %d × %d, %v", path, cfg.Width, cfg.Height, err)
			}
			if cc := res.Header.Get("Cache-Control"); !strings.Contains(cc, "immutable") {
				t.Errorf("GET %s: Cache-Control %q", path, cc)
			}
		}
		part := s.Request(t, http.MethodGet, "/v1/media/349191701032341547", testsite.Visitor, "Range", "bytes=0-7")
		if part.StatusCode != http.StatusPartialContent || testsite.Text(t, part) != "\x89PNG\r\n\x1a\n" {
			t.Errorf("a range: %s", part.Status)
		}
		beyond := s.Request(t, http.MethodGet, "/v1/media/349191701032341547", testsite.Visitor, "Range", "bytes=9000000-")
		var p struct{ Code string }
		if err := json.Unmarshal([]byte(testsite.Text(t, beyond)), &p); err != nil || p.Code != "range_not_satisfiable" ||
			beyond.StatusCode != http.StatusRequestedRangeNotSatisfiable || beyond.Header.Get("Content-Type") != "application/problem+json" ||
			!strings.HasPrefix(beyond.Header.Get("Content-Range"), "bytes */") || beyond.Header.Get("Cache-Control") != "" {
			t.Errorf("a range that is not there: %s %v %v %v", beyond.Status, beyond.Header, p, err)
		}
	})
}

func TestOldAddresses(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for path, want := range map[string]string{
			"/1/any-slug": "/v1/questions/1?include=answers,comments",
			"/389/冬越し中の給餌は必要ですか？": "/v1/questions/389?include=answers,comments",
			"/?qa=389/slug":                         "/v1/questions/389?include=answers,comments",
			"/index.php?qa=user/aki":                "/v1/users/aki",
			"/user/Bee%20Keeper":                    "/v1/users/Bee%20Keeper",
			"/tag/queen":                            "/v1/questions?tag=queen",
			"/tag/%E5%88%86%E8%9C%82":               "/v1/questions?tag=%E5%88%86%E8%9C%82",
			"/questions/nihon-mitsubachi/kanri":     "/v1/questions?category=nihon-mitsubachi%2Fkanri",
			"/nihon-mitsubachi/kanri":               "/v1/activity?kind=home&category=2",
			"/nihon-mitsubachi/kanri/subako/jubako": "/v1/activity?kind=home&category=4",
			"/guide":                                "/v1/pages/guide",
			"/hot":                                  "/v1/questions?sort=hot",
			"/":                                     "/docs",
		} {
			res := s.Request(t, http.MethodGet, path, testsite.Visitor)
			if got := res.Header.Get("Location"); res.StatusCode != http.StatusFound || got != want {
				t.Errorf("GET %s: %s to %q, want %q", path, res.Status, got, want)
				continue
			}
			if want != "/docs" && s.Request(t, http.MethodGet, want, testsite.Visitor).StatusCode != http.StatusOK {
				t.Errorf("%s leads to %s, which does not answer", path, want)
			}
		}
		for _, path := range []string{"/3/an-answer", "/99999/nothing", "/nowhere", "/nowhere/at/all"} {
			if res := s.Request(t, http.MethodGet, path, testsite.Visitor); res.StatusCode != http.StatusNotFound {
				t.Errorf("GET %s: %s", path, res.Status)
			}
		}
	})
}

func TestFeedsAndSitemap(t *testing.T) {
	t.Parallel()
	type feed struct {
		Items []struct {
			Link string `xml:"link"`
		} `xml:"channel>item"`
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		lists := testsite.Recording[struct {
			Lists map[string]map[string]struct{ IDs []int }
		}](t, "question-lists").Lists
		for path, want := range map[string][]int{"questions.rss": lists["recent"]["start=0,count=50"].IDs, "unanswered.rss": lists["unanswered"]["start=0,count=50"].IDs} {
			res := s.Request(t, http.MethodGet, "/feed/"+path, testsite.Visitor)
			var f feed
			if err := xml.Unmarshal([]byte(testsite.Text(t, res)), &f); err != nil {
				t.Fatal(err)
			}
			if len(f.Items) != len(want) || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/rss+xml") {
				t.Errorf("%s: %d entries, want %d", path, len(f.Items), len(want))
			}
			for i, item := range f.Items {
				if i < len(want) && !strings.HasPrefix(item.Link, "http://127.0.0.1:8802/"+itoa(want[i])+"/") {
					t.Errorf("%s, entry %d: %s, want question %d", path, i, item.Link, want[i])
				}
			}
		}
		home := testsite.Recording[map[string]map[string][]testsite.RecordedActivity](t, "home-and-activity")["(all)"]["home_first20"]
		var f feed
		if err := xml.Unmarshal([]byte(testsite.Text(t, s.Request(t, http.MethodGet, "/feed/qa.rss", testsite.Visitor))), &f); err != nil {
			t.Fatal(err)
		}
		for i, want := range home {
			if !strings.Contains(f.Items[i].Link, "/"+itoa(want.PostID)+"/") {
				t.Errorf("qa.rss, entry %d: %s, want %d", i, f.Items[i].Link, want.PostID)
			}
		}
		for path, status := range map[string]int{"/feed/activity.rss": 200, "/feed/answers.xml": 200, "/feed/comments": 200, "/feed/questions/nihon-mitsubachi/kanri.rss": 200,
			"/feed/hot.rss": 404, "/feed/tag/queen.rss": 404, "/feed/nothing.rss": 404, "/feed/questions/nowhere.rss": 404} { // hot and tag are switched off on this site
			if res := s.Request(t, http.MethodGet, path, testsite.Visitor); res.StatusCode != status {
				t.Errorf("GET %s: %s", path, res.Status)
			}
		}
		var sitemap struct {
			URLs []struct {
				Loc string `xml:"loc"`
			} `xml:"url"`
		}
		if err := xml.Unmarshal([]byte(testsite.Text(t, s.Request(t, http.MethodGet, "/sitemap.xml", testsite.Visitor))), &sitemap); err != nil {
			t.Fatal(err)
		}
		if len(sitemap.URLs) != 67+27+98+17 {
			t.Errorf("%d addresses in the sitemap", len(sitemap.URLs))
		}
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	type page struct{ Slug, Title, Heading, HTML, URL, Place string }
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		pages := testsite.Get[testsite.List[page]](t, s, "/v1/pages").Items
		testsite.Same(t, "pages", pages, []page{{"guide", "ガイド", "使い方ガイド", "", "", "main"}, {"", "Wikipedia", "", "", "https://ja.wikipedia.org/wiki/養蜂", "footer"}})
		got := testsite.Get[page](t, s, "/v1/pages/guide")
		testsite.Same(t, "page", got.HTML, "<p>みつばちQAの<b>使い方</b></p>")
	})
}
