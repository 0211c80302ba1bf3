// Package words splits text into words as Q2A 1.8 does for its search index, its tags and the slugs of
// its addresses. Q2A and this backend write and read the same index, so each detail of Q2A is kept on
// purpose, even the odd ones.
package words

import (
	"strings"
	"unicode/utf8"
)

// Split returns the words of a text as Q2A indexes them, in lower case, in order and with repetitions.
// Each ideograph is a word of its own; runs of kana and of other letters stay together. Apostrophes
// within words are removed, and hyphens separate words.
func Split(text string) []string { return split(text, true, true) }

// SplitTags returns the words of a text as Q2A reads the tags that somebody typed. It is like Split,
// except that ideographs and hyphens do not separate words.
func SplitTags(text string) []string { return split(text, false, false) }

func split(text string, ideographs, hyphens bool) []string {
	text = joinApostrophes(replacePunctuation(Lower(text)))
	var words []string
	start := -1
	end := func(i int) {
		if start >= 0 {
			words = append(words, text[start:i])
			start = -1
		}
	}
	for i, r := range text {
		switch {
		case isSeparator(r) || r == '-' && hyphens:
			end(i)
		case ideographs && IsIdeograph(r):
			end(i)
			words = append(words, text[i:i+utf8.RuneLen(r)])
		case start < 0:
			start = i
		}
	}
	end(len(text))
	return words
}

// Lower returns the text in lower case, as PHP's mb_strtolower does. It differs from strings.ToLower in
// that the capital I with a dot keeps its dot as a character of its own.
func Lower(text string) string {
	if strings.Contains(text, "İ") {
		text = strings.ReplaceAll(text, "İ", "i\u0307")
	}
	return strings.ToLower(text)
}

// IsIdeograph reports whether Q2A treats the character as a word of its own. It does so for Thai
// letters and for CJK radicals, symbols and ideographs, but not for kana, bopomofo and hangul.
func IsIdeograph(r rune) bool {
	switch {
	case r < 0x0e00:
		return false
	case r <= 0x0e7f, // Thai
		0x2e80 <= r && r <= 0x2fff,   // radicals
		0x3000 <= r && r <= 0x303f,   // CJK symbols, 々 and 「」 among them
		0x3200 <= r && r <= 0x9fff,   // enclosed and compatibility characters, ideographs
		0xf900 <= r && r <= 0xfaff,   // compatibility ideographs
		0x20000 <= r && r <= 0x2ffff: // ideographs beyond the basic plane
		return true
	}
	return false
}

func isSeparator(r rune) bool {
	return r < 0x80 && strings.ContainsRune("\n\r\t !\"'()*+,./:;<=>?[\\]^`{|}~", r)
}

// punctuation maps the typographic characters that Q2A treats as a space, a hyphen or an apostrophe.
var punctuation = func() map[rune]rune {
	m := map[rune]rune{'\u2019': '\''}
	for _, r := range "\u00a1\u00a6\u00ab\u00b1\u00bb\u00bf\u00d7\u00f7" + // ¡ ¦ « ± » ¿ × ÷
		"\u2016\u2018\u201a\u201b\u201c\u201d\u201e\u201f\u2022\u2024\u2025\u2026" +
		"\u2039\u203a\u203c\u203d\u2047\u2048\u2049" +
		"\u3000\u3001\u3002" { // ideographic space, comma and full stop
		m[r] = ' '
	}
	for r := '\u2000'; r <= '\u200f'; r++ { // spaces of all widths and direction marks
		m[r] = ' '
	}
	delete(m, '\u200d') // the zero-width joiner stays
	for r := '\u2010'; r <= '\u2015'; r++ {
		m[r] = '-'
	}
	return m
}()

func replacePunctuation(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			return r
		}
		if p, ok := punctuation[r]; ok {
			return p
		}
		return r
	}, text)
}

// joinApostrophes removes each apostrophe between two characters that are not spaces. Q2A compares
// bytes and never looks at the same byte twice: the second apostrophe of a'b'c stays and then separates
// words, while that of é'é'é is removed.
func joinApostrophes(text string) string {
	if !strings.Contains(text, "'") {
		return text
	}
	space := func(b byte) bool { return b == ' ' || '\t' <= b && b <= '\r' }
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		if i+2 < len(text) && text[i+1] == '\'' && !space(text[i]) && !space(text[i+2]) {
			out = append(out, text[i], text[i+2])
			i += 3
			continue
		}
		out = append(out, text[i])
		i++
	}
	return string(out)
}

// WithoutAstral removes the characters beyond Unicode's basic plane, which Q2A's tables, in utf8mb3,
// cannot hold.
func WithoutAstral(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff {
			return -1
		}
		return r
	}, text)
}
