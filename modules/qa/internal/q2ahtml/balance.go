package q2ahtml

import "strings"

// maxDepth is how deeply elements may be nested. Texts that people write stay far below it.
const maxDepth = 100

// white holds the characters that count as white space around texts and values.
const white = " \t\n\r\x00\x0b"

// balancer writes pieces in such a way that each element is closed and stands where its parent allows
// it.
type balancer struct {
	out  strings.Builder
	open []*element
	// opened counts the open elements by their type. restricting counts the open elements that forbid
	// others at any depth.
	opened      map[*element]int
	restricting int
	// unforbidden holds elements that have been checked already: no open element forbids them.
	unforbidden elementSet
	// changesInline says what ins and del may contain, which depends on what they stand in: true for
	// inline elements only, false for blocks too. As in Question2Answer, the element that was looked at
	// last decides.
	changesInline bool
}

// piece writes a tag, if it fits, and the text that follows it.
func (b *balancer) piece(p piece) {
	text := strings.Trim(p.text, white) != ""
	switch {
	case p.element == nil:
	case p.end:
		b.close(p.element)
	default:
		b.start(p.element, p.attributes)
		if text && p.element.kind == blocks {
			b.start(div, "")
		}
	}
	if text && b.top().kind == blocks {
		b.out.WriteString("<div>" + p.text + "</div>")
		return
	}
	b.out.WriteString(p.text)
}

// finish closes all open elements and returns all that was written.
func (b *balancer) finish() string {
	b.pop(len(b.open))
	return b.out.String()
}

// top returns the innermost open element. If no element is open, it returns a div, since the same is
// allowed there.
func (b *balancer) top() *element {
	if len(b.open) == 0 {
		return div
	}
	return b.open[len(b.open)-1]
}

// inline reports whether an open element takes inline elements only.
func (b *balancer) inline(e *element) bool {
	return e.kind == phrasing || b.changesInline && changes.has(e)
}

// look returns the innermost open element and whether it takes inline elements only. It also updates
// changesInline, so it has to be called once for each tag that is looked at.
func (b *balancer) look() (top *element, inline bool) {
	top = b.top()
	inline = b.inline(top)
	if top.kind != listed {
		b.changesInline = inline
	}
	return top, inline
}

// close closes an element and all that were opened within it. If the element is not open, close does
// nothing.
func (b *balancer) close(e *element) {
	b.look()
	if b.opened[e] == 0 {
		return
	}
	n := 1
	for b.open[len(b.open)-n] != e {
		n++
	}
	b.pop(n)
}

// pop closes the n innermost elements.
func (b *balancer) pop(n int) {
	for ; n > 0; n-- {
		e := b.top()
		b.open, b.unforbidden = b.open[:len(b.open)-1], elementSet{}
		b.opened[e]--
		if e.restricts() {
			b.restricting--
		}
		b.write("</", e.name, "")
	}
}

// push opens an element, unless elements are nested to maxDepth already.
func (b *balancer) push(e *element, attributes string) {
	if e.kind != void {
		if len(b.open) == maxDepth {
			return
		}
		b.open, b.unforbidden = append(b.open, e), elementSet{}
		b.opened[e]++
		if e.restricts() {
			b.restricting++
		}
	}
	b.write("<", e.name, attributes)
}

func (b *balancer) write(start, name, attributes string) {
	b.out.WriteString(start)
	b.out.WriteString(name)
	b.out.WriteString(attributes)
	b.out.WriteByte('>')
}

// start opens an element where it may stand. It first closes open elements that cannot contain it and
// whose end tag people leave out. If the element still does not fit, it is dropped.
func (b *balancer) start(e *element, attributes string) {
	for {
		top, inline := b.look()
		fits := top.accepts(e, inline)
		switch {
		case top.kind == blocks && !fits:
			if len(b.open) == maxDepth {
				return
			}
			b.push(div, "")
		case b.restricting > 0 && farReaching.has(e) && (top.kind != listed || !fits):
			b.leaveForbidding(e)
			b.push(e, attributes)
			return
		case fits:
			b.push(e, attributes)
			return
		case top.closes && len(b.open) > 0:
			b.pop(1)
		default:
			return
		}
	}
}

// leaveForbidding closes the outermost open element that must not contain e, and all elements within
// that one.
func (b *balancer) leaveForbidding(e *element) {
	if b.unforbidden.has(e) {
		return
	}
	for i, outer := range b.open {
		if !outer.acceptsWithin(e, b.inline(outer)) {
			b.pop(len(b.open) - i)
			return
		}
	}
	b.unforbidden.add(e)
}
