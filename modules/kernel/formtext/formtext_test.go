package formtext

import (
	"strings"
	"testing"
	"unicode"
)

func TestTexts(t *testing.T) {
	for name, c := range map[string]struct{ in, exact, block, line string }{
		"plain": {
			"Where is the queen?",
			"Where is the queen?",
			"Where is the queen?",
			"Where is the queen?",
		},
		"Japanese":            {"女王　バチ・ヴ゙ー", "女王　バチ・ヴ゙ー", "女王　バチ・ヴ゙ー", "女王　バチ・ヴ゙ー"},
		"space around":        {" \t a \r\n\x00", "a", "a", "a"},
		"ideographic space":   {"　a　", "　a　", "　a　", "　a　"},
		"lines":               {"a\r\nb\rc\td", "a\nb\nc\td", "a\nb\nc\td", "a b c d"},
		"NUL":                 {"a\x00b", "a\x00b", "ab", "ab"},
		"controls":            {"a\x01\x07\x1b[31mb\x7f", "a\x01\x07\x1b[31mb\x7f", "a[31mb", "a[31mb"},
		"controls beyond 128": {"a\u0080\u009bb\u0085c", "a\u0080\u009bb\u0085c", "abc", "ab c"},
		"override":            {"a\u202egpj.exe", "a\u202egpj.exe", "agpj.exe", "agpj.exe"},
		"embeddings":          {"\u202aa\u202bb\u202cc\u202d", "\u202aa\u202bb\u202cc\u202d", "abc", "abc"},
		"isolates":            {"\u2066a\u2067b\u2068c\u2069", "\u2066a\u2067b\u2068c\u2069", "abc", "abc"},
		"marks of direction": {
			"a\u200eb\u200fc\u061cd",
			"a\u200eb\u200fc\u061cd",
			"a\u200eb\u200fc\u061cd",
			"abcd",
		},
		"zero width": {
			"a\u200bb\u2060c\ufeffd\u00ade",
			"a\u200bb\u2060c\ufeffd\u00ade",
			"a\u200bb\u2060c\ufeffd\u00ade",
			"abcde",
		},
		"joiners in Latin": {"ad\u200dm\u200cin", "ad\u200dm\u200cin", "ad\u200dm\u200cin", "admin"},
		"joiners where needed": {
			"می\u200cخواهم क्\u200dष",
			"می\u200cخواهم क्\u200dष",
			"می\u200cخواهم क्\u200dष",
			"می\u200cخواهم क्\u200dष",
		},
		"separators": {"a\u2028b\u2029c", "a\u2028b\u2029c", "a\u2028b\u2029c", "a b c"},
		"fillers": {
			"\u3164\u115f\uffa0\u2800",
			"\u3164\u115f\uffa0\u2800",
			"\u3164\u115f\uffa0\u2800",
			"",
		},
		"nothing to see":    {"\u200b\u202e\u2060", "\u200b\u202e\u2060", "\u200b\u2060", ""},
		"noncharacters":     {"a\ufffe\uffff\ufdd0b", "a\ufffe\uffff\ufdd0b", "ab", "ab"},
		"beyond the tables": {"a🐝👩\u200d💻b", "a🐝👩\u200d💻b", "a\u200db", "ab"},
		"variation":         {"♥\ufe0f葛\ufe00", "♥\ufe0f葛\ufe00", "♥\ufe0f葛\ufe00", "♥\ufe0f葛\ufe00"},
		"not Unicode":       {"a\xffb", "a\ufffdb", "a\ufffdb", "a\ufffdb"},
		"space once seen":   {"\u202e a \u202e", "\u202e a \u202e", "a", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, got := range map[string][2]string{
				"Exact": {Exact(c.in), c.exact}, "Block": {Block(c.in), c.block},
				"Line": {Line(c.in), c.line},
			} {
				if got[0] != got[1] {
					t.Errorf("%s(%+q) is %+q, want %+q", kind, c.in, got[0], got[1])
				}
			}
		})
	}
}

func FuzzTexts(f *testing.F) {
	for _, text := range []string{"a\u202eb\x00", "\u200b\u2060", "می\u200cخ", " a\r\nb ", "🐝\ufffe"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for kind, take := range map[string]func(string) string{"Exact": Exact, "Block": Block, "Line": Line} {
			taken := take(text)
			if again := take(taken); again != taken {
				t.Errorf("%s(%+q) is %+q, and of that %+q", kind, text, taken, again)
			}
			if kind != "Exact" && strings.ContainsFunc(taken, func(r rune) bool {
				return turns(r) || r > 0xffff ||
					unicode.Is(unicode.Cc, r) && (kind == "Line" || r != '\n' && r != '\t')
			}) {
				t.Errorf("%s(%+q) is %+q", kind, text, taken)
			}
		}
	})
}
