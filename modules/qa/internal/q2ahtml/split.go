package q2ahtml

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// piece is a tag and the text that follows it. The first piece of a text has no tag.
type piece struct {
	element    *element
	end        bool
	attributes string // as they are stored, each with a space before it
	text       string // escaped
}

// split divides HTML into tags and text. A tag begins with "<" and ends with the next ">", even if that
// is within quotes. Tags of elements that are not kept are dropped, but their text stays. What is no
// tag is text. (In "<3\n<b>", Question2Answer loses the text before the tag at the start of the line;
// this function keeps it.)
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

// tagIn returns the tag in a text that begins with "<" and may end with ">". The tag starts at the
// beginning of the text, or else at the beginning of a later line. It is "" if there is no tag.
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

// tag reads a tag and returns it as it is stored, with its element's new name if that is replaced. ok
// is false if the tag is dropped.
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

// normaliseEntities keeps the named entities of HTML 4 and valid characters written as numbers, which
// it writes in one uniform way. It escapes all other ampersands.
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

// entityAt returns what stands between "&" and ";" of the entity at the start of the text, which begins
// with "&": letters and digits, perhaps after a "#". It returns "" if there is no entity.
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

// normalEntity returns the entity in the form in which it is stored. ok is false if there is no such
// entity.
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

// characterNumber reports whether the character with the number may be written in HTML. Control
// characters, surrogates and noncharacters may not.
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
