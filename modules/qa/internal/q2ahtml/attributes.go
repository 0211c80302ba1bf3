package q2ahtml

import (
	"regexp"
	"slices"
	"strings"
)

// attributeCleaner cleans and writes the attributes of all tags of one text.
type attributeCleaner struct {
	files Files
	ids   map[string]bool // ids that are in use: a second element with the same id loses it
}

type attribute struct{ name, value string }

// attributes are the attributes of a tag in order, each name once.
type attributes []attribute

func (as attributes) index(name string) int {
	return slices.IndexFunc(as, func(a attribute) bool { return a.name == name })
}

func (as attributes) get(name string) (value string, ok bool) {
	if i := as.index(name); i >= 0 {
		return as[i].value, true
	}
	return "", false
}

// set changes the value of an attribute in place, or adds the attribute.
func (as *attributes) set(name, value string) {
	if i := as.index(name); i >= 0 {
		(*as)[i].value = value
		return
	}
	*as = append(*as, attribute{name, value})
}

func (as *attributes) remove(name string) {
	*as = slices.DeleteFunc(*as, func(a attribute) bool { return a.name == name })
}

// generalAttributes are the attributes that all elements keep, ownAttributes those that only certain
// elements keep.
var (
	generalAttributes = set("accesskey class contenteditable contextmenu dir draggable dropzone hidden id " +
		"inert lang role spellcheck " +
		"style tabindex title translate xmlns xml:base xml:lang xml:space " +
		"aria-activedescendant aria-atomic aria-autocomplete aria-busy aria-checked aria-controls " +
		"aria-describedby aria-disabled " +
		"aria-dropeffect aria-expanded aria-flowto aria-grabbed aria-haspopup aria-hidden aria-invalid " +
		"aria-label aria-labelledby " +
		"aria-level aria-live aria-multiline aria-multiselectable aria-orientation aria-owns aria-posinset " +
		"aria-pressed " +
		"aria-readonly aria-relevant aria-required aria-selected aria-setsize aria-sort aria-valuemax " +
		"aria-valuemin aria-valuenow " +
		"aria-valuetext")
	ownAttributes = byElement(map[string]string{
		"a area": "coords href hreflang media ping rel shape target type", "a": "charset download name rev",
		"area":         "alt nohref",
		"blockquote q": "cite", "br": "clear", "caption div h1 h2 h3 h4 h5 h6 legend p": "align",
		"col colgroup": "align char charoff span valign width", "data": "value", "del ins": "cite datetime",
		"details": "open",
		"dl":      "compact", "fieldset": "disabled form name", "hr": "align noshade size width",
		"img": "align alt border crossorigin height hspace ismap longdesc name src srcset usemap vspace " +
			"width",
		"label": "for form", "li": "type value", "map": "name", "menu": "compact label type",
		"meter": "high low max min optimum value", "ol": "compact reversed start type",
		"optgroup": "disabled label",
		"option":   "disabled label selected value", "output": "for form name", "pre": "width",
		"progress": "max value",
		"table": "align bgcolor border bordercolor cellpadding cellspacing frame rules summary " +
			"width",
		"tbody tfoot thead": "align char charoff valign", "time": "datetime pubdate", "tr": "align bgcolor " +
			"bordercolor char charoff valign",
		"td": "bordercolor", "td th": "abbr align axis bgcolor char charoff colspan headers height nowrap " +
			"rowspan scope valign width",
		"ul": "compact type",
	})
	dataAttribute = regexp.MustCompile(`^data-[a-z0-9_.-]+$`)
	// switches are attributes without a value of their own: their value is always their name.
	switches = set("compact disabled hidden inert ismap nohref noshade nowrap open reversed selected")
	// addressAttributes are the attributes whose values are addresses.
	addressAttributes = set("cite href longdesc src usemap")
	// requiredAttributes are added, with these values, to elements that lack them.
	requiredAttributes = map[string]attributes{
		"area": {{"alt", "area"}}, "bdo": {{"dir", "ltr"}}, "img": {{"src", "src"}, {"alt", "image"}},
		"map": {{"name", "name"}}, "optgroup": {{"label", "label"}},
	}
	// lowerCased values of attributes are written in lower case in the elements of lowerCasing.
	lowerCasing = set("a area bdo col fieldset img ol optgroup option table td tfoot th thead tr")
	lowerCased  = set("all auto baseline bottom button captions center chapters char checkbox circle col " +
		"colgroup color cols data date " +
		"datetime datetime-local default descriptions email file get groups hidden image justify left ltr " +
		"metadata middle month none " +
		"number object password poly post preserve radio range rect ref reset right row rowgroup rows rtl " +
		"search submit subtitles tel " +
		"text time top url week")
	plainName = regexp.MustCompile(`^[0-9A-Za-z_]*$`)
	nofollow  = regexp.MustCompile(`(?i)\bnofollow\b`)
)

// byElement returns the attributes of each element as a set. The keys of lists are names of elements,
// and its values names of attributes, all separated by spaces.
func byElement(lists map[string]string) map[string]map[string]bool {
	by := map[string]map[string]bool{}
	for names, list := range lists {
		for name := range set(names) {
			if by[name] == nil {
				by[name] = map[string]bool{}
			}
			for attribute := range set(list) {
				by[name][attribute] = true
			}
		}
	}
	return by
}

// stays reports whether an element keeps an attribute.
func stays(element, name string) bool {
	return ownAttributes[element][name] || generalAttributes[name] || dataAttribute.MatchString(name)
}

// clean returns the attributes of an element as they are stored. style holds further declarations for
// its style, or is "".
func (c *attributeCleaner) clean(element, text, style string) string {
	given := readAttributes(text)
	var kept attributes
	nofollowLast := false
	for _, a := range given {
		if !stays(element, a.name) {
			continue
		}
		value := a.value
		if switches[a.name] {
			value = a.name
		} else if lower := strings.ToLower(value); lowerCasing[element] && lowerCased[lower] {
			value = lower
		}
		switch {
		case a.name == "style":
			value = cleanStyle(value)
		case a.name == "srcset":
			value = cleanSources(value)
		case addressAttributes[a.name]:
			value = cleanAddress(a.name, value)
		}
		if a.name == "href" {
			nofollowLast = markLink(given, &kept)
		}
		kept = append(kept, attribute{a.name, strings.ReplaceAll(value, `"`, "&quot;")})
	}
	if nofollowLast {
		rel, _ := kept.get("rel")
		kept.set("rel", strings.TrimPrefix(rel+" nofollow", " "))
	}
	for _, a := range requiredAttributes[element] {
		if _, ok := kept.get(a.name); !ok {
			kept.set(a.name, a.value)
		}
	}
	c.ownFile(element, &kept)
	modernise(element, &kept)
	c.uniqueID(&kept)
	kept.addStyle(style)
	var b strings.Builder
	for _, a := range kept {
		b.WriteString(" " + a.name + `="` + a.value + `"`)
	}
	return b.String()
}

// markLink sets rel="nofollow", which tells search engines not to follow a link, before the href of the
// link is added. If the tag has a rel that has not been read yet, markLink returns true, and the caller
// has to add nofollow once all attributes are there.
func markLink(given attributes, kept *attributes) (later bool) {
	if rel, ok := kept.get("rel"); ok {
		if !nofollow.MatchString(rel) {
			kept.set("rel", rel+" nofollow")
		}
		return false
	}
	if rel, ok := given.get("rel"); ok {
		return !nofollow.MatchString(rel)
	}
	kept.set("rel", "nofollow")
	return false
}

// uniqueID removes the id of an element if another element has it already, or if it contains white
// space.
func (c *attributeCleaner) uniqueID(kept *attributes) {
	id, ok := kept.get("id")
	if !ok {
		return
	}
	if c.ids[id] || strings.ContainsAny(id, " \t\n\r") {
		kept.remove("id")
		return
	}
	c.ids[id] = true
}

// readAttributes reads the attributes of a tag. If a name occurs several times, the last value counts,
// at the place of the first. Text that is not an attribute is skipped.
func readAttributes(text string) attributes {
	var read attributes
	index := map[string]int{}
	put := func(name, value string) {
		if i, ok := index[name]; ok {
			read[i].value = value
			return
		}
		index[name] = len(read)
		read = append(read, attribute{name, value})
	}
	text = strings.Trim(text, " /")
	for text != "" {
		name := attributeName.FindString(text)
		if name == "" {
			text = skipWord(text)
			continue
		}
		text = strings.TrimLeft(text[len(name):], white)
		name = strings.ToLower(name)
		if text == "" || text[0] != '=' {
			put(name, "")
			continue
		}
		text = strings.TrimLeft(text, "= ")
		if text == "" {
			break
		}
		value, rest, ok := cutValue(text)
		if !ok {
			text = skipWord(text)
			continue
		}
		put(name, strings.Trim(strings.ReplaceAll(value, "<", "&lt;"), white))
		text = strings.TrimLeft(rest, white)
	}
	return read
}

var attributeName = regexp.MustCompile(`^[A-Za-z][^ \t\n\r/=]+`)

// cutValue splits a value, with or without quotes, from the start of a text. ok is false if a quote is
// not closed.
func cutValue(text string) (value, rest string, ok bool) {
	if q := text[0]; q == '"' || q == '\'' {
		if end := strings.IndexByte(text[1:], q); end >= 0 {
			return text[1 : end+1], text[end+2:], true
		}
		return "", "", false
	}
	if end := strings.IndexAny(text, " \"'"); end >= 0 {
		return text[:end], text[end:], true
	}
	return text, "", true
}

// skipWord returns the text after the next space that is not in quotes. It skips text that is not an
// attribute.
func skipWord(text string) string {
	for text != "" && text[0] != ' ' {
		if q := text[0]; q == '"' || q == '\'' {
			end := strings.IndexByte(text[1:], q)
			if end < 0 {
				return ""
			}
			text = text[end+1:]
		}
		text = text[1:]
	}
	return strings.TrimLeft(text, white)
}
