// Package worddiff compares texts word by word.
package worddiff

import (
	"strings"
	"time"
	"unicode"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Op says in which of two texts a piece stands.
type Op string

// The places of a piece: in both texts, in the first one only, in the second one only.
const (
	Same    Op = "same"
	Removed Op = "removed"
	Added   Op = "added"
)

// Piece is a part of one text or of both. The pieces that are not Added make the first text, those that are
// not Removed the second one.
type Piece struct {
	Op   Op
	Text string
}

// maxWords is how many words two texts may have together. Each word stands for a character, of which there
// are so many below the surrogates, which Go's strings cannot hold.
const maxWords = 0xD000

// Compare returns the differences between two texts. It looks for the fewest ones, but not for longer than
// the given time; then it takes what it has not looked at for different, which is right, if not the best.
// So it does with texts of too many words.
func Compare(before, after string, longest time.Duration) []Piece {
	if before == after {
		return joined(Piece{Same, before})
	}
	a, b := words(before), words(after)
	if len(a)+len(b) > maxWords || longest <= 0 {
		return joined(Piece{Removed, before}, Piece{Added, after})
	}
	numbers := map[string]rune{}
	var names []string
	encode := func(list []string) []rune {
		runes := make([]rune, len(list))
		for i, word := range list {
			n, ok := numbers[word]
			if !ok {
				n = rune(len(names))
				numbers[word], names = n, append(names, word)
			}
			runes[i] = n + 1
		}
		return runes
	}
	d := diffmatchpatch.New()
	d.DiffTimeout = longest
	var pieces []Piece
	for _, diff := range d.DiffMainRunes(encode(a), encode(b), false) {
		var text strings.Builder
		for _, r := range diff.Text {
			text.WriteString(names[r-1])
		}
		op := map[diffmatchpatch.Operation]Op{
			diffmatchpatch.DiffEqual: Same, diffmatchpatch.DiffDelete: Removed, diffmatchpatch.DiffInsert: Added,
		}[diff.Type]
		pieces = append(pieces, Piece{op, text.String()})
	}
	return joined(pieces...)
}

// joined returns the pieces without empty ones, and with white space between two changes taken as changed,
// so that what was rewritten is one change and not one for each word.
func joined(pieces ...Piece) []Piece {
	var out []Piece
	removed, added := "", ""
	flush := func() {
		for _, p := range []Piece{{Removed, removed}, {Added, added}} {
			if p.Text != "" {
				out = append(out, p)
			}
		}
		removed, added = "", ""
	}
	for i, p := range pieces {
		switch {
		case p.Text == "":
		case p.Op == Removed:
			removed += p.Text
		case p.Op == Added:
			added += p.Text
		case removed != "" && added != "" && strings.TrimSpace(p.Text) == "" && replacedAfter(pieces, i):
			removed, added = removed+p.Text, added+p.Text
		default:
			flush()
			if n := len(out); n > 0 && out[n-1].Op == Same {
				out[n-1].Text += p.Text
			} else {
				out = append(out, p)
			}
		}
	}
	flush()
	return out
}

// replacedAfter reports whether right after the piece with the index something was replaced.
func replacedAfter(pieces []Piece, i int) bool {
	return i+2 < len(pieces) && pieces[i+1].Op != Same && pieces[i+2].Op != Same
}

// words splits a text into words, the white space between them, and all else. Japanese has no spaces: there
// each kanji and each hiragana counts as a word, as do runs of katakana.
func words(text string) []string {
	var list []string
	start, last := 0, single
	for i, r := range text {
		kind := kindOf(r)
		if i > 0 && (kind != last || kind == single) && !joins(r) {
			list, start = append(list, text[start:i]), i
		}
		if !joins(r) || i == 0 {
			last = kind
		}
	}
	if text != "" {
		list = append(list, text[start:])
	}
	return list
}

// kind says which characters make a word together.
type kind int

const (
	single kind = iota // a word by itself
	letters
	katakana
	space
)

func kindOf(r rune) kind {
	switch {
	case r == '\n':
		return single // a line is more than a space
	case unicode.IsSpace(r):
		return space
	case unicode.In(r, unicode.Katakana) || r == 'ー':
		return katakana
	case unicode.In(r, unicode.Han, unicode.Hiragana):
		return single
	case unicode.IsLetter(r), unicode.IsDigit(r), r == '_':
		return letters
	}
	return single
}

// joins reports whether a character belongs to the one before it.
func joins(r rune) bool { return unicode.Is(unicode.Mn, r) || r == '\u200d' || r == '\ufe0f' }
