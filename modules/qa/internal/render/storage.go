package render

import (
	"bytes"
	"strings"

	"38qa.net/backend/modules/qa/internal/q2ahtml"
	nethtml "golang.org/x/net/html"
)

// FromMarkdown is the HTML that a Markdown text stands for. It is not safe to show.
func (r *Renderer) FromMarkdown(text string) string {
	var b bytes.Buffer
	if err := r.markdown.Convert([]byte(text), &b); err != nil {
		return nethtml.EscapeString(text) // goldmark fails only when its writer does
	}
	return strings.TrimSpace(b.String())
}

// ForStorage cleans HTML into what the old site would store of it. It is not what is shown: HTML sanitises again.
//
// Addresses of files as this API gives them become those that the old site's editor writes: that site has to show them too.
func (r *Renderer) ForStorage(html string, o Options) string {
	places := o.places()
	return q2ahtml.Clean(html, func(address string) (old string, ok bool) {
		f, ok := places.file(address)
		if !ok || !f.ours {
			return "", false
		}
		return f.oldURL(o.SiteURL), true
	})
}
