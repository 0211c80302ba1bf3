package render

import (
	"strings"
	"testing"
)

// pictures are the site's pictures that are known in these tests, by id.
var pictures = map[string]Picture{
	"1": {URL: "https://cdn.example/1.jpg?a=1&b=2", Width: 1600, Height: 1200, BlurHash: `LE"<'>&j[`, Sources: []Source{{"https://cdn.example/1-320.webp", 320}, {"https://cdn.example/1-640.webp", 640}}},
	"2": {URL: "/files/2.png", Width: 100, Height: 50},
	"3": {URL: "/files/3.jpg", Width: 600, Height: 1200, Sources: []Source{{"/files/3-300.jpg", 300}}},
	"4": {URL: "/files/4.jpg", Sources: []Source{{"/files/4-300.jpg", 300}, {"/files/4-x.jpg", 0}}},
	"5": {Width: 40, Height: 30},
	"6": {URL: "/files/6.jpg", Width: 3000, Height: 1},
}

func picture(id string) (Picture, bool) {
	p, ok := pictures[id]
	return p, ok
}

func TestImagesComeOutComplete(t *testing.T) {
	const (
		lazy = ` loading="lazy" decoding="async"`
		set1 = ` srcset="https://cdn.example/1-320.webp 320w, https://cdn.example/1-640.webp 640w, https://cdn.example/1.jpg?a=1&amp;b=2 1600w" sizes="(max-width: 40rem) 100vw, 40rem"`
		hash = ` data-blurhash="LE&#34;&lt;&#39;&gt;&amp;j["`
		set3 = ` srcset="/files/3-300.jpg 300w, /files/3.jpg 600w" sizes="(max-width: 40rem) 100vw, 40rem"`
	)
	r := New()
	for _, c := range []struct{ in, want string }{
		{`<img src="/v1/media/1">`, `<img src="https://cdn.example/1.jpg?a=1&amp;b=2"` + set1 + ` width="1600" height="1200"` + lazy + hash + `>`},
		{`<p>a<img alt="x" src="/image/2"/>b</p>`, `<p>a<img src="/files/2.png" alt="x" width="100" height="50"` + lazy + `>b</p>`},

		// The address is that of the smallest version whose longer side is at least as long as was asked for.
		// The picture is shown in the size that was asked for.
		{`<img src="/image/1/300">`, `<img src="https://cdn.example/1-320.webp"` + set1 + ` width="300" height="225"` + lazy + hash + `>`},
		{`<img src="/image/1/320">`, `<img src="https://cdn.example/1-320.webp"` + set1 + ` width="320" height="240"` + lazy + hash + `>`},
		{`<img src="/image/1/321">`, `<img src="https://cdn.example/1-640.webp"` + set1 + ` width="321" height="241"` + lazy + hash + `>`},
		{`<img src="/image/1/641">`, `<img src="https://cdn.example/1.jpg?a=1&amp;b=2"` + set1 + ` width="641" height="481"` + lazy + hash + `>`},
		{`<img src="/image/2/20">`, `<img src="/files/2.png" width="20" height="10"` + lazy + `>`},
		{`<img src="/image/3/600">`, `<img src="/files/3-300.jpg"` + set3 + ` width="300" height="600"` + lazy + `>`},
		{`<img src="/image/3/601">`, `<img src="/files/3.jpg"` + set3 + ` width="301" height="601"` + lazy + `>`},

		// Widths and heights that the author set.
		{`<img src="/image/2" width="10" height="10">`, `<img src="/files/2.png" width="10" height="10"` + lazy + `>`},
		{`<img src="/image/2" width="50">`, `<img src="/files/2.png" width="50" height="25"` + lazy + `>`},
		{`<img src="/image/2" height="75">`, `<img src="/files/2.png" width="150" height="75"` + lazy + `>`},
		{`<img src="/image/2" width="33">`, `<img src="/files/2.png" width="33" height="17"` + lazy + `>`},
		{`<img src="/image/6" width="30">`, `<img src="/files/6.jpg" width="30" height="1"` + lazy + `>`},
		{`<img src="/image/2" width="100%">`, `<img src="/files/2.png" width="100%"` + lazy + `>`},
		{`<img src="/image/2" height="50%">`, `<img src="/files/2.png" height="50%"` + lazy + `>`},
		{`<img src="/image/2" width="50%" height="9">`, `<img src="/files/2.png" width="50%" height="9"` + lazy + `>`},
		{`<img src="/image/2" width="0">`, `<img src="/files/2.png" width="0"` + lazy + `>`},
		{`<img src="/image/2" width="9999999999999999999999">`, `<img src="/files/2.png" width="9999999999999999999999"` + lazy + `>`},
		{`<img src="/image/2" width="12em">`, `<img src="/files/2.png" width="100" height="50"` + lazy + `>`},

		// What the old site's editor writes.
		{`<img alt="" src="/image/2" style="height:10px; width:20px">`, `<img src="/files/2.png" alt="" width="20" height="10"` + lazy + `>`},
		{`<img src="/image/2" width="7" style="WIDTH: 50px; float:left; width:40px">`, `<img src="/files/2.png" width="40" height="20"` + lazy + `>`},
		{`<img src="/image/2" style="width:100%">`, `<img src="/files/2.png" width="100%"` + lazy + `>`},
		{`<img src="/image/2" style="width:expression(1); height:url(x); max-width:1px">`, `<img src="/files/2.png" width="100" height="50"` + lazy + `>`},
		{`<img src="x.png" style="height:10px; width:20px">`, `<img src="x.png" height="10" width="20"` + lazy + ` referrerpolicy="no-referrer">`},

		// Pictures of which little or nothing is known.
		{`<img src="/image/4">`, `<img src="/files/4.jpg" srcset="/files/4-300.jpg 300w" sizes="(max-width: 40rem) 100vw, 40rem"` + lazy + `>`},
		{`<img src="/image/5/20" align="left">`, `<img src="/v1/media/5?size=20" align="left" width="20" height="15"` + lazy + `>`},
		{`<img src="/image/9">`, `<img src="/v1/media/9"` + lazy + `>`},
		{`<img src="/image/9/20" width="7">`, `<img src="/v1/media/9?size=20" width="7"` + lazy + `>`},

		// Images of other sites, and attributes that authors may not set.
		{`<img src="https://other.example/image/1" alt="x">`, `<img src="https://other.example/image/1" alt="x"` + lazy + ` referrerpolicy="no-referrer">`},
		{`<img alt="x">`, `<img alt="x"` + lazy + ` referrerpolicy="no-referrer">`},
		{
			`<img src="/image/2" srcset="/evil 1w" sizes="1px" loading="eager" decoding="sync" data-blurhash="x" referrerpolicy="unsafe-url" fetchpriority="high" crossorigin>`,
			`<img src="/files/2.png" width="100" height="50"` + lazy + `>`,
		},
		{
			`<img src="https://x.example/y" srcset="/evil 1w" sizes="1px" loading="eager" decoding="sync" data-blurhash="x" referrerpolicy="unsafe-url">`,
			`<img src="https://x.example/y"` + lazy + ` referrerpolicy="no-referrer">`,
		},
		{`<img src="https://x.example/y" src="/image/2">`, `<img src="https://x.example/y"` + lazy + ` referrerpolicy="no-referrer">`},
	} {
		for range 2 { // the second time out of the cache
			if got := r.HTML(c.in, "html", Options{Pictures: picture}); got != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.in, got, c.want)
			}
		}
	}
}

func TestImagesInMarkdownAndPlainText(t *testing.T) {
	r := New()
	o := Options{SiteURL: "https://site.example/", LinkURLs: true, Pictures: picture}
	for _, c := range []struct{ format, in, want string }{
		{"markdown", `![a b](/v1/media/2 "t") and [c](image/2)`, `<p><img src="/files/2.png" alt="a b" title="t" width="100" height="50" loading="lazy" decoding="async"> and <a href="/v1/media/2" rel="nofollow ugc noopener">c</a></p>` + "\n"},
		{"markdown", "`![a](/v1/media/2)`", "<p><code>![a](/v1/media/2)</code></p>\n"},
		{"", `<img src="/v1/media/2">`, `&lt;img src=&#34;/v1/media/2&#34;&gt;`},
		{"", `https://site.example/?qa=blob&qa_blobid=2`, `<a href="/v1/media/2" rel="nofollow ugc noopener">https://site.example/?qa=blob&amp;qa_blobid=2</a>`},
	} {
		if got := r.HTML(c.in, c.format, o); got != c.want {
			t.Errorf("%s %q:\n got %q\nwant %q", c.format, c.in, got, c.want)
		}
	}
	if ids := r.ImageIDs("![a](/v1/media/2)", "markdown", o); len(ids) != 1 || ids[0] != "2" {
		t.Errorf("ids of images in Markdown: %q", ids)
	}
	if ids := r.ImageIDs("/v1/media/2 https://site.example/image/2", "", o); ids != nil {
		t.Errorf("ids of images in plain text: %q", ids)
	}
}

// TestPicturesAreEscaped checks that nothing which is known of a picture can end the attribute that it stands
// in.
func TestPicturesAreEscaped(t *testing.T) {
	const evil = `"><script>alert('1')</script>&`
	out := New().HTML(`<img src="/image/1">`, "html", Options{Pictures: func(string) (Picture, bool) {
		return Picture{URL: evil, Width: 2, Height: 1, BlurHash: evil, Sources: []Source{{evil, 1}}}, true
	}})
	if strings.Count(out, "<") != 1 || strings.Count(out, ">") != 1 || strings.Contains(out, "'") {
		t.Errorf("not escaped: %s", out)
	}
}
