// Package render makes safe HTML of posts: sanitised whatever the source, links marked as written by users, images of
// the old site led through /v1/media.
package render

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/maypok86/otter/v2"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	nethtml "golang.org/x/net/html"
)

// Options are the site's choices that change what HTML comes out.
type Options struct {
	// SiteURL is the old site's address; addresses of its files below it are recognised.
	SiteURL string
	// APIURL is the address of this API (PUBLIC_URL); addresses of files below it are recognised too. "" where it is not known.
	APIURL string
	// LinkURLs makes links of bare addresses in plain text (option show_url_links).
	LinkURLs bool
	// NewWindow makes links open in a new window (option links_in_new_window).
	NewWindow bool
	// BlockedWords is the option block_bad_words; Censor replaces such words in the text between tags.
	BlockedWords string
	Censor       func(string) string
}

// Renderer turns contents into HTML and remembers results; it is safe for concurrent use.
type Renderer struct {
	policy   *bluemonday.Policy
	markdown goldmark.Markdown
	cache    *otter.Cache[key, string]
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
		cache: otter.Must(&otter.Options[key, string]{
			MaximumWeight: cacheBytes,
			Weigher:       func(_ key, v string) uint32 { return uint32(min(len(v)+100, 1<<30)) },
		}),
	}
}

// policy is what may stay: the elements and attributes of ordinary texts, no script, style, form, frame or embedding.
func policy() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^[A-Za-z0-9_ -]{1,100}$`)).OnElements("code", "pre", "span", "div", "p", "table")
	p.AllowAttrs("width", "height").Matching(bluemonday.NumberOrPercent).OnElements("img", "table", "td", "th")
	p.AllowStyles("text-align").MatchingEnum("left", "right", "center", "justify").OnElements("p", "div", "td", "th", "h1", "h2", "h3", "h4")
	p.RequireNoFollowOnLinks(false) // mark adds the whole rel
	p.AllowRelativeURLs(true)
	return p
}

// HTML is the content, stored in the format ("" is plain text, "html", "markdown"), as HTML that is safe to show.
func (r *Renderer) HTML(content, format string, o Options) string {
	if content == "" {
		return ""
	}
	k := key{content: xxhash.Sum64String(content), length: len(content), format: format, options: o.hash()}
	if out, ok := r.cache.GetIfPresent(k); ok {
		return out
	}
	out := r.render(content, format, o)
	r.cache.Set(k, out)
	return out
}

func (o Options) hash() uint64 {
	flags := "00"
	if o.LinkURLs {
		flags = "1" + flags[1:]
	}
	if o.NewWindow {
		flags = flags[:1] + "1"
	}
	return xxhash.Sum64String(flags + o.SiteURL + "\x00" + o.APIURL + "\x00" + o.BlockedWords)
}

func (r *Renderer) render(content, format string, o Options) string {
	content = strings.ToValidUTF8(strings.ReplaceAll(content, "\x00", ""), "\uFFFD")
	switch format {
	case "html":
	case "markdown":
		var b bytes.Buffer
		if err := r.markdown.Convert([]byte(content), &b); err != nil {
			content = plain(content, o) // goldmark fails only when its writer does
		} else {
			content = b.String()
		}
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
			write(text[last:at[0]])
			escaped := html.EscapeString(link)
			b.WriteString(`<a href="` + escaped + `">` + escaped + `</a>`)
			last = at[0] + len(link)
		}
	}
	write(text[last:])
	return b.String()
}

// mark goes over sanitised HTML once more: the rel of links, addresses of images, blocked words.
func mark(safe string, o Options) string {
	if !strings.Contains(safe, "<") {
		return censor(safe, o)
	}
	var b strings.Builder
	b.Grow(len(safe) + 64)
	places := o.places()
	tokens := nethtml.NewTokenizer(strings.NewReader(safe))
	for {
		kind := tokens.Next()
		switch kind {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.TextToken:
			b.WriteString(censor(string(tokens.Raw()), o))
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			raw := string(tokens.Raw())
			t := tokens.Token()
			if t.Data != "a" && t.Data != "img" {
				b.WriteString(raw)
				continue
			}
			b.WriteString(markTag(t, o, places))
		default:
			b.Write(tokens.Raw())
		}
	}
}

func markTag(t nethtml.Token, o Options, places places) string {
	kept := t.Attr[:0]
	for _, a := range t.Attr {
		switch {
		case a.Key == "rel" || a.Key == "target":
			continue
		case t.Data == "a" && a.Key == "href", t.Data == "img" && a.Key == "src":
			if f, ok := places.file(a.Val); ok {
				a.Val = f.url()
			}
		}
		kept = append(kept, a)
	}
	t.Attr = kept
	if t.Data == "a" {
		t.Attr = append(t.Attr, nethtml.Attribute{Key: "rel", Val: "nofollow ugc noopener"})
		if o.NewWindow {
			t.Attr = append(t.Attr, nethtml.Attribute{Key: "target", Val: "_blank"})
		}
	}
	return t.String()
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
