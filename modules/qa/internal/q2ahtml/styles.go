package q2ahtml

import (
	"fmt"
	"regexp"
	"strings"
)

// addStyle adds declarations to the style attribute.
func (as *attributes) addStyle(declarations string) {
	if declarations == "" {
		return
	}
	if style, ok := as.get("style"); ok {
		declarations = strings.TrimRight(style, " ;") + "; " + declarations
	}
	as.set("style", declarations)
}

const cssQuote = `(?:'|"|&(?:quot|apos);)`

var (
	// cssAddress matches the addresses in a style.
	cssAddress = regexp.MustCompile(`(?i)(url\( *` + cssQuote + `?)(.+?)(` + cssQuote + `? *\))`)
	// cssTricks matches escapes and comments, by which names of properties and functions can be hidden.
	cssTricks  = regexp.MustCompile(`(?i)\\[^\s]|(?:/|%2f)(?:\*|%2a)`)
	expression = regexp.MustCompile(`(?i)expression`)
	// cssEntities decodes characters that are written as numbers and could also hide such names.
	cssEntities = func() *strings.Replacer {
		var pairs []string
		for _, r := range `EeXxPpSsIiOoNnUuRrLl()"'/*\` {
			pairs = append(pairs, fmt.Sprintf("&#%d;", r), string(r), fmt.Sprintf("&#x%x;", r), string(r))
		}
		return strings.NewReplacer(append(pairs, "&#32;", ":", "&#x20;", ":")...)
	}()
)

// cleanStyle denies all addresses in a style, and removes what could run a script.
func cleanStyle(style string) string {
	style = cssEntities.Replace(style)
	style = cssAddress.ReplaceAllStringFunc(style, func(found string) string {
		m := cssAddress.FindStringSubmatch(found)
		address := strings.Trim(m[2], white)
		if !strings.HasPrefix(address, denied) {
			address = denied + address
		}
		return m[1] + address + m[3]
	})
	return expression.ReplaceAllString(cssTricks.ReplaceAllString(style, " "), " ")
}

// outdated holds the outdated attributes that become styles, by element.
var outdated = byElement(map[string]string{
	"caption div h1 h2 h3 h4 h5 h6 hr img legend p table": "align", "table td th tr": "bgcolor",
	"table td tr": "bordercolor",
	"table":       "cellspacing", "br": "clear", "dl ol ul": "compact", "td th": "height nowrap",
	"img": "hspace vspace", "a img map": "name",
	"hr": "noshade size", "hr pre table td th": "width",
})

// withoutCSS removes the characters with which a value could be more than a value in a style.
var withoutCSS = strings.NewReplacer(`\`, "", ":", "", ";", "")

// modernise turns outdated attributes into styles. The name of a link, an image or a map is different:
// it becomes the element's id if there is none, and only an image loses it.
func modernise(element string, kept *attributes) {
	var styles []string
	for _, a := range append(attributes(nil), *kept...) {
		if a.name == "style" || !outdated[element][a.name] {
			continue
		}
		value := strings.ReplaceAll(withoutCSS.Replace(a.value), "&#", "")
		if a.name != "name" {
			kept.remove(a.name)
			styles = append(styles, modern(element, a.name, value))
			continue
		}
		if element == "img" {
			kept.remove("name")
		}
		if _, ok := kept.get("id"); !ok && plainName.MatchString(value) {
			kept.set("id", value)
		}
	}
	if len(styles) > 0 {
		kept.addStyle(strings.Join(styles, "; ") + ";")
	}
}

// modern returns the style that has the effect of an outdated attribute.
func modern(element, name, value string) string {
	switch name {
	case "align":
		if element == "img" && (value == "left" || value == "right") {
			return "float: " + value
		}
		if (element == "div" || element == "table") && value == "center" {
			return "margin: auto"
		}
		return "text-align: " + value
	case "bgcolor":
		return "background-color: " + value
	case "bordercolor":
		return "border-color: " + value
	case "cellspacing":
		return "border-spacing: " + value + "px"
	case "clear":
		if value == "all" {
			value = "both"
		}
		return "clear: " + value
	case "compact":
		return "font-size: 85%"
	case "hspace":
		return "margin-left: " + value + "px; margin-right: " + value + "px"
	case "vspace":
		return "margin-top: " + value + "px; margin-bottom: " + value + "px"
	case "noshade":
		return "border-style: none; border: 0; background-color: gray; color: gray"
	case "nowrap":
		return "white-space: nowrap"
	case "size":
		return "size: " + value + "px"
	}
	// width and height
	if strings.HasPrefix(value, "*") {
		return name + ": auto"
	}
	if value != "" && strings.Trim(value, "0123456789") == "" {
		value += "px"
	}
	return name + ": " + value
}

// fontSizes translates the sizes of font elements into values of the style font-size.
var fontSizes = map[string]string{
	"0": "xx-small", "1": "xx-small", "2": "small", "3": "medium", "4": "large", "5": "x-large",
	"6": "xx-large", "7": "300%",
	"-1": "smaller", "-2": "60%", "+1": "larger", "+2": "150%", "+3": "200%", "+4": "300%",
}

// These match the attributes of font elements. A colour or a size ends at a space, even within quotes,
// but the name of a font in quotes does not.
var (
	fontColour = regexp.MustCompile(`(?i)(?:^|\s)(color|size)\s*=\s*` +
		`(?:"(.+?)(?:"|\s|$)|'(.+?)(?:'|\s|$)|(["']|[^"'].*?)(?:\s|$))`)
	fontQuoted = regexp.MustCompile(`(?i)(?:^|\s)face\s*=\s*(?:"([^=]+?)"|'([^=]+?)')`)
	fontBare   = regexp.MustCompile(`(?i)(?:^|\s)face\s*=\s*(\S+)`)
)

// fontValue replaces the characters with which a value could be more than a value in a style.
var fontValue = strings.NewReplacer(`"`, "'", ";", "'", ":", "'")

// maxFontAttributes is how many colours and sizes, and how many names, of one font tag are read at
// most.
const maxFontAttributes = 8

// fontStyle returns the style that has the effect of a font tag's attributes, and the rest of the
// attributes.
func fontStyle(attributes string) (style, rest string) {
	value := func(groups []string) string {
		return fontValue.Replace(strings.Trim(strings.Join(groups, ""), white))
	}
	for range maxFontAttributes {
		m := fontColour.FindStringSubmatch(attributes)
		if m == nil {
			break
		}
		attributes = strings.ReplaceAll(attributes, m[0], " ")
		if strings.EqualFold(m[1], "color") {
			style += " color: " + value(m[2:]) + ";"
		} else if size, ok := fontSizes[strings.Trim(strings.Join(m[2:], ""), white)]; ok {
			style += " font-size: " + size + ";"
		}
	}
	for range maxFontAttributes {
		m := fontQuoted.FindStringSubmatch(attributes)
		if m == nil {
			m = fontBare.FindStringSubmatch(attributes)
		}
		if m == nil {
			break
		}
		attributes = strings.ReplaceAll(attributes, m[0], " ")
		style += " font-family: " + value(m[1:]) + ";"
	}
	return strings.TrimLeft(strings.ReplaceAll(style, "<", ""), white), attributes
}
