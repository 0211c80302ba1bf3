package qa_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// sitemapOf reads a document of the sitemap. It returns the addresses of the parts if the document is an
// index, and otherwise the addresses of the pages in it.
func sitemapOf(t *testing.T, s *testsite.Site, path string) (parts, pages []string) {
	t.Helper()
	var doc struct {
		XMLName xml.Name
		Parts   []string `xml:"sitemap>loc"`
		Pages   []string `xml:"url>loc"`
	}
	res := s.Request(t, http.MethodGet, path, testsite.Visitor)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", path, res.Status)
	}
	if err := xml.Unmarshal([]byte(testsite.Text(t, res)), &doc); err != nil {
		t.Fatal(err)
	}
	root := map[bool]string{true: "sitemapindex", false: "urlset"}[doc.Parts != nil]
	if doc.XMLName.Space != "http://www.sitemaps.org/schemas/sitemap/0.9" || doc.XMLName.Local != root {
		t.Errorf("%s is a %v", path, doc.XMLName)
	}
	return doc.Parts, doc.Pages
}

// TestSitemapOfALargeSite checks that the sitemap of a large site is divided into parts, that the address of
// the sitemap lists these, and that they hold together what a small site has in one document.
func TestSitemapOfALargeSite(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		parts, before := sitemapOf(t, s, "/sitemap.xml")
		if len(parts) > 0 || len(before) == 0 {
			t.Fatalf("a small site: %d parts, %d pages", len(parts), len(before))
		}
		large := testsite.New(t, testsite.On(s.Database))
		const base = "http://127.0.0.1:8802/"
		want := before
		for _, id := range []int{3999, 4000, 7999, 12000} {
			large.Exec(t, `INSERT INTO {posts} (postid, type, created, format, title, content, hotness)
				VALUES (?, 'Q', '2026-12-01 00:00:00', '', 'bees', '', 1)`, id)
			want = append(want, fmt.Sprintf("%s%d/bees", base, id))
		}
		large.Exec(t, `INSERT INTO {posts} (postid, type, created, format, title, content)
			VALUES (16000, 'Q_HIDDEN', '2026-12-01 00:00:00', '', 'bees', '')`)
		parts, pages := sitemapOf(t, large, "/sitemap.xml")
		testsite.Same(t, "parts", parts, []string{
			base + "sitemap-questions-0.xml", base + "sitemap-questions-4000.xml",
			base + "sitemap-questions-12000.xml", base + "sitemap-users-0.xml", base + "sitemap-tags-0.xml",
			base + "sitemap-categories-0.xml",
		})
		for _, p := range parts {
			_, more := sitemapOf(t, large, "/"+strings.TrimPrefix(p, base))
			pages = append(pages, more...)
		}
		slices.Sort(pages)
		slices.Sort(want)
		testsite.Same(t, "pages of all parts", pages, want)
		for _, wrong := range []string{
			"questions-8000.xml", "questions-16000.xml", "questions-1.xml", "questions-00.xml",
			"questions--4000.xml", "questions-.xml", "questions.xml", "questions-0", "categories-1.xml",
			"posts-0.xml", "questions-4294967296.xml", "questions-4294964000.xml", ".xml",
		} {
			res := large.Request(t, http.MethodGet, "/sitemap-"+wrong, testsite.Visitor)
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("GET /sitemap-%s: %s", wrong, res.Status)
			}
		}
		// Users are neither in the index nor in a part if they are switched off.
		large.Exec(t, "INSERT INTO {options} (title, content) VALUES ('xml_sitemap_show_users', '0')")
		off := testsite.New(t, testsite.On(s.Database))
		left, _ := sitemapOf(t, off, "/sitemap.xml")
		if slices.Contains(left, base+"sitemap-users-0.xml") || len(left) != 5 {
			t.Errorf("users are switched off: %q", left)
		}
		res := off.Request(t, http.MethodGet, "/sitemap-users-0.xml", testsite.Visitor)
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("users are switched off: %s", res.Status)
		}
		if got := large.Statements(t, "/sitemap.xml"); len(got) > 1 { // the options may be read again
			t.Errorf("the index takes %d statements again:\n%s", len(got), strings.Join(got, "\n"))
		}
	})
}
