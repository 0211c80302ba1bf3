// Package formtext takes texts as Question2Answer takes them from forms, without what is not seen: it can
// make one name, title or address look like another, turn the text around it about, or leave nothing to see
// at all.
package formtext

import (
	"strings"
	"unicode"
)

// white is what PHP's trim takes off.
const white = " \t\n\r\x00\x0b"

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Exact returns a text as Question2Answer takes every text of a form: without white space around and with
// plain line ends. Passwords, and names by which something is looked for, are no more than that.
func Exact(text string) string {
	return lineEnds.Replace(strings.Trim(strings.ToValidUTF8(text, "\uFFFD"), white))
}

// Block returns a text of several lines: without control characters, those that change the direction of text,
// and those that Question2Answer's tables cannot hold.
func Block(text string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.Is(unicode.Cc, r) || turns(r) || isNone(r) || beyondTables(r) {
			return -1
		}
		return r
	}, Exact(text)), white)
}

// Line returns a text of one line, as titles, names and tags are: without anything that is not seen.
func Line(text string) string { return strings.Trim(Visible(Exact(text)), white) }

// Visible returns the text without characters that are not seen, with spaces for line ends and tabs. Joiners
// stay in the scripts that need them.
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

// joined reports whether a character is one of a script whose letters are joined, or kept from it, by
// characters that are not seen themselves.
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

// isNone reports whether Unicode gives a number to no character.
func isNone(r rune) bool { return r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe }

// isBlank reports whether a character counts as a letter, mark or symbol but shows nothing: grapheme joiner,
// fillers of Hangul, inherent vowels of Khmer, the empty pattern of Braille.
func isBlank(r rune) bool {
	return strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r)
}

// beyondTables reports whether a character is beyond what Question2Answer's tables can hold.
func beyondTables(r rune) bool { return r > 0xffff }
