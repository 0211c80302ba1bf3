package qa

import (
	"reflect"
	"strings"
	"testing"
)

// TestExcerptOf checks which part of a text an excerpt shows, and that the places of the words are counted in
// units of UTF-16.
func TestExcerptOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("filler ", 60)
	for _, c := range []struct {
		name, text string
		words      []string
		want       excerpt
	}{
		{"a short text", "Bees  make\nhoney.", nil, excerpt{Text: "Bees make honey."}},
		{"its words", "Bees make honey.", []string{"honey", "bees"},
			excerpt{Text: "Bees make honey.", Highlights: []highlight{{0, 4}, {10, 5}}}},
		{"a long text without the words", long, []string{"honey"},
			excerpt{Text: long[:excerptLength] + "…"}},
		{"the end of a long text", long + "honey", []string{"honey"},
			excerpt{Text: "…" + (long + "honey")[len(long)+5-excerptLength:],
				Highlights: []highlight{{1 + excerptLength - 5, 5}}}},
		{"Japanese after an emoji, which is two units", "🐝日本みつばちの蜜", []string{"みつばち", "蜜"},
			excerpt{Text: "🐝日本みつばちの蜜", Highlights: []highlight{{4, 4}, {9, 1}}}},
		{"words that overlap", "beehive", []string{"beehive", "hive"},
			excerpt{Text: "beehive", Highlights: []highlight{{0, 7}}}},
		{"no text", "", []string{"honey"}, excerpt{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := excerptOf(c.text, c.words); !reflect.DeepEqual(*got, c.want) {
				t.Errorf("%+v, want %+v", *got, c.want)
			}
		})
	}
}
