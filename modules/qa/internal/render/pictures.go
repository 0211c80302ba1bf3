package render

import (
	"html"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	nethtml "golang.org/x/net/html"
)

// Picture is what is known of an image of the site.
type Picture struct {
	// URL is the address of the image in full.
	URL string
	// Width and Height are those of the image in full, in pixels; 0 where they are not known.
	Width, Height int
	// BlurHash stands in for the image until it is there; "" where there is none.
	BlurHash string
	// Sources are smaller versions, the smallest first.
	Sources []Source
}

// Source is a version of a picture, of the same shape.
type Source struct {
	URL string
	// Width is in pixels.
	Width int
}

// sizes tells browsers how wide posts are shown, by which they choose among the versions of an image.
const sizes = "(max-width: 40rem) 100vw, 40rem"

// image is one of the site's images within a text, as its author put it there.
type image struct {
	// at is where it stands in the text.
	at   int
	file file
	// kept are the attributes that it keeps beside its address and size, written out.
	kept string
	// width and height are the author's: pixels, a percentage, or "".
	width, height string
}

// newImage is the image of a sanitised tag.
func newImage(t nethtml.Token, f file, at int) image {
	i := image{at: at, file: f}
	var kept strings.Builder
	for _, a := range sized(t.Attr) {
		switch a.Key {
		case "src":
		case "width":
			i.width = a.Val
		case "height":
			i.height = a.Val
		default:
			writeAttribute(&kept, a.Key, a.Val)
		}
	}
	i.kept = kept.String()
	return i
}

// sideForm is a width or height as the old site's editor writes it into an image's style.
var sideForm = regexp.MustCompile(`^[0-9]{1,5}(px|%)$`)

// sized are an image's attributes with the width and height of its style, which is all that is left of it, as attributes.
func sized(attributes []nethtml.Attribute) []nethtml.Attribute {
	var style string
	out := slices.DeleteFunc(slices.Clone(attributes), func(a nethtml.Attribute) bool {
		if a.Key == "style" {
			style = a.Val
		}
		return a.Key == "style"
	})
	for part := range strings.SplitSeq(style, ";") {
		name, value, _ := strings.Cut(part, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if (name == "width" || name == "height") && sideForm.MatchString(value) { // a style counts more than an attribute
			out = slices.DeleteFunc(out, func(a nethtml.Attribute) bool { return a.Key == name })
			out = append(out, nethtml.Attribute{Key: name, Val: strings.TrimSuffix(value, "px")})
		}
	}
	return out
}

// write writes the image's tag with what is known of it.
func (i *image) write(b *strings.Builder, p Picture, apiURL string) {
	b.WriteString("<img")
	writeAttribute(b, "src", i.src(p, apiURL))
	b.WriteString(i.kept)
	if set := p.srcset(); set != "" {
		writeAttribute(b, "srcset", set)
		writeAttribute(b, "sizes", sizes)
	}
	width, height := i.shape(p)
	if width != "" {
		writeAttribute(b, "width", width)
	}
	if height != "" {
		writeAttribute(b, "height", height)
	}
	b.WriteString(` loading="lazy" decoding="async"`)
	if p.BlurHash != "" {
		writeAttribute(b, "data-blurhash", p.BlurHash)
	}
	b.WriteString(">")
}

// src is the address that the image is shown from where the browser does not choose: the smallest version that is as large as
// the author asked for.
func (i *image) src(p Picture, apiURL string) string {
	if p.URL == "" {
		return i.file.url(apiURL)
	}
	if i.file.size > 0 {
		for _, s := range p.Sources {
			if p.longest(s) >= i.file.size {
				return s.URL
			}
		}
	}
	return p.URL
}

// longest is the longer side of a version, in pixels.
func (p Picture) longest(s Source) int {
	if p.Height <= p.Width || p.Width <= 0 {
		return s.Width
	}
	return scaled(s.Width, p.Width, p.Height)
}

// srcset lists the versions that browsers may choose from; "" where there is no choice.
func (p Picture) srcset() string {
	if len(p.Sources) == 0 {
		return ""
	}
	var b strings.Builder
	add := func(s Source) {
		if s.URL == "" || s.Width <= 0 {
			return // without its width a version cannot be chosen, and one such entry spoils all
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s.URL)
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(s.Width))
		b.WriteByte('w')
	}
	for _, s := range p.Sources {
		add(s)
	}
	add(Source{URL: p.URL, Width: p.Width})
	return b.String()
}

// shape is the width and height that the image is given, so that nothing moves when it comes: the author's, or its own, or what
// it has in the size that the author asked for. Where the author has only said one, the other follows.
func (i *image) shape(p Picture) (width, height string) {
	if p.Width <= 0 || p.Height <= 0 || i.width != "" && i.height != "" {
		return i.width, i.height
	}
	switch {
	case i.width != "":
		return i.width, otherSide(i.width, p.Width, p.Height)
	case i.height != "":
		return otherSide(i.height, p.Height, p.Width), i.height
	}
	own := Source{Width: p.Width}
	if longest := p.longest(own); i.file.size > 0 && i.file.size < longest {
		return strconv.Itoa(scaled(i.file.size, longest, p.Width)), strconv.Itoa(scaled(i.file.size, longest, p.Height))
	}
	return strconv.Itoa(p.Width), strconv.Itoa(p.Height)
}

// longestSide bounds, in pixels, the sides of authors' that others are computed from.
const longestSide = 100_000

// otherSide is the other side for one of the author's, by the sides of the image. A percentage has none.
func otherSide(side string, own, other int) string {
	n, err := strconv.Atoi(side)
	if err != nil || n <= 0 || n > longestSide {
		return ""
	}
	return strconv.Itoa(scaled(n, own, other))
}

// scaled is what other becomes when own becomes side.
func scaled(side, own, other int) int {
	return max(1, int(math.Round(float64(side)*float64(other)/float64(own))))
}

// foreignImage is the tag of an image on another host: it is only asked for when it is about to be seen, and that host does
// not learn which page it stands on.
func foreignImage(t nethtml.Token) string {
	var b strings.Builder
	b.WriteString("<img")
	for _, a := range sized(t.Attr) {
		writeAttribute(&b, a.Key, a.Val)
	}
	b.WriteString(` loading="lazy" decoding="async" referrerpolicy="no-referrer">`)
	return b.String()
}

func writeAttribute(b *strings.Builder, name, value string) {
	b.WriteByte(' ')
	b.WriteString(name)
	b.WriteString(`="`)
	b.WriteString(html.EscapeString(value))
	b.WriteByte('"')
}
