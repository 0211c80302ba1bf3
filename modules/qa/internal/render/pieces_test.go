package render

import (
	"slices"
	"testing"
)

const illustrated = `<p>a <img src="/image/3" alt="x"> b <a href="./?qa=blob&amp;qa_blobid=7"><img src="?qa=image&amp;qa_blobid=1&amp;qa_size=60"></a></p>
<img src="https://site.example/image/3/200"><img src="https://other.example/image/8"><a href="https://api.example/v1/media/1">c</a><a href="https://other.example/blob/8">d</a> end`

func TestPicturesOfRememberedContents(t *testing.T) {
	r := New()
	o := Options{SiteURL: "https://site.example/", APIURL: "https://api.example"}
	html := func(p Picture) string {
		o.Pictures = func(id string) (Picture, bool) { return p, id == "3" && p.URL != "" }
		return r.HTML(`<p>a <img src="/image/3" alt="x"> b</p><img src="/image/4">`, "html", o)
	}
	const rest = ` b</p><img src="https://api.example/v1/media/4" loading="lazy" decoding="async">`
	for _, c := range []struct {
		known Picture
		want  string
	}{
		{Picture{}, `<p>a <img src="https://api.example/v1/media/3" alt="x" loading="lazy" decoding="async">` + rest},
		{Picture{URL: "/3.jpg", Width: 2, Height: 1}, `<p>a <img src="/3.jpg" alt="x" width="2" height="1" loading="lazy" decoding="async">` + rest},
		{Picture{URL: "/3.webp", BlurHash: "LE"}, `<p>a <img src="/3.webp" alt="x" loading="lazy" decoding="async" data-blurhash="LE">` + rest},
		{Picture{}, `<p>a <img src="https://api.example/v1/media/3" alt="x" loading="lazy" decoding="async">` + rest},
	} {
		if got := html(c.known); got != c.want {
			t.Errorf("with %v:\n got %s\nwant %s", c.known, got, c.want)
		}
	}
	o.Pictures = nil
	got := r.HTML(`<p>a <img src="/image/3" alt="x"> b</p><img src="/image/4">`, "html", o)
	if got != html(Picture{}) {
		t.Errorf("without pictures: %s", got)
	}
}

func TestIDsOfFiles(t *testing.T) {
	r := New()
	o := Options{SiteURL: "https://site.example/", APIURL: "https://api.example"}
	for _, c := range []struct {
		format, in         string
		images, references []string
	}{
		{"html", illustrated, []string{"3", "1"}, []string{"3", "7", "1"}},
		{"html", `<a href="/blob/7">x</a>`, nil, []string{"7"}},
		{"html", `<a href="/blob/07">x</a><img src="/blob/7">`, []string{"7"}, []string{"7"}},
		{"html", `<img src="/image/17765946983181832608">`, []string{"17765946983181832608"}, []string{"17765946983181832608"}},
		{"html", `<!-- <img src="/image/3"> --><script>"<img src='/image/3'>"</script>`, nil, nil},
		{"html", `<p>no files</p>`, nil, nil},
		{"html", ``, nil, nil},
		{"markdown", "[a](/v1/media/2) ![b](/v1/media/1)", []string{"1"}, []string{"2", "1"}},
		{"", "https://site.example/image/3", nil, nil},
	} {
		for range 2 { // the second time out of the cache
			if got := r.ImageIDs(c.in, c.format, o); !slices.Equal(got, c.images) {
				t.Errorf("images of %q: %q, want %q", c.in, got, c.images)
			}
			if got := r.References(c.in, c.format, o); !slices.Equal(got, c.references) {
				t.Errorf("references of %q: %q, want %q", c.in, got, c.references)
			}
		}
	}
}

// TestIDsAreTheCallers checks that changing a returned list of ids does not change the remembered ids, from
// which all lists come.
func TestIDsAreTheCallers(t *testing.T) {
	r := New()
	r.ImageIDs(illustrated, "html", Options{})[0] = "x"
	r.References(illustrated, "html", Options{})[0] = "x"
	ids, refs := r.ImageIDs(illustrated, "html", Options{}), r.References(illustrated, "html", Options{})
	if ids[0] != "3" || refs[0] != "3" {
		t.Errorf("%q %q", ids, refs)
	}
}

func TestContentsAreRenderedOnce(t *testing.T) {
	r := New()
	rendered := 0
	o := Options{BlockedWords: "x", Censor: func(s string) string { rendered++; return s }, Pictures: picture}
	r.ImageIDs(illustrated, "html", o)
	once := rendered
	r.HTML(illustrated, "html", o)
	r.References(illustrated, "html", o)
	if once == 0 || rendered != once {
		t.Errorf("texts were censored %d times by the first call, and %d times in all", once, rendered)
	}
	o.APIURL = "https://api.example"
	if refs := r.References(illustrated, "html", o); rendered == once || !slices.Contains(refs, "1") {
		t.Errorf("another address of the API does not count: %q", refs)
	}
}

// TestContentsWithoutImagesAreNotCopied checks that showing a remembered content without images of the site
// allocates no memory. Most posts have none, and must not pay for those that have.
func TestContentsWithoutImagesAreNotCopied(t *testing.T) {
	r := New()
	const text = `<p>蜂 <a href="/blob/7">x</a> <img src="https://other.example/y.png"></p>`
	o := Options{SiteURL: "https://site.example/", APIURL: "https://api.example", Pictures: picture}
	r.HTML(text, "html", o)
	for name, call := range map[string]func(){
		"HTML":     func() { r.HTML(text, "html", o) },
		"ImageIDs": func() { r.ImageIDs(text, "html", o) },
	} {
		if n := testing.AllocsPerRun(100, call); n > 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
