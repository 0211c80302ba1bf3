package q2ahtml

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// piece is a tag and the text that follows it. The first one of a text has no tag.
type piece struct {
	element    *element
	end        bool
	attributes string // as they are written, each with a space before it
	text       string // escaped
}

// split tells tags from text. A tag goes from a "<" to the next ">", also within quotes. Tags of elements
// that do not stay are left out, their text is not; what is no tag is text. (Question2Answer loses the text
// before a tag at the start of a line in "<3\n<b>".)
func split(html string, c *attributeCleaner) []piece {
	pieces := []piece{{}}
	var text strings.Builder
	for html != "" {
		at := strings.IndexAny(html, "<>")
		if at < 0 {
			break
		}
		text.WriteString(html[:at])
		html = html[at:]
		if html[0] == '>' {
			text.WriteString("&gt;")
			html = html[1:]
			continue
		}
		if len(html) == 1 || strings.IndexByte(" \t\n\r", html[1]) >= 0 {
			text.WriteString("&lt;")
			html = html[1:]
			continue
		}
		end := strings.IndexByte(html, '>') + 1
		if end == 0 {
			end = len(html)
		}
		candidate := html[:end]
		html = html[end:]
		tag := tagIn(candidate)
		text.WriteString(bracketless.Replace(candidate[:len(candidate)-len(tag)]))
		if tag == "" {
			continue
		}
		if p, ok := c.tag(tag); ok {
			pieces[len(pieces)-1].text = text.String()
			text.Reset()
			pieces = append(pieces, p)
		}
	}
	text.WriteString(html)
	pieces[len(pieces)-1].text = text.String()
	return pieces
}

var (
	bracketless = strings.NewReplacer("<", "&lt;", ">", "&gt;")
	onOneLine   = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")
)

// tagIn finds the tag in what goes from a "<" to a ">": it is there from its start, or else from that of a
// line. "" is none.
func tagIn(candidate string) string {
	if candidate[len(candidate)-1] != '>' {
		return ""
	}
	for rest := candidate; ; {
		if name := strings.TrimPrefix(rest[1:], "/"); rest[0] == '<' && isLetter(name[0]) {
			return rest
		}
		line := strings.Index(rest, "\n<")
		if line < 0 {
			return ""
		}
		rest = rest[line+1:]
	}
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// tag reads a tag and returns it under the name that it is stored with, unless it is left out.
func (c *attributeCleaner) tag(tag string) (p piece, ok bool) {
	name, end := strings.CutPrefix(tag[1:len(tag)-1], "/")
	length := 0
	for length < len(name) && (isLetter(name[length]) || '1' <= name[length] && name[length] <= '6') {
		length++ // the first one is a letter
	}
	name, attributes := strings.ToLower(name[:length]), name[length:]
	style, isFont := "", name == "font"
	if r, ok := replaced[name]; ok {
		name, style = r.name, r.style
	}
	e := elements[name]
	if e == nil || end && e.kind == void {
		return piece{}, false
	}
	p = piece{element: e, end: end}
	if attributes == "" && style == "" && requiredAttributes[name] == nil || end {
		return p, true
	}
	attributes = strings.Trim(onOneLine.Replace(attributes), white)
	if isFont {
		style, attributes = fontStyle(attributes)
	}
	p.attributes = c.clean(name, attributes, style)
	return p, true
}

// normaliseEntities keeps the entities of HTML 4 and those of characters by number, which are written in one
// way, and escapes all other ampersands.
func normaliseEntities(text string) string {
	at := strings.IndexByte(text, '&')
	if at < 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 64)
	for at >= 0 {
		b.WriteString(text[:at])
		text = text[at:]
		entity, length := "&amp;", 1
		if written := entityAt(text); written != "" {
			if normal, ok := normalEntity(written); ok {
				entity, length = normal, len(written)+2
			}
		}
		b.WriteString(entity)
		text = text[length:]
		at = strings.IndexByte(text, '&')
	}
	b.WriteString(text)
	return b.String()
}

// maxEntity is the length of the longest entity, without "&" and ";".
const maxEntity = 31

// entityAt returns the letters and digits, perhaps after a "#", of the entity with which a text starts: what
// stands between "&" and ";". "" is none.
func entityAt(text string) string {
	text = text[1:min(len(text), maxEntity+2)]
	end := strings.IndexByte(text, ';')
	if end < 1 {
		return ""
	}
	for i := range end {
		if c := text[i]; !isLetter(c) && (c < '0' || c > '9') && (c != '#' || i > 0) {
			return ""
		}
	}
	return text[:end]
}

// normalEntity returns the entity as it is stored.
func normalEntity(written string) (entity string, ok bool) {
	digits, isNumber := strings.CutPrefix(written, "#")
	if !isNumber {
		_, ok = xml.HTMLEntity[written]
		return "&" + written + ";", ok || written == "apos"
	}
	base, longest := 10, 8
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		base, longest, digits = 16, 7, digits[1:]
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || len(digits) > longest || !characterNumber(n) {
		return "", false
	}
	if base == 16 {
		return "&#x" + strconv.FormatUint(n, 16) + ";", true
	}
	return "&#" + strconv.FormatUint(n, 10) + ";", true
}

// characterNumber reports whether a character with the number may be written in HTML: no control characters,
// surrogates or noncharacters.
func characterNumber(n uint64) bool {
	switch {
	case n < ' ':
		return n == '\t' || n == '\n' || n == '\r'
	case n >= 0x7f && n < 0xa0:
		return n == 0x85
	case n >= 0xd800 && n < 0xe000, n >= 0xfdd0 && n < 0xfdf0, n == 0xfffe, n == 0xffff:
		return false
	}
	return n <= 0x10ffff
}
