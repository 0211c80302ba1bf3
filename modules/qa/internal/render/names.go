package render

import (
	"net/url"
	"regexp"
	"strings"

	nethtml "golang.org/x/net/html"
)

// namePrefix is put before the names that posts give to their elements, so that none of them is the
// name of an element or a variable of the page that shows the post. Links within the post get the
// prefix too.
const namePrefix = "user-content-"

var (
	nameForm = regexp.MustCompile(`^[\p{L}\p{M}\p{N}_:.-]{1,100}$`)
	// shownClasses matches the classes that have an effect in posts: those by which code is coloured
	// (of Markdown's code blocks, and as authors write them for Prettify and SyntaxHighlighter), and
	// the marker of the old site's editor.
	shownClasses = regexp.MustCompile(`^(?:lang(?:uage)?-[A-Za-z0-9_+#.-]{1,30}|prettyprint|` +
		`linenums(?::[0-9]{1,6})?|brush:[a-z0-9+#]{1,20};?|marker)$`)
)

// ownNames puts namePrefix before the names of elements in a tag's attributes (id, name, headers, and
// links within the post), so that they cannot clash with the page that shows the post. It removes names
// that are not valid, and classes that have no effect in posts. It reports whether it has changed the
// tag.
func ownNames(t *nethtml.Token) (changed bool) {
	kept := t.Attr[:0]
	for _, a := range t.Attr {
		old := a.Val
		switch a.Key {
		case "class":
			a.Val = onlyShown(a.Val)
		case "id", "name":
			a.Val = ownName(a.Val)
		case "headers":
			names := strings.Fields(a.Val)
			for i := range names {
				names[i] = ownName(names[i])
			}
			a.Val = strings.Join(names, " ")
		case "href", "usemap":
			if name, ok := strings.CutPrefix(a.Val, "#"); ok && name != "" {
				if decoded, err := url.PathUnescape(name); err == nil {
					name = decoded
				}
				a.Val = "#" + ownName(name)
			}
		}
		if a.Val != old {
			changed = true
			if a.Val == "" {
				continue
			}
		}
		kept = append(kept, a)
	}
	t.Attr = kept
	return changed
}

// ownName returns the name with the prefix, which it may have already, or "" if it is not a valid name.
func ownName(name string) string {
	name = strings.TrimPrefix(name, namePrefix)
	if !nameForm.MatchString(name) {
		return ""
	}
	return namePrefix + name
}

// onlyShown returns those of the classes that have an effect in posts.
func onlyShown(classes string) string {
	var shown []string
	for class := range strings.FieldsSeq(classes) {
		if shownClasses.MatchString(class) {
			shown = append(shown, class)
		}
	}
	return strings.Join(shown, " ")
}
