// Package render makes safe HTML of posts: sanitised whatever the source, links marked as written by users, images of
// the site led through /v1/media and told in full. It also tells which of the site's files a post refers to, and cleans what
// is stored.
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
	nethtml "golang.org/x/net/html"

	"38qa.net/backend/modules/kernel/weblink"
)

// Options are the site's choices that change what HTML comes out, and what is known of its images.
type Options struct {
	// SiteURL is the old site's address; addresses of its files below it are recognised.
	SiteURL string
	// APIURL is the address of this API (PUBLIC_URL), which addresses of files get; those below it are recognised too. "" where it is not known: then they
	// are relative.
	APIURL string
	// LinkURLs makes links of bare addresses in plain text (option show_url_links).
	LinkURLs bool
	// NewWindow makes links open in a new window (option links_in_new_window).
	NewWindow bool
	// BlockedWords is the option block_bad_words; Censor replaces such words in the text between tags.
	BlockedWords string
	Censor       func(string) string
	// Pictures tells what is known of an image of the site. It is asked at each call, also about contents that are remembered;
	// nil: nothing is known.
	Pictures func(id string) (Picture, bool)
}

// Renderer turns contents into HTML and remembers results; it is safe for concurrent use.
type Renderer struct {
	policy   *bluemonday.Policy
	markdown goldmark.Markdown
	cache    *otter.Cache[key, *rendered]
}

// key identifies a result: everything that it depends on, by value or by hash.
type key struct {
	content uint64
	length  int
	format  string
	options uint64
}

// cacheBytes bounds the memory of remembered results.
const cacheBytes = 16 << 20

// New returns a renderer.
func New() *Renderer {
	return &Renderer{
		policy:   policy(),
		markdown: goldmark.New(goldmark.WithExtensions(extension.GFM)),
		cache: otter.Must(&otter.Options[key, *rendered]{
			MaximumWeight: cacheBytes,
			Weigher:       func(_ key, v *rendered) uint32 { return uint32(min(v.weight(), 1<<30)) },
		}),
	}
}

// policy is what may stay: the elements and attributes of ordinary texts, no script, style, form, frame or embedding.
func policy() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowAttrs("class").OnElements("code", "pre", "span") // the marker keeps some of them
	p.AllowAttrs("id").Globally()                           // and gives these names of their own
	p.AllowAttrs("width", "height").Matching(bluemonday.NumberOrPercent).OnElements("img", "table", "td", "th")
	p.AllowStyles("text-align").MatchingEnum("left", "right", "center", "justify").OnElements("p", "div", "td", "th", "h1", "h2", "h3", "h4")
	p.AllowStyles("width", "height").Matching(sideForm).OnElements("img") // the marker makes attributes of them
	p.RequireNoFollowOnLinks(false)                                       // and adds the whole rel
	p.AllowRelativeURLs(true)
	return p
}

// HTML is the content, stored in the format ("" is plain text, "html", "markdown"), as HTML that is safe to show.
func (r *Renderer) HTML(content, format string, o Options) string {
	if content == "" {
		return ""
	}
	return r.rendered(content, format, o).html(o.Pictures, o.APIURL)
}

// ImageIDs are the ids of the site's own images that the content shows, in their order, each once.
func (r *Renderer) ImageIDs(content, format string, o Options) []string {
	if content == "" {
		return nil
	}
	return r.rendered(content, format, o).imageIDs()
}

// References are the ids of the site's own files that the content refers to, as images or by links, each once.
func (r *Renderer) References(content, format string, o Options) []string {
	if content == "" {
		return nil
	}
	return slices.Clone(r.rendered(content, format, o).files)
}

// rendered is the content in pieces, remembered if possible.
func (r *Renderer) rendered(content, format string, o Options) *rendered {
	k := key{content: xxhash.Sum64String(content), length: len(content), format: format, options: o.hash()}
	if out, ok := r.cache.GetIfPresent(k); ok {
		return out
	}
	out := r.render(content, format, o)
	r.cache.Set(k, out)
	return out
}

// hash tells options apart that render differently. Pictures do not: see rendered.
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
		if !ok { // no post of this API: it refuses such texts
			converted = plain(content, o)
		}
		content = converted
	default: // plain text, and formats of plugins that are not known here
		content = plain(content, o)
	}
	return mark(r.policy.Sanitize(content), o)
}

var bareURL = regexp.MustCompile(`https?://[^\s<>"']+`)

// plain escapes text, keeps its lines and spaces and links its addresses.
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

// censor treats the text between two tags, given with its entities.
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
