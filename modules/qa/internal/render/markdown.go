package render

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	tasks "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// The converter of Markdown cannot be interrupted, and it reads parts of some texts many times: a line
// once for each open block, the rest of a paragraph to find the end of a link, a tag or a code span,
// all marks of emphasis for each of them, and all columns of a table for each of its rows. markdownWork
// estimates the steps without converting, so that texts which would take seconds are not converted at
// all. Ordinary texts stay far below the limit.

// maxMarkdownWork is the largest number of steps that a conversion may take. The worst text with that
// many takes about a tenth of a second.
const maxMarkdownWork = 30_000_000

// maxConverted is the largest total length, in bytes, of the addresses and titles of links in the HTML.
// It is limited because a text can define a long address once and refer to it thousands of times.
const maxConverted = 256 << 10

const (
	lineSteps = 40   // the steps for a line in each open block, besides one for each character
	cellSteps = 1000 // the steps for a cell of a table, until it is HTML
	openSteps = 300  // the steps for an opening bracket, which is kept until its paragraph ends
)

// FromMarkdown returns the HTML of a Markdown text. The HTML is not safe to show. ok is false if the
// text would take too long to convert.
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

// ownNodes renders some nodes otherwise than the converter does by itself: it leaves raw HTML out without
// saying so in the text, and shows the boxes of task lists as characters, since a stored content has no
// form elements.
type ownNodes struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (ownNodes) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	nothing := func(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) {
		return ast.WalkSkipChildren, nil
	}
	r.Register(ast.KindRawHTML, nothing)
	r.Register(ast.KindHTMLBlock, nothing)
	r.Register(tasks.KindTaskCheckBox,
		func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			box := "☐ "
			if n.(*tasks.TaskCheckBox).IsChecked {
				box = "☑ "
			}
			_, err := w.WriteString(box)
			return ast.WalkContinue, err
		})
}

// linkBytes returns the total length of the addresses and titles of all links and images below a node.
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

// markdownWork returns an upper estimate of the steps that it takes to convert a Markdown text.
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

// isListItem reports whether the line begins an item of a list and so ends a paragraph before it.
func isListItem(line string) bool {
	return len(line) > 2 && strings.IndexByte("-+*", line[0]) >= 0 && line[1] == ' ' &&
		strings.IndexByte(" \t\r\n\v\f", line[2]) < 0
}

// openBlocks returns how many blocks can be open in the line at most: quotes and lists that begin in
// it, and lists that its indentation may continue.
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

// paragraph is a run of lines that are not blank. Links, code spans and emphasis never reach beyond the
// end of one.
type paragraph struct {
	text strings.Builder
	// lines and columns are the size of the paragraph in case it is a table.
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

// codeWork returns how many steps the converter takes to find the ends of the text's code spans, as a
// measure of its work. For each run of backticks it looks through the text, line by line, up to the next
// run of the same length. A backslash before a run escapes its first backtick, but only where the run
// opens a code span.
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

// distance returns how far apart the beginning and the end of text are for codeWork: an estimate of the
// work of reading the text, in the steps that Work describes.
func distance(text string) int { return len(text) + lineSteps*strings.Count(text, "\n") }

// codeSteps is how many times as long code spans take as other marks.
const codeSteps = 4

// htmlSteps is the number of steps for cleaning one byte of HTML.
const htmlSteps = 50

// Work returns an estimate of how long it takes to make a content in a format ready for storage, in
// steps of a few nanoseconds.
func Work(text, format string) int {
	switch format {
	case "markdown":
		return markdownWork(text)
	case "html":
		return htmlSteps * len(text)
	}
	return len(text)
}
