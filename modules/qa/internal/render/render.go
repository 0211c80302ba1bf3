// Package render turns the contents of posts into HTML that is safe to show. It sanitises every
// content, whoever wrote it, marks links as written by users, and gives the site's own images addresses
// below /v1/media with their sizes and versions. It also finds out which of the site's files a content
// refers to, and cleans HTML before it is stored.
package render

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/maypok86/otter/v2"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
	nethtml "golang.org/x/net/html"

	"38qa.net/backend/modules/kernel/weblink"
)

// Options holds the site's options that change the resulting HTML, and a source of what is known of its
// images.
type Options struct {
	// SiteURL is the old site's address. Addresses of the site's files below it are recognised.
	SiteURL string
	// APIURL is the address of this API (PUBLIC_URL). The resulting HTML has the site's files below it,
	// and addresses below it are recognised as well. If it is "" because it is not known, the addresses
	// of files are relative.
	APIURL string
	// LinkURLs turns bare addresses in plain text into links (option show_url_links).
	LinkURLs bool
	// NewWindow makes links open in a new window (option links_in_new_window).
	NewWindow bool
	// BlockedWords is the option block_bad_words. Censor replaces these words in the text between tags.
	BlockedWords string
	Censor       func(string) string
	// Pictures returns what is known of an image of the site, by its id. It is called at each
	// rendering, also when the rest of the result is remembered. If it is nil, nothing is known of any
	// image.
	Pictures func(id string) (Picture, bool)
}

// Renderer turns contents into HTML and remembers the results. It is safe for concurrent use.
type Renderer struct {
	policy   *bluemonday.Policy
	markdown goldmark.Markdown
	cache    *otter.Cache[key, *rendered]
}

// key identifies a remembered result. It holds all that the result depends on, as a value or a hash.
type key struct {
	content uint64
	length  int
	format  string
	options uint64
}

// cacheBytes bounds the memory of the remembered results, in bytes.
const cacheBytes = 16 << 20

// New returns a renderer that remembers no results yet.
func New() *Renderer {
	return &Renderer{
		policy: policy(),
		markdown: goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(
			renderer.WithNodeRenderers(util.Prioritized(ownNodes{}, 100)))),
		cache: otter.Must(&otter.Options[key, *rendered]{
			MaximumWeight: cacheBytes,
			Weigher:       func(_ key, v *rendered) uint32 { return uint32(min(v.weight(), 1<<30)) },
		}),
	}
}

// policy returns the rules of the sanitiser: it keeps the elements and attributes of ordinary texts,
// and no script, style sheet, form, frame or embedded object.
func policy() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowAttrs("class").OnElements("code", "pre", "span") // the marker keeps some classes
	p.AllowAttrs("id").Globally()                           // the marker puts a prefix before ids
	p.AllowAttrs("width", "height").Matching(bluemonday.NumberOrPercent).
		OnElements("img", "table", "td", "th")
	p.AllowStyles("text-align").MatchingEnum("left", "right", "center", "justify").
		OnElements("p", "div", "td", "th", "h1", "h2", "h3", "h4")
	// The marker turns width and height into attributes, and adds the whole rel.
	p.AllowStyles("width", "height").Matching(sideForm).OnElements("img")
	p.RequireNoFollowOnLinks(false)
	p.AllowRelativeURLs(true)
	return p
}

// HTML returns the content as HTML that is safe to show. format is the format in which it is stored: ""
// (plain text), "html" or "markdown". Any other format is treated as plain text.
func (r *Renderer) HTML(content, format string, o Options) string {
	if content == "" {
		return ""
	}
	return r.rendered(content, format, o).html(o.Pictures, o.APIURL)
}

// ImageIDs returns the ids of the site's own images that the content shows, in order, each once.
func (r *Renderer) ImageIDs(content, format string, o Options) []string {
	if content == "" {
		return nil
	}
	return r.rendered(content, format, o).imageIDs()
}

// References returns the ids of the site's own files to which the content refers, as images or by
// links, each once.
func (r *Renderer) References(content, format string, o Options) []string {
	if content == "" {
		return nil
	}
	return slices.Clone(r.rendered(content, format, o).files)
}

// rendered returns the content in pieces, and remembers it.
func (r *Renderer) rendered(content, format string, o Options) *rendered {
	k := key{content: xxhash.Sum64String(content), length: len(content), format: format, options: o.hash()}
	if out, ok := r.cache.GetIfPresent(k); ok {
		return out
	}
	out := r.render(content, format, o)
	r.cache.Set(k, out)
	return out
}

// hash returns a hash of all options that change the pieces. Pictures does not: see the type rendered.
func (o Options) hash() uint64 {
	var d xxhash.Digest
	d.Reset()
	for _, part := range [...]string{o.SiteURL, o.APIURL, o.BlockedWords} {
		_, _ = d.WriteString(part) // it never fails
		_, _ = d.WriteString("\x00")
	}
	if o.LinkURLs {
		_, _ = d.WriteString("l")
	}
	if o.NewWindow {
		_, _ = d.WriteString("w")
	}
	return d.Sum64()
}

func (r *Renderer) render(content, format string, o Options) *rendered {
	content = strings.ToValidUTF8(strings.ReplaceAll(content, "\x00", ""), "\uFFFD")
	switch format {
	case "html":
	case "markdown":
		converted, ok := r.convert(content)
		if !ok { // not written by this API, which refuses such texts
			converted = plain(content, o)
		}
		content = converted
	default: // plain text, and formats of plugins that are not known here
		content = plain(content, o)
	}
	return mark(r.policy.Sanitize(content), o)
}

var bareURL = regexp.MustCompile(`https?://[^\s<>"']+`)

// plain returns plain text as HTML: escaped, with its line breaks and spaces kept, and its addresses as
// links if the options say so.
func plain(text string, o Options) string {
	var b strings.Builder
	last := 0
	write := func(s string) {
		s = html.EscapeString(s)
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "  ", "&nbsp; ")
		b.WriteString(strings.ReplaceAll(s, "\n", "<br>\n"))
	}
	if o.LinkURLs {
		for _, at := range bareURL.FindAllStringIndex(text, -1) {
			link := strings.TrimRight(text[at[0]:at[1]], ".,;:!?)]}。、」")
			if weblink.Of(link) != link {
				continue
			}
			write(text[last:at[0]])
			escaped := html.EscapeString(link)
			b.WriteString(`<a href="` + escaped + `">` + escaped + `</a>`)
			last = at[0] + len(link)
		}
	}
	write(text[last:])
	return b.String()
}

// censor replaces blocked words in the text between two tags, in which special characters are written
// as entities.
func censor(escaped string, o Options) string {
	if o.BlockedWords == "" || o.Censor == nil {
		return escaped
	}
	text := nethtml.UnescapeString(escaped)
	if censored := o.Censor(text); censored != text {
		return html.EscapeString(censored)
	}
	return escaped
}
