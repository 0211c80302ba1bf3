package mail

import (
	"strings"
	"testing"
)

// TestDigestTitles checks that titles in digests stay titles, whatever they look like, in plain text and HTML.
func TestDigestTitles(t *testing.T) {
	t.Parallel()
	for name, title := range map[string]string{
		"markup": "<b>&amp;</b> <img src=x>", "a quotation": "> said somebody", "a heading": "■ Not a heading",
		"an item": "* one * two", "an address": "https://evil.example/", "a signature": "-- ", "a script": "javascript:alert(1)",
		"a template": "{{.Site}}", "the other direction": "\u202egnp.exe",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const link = "https://qa.example/7/slug"
			c := &content{Site: "Site", Address: "https://qa.example/", NoMore: noMoreEn, Unsubscribe: "https://api.example/v1/unsubscribe?token=x",
				Digest: &digestContent{First: title, Questions: []digestItem{{Title: oneLine(title), Link: link, Who: oneLine(title)}}}}
			subject, body, err := digestKinds[kindDigestDaily].en.render(c)
			if err != nil {
				t.Fatal(err)
			}
			html := page(subject, body, c.Unsubscribe, false)
			if n := strings.Count(html, "<a href="); n != 2 || strings.Count(html, `<a href="`+link+`"`) != 1 {
				t.Errorf("%d links:\n%s", n, html)
			}
			for what, n := range map[string]int{"<h2": 1, "<blockquote": 0, "<img": 0, "<b>": 0, "evil.example/\"": 0} {
				if got := strings.Count(html, what); got != n {
					t.Errorf("%d %s:\n%s", got, what, html)
				}
			}
		})
	}
}
