package database

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// generalCI holds, for each character of the Basic Multilingual Plane that MySQL's collation
// utf8_general_ci does not compare as itself, the character that it compares as ("00E9 0045": é as
// E). The table was read from a MariaDB server with WEIGHT_STRING; TestGeneralCIMatchesServer reads
// it again.
//
//go:embed general_ci.txt
var generalCI string

var generalCIWeights = sync.OnceValue(func() map[rune]rune {
	weights := make(map[rune]rune, 1200)
	for line := range strings.Lines(generalCI) {
		var from, to rune
		if _, err := fmt.Sscanf(line, "%X %X", &from, &to); err != nil {
			panic("general_ci.txt: " + err.Error())
		}
		weights[from] = to
	}
	return weights
})

func generalCIWeight(r rune) rune {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	case r > 0xffff:
		return 0xfffd // all characters beyond the basic plane are one to this collation
	}
	if w, ok := generalCIWeights()[r]; ok {
		return w
	}
	return r
}

// CompareGeneralCI compares two strings as MySQL's collation utf8_general_ci does: it ignores case,
// the accents of Latin, Greek and Cyrillic letters, and spaces at the end, but keeps は, ば and ハ
// apart. The result is negative, 0 or positive.
func CompareGeneralCI(a, b string) int {
	ra, rb := []rune(strings.TrimRight(a, " ")), []rune(strings.TrimRight(b, " "))
	for i := 0; i < len(ra) && i < len(rb); i++ {
		if d := generalCIWeight(ra[i]) - generalCIWeight(rb[i]); d != 0 {
			return int(d)
		}
	}
	return len(ra) - len(rb)
}

// FoldGeneralCI returns a key for s: two strings have the same key exactly if CompareGeneralCI
// reports them as equal.
func FoldGeneralCI(s string) string {
	return strings.Map(generalCIWeight, strings.TrimRight(s, " "))
}
