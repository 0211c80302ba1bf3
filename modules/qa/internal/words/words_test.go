package words

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// recorded holds results of Q2A's own functions (testdata/oracle/reads/strings.json).
type recorded struct {
	Tokenizer []struct {
		In        string
		Words     []string
		NoSplit   []string `json:"words_no_ideograph_split"`
		Slug      string
		SlugASCII string `json:"slug_ascii"`
	} `json:"tokenizer_and_slugs"`
	Tags []struct {
		In     string
		Spaced []string `json:"space_separated"`
	}
	Removal []struct{ In, Out string } `json:"utf8mb4_removal"`
}

func load(t testing.TB) recorded {
	t.Helper()
	text, err := os.ReadFile("../../../../testdata/oracle/reads/strings.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Tokenizer) < 100 {
		t.Fatalf("only %d recorded texts", len(r.Tokenizer))
	}
	return r
}

func TestSplitAsRecorded(t *testing.T) {
	for _, c := range load(t).Tokenizer {
		if got := Split(c.In); !reflect.DeepEqual(got, c.Words) && len(got)+len(c.Words) > 0 {
			t.Errorf("Split(%q) = %q, Q2A: %q", c.In, got, c.Words)
		}
		if got := split(c.In, false, true); !reflect.DeepEqual(got, c.NoSplit) &&
			len(got)+len(c.NoSplit) > 0 {
			t.Errorf("split without ideographs (%q) = %q, Q2A: %q", c.In, got, c.NoSplit)
		}
	}
}

func TestSlugAsRecorded(t *testing.T) {
	for _, c := range load(t).Tokenizer {
		if got := Slug(c.In, false, 50); got != c.Slug {
			t.Errorf("Slug(%q) = %q, Q2A: %q", c.In, got, c.Slug)
		}
		if got := Slug(c.In, true, 50); got != c.SlugASCII {
			t.Errorf("ASCII Slug(%q) = %q, Q2A: %q", c.In, got, c.SlugASCII)
		}
	}
}

func TestSplitTagsAsRecorded(t *testing.T) {
	for _, c := range load(t).Tags {
		var once []string
		seen := map[string]bool{}
		for _, w := range SplitTags(WithoutAstral(c.In)) { // as Q2A's forms do first
			if !seen[w] {
				seen[w] = true
				once = append(once, w)
			}
		}
		if !reflect.DeepEqual(once, c.Spaced) && len(once)+len(c.Spaced) > 0 {
			t.Errorf("SplitTags(%q) = %q, Q2A: %q", c.In, once, c.Spaced)
		}
	}
}

func TestWithoutAstralAsRecorded(t *testing.T) {
	for _, c := range load(t).Removal {
		if got := WithoutAstral(c.In); got != c.Out {
			t.Errorf("WithoutAstral(%q) = %q, Q2A: %q", c.In, got, c.Out)
		}
	}
}

// TestCensor checks which words are replaced. The expectations follow from Q2A's admin page for blocked
// words: whole words, "*" for any characters, and ideographs also within words.
func TestCensor(t *testing.T) {
	b := NewBlocked("spamword 悪口* h*l, 蜂")
	for in, want := range map[string]string{
		"a spamword here":     "a ******** here",
		"SPAMWORD!":           "********!",
		"spamwords stay":      "spamwords stay",
		"hotel and hell":      "***** and ****",
		"これは悪口です ok":          "これは**** ok",
		"ミツ蜂の巣":               "ミツ*の巣",
		"nothing to see here": "nothing to see here",
	} {
		if got := b.Censor(in); got != want {
			t.Errorf("Censor(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, c := range load(f).Tokenizer {
		f.Add(c.In)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, ideographs := range []bool{true, false} {
			for _, hyphens := range []bool{true, false} {
				for _, w := range split(text, ideographs, hyphens) {
					if w == "" || strings.ContainsAny(w, " \t\r\n") {
						t.Fatalf("%q has the word %q", text, w)
					}
				}
			}
		}
		// Splitting a word gives the word itself, so that what is in the word index is found again.
		for _, w := range Split(text) {
			if again := Split(w); len(again) != 1 || again[0] != w {
				t.Errorf("%q has the word %q, which splits into %q", text, w, again)
			}
		}
		Slug(text, true, 50)
		Slug(text, false, 50)
	})
}

func FuzzCensor(f *testing.F) {
	f.Add("bad, wor*, *d", "bad words")
	f.Add("*", "x")
	f.Add("\xff*a", "\xffa")
	f.Fuzz(func(t *testing.T, option, text string) {
		b := NewBlocked(option)
		once := b.Censor(text)
		if utf8.ValidString(text) && utf8.RuneCountInString(once) != utf8.RuneCountInString(text) {
			t.Errorf("%q without %q is %q: another length", text, option, once)
		}
	})
}
