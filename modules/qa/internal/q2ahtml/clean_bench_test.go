package q2ahtml

import (
	"strings"
	"testing"
)

// BenchmarkHostile measures how long it takes to clean 200,000 characters of HTML on which cleaning could
// take more than linear time.
func BenchmarkHostile(b *testing.B) {
	for name, unit := range map[string]string{
		"nested": "<b>", "links": `<a href="x">`, "open tag": "<a href", "ends": "</b>",
		"quotes": `<a title="`, "blockquotes": "<blockquote>x",
		"forbidden": "<a><b>", "colours": "<font color=a ", "attributes": " data-%=1", "addresses": "url(",
		"comments": "<!--",
		"lists":    "<ul><li>", "deep": "<img>", "entities": "&amp", "lines": "<\n", "less": "<",
		"names": "<p data-", "tables": "<table><tr><td>",
	} {
		b.Run(name, func(b *testing.B) {
			var text strings.Builder
			if strings.HasPrefix(unit, " ") || unit == "url(" {
				text.WriteString(`<p style="`[:map[bool]int{true: 2, false: 10}[unit[0] == ' ']])
			}
			if unit == "<img>" {
				text.WriteString("<time>" + strings.Repeat("<b>", maxDepth))
			}
			for n := 0; text.Len() < 200_000; n++ {
				name := strings.Repeat("a", n%100) + string(rune('a'+n%26))
				text.WriteString(strings.ReplaceAll(unit, "%", name))
			}
			text.WriteString(`">x`)
			b.ReportAllocs()
			for b.Loop() {
				Clean(text.String(), nil)
			}
		})
	}
}
