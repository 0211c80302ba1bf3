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

// Slug returns the last part of a question's address on the old site: the words of the title, joined by
// hyphens. If the title has more than maxLength characters, the shortest words are left out first;
// maxLength 0 means no limit. With asciiOnly (option q_urls_remove_accents), only Roman letters without
// accents, digits and hyphens remain.
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

// shorten drops words until the rest uses up maxLength characters. It keeps the longest words first,
// and of words of equal length the earlier ones. The word that crosses the limit stays.
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

var accentless = strings.NewReplacer(
	"Æ", "AE", "æ", "ae", "Ø", "O", "ø", "o", "ß", "ss", "Đ", "D", "đ", "d", "Ħ", "H", "ħ", "h",
	"ı", "i", "Ĳ", "IJ", "ĳ", "ij", "Ŀ", "L", "ŀ", "l", "Ł", "L", "ł", "l",
	"Œ", "OE", "œ", "oe", "Ŧ", "T", "ŧ", "t")

// removeAccents replaces the accented letters of the Latin-1 and Latin Extended blocks by plain ones.
func removeAccents(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(accentless.Replace(text)))
}
