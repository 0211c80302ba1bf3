package render

import (
	"strings"
	"testing"
)

// BenchmarkHTML measures what a list of posts pays for each post, whose content mostly comes out of the
// cache.
func BenchmarkHTML(b *testing.B) {
	text := strings.Repeat(`<p>蜂 <b>箱</b> and <a href="https://x.example/">a link</a></p>`, 20)
	for _, c := range []struct{ name, content string }{
		{"without images", text},
		{"with images", text + strings.Repeat(`<p><img src="?qa=image&amp;qa_blobid=1&amp;qa_size=600" alt="a"></p>`, 3)},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := New()
			b.ReportAllocs()
			for b.Loop() {
				r.HTML(c.content, "html", Options{
					SiteURL: "https://site.example/", APIURL: "https://api.example/", LinkURLs: true,
					Pictures: picture,
				})
			}
		})
	}
}

func BenchmarkRendering(b *testing.B) {
	text := strings.Repeat(`<p>蜂 <b>箱</b> and <a href="https://x.example/">a link</a></p>`, 20)
	b.ReportAllocs()
	r := New()
	for b.Loop() {
		r.render(text, "html", Options{SiteURL: "https://site.example/", APIURL: "https://api.example/"})
	}
}
