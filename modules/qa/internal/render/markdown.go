package render

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// The converter of Markdown cannot be interrupted, and goes through some texts over and over: through a line once for each
// block that is open, through the rest of a paragraph to find the end of a link, a tag or a code span, through all marks of
// emphasis for each of them, and through all columns of a table for each of its rows. markdownWork counts that without doing it, so
// that texts which would take seconds are not converted at all. Ordinary texts come nowhere near the limit.

// maxMarkdownWork is the most steps that a conversion may take; the worst text with so many takes about a tenth of a second.
const maxMarkdownWork = 30_000_000

// maxConverted is the most bytes that addresses and titles of links may come to in the HTML: a text can define a
// long one once and refer to it thousands of times.
const maxConverted = 256 << 10

const (
	lineSteps = 40   // what a line costs each open block beside its characters
	cellSteps = 1000 // what a cell of a table costs, until it is HTML
	openSteps = 300  // what an opening bracket costs, which is kept until its paragraph ends
)

// FromMarkdown returns the HTML that a Markdown text stands for, which is not safe to show. ok is false for texts that
// would take too long to convert.
func (r *Renderer) FromMarkdown(markdown string) (html string, ok bool) {
	html, ok = r.convert(markdown)
	return strings.TrimSpace(html), ok
}

func (r *Renderer) convert(markdown string) (html string, ok bool) {
	if markdownWork(markdown) > maxMarkdownWork {
		return "", false
	}
	source := []byte(markdown)
	document := r.markdown.Parser().Parse(text.NewReader(source))
	if linkBytes(document) > maxConverted {
		return "", false
	}
	var b bytes.Buffer
	if err := r.markdown.Renderer().Render(&b, source, document); err != nil {
		return "", false // it fails only when its writer does
	}
	return b.String(), true
}

// linkBytes returns how long all addresses and titles of links and images are together.
func linkBytes(n ast.Node) int {
	sum := 0
	switch link := n.(type) {
	case *ast.Link:
		sum = len(link.Destination) + len(link.Title)
	case *ast.Image:
		sum = len(link.Destination) + len(link.Title)
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		sum += linkBytes(c)
	}
	return sum
}

// markdownWork returns an estimate, from above, of the steps that it takes to convert a Markdown text.
func markdownWork(markdown string) int {
	work, depth := 0, 1
	var p paragraph
	for line := range strings.Lines(markdown) {
		blank := strings.TrimLeft(line, " \t\r\n\v\f") == ""
		if blank || isListItem(line) {
			work += p.work()
			p = paragraph{}
		}
		if !blank {
			p.add(line)
		}
		depth = max(depth, openBlocks(line))
		work += depth * (len(line) + lineSteps)
	}
	return work + p.work()
}

// isListItem reports whether the line ends whatever paragraph stands before it, as an item of a list.
func isListItem(line string) bool {
	return len(line) > 2 && strings.IndexByte("-+*", line[0]) >= 0 && line[1] == ' ' && strings.IndexByte(" \t\r\n\v\f", line[2]) < 0
}

// openBlocks returns how many blocks may be open within the line: quotes and lists that begin in it, and lists that
// its indentation may continue.
func openBlocks(line string) int {
	n := 1
	for i := range len(line) {
		switch c := line[i]; {
		case c == ' ':
			n++
		case c == '\t':
			n += 4
		case strings.IndexByte(">-+*.)", c) >= 0:
			n += 2
		case c < '0' || c > '9':
			return n
		}
	}
	return n
}

// paragraph is a run of lines that are not blank. What belongs together within a paragraph never reaches beyond it.
type paragraph struct {
	text strings.Builder
	// lines and columns are the size of the table that it may be.
	lines, columns int
}

func (p *paragraph) add(line string) {
	p.text.WriteString(line)
	p.lines++
	p.columns = max(p.columns, strings.Count(line, "|")+1)
}

func (p *paragraph) work() int {
	text := p.text.String()
	opens, ends, emphasis, word, longestWord := 0, 0, 0, 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			opens++
		case ']', '<':
			ends++
		case '*', '_', '~':
			emphasis++
		}
		if word++; text[i] <= ' ' || text[i] >= 0x80 {
			word = 0
		}
		longestWord = max(longestWord, word)
	}
	escapedPipes := strings.Count(text, `\|`)
	return opens*openSteps + ends*len(text) + emphasis*(emphasis+longestWord) + codeWork(text) +
		p.columns*p.lines*cellSteps + escapedPipes*escapedPipes
}

// codeWork returns how much is gone through to find the ends of code spans: for each run of backticks the text up to the
// next run of the same length, line by line. A backslash before a run takes one of its backticks away, but only where it
// begins.
func codeWork(text string) int {
	next, work := map[int]int{}, 0 // next is where the next run of each length is
	total := distance(text)
	at, before := total, len(text) // at is where before is
	for end := strings.LastIndexByte(text, '`') + 1; end > 0; end = strings.LastIndexByte(text[:end], '`') + 1 {
		start := end
		for start > 0 && text[start-1] == '`' {
			start--
		}
		at, before = at-distance(text[start:before]), start
		far := func(length int) int {
			if there, ok := next[length]; ok {
				return there - at
			}
			return total - at
		}
		n := end - start
		steps := far(n)
		if start > 0 && text[start-1] == '\\' {
			steps = max(steps, far(n-1))
		}
		work += codeSteps * steps
		next[n], end = at, start
	}
	return work
}

// distance returns the steps from the beginning of a text to its end.
func distance(text string) int { return len(text) + lineSteps*strings.Count(text, "\n") }

// codeSteps is how much slower code spans are than other marks.
const codeSteps = 4

// htmlSteps is what a byte of HTML costs to be cleaned.
const htmlSteps = 50

// Work returns an estimate of what a content in a format takes to be made storable, in steps of a few nanoseconds.
func Work(text, format string) int {
	switch format {
	case "markdown":
		return markdownWork(text)
	case "html":
		return htmlSteps * len(text)
	}
	return len(text)
}
