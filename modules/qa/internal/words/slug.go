package words

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var (
	notASCIIWord = regexp.MustCompile(`[^ a-zA-Z0-9-]`)
	manyHyphens  = regexp.MustCompile(`-{2,}`)
)

// Slug is the last part of a question's address on the old site: the title's words with hyphens between. Of titles
// with more than maxLength characters the shortest words are left out first. asciiOnly (option q_urls_remove_accents)
// keeps only Roman letters, without accents.
func Slug(title string, asciiOnly bool, maxLength int) string {
	parts := split(title, false, true)
	if maxLength > 0 {
		parts = shorten(parts, maxLength)
	}
	slug := strings.Join(parts, "-")
	if asciiOnly {
		slug = notASCIIWord.ReplaceAllString(removeAccents(slug), "")
		slug = manyHyphens.ReplaceAllString(strings.Trim(slug, "-"), "-")
	}
	return slug
}

// shorten drops words, the shortest first and of equal ones the last, once the longer ones use up the characters; the
// one that crosses the limit stays.
func shorten(parts []string, maxLength int) []string {
	total := 0
	order := make([]int, len(parts))
	for i, p := range parts {
		total += utf8.RuneCountInString(p)
		order[i] = i
	}
	if total <= maxLength {
		return parts
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return utf8.RuneCountInString(parts[b]) - utf8.RuneCountInString(parts[a])
	})
	keep := make([]bool, len(parts))
	for _, i := range order {
		if maxLength > 0 {
			keep[i] = true
			maxLength -= utf8.RuneCountInString(parts[i])
		}
	}
	var kept []string
	for i, p := range parts {
		if keep[i] {
			kept = append(kept, p)
		}
	}
	return kept
}

var accentless = strings.NewReplacer("Æ", "AE", "æ", "ae", "Ø", "O", "ø", "o", "ß", "ss", "Đ", "D", "đ", "d", "Ħ", "H", "ħ", "h",
	"ı", "i", "Ĳ", "IJ", "ĳ", "ij", "Ŀ", "L", "ŀ", "l", "Ł", "L", "ł", "l", "Œ", "OE", "œ", "oe", "Ŧ", "T", "ŧ", "t")

// removeAccents turns the accented letters of the Latin-1 and Latin Extended blocks into plain ones.
func removeAccents(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(accentless.Replace(text)))
}
