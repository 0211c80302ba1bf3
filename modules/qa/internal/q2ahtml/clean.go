// Package q2ahtml cleans HTML as Question2Answer does before it stores it, so that a site's rows are
// the same whichever program wrote them. Whatever the input is, the result is well formed: it has known
// elements only, each closed and in a place that its parent allows, with known attributes, no script,
// and addresses with a few schemes only.
//
// The rules are those of the sanitiser that Question2Answer includes. They were found out by comparing
// results: which elements may contain which (content.go), which are closed when one does not fit
// (balance.go), what is a tag and what is text (split.go), which attributes stay (attributes.go), and
// which become styles (styles.go). This package is stricter on purpose in these ways:
//   - button, command, isindex, link, meta and noscript are removed, since they would act on the page
//     that shows them;
//   - names of data attributes are plain, where Question2Answer allows markup in them;
//   - an address that consists of nothing but a scheme is checked like any other;
//   - elements are not nested deeper than maxDepth;
//   - cleaning a cleaned text changes nothing, where Question2Answer may find more to remove the
//     second time.
package q2ahtml

import "strings"

// maxRounds is how often a text is cleaned at most until nothing changes any more. Usually there are
// two rounds, and the second finds nothing to do.
const maxRounds = 8

// Files returns the address under which Question2Answer knows a file. ok reports whether the given
// address is one that has to be replaced by it.
type Files func(address string) (old string, ok bool)

// Clean returns the HTML as it is stored. The result is not necessarily safe to show: each page has to
// make it safe for itself. files replaces the addresses of the site's files; it may be nil.
func Clean(html string, files Files) string {
	for range maxRounds {
		cleaned := cleanOnce(html, files)
		if cleaned == html {
			return cleaned
		}
		html = cleaned
	}
	// Only a text that was made for this purpose still changes. Keep its text without any tags, which
	// is stable.
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

// withoutControls removes the ASCII control characters that are not white space in HTML.
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
