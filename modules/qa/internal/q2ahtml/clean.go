// Package q2ahtml cleans HTML into what Question2Answer would store of it, so that the rows of a site are the
// same whichever program wrote them. Whatever comes in, what comes out is well formed: known elements only,
// each closed and in a place that its parent allows, with known attributes, no script, and addresses of a few
// schemes only.
//
// The rules are those of the sanitiser that Question2Answer brings along, found out by comparing with it:
// which elements go into which (content.go), what is closed when that does not fit (balance.go), how tags are
// told from text (split.go), which attributes stay (attributes.go) and which become styles (styles.go). In
// these ways it is stricter on purpose:
//   - button, command, isindex, link, meta and noscript go: they would act on the page that shows them;
//   - names of data attributes are plain, where Question2Answer lets them hold markup;
//   - an address that is nothing but a scheme is looked at like others;
//   - elements are not nested deeper than maxDepth;
//   - cleaning what was cleaned changes nothing, where Question2Answer can leave something to a second time.
package q2ahtml

import "strings"

// maxRounds bounds how often a text is cleaned until nothing changes. Two rounds are the rule, of which the
// second finds nothing to do.
const maxRounds = 8

// Files tells the address under which Question2Answer knows a file, and whether the given address is one that
// has to be replaced by it.
type Files func(address string) (old string, ok bool)

// Clean returns the HTML as it is stored. It is no more than that: what is shown has to be made safe for the
// page that it is shown on. Files may be nil.
func Clean(html string, files Files) string {
	for range maxRounds {
		cleaned := cleanOnce(html, files)
		if cleaned == html {
			return cleaned
		}
		html = cleaned
	}
	// What never comes to rest was made to do so. Its text without any tag does.
	return textOf(html)
}

func cleanOnce(html string, files Files) string {
	c := &attributeCleaner{files: files, ids: map[string]bool{}}
	pieces := split(normaliseEntities(withoutControls(html)), c)
	b := &balancer{opened: map[*element]int{}}
	b.out.Grow(len(html) + len(html)/8)
	for _, p := range pieces {
		b.piece(p)
	}
	return b.finish()
}

// textOf returns the text between the tags, escaped.
func textOf(html string) string {
	var b strings.Builder
	c := &attributeCleaner{ids: map[string]bool{}}
	for _, p := range split(normaliseEntities(withoutControls(html)), c) {
		b.WriteString(p.text)
	}
	return b.String()
}

// withoutControls removes the control characters of ASCII that are not white space in HTML.
func withoutControls(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return -1
		}
		return r
	}, text)
}

// set returns the words of a text as a set.
func set(words string) map[string]bool {
	s := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		s[word] = true
	}
	return s
}
