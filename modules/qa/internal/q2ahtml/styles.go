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
	// cssAddress finds the addresses of a style.
	cssAddress = regexp.MustCompile(`(?i)(url\( *` + cssQuote + `?)(.+?)(` + cssQuote + `? *\))`)
	// cssTricks are escapes and comments, by which the names of properties and functions are hidden.
	cssTricks  = regexp.MustCompile(`(?i)\\[^\s]|(?:/|%2f)(?:\*|%2a)`)
	expression = regexp.MustCompile(`(?i)expression`)
	// cssEntities are characters by number that could hide these names, too.
	cssEntities = func() *strings.Replacer {
		var pairs []string
		for _, r := range `EeXxPpSsIiOoNnUuRrLl()"'/*\` {
			pairs = append(pairs, fmt.Sprintf("&#%d;", r), string(r), fmt.Sprintf("&#x%x;", r), string(r))
		}
		return strings.NewReplacer(append(pairs, "&#32;", ":", "&#x20;", ":")...)
	}()
)

// cleanStyle denies addresses in a style, and takes out of it what could run.
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

// outdated are the attributes that become styles, by element.
var outdated = byElement(map[string]string{
	"caption div h1 h2 h3 h4 h5 h6 hr img legend p table": "align", "table td th tr": "bgcolor",
	"table td tr": "bordercolor",
	"table":       "cellspacing", "br": "clear", "dl ol ul": "compact", "td th": "height nowrap",
	"img": "hspace vspace", "a img map": "name",
	"hr": "noshade size", "hr pre table td th": "width",
})

// withoutCSS removes what would be more than a value in a style.
var withoutCSS = strings.NewReplacer(`\`, "", ":", "", ";", "")

// modernise writes outdated attributes as styles. The name of a link, an image or a map becomes its id as
// well.
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

// modern returns the style that an outdated attribute stands for.
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

// fontSizes are what the sizes of font stand for.
var fontSizes = map[string]string{
	"0": "xx-small", "1": "xx-small", "2": "small", "3": "medium", "4": "large", "5": "x-large",
	"6": "xx-large", "7": "300%",
	"-1": "smaller", "-2": "60%", "+1": "larger", "+2": "150%", "+3": "200%", "+4": "300%",
}

// The attributes of font. A colour or size ends at a space, even within quotes; a name in quotes does not.
var (
	fontColour = regexp.MustCompile(`(?i)(?:^|\s)(color|size)\s*=\s*` +
		`(?:"(.+?)(?:"|\s|$)|'(.+?)(?:'|\s|$)|(["']|[^"'].*?)(?:\s|$))`)
	fontQuoted = regexp.MustCompile(`(?i)(?:^|\s)face\s*=\s*(?:"([^=]+?)"|'([^=]+?)')`)
	fontBare   = regexp.MustCompile(`(?i)(?:^|\s)face\s*=\s*(\S+)`)
)

// fontValue keeps a value from being more than that in a style.
var fontValue = strings.NewReplacer(`"`, "'", ";", "'", ":", "'")

// maxFontAttributes bounds how many attributes of one font tag are looked at.
const maxFontAttributes = 8

// fontStyle returns the style that the attributes of a font tag stand for, and those that are left.
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
