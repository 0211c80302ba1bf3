package site_test

import (
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestPages(t *testing.T) {
	t.Parallel()
	type page struct{ Slug, Title, Heading, HTML, URL, Place string }
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		pages := testsite.Get[testsite.List[page]](t, s, "/v1/pages").Items
		testsite.Same(t, "pages", pages, []page{
			{"guide", "ガイド", "使い方ガイド", "", "", "main"},
			{"", "Wikipedia", "", "", "https://ja.wikipedia.org/wiki/養蜂", "footer"},
		})
		got := testsite.Get[page](t, s, "/v1/pages/guide")
		testsite.Same(t, "page", got.HTML, "<p>みつばちQAの<b>使い方</b></p>")
	})
}

// TestPagesLeadToTheWebOrTheSite checks that links in the navigation are left out unless they lead to the web
// or to the site itself.
func TestPagesLeadToTheWebOrTheSite(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		type page struct{ Title, URL string }
		before := testsite.Get[testsite.List[page]](t, s, "/v1/pages").Items
		for i, address := range []string{
			"javascript:alert(1)", "javascript://e.jp/%0aalert(1)", "//e.jp/", "data:text/html,x",
			"https://a@e.jp/", "/tags", "https://e.jp/",
		} {
			if _, err := s.App.DB.Exec(t.Context(),
				`INSERT INTO {pages} (title, nav, position, flags, permit, tags)
					VALUES (?, 'F', ?, 1, 150, ?)`, address, 100+i, address); err != nil {
				t.Fatal(err)
			}
		}
		testsite.Same(t, "links", testsite.Get[testsite.List[page]](t, s, "/v1/pages").Items[len(before):],
			[]page{{"/tags", "/tags"}, {"https://e.jp/", "https://e.jp/"}})
	})
}

// TestSlugsOfPages checks that only a page of the site's own has a slug, and not a link in the navigation.
func TestSlugsOfPages(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(`INSERT INTO {pages} (title, nav, position, flags, permit, tags)
		VALUES ('Elsewhere', 'F', 90, 1, 150, 'https://e.jp/')`))
	for slug, want := range map[string]bool{
		"guide": true, "https://e.jp/": false, "no-such-page": false, "": false, "🐝": false,
	} {
		t.Run(slug, func(t *testing.T) {
			if got, err := s.App.Site.HasPage(t.Context(), slug); err != nil || got != want {
				t.Errorf("%v, %v; want %v", got, err, want)
			}
		})
	}
}
