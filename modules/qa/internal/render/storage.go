package render

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

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

// ForStorage cleans HTML as Q2A cleans what it stores: elements that carry script, style, forms or embeddings go and leave
// their text, attributes that act go, links are marked, everything is closed. It keeps texts and entities as they were
// written, so that what the old site would have stored comes out. It is not what is shown: HTML sanitises again.
//
// Addresses of files as this API gives them become those that the old site's editor writes: that site has to show them too.
func (r *Renderer) ForStorage(html string, o Options) string {
	s := &storer{tokens: nethtml.NewTokenizer(strings.NewReader(html)), ids: map[string]bool{}, places: o.places(), siteURL: o.SiteURL}
	for {
		switch s.tokens.Next() {
		case nethtml.ErrorToken: // the end: reading from memory fails for no other reason
			for i := len(s.open) - 1; i >= 0; i-- {
				s.out.WriteString("</" + s.open[i].as + ">")
			}
			return s.out.String()
		case nethtml.TextToken, nethtml.CommentToken, nethtml.DoctypeToken:
			s.out.WriteString(escapeText(string(s.tokens.Raw())))
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			s.start(s.tokens.Token())
		case nethtml.EndTagToken:
			s.end(s.tokens.Token().Data)
		}
	}
}

type storer struct {
	tokens *nethtml.Tokenizer
	out    strings.Builder
	open   []element
	ids    map[string]bool // that were given already: a second element with one loses it

	places  places
	siteURL string
}

// element is an open one, under the name that it came with and that which it is stored with.
type element struct{ name, as string }

// storedElements are those that stay; voidElements have no end.
var (
	storedElements = setOf("a abbr acronym address article aside b bdi bdo big blockquote br caption cite code col colgroup dd del details dfn div dl dt em " +
		"figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main map area mark nav ol p pre q rp rt ruby samp section small span strong " +
		"sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr")
	voidElements = setOf("br hr img col area wbr")
	// oldElements are stored as what has taken their place, with a style.
	oldElements = map[string]element{"s": {"span", "text-decoration: line-through;"}, "strike": {"span", "text-decoration: line-through;"},
		"center": {"div", "text-align: center;"}, "font": {"span", ""}}
	storedAttributes = setOf("abbr align alt axis border cellpadding cellspacing char charoff charset cite class colspan coords datetime dir headers height href " +
		"hreflang hspace id lang media name nowrap open rel rowspan rules scope shape span src start style summary tabindex target title type usemap valign value vspace width")
)

func setOf(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

func (s *storer) start(t nethtml.Token) {
	as, style := t.Data, ""
	if old, ok := oldElements[t.Data]; ok {
		as, style = old.name, old.as
	} else if !storedElements[t.Data] {
		return
	}
	if t.Data == "font" {
		for _, a := range t.Attr {
			if a.Key == "color" {
				style = "color: " + a.Val + ";"
			}
		}
		t.Attr = nil
	}
	s.out.WriteString("<" + as)
	if style != "" {
		s.attribute("style", style)
	}
	s.attributes(t)
	s.out.WriteByte('>')
	if !voidElements[as] {
		s.open = append(s.open, element{t.Data, as})
	}
}

// attributes writes those that stay, in their order. Links are marked for search engines first; images without a text get
// Q2A's.
func (s *storer) attributes(t nethtml.Token) {
	has := func(name string) bool {
		return slices.ContainsFunc(t.Attr, func(a nethtml.Attribute) bool { return a.Key == name })
	}
	if t.Data == "a" && has("href") {
		s.attribute("rel", "nofollow")
	}
	seen := map[string]bool{}
	for _, a := range t.Attr {
		if !storedAttributes[a.Key] || seen[a.Key] || a.Key == "rel" && t.Data == "a" {
			continue
		}
		seen[a.Key] = true
		if a.Key == "id" {
			if s.ids[a.Val] {
				continue
			}
			s.ids[a.Val] = true
		}
		if a.Key == "href" || a.Key == "src" || a.Key == "cite" {
			a.Val = deniedScheme(a.Key, a.Val)
		}
		if t.Data == "a" && a.Key == "href" || t.Data == "img" && a.Key == "src" {
			a.Val = s.oldURL(a.Val)
		}
		s.attribute(a.Key, a.Val)
	}
	if t.Data == "img" && !has("alt") {
		s.attribute("alt", "image")
	}
}

func (s *storer) attribute(name, value string) {
	s.out.WriteString(" " + name + `="` + strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(value) + `"`)
}

// oldURL leads an address of this API's files to the old site. All others stay as they were written.
func (s *storer) oldURL(address string) string {
	if f, ok := s.places.file(address); ok && f.ours {
		return f.oldURL(s.siteURL)
	}
	return address
}

// linkSchemes are those that addresses of links may have; others may only have file, http and https.
var linkSchemes = setOf("aim feed file ftp gopher http https irc mailto news nntp sftp ssh telnet")

var schemeForm = regexp.MustCompile(`^[\s\x00-\x1f]*([A-Za-z][A-Za-z0-9+.-]*)\s*:`)

// deniedScheme marks an address with a scheme that does not stay, so that it leads nowhere.
func deniedScheme(attribute, address string) string {
	m := schemeForm.FindStringSubmatch(address)
	if m == nil {
		return address
	}
	scheme := strings.ToLower(m[1])
	if scheme == "denied" || scheme == "http" || scheme == "https" || scheme == "file" || attribute == "href" && linkSchemes[scheme] {
		return address
	}
	return "denied:" + address
}

// end closes an element and all that were opened within it. What was never opened is left out.
func (s *storer) end(name string) {
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i].name != name {
			continue
		}
		for j := len(s.open) - 1; j >= i; j-- {
			s.out.WriteString("</" + s.open[j].as + ">")
		}
		s.open = s.open[:i]
		return
	}
}

var entityForm = regexp.MustCompile(`^&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});`)

// escapeText escapes what would be taken for a tag or an entity, and keeps entities.
func escapeText(text string) string {
	if !strings.ContainsAny(text, "&<>") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			if entity := entityForm.FindString(text[i:]); entity != "" && known(entity) {
				b.WriteString(entity)
				i += len(entity) - 1
			} else {
				b.WriteString("&amp;")
			}
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// known tells whether HTML has an entity of that name.
func known(entity string) bool { return entity[1] == '#' || nethtml.UnescapeString(entity) != entity }
