package q2ahtml

import "strings"

// kind says what an element may contain.
type kind byte

const (
	phrasing kind = iota + 1 // text and inline elements
	flow                     // these and blocks
	blocks                   // blocks only: a div is put around text in it
	listed                   // certain elements only, besides text
	void                     // nothing: there is no end tag
)

// element describes an element that is kept.
type element struct {
	name   string
	number int
	kind   kind
	// within holds the elements that may be children of a listed element; for elements of another kind,
	// those that they may contain besides what their kind allows.
	within elementSet
	// forbids holds the elements that must not stand within this one, at any depth.
	forbids elementSet
	// closes marks an element whose end tag people leave out. It ends where something follows that it
	// cannot contain.
	closes bool
}

// elements holds the elements that are kept, by name.
var elements = map[string]*element{}

// elementSet is a set of elements, one bit for the number of each. There are fewer than 128 elements.
type elementSet [2]uint64

func (s elementSet) has(e *element) bool { return s[e.number/64]&(1<<(e.number%64)) != 0 }

func (s *elementSet) add(e *element) { s[e.number/64] |= 1 << (e.number % 64) }

// setOf returns the set of the elements that are named in a text, separated by spaces. It adds names
// that are new to elements, with the kind phrasing.
func setOf(names string) elementSet {
	var s elementSet
	for name := range strings.FieldsSeq(names) {
		e := elements[name]
		if e == nil {
			e = &element{name: name, number: len(elements), kind: phrasing}
			elements[name] = e
		}
		s.add(e)
	}
	return s
}

// inlineElements and blockElements say where elements may stand. Links, insertions, deletions and some
// others are in both.
var (
	inlineElements = setOf("a abbr b bdi bdo br cite code data datalist del dfn em figcaption i img ins " +
		"kbd label map mark meter " +
		"output progress q ruby samp small span strong sub summary sup time u var wbr")
	blockElements = setOf("a address article aside blockquote del details div dl fieldset figure footer h1 " +
		"h2 h3 h4 h5 h6 header " +
		"hr ins main menu nav ol p pre section table ul")
	// farReaching holds the elements that are checked against what all open elements forbid, and not
	// just the parent. (section and main are forbidden in places too, but only the parent is checked
	// for them.)
	farReaching = setOf("a address article aside details fieldset footer header img label meter nav " +
		"progress ruby small sub sup time")
	// changes holds the elements for insertions and deletions.
	changes = setOf("ins del")
	div     = elements["div"]
)

func init() {
	setOf("area caption col colgroup dd dt hgroup legend li optgroup option rb rbc rp rt rtc tbody td " +
		"tfoot th thead tr")
	each := func(names string, change func(*element)) {
		for name := range strings.FieldsSeq(names) {
			change(elements[name])
		}
	}
	each("a article aside dd del details div fieldset figure footer header ins li main nav section td th",
		func(e *element) { e.kind = flow })
	each("blockquote map", func(e *element) { e.kind = blocks })
	each("area br col hr img wbr", func(e *element) { e.kind = void })
	each("colgroup dd dt li option p td tfoot th thead tr", func(e *element) { e.closes = true })
	for names, children := range map[string]string{
		"colgroup": "col", "datalist optgroup": "option", "dl": "dd dt", "hgroup": "h1 h2 h3 h4 h5 h6",
		"menu ol ul": "li",
		"option rp":  "", "rbc": "rb", "rtc": "rt", "ruby": "rb rbc rp rt rtc", "table": "caption col " +
			"colgroup tbody tfoot thead tr",
		"tbody tfoot thead": "tr", "tr": "td th",
	} {
		each(names, func(e *element) { e.kind, e.within = listed, setOf(children) })
	}
	for name, more := range map[string]string{"address": "p", "fieldset": "legend", "map": "area"} {
		each(name, func(e *element) { e.within = setOf(more) })
	}
	for name, others := range map[string]string{
		"a": "a address details label", "address": "address article aside footer header nav section",
		"fieldset": "fieldset",
		"footer":   "footer header", "header": "footer header", "label": "label", "main": "main",
		"meter": "meter",
		"pre":   "img small sub sup", "progress": "progress", "rb": "ruby", "rt": "ruby", "time": "time",
	} {
		each(name, func(e *element) { e.forbids = setOf(others) })
	}
}

// replaced holds the elements that are stored under another name, most of them with a style.
var replaced = map[string]struct{ name, style string }{
	"acronym": {"abbr", ""}, "big": {"span", "font-size: larger;"}, "center": {"div", "text-align: center;"},
	"dir":  {"ul", ""},
	"font": {"span", ""}, "s": {"span", "text-decoration: line-through;"},
	"strike": {"span", "text-decoration: line-through;"},
	"tt":     {"code", ""},
}

// restricts reports whether the element forbids others at any depth.
func (e *element) restricts() bool { return e.forbids != elementSet{} }

// accepts reports whether the child may stand directly in this element. inline says that this element
// takes inline elements only.
func (e *element) accepts(child *element, inline bool) bool {
	switch {
	case e.forbids.has(child):
		return false
	case e.kind == listed || e.within.has(child):
		return e.within.has(child)
	case e.kind == blocks:
		return blockElements.has(child)
	case inline:
		return inlineElements.has(child)
	}
	return blockElements.has(child) || inlineElements.has(child)
}

// acceptsWithin reports whether the inner element may stand somewhere within this one, at any depth.
func (e *element) acceptsWithin(inner *element, inline bool) bool {
	return e.kind == listed || e.kind == blocks || e.accepts(inner, inline)
}
