package worddiff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// long is a time that no comparison of these tests takes.
const long = time.Minute

func TestCompare(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"", "", ""},
		{"same", "same", "same"},
		{"", "new", "[+new]"},
		{"old", "", "[-old]"},
		{"one two three", "one 2 three", "one [-two][+2] three"},
		{"one two three", "one three", "one [-two ]three"},
		{"one two", "one two three", "one two[+ three]"},
		{"a red big house", "a blue small house", "a [-red big][+blue small] house"},
		{"don't say café", "don't say cafe", "don't say [-café][+cafe]"},
		{"ミツバチが巣箱に入る", "スズメバチが巣箱を出る", "[-ミツバチ][+スズメバチ]が巣箱[-に入][+を出]る"},
		{"養蜂は楽しいです。", "養蜂は楽しかったです。", "養蜂は楽し[-い][+かった]です。"},
		{"ラーメンとデータ", "ラーメンとデータベース", "ラーメンと[-データ][+データベース]"},
		{"first\nsecond", "first\nthird", "first\n[-second][+third]"},
		{"first\nsecond", "first\n\nsecond", "first\n[+\n]second"},
		{"e\u0301 x", "e\u0301 y", "e\u0301 [-x][+y]"},
		{"𠮷野家", "吉野家", "[-𠮷][+吉]野家"},
	} {
		var got strings.Builder
		for _, p := range Compare(c.before, c.after, long) {
			switch p.Op {
			case Same:
				got.WriteString(p.Text)
			case Removed:
				fmt.Fprintf(&got, "[-%s]", p.Text)
			case Added:
				fmt.Fprintf(&got, "[+%s]", p.Text)
			}
		}
		if got.String() != c.want {
			t.Errorf("%q and %q: %q, want %q", c.before, c.after, got.String(), c.want)
		}
	}
}

// checkPieces checks that the pieces make both texts again, that none is empty, and that a removal comes
// before an addition.
func checkPieces(t *testing.T, before, after string, pieces []Piece) {
	t.Helper()
	var a, b strings.Builder
	for i, p := range pieces {
		if p.Op != Added {
			a.WriteString(p.Text)
		}
		if p.Op != Removed {
			b.WriteString(p.Text)
		}
		if p.Text == "" || i > 0 && (pieces[i-1].Op == p.Op || pieces[i-1].Op == Added && p.Op == Removed) {
			t.Errorf("%.200q and %.200q: piece %d of %v", before, after, i, pieces)
		}
	}
	if a.String() != before || b.String() != after {
		t.Errorf("%.200q and %.200q: %v", before, after, pieces)
	}
}

func TestComparePiecesMakeBothTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := []string{"a", "b ", " ", "\n", "蜂", "の", "ミツ", "バチ", "ー", "e\u0301", "𠮷", "👨‍👩‍👧", ".", "<", "\x00", "\xff"}
	text := func(n int) string {
		var b strings.Builder
		for range random.IntN(n + 1) {
			b.WriteString(some[random.IntN(len(some))])
		}
		return strings.ToValidUTF8(b.String(), "?")
	}
	for range 3000 {
		before, after := text(20), text(20)
		checkPieces(t, before, after, Compare(before, after, long))
	}
	for range 20 {
		before, after := text(2000), text(2000)
		checkPieces(t, before, after, Compare(before, after, 5*time.Millisecond))
	}
}

// TestCompareIsBounded checks that texts of the largest size that a post can have, chosen to take long, do
// not take much longer than they may.
func TestCompareIsBounded(t *testing.T) {
	kanji := func(from, step int) string {
		var b strings.Builder
		for i := range 12000 {
			b.WriteRune(rune(0x4e00 + (from+i*step)%20000))
		}
		return b.String()
	}
	for name, c := range map[string][2]string{
		"all different": {kanji(0, 1), kanji(0, 7)},
		"alternating":   {strings.Repeat("蜂巣", 6000), "x" + strings.Repeat("蜂箱巣", 4000)},
		"one word":      {strings.Repeat("蜂", 11999) + "a", "b" + strings.Repeat("蜂", 11000)},
		"reversed": {kanji(0, 1), func() string {
			runes := []rune(kanji(0, 1))
			slices.Reverse(runes)
			return string(runes)
		}()},
	} {
		start := time.Now()
		pieces := Compare(c[0], c[1], 50*time.Millisecond)
		if took := time.Since(start); took > 5*time.Second { // this machine may be busy
			t.Errorf("%s: %v", name, took)
		} else {
			t.Logf("%s: %v, %d pieces", name, took, len(pieces))
		}
		checkPieces(t, c[0], c[1], pieces)
	}
	if got := Compare(strings.Repeat("蜂 ", 30000), "蜂", long); len(got) != 2 {
		t.Errorf("too many words: %d pieces", len(got))
	}
}
