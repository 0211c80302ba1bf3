package render

import (
	"os"
	"strings"
	"testing"
)

// raw is the most characters that a content may have as it is sent.
const raw = 48_000

// filled repeats a pattern to n bytes.
func filled(pattern string, n int) string { return strings.Repeat(pattern, n/len(pattern)) }

// worstMarkdown are texts, of the length that may be sent, for which the converter needs seconds or more
// memory than a server has.
var worstMarkdown = map[string]string{
	"links without end":               filled("[a](", raw),
	"links with brackets":             filled("[a]((", raw),
	"links with angle brackets":       filled("[a](<", raw),
	"titles without end":              filled("[a](b \"", raw),
	"brackets in brackets":            filled("[", raw/2) + filled("]", raw/2),
	"quotes in quotes":                filled(">", raw),
	"quotes with spaces":              filled("> ", raw),
	"lists in a line":                 filled("- ", raw),
	"numbered lists in a line":        filled("1. ", raw),
	"lists in quotes":                 filled("> - ", raw),
	"a deep list and blank lines":     deepList(150) + filled("\n", raw/2),
	"a deep quote and lazy lines":     filled(">", 3000) + "a\n" + filled("b\n", raw/2),
	"emphasis":                        filled("*a_", raw),
	"emphasis that does not close":    filled("*a **a ", raw),
	"emphasis of three lengths":       filled("a**b", raw/2) + filled("c*", raw/2),
	"strikethrough":                   filled("~~a~", raw),
	"backticks of growing length":     growing('`', 300),
	"escaped backticks":               filled("\\``\n", raw),
	"comments without end":            filled("<!--a", raw),
	"tags without end":                filled("<a b", raw),
	"processing instructions":         filled("<?", raw),
	"declarations":                    filled("<!A", raw),
	"bare addresses":                  filled("www._", raw),
	"bare addresses of mail":          filled("a_b@c.", raw),
	"definitions without end":         filled("[a]: b (\n", raw),
	"a long address, referred to":     "[a]: /" + filled("x", raw/2) + "\n\n" + filled("[a]\n\n", raw/2),
	"a long title, referred to":       "[a]: / '" + filled("x", raw/2) + "'\n\n" + filled("![a]\n\n", raw/2),
	"a table with a thousand columns": table(1000, 1000),
	"a table with many columns":       table(4000, 10_000),
	"a table with escaped pipes":      "|a|\n|-|\n" + filled("|`\\|`|\n", raw),
}

func deepList(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat("  ", i) + "- a\n")
	}
	return b.String()
}

func growing(c byte, most int) string {
	var b strings.Builder
	for i := range most {
		b.WriteString(strings.Repeat(string(c), i+1) + "a")
	}
	return b.String()
}

func table(columns, rows int) string {
	return filled("|", columns) + "\n" + filled("|-", 2*columns) + "|\n" + filled("|\n", 2*rows)
}

func TestWorstMarkdownIsNotConverted(t *testing.T) {
	r := New()
	for name, text := range worstMarkdown {
		t.Run(name, func(t *testing.T) {
			if html, ok := r.FromMarkdown(text); ok {
				t.Errorf("%d bytes became %d, with work %d of at most %d", len(text), len(html),
					markdownWork(text), maxMarkdownWork)
			}
		})
	}
}

// TestOrdinaryMarkdownIsConverted checks that texts as long as a post can be are converted, however many
// marks people put into them.
func TestOrdinaryMarkdownIsConverted(t *testing.T) {
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	r := New()
	for name, text := range map[string]string{
		"a readme":                        string(readme),
		"prose in one paragraph":          filled("Some *words* with [a link](https://example.com/a_b), `code` and (more) words. ", 12_000),
		"Japanese in one paragraph":       filled("これは**大切**な文章で、[リンク](https://example.com/)や`コード`もあります。", 36_000),
		"a list of links":                 filled("- [a link to a page](https://example.com/page_one?a=b) and *why*\n", raw),
		"a numbered list":                 filled("1. [a link](https://example.com/page) and *why*\n", 12_000),
		"a nested list":                   filled("- a\n  - b\n    - c\n      - d\n        - e\n", 12_000),
		"a table":                         "|a|b|c|d|e|f|\n|-|-|-|-|-|-|\n" + filled("| 1 | `2` | *3* | 4 | 5 | 6 |\n", 12_000),
		"a block of code":                 "```go\n" + filled("\tif x[i] < 3 && (y || *p == `a`) { return f(a_b, c[\"d\"]) }\n", 12_000) + "```\n",
		"JSON without a fence":            filled(`{"name": "a_b", "list": [1, 2, {"x": [true]}], "text": "some (longer) text"},`+"\n", 12_000),
		"a log without a fence":           filled("2026-01-02 03:04:05 [main] INFO a.b.C_d - request <GET /a> took 12 ms (200)\n", 12_000),
		"quotes in quotes":                filled(">>>> deepest\n>>> deeper\n>> deep\n> quote\n\n", 12_000),
		"definitions":                     filled("[a name]: https://example.com/page \"title\"\n", 12_000) + "\n" + filled("See [a name]. ", 12_000),
		"deeply indented code":            "    " + filled("                    x = f(y)\n", 12_000),
		"a rule of stars":                 "text\n\n" + filled("* ", 80) + "\n\n" + filled("text\n", 12_000),
		"a picture a line":                filled("![](https://example.com/?qa=blob&qa_blobid=1234567890)\n", 12_000),
		"a drawing":                       filled("+----+   +----+\n| a  |-->| b  |\n+----+   +----+\n", 12_000),
		"blank lines":                     filled("\n", 12_000),
		"one long word":                   filled("a", 12_000),
		"the longest that may be sent":    filled("word ", raw),
		"the longest in two-letter lines": filled("a\n", raw/4),
	} {
		t.Run(name, func(t *testing.T) {
			if _, ok := r.FromMarkdown(text); !ok {
				t.Errorf("%d bytes with work %d of at most %d", len(text), markdownWork(text),
					maxMarkdownWork)
			}
		})
	}
}

// TestHostileMarkdownInTheDatabase checks that Markdown which a plugin of the old site stored is shown as it
// was written if converting it would take too long, and that the result is remembered.
func TestHostileMarkdownInTheDatabase(t *testing.T) {
	r := New()
	text := filled("[a](", 12_000)
	want := "[a]([a]("
	if got := r.HTML(text, "markdown", Options{}); !strings.HasPrefix(got, want) || len(got) != len(text) {
		t.Errorf("%d bytes are shown as %d: %.40s", len(text), len(got), got)
	}
	first := r.rendered(text, "markdown", Options{})
	if again := r.rendered(text, "markdown", Options{}); again != first {
		t.Error("it is rendered anew each time")
	}
	if got := r.HTML(text[:3996]+"<script>", "markdown", Options{}); strings.Contains(got, "<script") {
		t.Errorf("not escaped: %s", got[len(got)-40:])
	}
}

// BenchmarkWorst measures the conversion of the worst texts, each cut to the longest part that is converted
// at all. None may take more than 200 ms.
func BenchmarkWorst(b *testing.B) {
	r := New()
	for name, text := range worstMarkdown {
		n := len(text)
		for n > 0 && markdownWork(text[:n]) > maxMarkdownWork {
			n = n * 9 / 10
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r.FromMarkdown(text[:n])
			}
		})
	}
}

// TestMarkdownSaysNothingOfItsOwn checks that raw HTML is left out of converted Markdown without a remark, and
// that the boxes of task lists become characters.
func TestMarkdownSaysNothingOfItsOwn(t *testing.T) {
	t.Parallel()
	r := New()
	for markdown, want := range map[string]string{
		"a <b>bold</b> word":           "<p>a bold word</p>",
		"<div>\nblock\n</div>\n\ntext": "<p>text</p>",
		"<!-- remark --> text":         "",
		"- [ ] open\n- [x] done":       "<ul>\n<li>☐ open</li>\n<li>☑ done</li>\n</ul>",
	} {
		if got, ok := r.FromMarkdown(markdown); !ok || got != want {
			t.Errorf("%q becomes %q, want %q", markdown, got, want)
		}
	}
}
