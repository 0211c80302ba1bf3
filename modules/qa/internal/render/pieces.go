package render

import (
	"slices"
	"strings"

	nethtml "golang.org/x/net/html"
)

// rendered is a content as safe HTML, cut into pieces. The site's own images are kept apart, because
// what is known of them arrives and changes independently of the content. They are put in only when the
// content is shown.
type rendered struct {
	// text is the HTML without the tags of the site's own images.
	text string
	// images are the site's own images, in the order in which they stand in the text.
	images []image
	// files are the ids of the site's files that the content shows or links to, each once.
	files []string
}

// weight returns about how many bytes of memory the pieces take.
func (r *rendered) weight() int {
	n := len(r.text) + 200
	for i := range r.images {
		n += len(r.images[i].kept) + 150
	}
	return n + 40*len(r.files)
}

// html puts the pieces together. pictures returns what is known of an image; it may be nil.
func (r *rendered) html(pictures func(id string) (Picture, bool), apiURL string) string {
	if len(r.images) == 0 {
		return r.text
	}
	var b strings.Builder
	b.Grow(len(r.text) + 600*len(r.images))
	last := 0
	for n := range r.images {
		i := &r.images[n]
		b.WriteString(r.text[last:i.at])
		last = i.at
		var p Picture
		if pictures != nil {
			if found, ok := pictures(i.file.id); ok {
				p = found
			}
		}
		i.write(&b, p, apiURL)
	}
	b.WriteString(r.text[last:])
	return b.String()
}

// imageIDs returns the ids of the site's images in the content, in order, each once.
func (r *rendered) imageIDs() []string {
	var ids []string
	for i := range r.images {
		if id := r.images[i].file.id; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// marker rewrites sanitised HTML: it sets the rel of links, the addresses of the site's files, and the
// names of elements, takes out the site's images, replaces blocked words, and closes elements that are
// left open.
type marker struct {
	o      Options
	places places
	out    strings.Builder
	images []image
	files  []string
	open   []string // the names of the open elements, outermost first
}

// mark rewrites sanitised HTML as marker says, and cuts it into pieces.
func mark(safe string, o Options) *rendered {
	if !strings.Contains(safe, "<") {
		return &rendered{text: censor(safe, o)}
	}
	m := &marker{o: o, places: o.places()}
	m.out.Grow(len(safe) + 64)
	tokens := nethtml.NewTokenizer(strings.NewReader(safe))
	for {
		switch tokens.Next() {
		case nethtml.ErrorToken: // the end: reading from memory fails for no other reason
			m.close(len(m.open))
			return &rendered{text: m.out.String(), images: m.images, files: m.files}
		case nethtml.TextToken:
			m.out.WriteString(censor(string(tokens.Raw()), o))
		case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
			raw := string(tokens.Raw())
			t := tokens.Token()
			changed := ownNames(&t)
			if !voidElements[t.Data] {
				m.open = append(m.open, t.Data)
			}
			switch {
			case t.Data == "a" || t.Data == "area":
				m.link(t)
			case t.Data == "img":
				m.image(t)
			case changed:
				m.out.WriteString(t.String())
			default:
				m.out.WriteString(raw)
			}
		case nethtml.EndTagToken:
			m.end(tokens.Token().Data)
		default:
			m.out.Write(tokens.Raw())
		}
	}
}

// voidElements are the elements that have no end tag.
var voidElements = map[string]bool{
	"area": true, "br": true, "col": true, "hr": true, "img": true, "wbr": true,
}

// end closes an element and all that were opened within it. It ignores the end tag of an element that
// is not open, since that would close an element of the page around the post.
func (m *marker) end(name string) {
	for i := len(m.open) - 1; i >= 0; i-- {
		if m.open[i] == name {
			m.close(len(m.open) - i)
			return
		}
	}
}

// close closes the n innermost elements.
func (m *marker) close(n int) {
	for ; n > 0; n-- {
		m.out.WriteString("</" + m.open[len(m.open)-1] + ">")
		m.open = m.open[:len(m.open)-1]
	}
}

func (m *marker) link(t nethtml.Token) {
	kept := t.Attr[:0]
	for _, a := range t.Attr {
		if a.Key == "rel" || a.Key == "target" {
			continue
		}
		if a.Key == "href" {
			if f, ok := m.places.file(a.Val); ok {
				m.refer(f)
				a.Val = f.url(m.o.APIURL)
			}
		}
		kept = append(kept, a)
	}
	t.Attr = append(kept, nethtml.Attribute{Key: "rel", Val: "nofollow ugc noopener"})
	if m.o.NewWindow {
		t.Attr = append(t.Attr, nethtml.Attribute{Key: "target", Val: "_blank"})
	}
	m.out.WriteString(t.String())
}

func (m *marker) image(t nethtml.Token) {
	for _, a := range t.Attr {
		if a.Key != "src" {
			continue
		}
		if f, ok := m.places.file(a.Val); ok {
			m.refer(f)
			m.images = append(m.images, newImage(t, f, m.out.Len()))
			return
		}
		break // the first src counts, as in browsers
	}
	m.out.WriteString(foreignImage(t))
}

func (m *marker) refer(f file) {
	if !slices.Contains(m.files, f.id) {
		m.files = append(m.files, f.id)
	}
}
