// Package formtext normalises texts from forms as Question2Answer does and removes invisible
// characters. Such characters can make one name, title or address look like another, reverse the
// direction of the text around them, or leave a text that shows nothing at all.
package formtext

import (
	"strings"
	"unicode"
)

// white holds the characters that PHP's trim removes.
const white = " \t\n\r\x00\x0b"

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Exact returns a text as Question2Answer normalises every text of a form: without surrounding white
// space and with "\n" as the only line end. Use it alone for passwords and for names that are looked
// up, which must not be changed any further.
func Exact(text string) string {
	return lineEnds.Replace(strings.Trim(strings.ToValidUTF8(text, "\uFFFD"), white))
}

// Block returns a normalised text of several lines. It removes control characters, characters that
// change the direction of text, and those that Question2Answer's tables cannot hold.
func Block(text string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.Is(unicode.Cc, r) || turns(r) || isNone(r) || beyondTables(r) {
			return -1
		}
		return r
	}, Exact(text)), white)
}

// Line returns a normalised text of one line, such as a title, name or tag, without any invisible
// characters.
func Line(text string) string { return strings.Trim(Visible(Exact(text)), white) }

// Visible returns the text without invisible characters, with spaces for line ends and tabs.
// Zero-width joiners and non-joiners stay between letters of the scripts that need them.
func Visible(text string) string {
	var b strings.Builder
	var last rune
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
			if !joined(last) || i+1 == len(runes) || !joined(runes[i+1]) {
				continue
			}
		case breaksLine(r):
			r = ' '
		case unicode.In(r, unicode.Cc, unicode.Cf) || isNone(r) || isBlank(r) || beyondTables(r):
			continue
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// joined reports whether a character belongs to a script in which zero-width joiners and non-joiners
// control how letters are connected.
func joined(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Han,
		unicode.Cyrillic, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Common)
}

// breaksLine reports whether a control character separates lines or words.
func breaksLine(r rune) bool {
	return r >= '\t' && r <= '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// turns reports whether a character embeds, overrides or isolates a direction of text.
func turns(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }

// isNone reports whether r is a code point that Unicode reserves as a noncharacter.
func isNone(r rune) bool { return r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe }

// isBlank reports whether a character counts as a letter, mark or symbol but shows nothing: the
// grapheme joiner, the Hangul fillers, the inherent vowels of Khmer and the empty Braille pattern.
func isBlank(r rune) bool {
	return strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r)
}

// beyondTables reports whether a character is beyond what Question2Answer's tables can hold.
func beyondTables(r rune) bool { return r > 0xffff }
