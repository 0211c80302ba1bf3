package render

import "testing"

func TestFilesAreStoredAsTheOldSiteWritesThem(t *testing.T) {
	r := New()
	o := Options{SiteURL: "https://site.example/qa", APIURL: "https://api.example"}
	const blob, image = `https://site.example/qa/?qa=blob&amp;qa_blobid=12`, `https://site.example/qa/?qa=image&amp;qa_blobid=12&amp;qa_size=600`
	for _, c := range []struct{ in, want string }{
		{`<img src="/v1/media/12">`, `<img src="` + blob + `" alt="image">`},
		{`<img alt="x" src="/v1/media/12?size=600">`, `<img alt="x" src="` + image + `">`},
		{`<img src="https://api.example/v1/media/12?size=600" alt="">`, `<img src="` + image + `" alt="">`},
		{`<img src="//api.example/v1/media/12" alt="">`, `<img src="` + blob + `" alt="">`},
		{`<img src="http://www.site.example/qa/v1/media/12" alt="">`, `<img src="` + blob + `" alt="">`},
		{`<img src=" ../v1/media/12 " alt="">`, `<img src="` + blob + `" alt="">`},
		{`<img src="/v1/media/17765946983181832608" alt="">`, `<img src="https://site.example/qa/?qa=blob&amp;qa_blobid=17765946983181832608" alt="">`},
		{`<a href="/v1/media/12">f</a>`, `<a rel="nofollow" href="` + blob + `">f</a>`},
		{`<img src="/v1/media/12" srcset="/v1/media/12?size=600 600w" sizes="1px" loading="lazy" decoding="async" data-blurhash="x" width="2" height="1">`, `<img src="` + blob + `" width="2" height="1" alt="image">`},
		{`<p><em>a</em> <img src="/v1/media/12" alt=""> /v1/media/12`, `<p><em>a</em> <img src="` + blob + `" alt=""> /v1/media/12</p>`},

		// All other addresses stay as they were written.
		{`<img src="./?qa=blob&amp;qa_blobid=12" alt="">`, `<img src="./?qa=blob&amp;qa_blobid=12" alt="">`},
		{`<img src="/image/12/600" alt="">`, `<img src="/image/12/600" alt="">`},
		{`<img src="` + blob + `" alt="">`, `<img src="` + blob + `" alt="">`},
		{`<img src="https://api.example/image/12" alt="">`, `<img src="https://api.example/image/12" alt="">`},
		{`<img src="https://other.example/v1/media/12" alt="">`, `<img src="https://other.example/v1/media/12" alt="">`},
		{`<img src="https://site.example/v1/media/12" alt="">`, `<img src="https://site.example/v1/media/12" alt="">`},
		{`<img src="/v1/media/12x" alt="">`, `<img src="/v1/media/12x" alt="">`},
		{`<q cite="/v1/media/12">q</q>`, `<q cite="/v1/media/12">q</q>`},
	} {
		got := r.ForStorage(c.in, o)
		if got != c.want {
			t.Errorf("%s\n is stored as %s\n        want %s", c.in, got, c.want)
		}
		if again := r.ForStorage(got, o); again != got {
			t.Errorf("%s is stored again, as %s", got, again)
		}
	}
}

func TestFilesAreStoredBelowTheSite(t *testing.T) {
	r := New()
	for site, want := range map[string]string{
		"":                      `<img src="./?qa=blob&amp;qa_blobid=12" alt="">`,
		"/":                     `<img src="/?qa=blob&amp;qa_blobid=12" alt="">`,
		"https://site.example":  `<img src="https://site.example/?qa=blob&amp;qa_blobid=12" alt="">`,
		"https://site.example/": `<img src="https://site.example/?qa=blob&amp;qa_blobid=12" alt="">`,
	} {
		got := r.ForStorage(`<img src="/v1/media/12" alt="">`, Options{SiteURL: site})
		if again := r.ForStorage(got, Options{SiteURL: site}); got != want || again != want {
			t.Errorf("of the site %q: %s, and that %s; want %s", site, got, again, want)
		}
	}
}

// TestStoredFilesAreShownAgain checks that files which are posted with addresses of this API are shown with
// addresses of this API, whether they came in HTML or in Markdown.
func TestStoredFilesAreShownAgain(t *testing.T) {
	r := New()
	image, _ := r.FromMarkdown(`![a](/v1/media/12)`)
	for _, site := range []string{"", "/", "https://site.example", "http://www.site.example/qa/"} {
		o := Options{SiteURL: site, APIURL: "https://api.example"}
		for _, c := range []struct{ in, want string }{
			{`<img src="/v1/media/12" alt="a">`, `<img src="https://api.example/v1/media/12" alt="a" loading="lazy" decoding="async">`},
			{`<img src="https://api.example/v1/media/12?size=600" alt="a">`, `<img src="https://api.example/v1/media/12?size=600" alt="a" loading="lazy" decoding="async">`},
			{`<a href="/v1/media/12?size=600">f</a>`, `<a href="https://api.example/v1/media/12?size=600" rel="nofollow ugc noopener">f</a>`},
			{image, `<p><img src="https://api.example/v1/media/12" alt="a" loading="lazy" decoding="async"></p>`},
		} {
			if got := r.HTML(r.ForStorage(c.in, o), "html", o); got != c.want {
				t.Errorf("of the site %q: %s is shown as %s", site, c.in, got)
			}
		}
	}
}

func FuzzForStorage(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add(text)
	}
	f.Add(illustrated)
	r := New()
	o := Options{SiteURL: "https://site.example/", APIURL: "https://api.example"}
	f.Fuzz(func(t *testing.T, text string) {
		stored := r.ForStorage(text, o)
		if again := r.ForStorage(stored, o); again != stored {
			t.Errorf("%q is stored as %q, and that as %q", text, stored, again)
		}
	})
}
