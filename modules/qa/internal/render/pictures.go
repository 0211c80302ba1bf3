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

// Picture describes one of the site's images, as far as it is known.
type Picture struct {
	// URL is the address of the image in full size.
	URL string
	// Width and Height are those of the image in full size, in pixels; 0 if they are not known.
	Width, Height int
	// BlurHash is a code for a blurred picture to show until the image is loaded; "" if there is none.
	BlurHash string
	// Sources are smaller versions of the image, the smallest first.
	Sources []Source
}

// Source is a smaller version of a picture, with the same proportions.
type Source struct {
	URL string
	// Width is the width of this version in pixels.
	Width int
}

// sizes is the attribute that tells browsers how wide images in posts are shown. Browsers use it to
// choose among the versions of an image.
const sizes = "(max-width: 40rem) 100vw, 40rem"

// image is one of the site's images within a content, as the author put it there.
type image struct {
	// at is the offset in the text at which the image stands.
	at   int
	file file
	// kept holds the written-out attributes that stay, apart from address and size.
	kept string
	// width and height are those that the author set: pixels, a percentage, or "".
	width, height string
}

// newImage returns the image of a sanitised tag, at the given offset in the text.
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

// sideForm matches a width or height as the old site's editor writes it into the style of an image.
var sideForm = regexp.MustCompile(`^[0-9]{1,5}(px|%)$`)

// sized returns an image's attributes without its style. The width and height of the style, which are
// all that the sanitiser has left in it, become attributes.
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
		if (name == "width" || name == "height") && sideForm.MatchString(value) {
			// A style takes precedence over an attribute.
			out = slices.DeleteFunc(out, func(a nethtml.Attribute) bool { return a.Key == name })
			out = append(out, nethtml.Attribute{Key: name, Val: strings.TrimSuffix(value, "px")})
		}
	}
	return out
}

// write writes the tag of the image, with what is known of it.
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

// src returns the address for browsers that do not choose among versions: the smallest version that is
// at least as large as the author asked for, or else the image in full size. If nothing is known of the
// image, it is the file's address below the API.
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

// longest returns the longer side of a version, in pixels.
func (p Picture) longest(s Source) int {
	if p.Height <= p.Width || p.Width <= 0 {
		return s.Width
	}
	return scaled(s.Width, p.Width, p.Height)
}

// srcset returns the versions of the picture from which browsers may choose, as the attribute srcset
// lists them, or "" if there is only one.
func (p Picture) srcset() string {
	if len(p.Sources) == 0 {
		return ""
	}
	var b strings.Builder
	add := func(s Source) {
		if s.URL == "" || s.Width <= 0 {
			// A version without a width cannot be chosen, and one such entry makes the whole list
			// invalid.
			return
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

// shape returns the width and height attributes of the image, so that the page does not move when the
// image is loaded. They are those that the author set, or the image's own, reduced to the size that the
// author asked for. If the author set only one of them, the other follows from the proportions. Either
// can be "" if it is not known.
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
		return strconv.Itoa(scaled(i.file.size, longest, p.Width)),
			strconv.Itoa(scaled(i.file.size, longest, p.Height))
	}
	return strconv.Itoa(p.Width), strconv.Itoa(p.Height)
}

// longestSide is the largest side, in pixels, that an author can set and from which the other side is
// computed.
const longestSide = 100_000

// otherSide returns the side that belongs to a side that the author set. own and other are the two
// sides of the image itself. The result is "" for a percentage.
func otherSide(side string, own, other int) string {
	n, err := strconv.Atoi(side)
	if err != nil || n <= 0 || n > longestSide {
		return ""
	}
	return strconv.Itoa(scaled(n, own, other))
}

// scaled returns the length that other has when own is scaled to side, at least 1.
func scaled(side, own, other int) int {
	return max(1, int(math.Round(float64(side)*float64(other)/float64(own))))
}

// foreignImage returns the tag of an image on another host. Browsers load it only when it is about to
// be seen, and do not tell that host which page it stands on.
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
