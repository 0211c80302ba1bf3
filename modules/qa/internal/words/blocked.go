package words

import (
	"strings"
	"unicode/utf8"
)

// Blocked holds the words that a site does not want to show (option block_bad_words). The zero value
// blocks nothing.
type Blocked struct{ patterns [][]rune }

// NewBlocked parses the option. Its words are separated by spaces and punctuation; a "*" in a word
// stands for any number of characters other than spaces.
func NewBlocked(option string) Blocked {
	var b Blocked
	for word := range strings.FieldsFuncSeq(option, isBlockSeparator) {
		b.patterns = append(b.patterns, []rune(Lower(word)))
	}
	return b
}

// isBlockSeparator reports whether the character separates blocked words. More characters do so here
// than in the search index.
func isBlockSeparator(r rune) bool {
	return r < 0x80 && strings.ContainsRune("\n\r\t !\"'()+,./:;<=>?[\\]^`{|}~$&-_#%@", r)
}

// Censor returns the text with an asterisk for each character of a blocked word. A word that begins or
// ends with an ideograph is also found within other words, since Japanese is written without spaces.
func (b Blocked) Censor(text string) string {
	censored, _ := b.censor(text)
	return censored
}

// Blocks reports whether the text contains a blocked word.
func (b Blocked) Blocks(text string) bool {
	_, found := b.censor(text)
	return found
}

func (b Blocked) censor(text string) (censored string, found bool) {
	if len(b.patterns) == 0 || text == "" {
		return text, false
	}
	original := []rune(text)
	plain := make([]rune, len(original))
	for i, r := range original {
		plain[i] = lowerRune(r)
		if p, ok := punctuation[r]; ok && p != r || isBlockSeparator(r) {
			plain[i] = ' '
		}
	}
	for at := 0; at < len(plain); at++ {
		length := b.match(plain, at)
		for i := at; i < at+length; i++ {
			original[i] = '*'
			found = true
		}
		at += max(0, length-1)
	}
	if !found {
		return text, false
	}
	return string(original), true
}

// lowerRune returns the character in lower case. Unlike Lower, it keeps a character whose lower case
// has more than one character or another length in bytes.
func lowerRune(r rune) rune {
	l := []rune(strings.ToLower(string(r)))
	if len(l) == 1 && utf8.RuneLen(l[0]) == utf8.RuneLen(r) {
		return l[0]
	}
	return r
}

// match returns the length, in characters, of the blocked word that begins at the position, or 0 if
// there is none.
func (b Blocked) match(text []rune, at int) int {
	for _, p := range b.patterns {
		if !IsIdeograph(p[0]) && at > 0 && text[at-1] != ' ' {
			continue
		}
		if length := matchPattern(text[at:], p, !IsIdeograph(p[len(p)-1])); length > 0 {
			return length
		}
	}
	return 0
}

// matchPattern returns the length, in characters, of the longest match of the pattern at the beginning
// of the text, or 0 if there is none. If wordEnd is set, the match has to end before a space or at the
// end of the text.
func matchPattern(text, pattern []rune, wordEnd bool) int {
	var try func(i, j int) int
	try = func(i, j int) int {
		if j == len(pattern) {
			if wordEnd && i < len(text) && text[i] != ' ' {
				return -1
			}
			return i
		}
		if pattern[j] == '*' {
			run := i
			for run < len(text) && text[run] != ' ' {
				run++
			}
			for ; run >= i; run-- {
				if end := try(run, j+1); end >= 0 {
					return end
				}
			}
			return -1
		}
		if i < len(text) && text[i] == pattern[j] {
			return try(i+1, j+1)
		}
		return -1
	}
	return max(0, try(0, 0))
}
