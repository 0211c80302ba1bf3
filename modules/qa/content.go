package qa

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/qa/internal/render"
	"38qa.net/backend/modules/qa/internal/words"
)

// content is the text of a post and its format, as they are stored.
type content struct{ text, format string }

// Contents are converted in turns, unless they are tiny. Contents that take long to convert have turns
// of their own, so that ordinary texts do not wait for them.
const (
	tinyContent = 1 << 10   // bytes up to which a content needs no turn
	lightWork   = 1_000_000 // the most work, by render.Work, that does not count as long
)

// turn waits until the content may be converted, and returns a function that must be called when the
// conversion ends.
func (m *Module) turn(ctx context.Context, w *Writing) (end func(), err error) {
	switch {
	case w.Format == "" || w.Format == "plain" || len(*w.Content) <= tinyContent:
		return func() {}, nil
	case render.Work(*w.Content, w.Format) <= lightWork:
		return m.lightTurns.Take(ctx)
	}
	return m.heavyTurns.Take(ctx)
}

// prepare converts and cleans the content that was sent, and returns nil if none was sent. It is called
// before the transaction of the use case, so that others do not wait for the conversion while the
// transaction holds locks. The error is a problem if the conversion would take too long or if the
// content could not be stored anyway.
func (m *Module) prepare(ctx context.Context, w *Writing) (*content, error) {
	if w.Content == nil {
		return nil, nil
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	options := m.rendering(o)
	end, err := m.turn(ctx, w)
	if err != nil {
		return nil, err
	}
	defer end()
	c, wrong := m.converted(options, *w.Content, w.Format)
	if wrong != nil {
		return nil, problem.Invalid(*wrong)
	}
	if utf8.RuneCountInString(c.text) <= maxContent {
		// The result is used again by the transaction, and by everybody who reads the post.
		m.renderer.References(c.text, c.format, options)
	}
	return &c, nil
}

var (
	textTag = regexp.MustCompile(`(?i)<\s*/?\s*(br|p)\s*/?\s*>`)
	someTag = regexp.MustCompile(`<.+>`)
)

// converted returns the content as it is stored, or the problem for which it cannot be.
func (m *Module) converted(o render.Options, text, format string) (c content, wrong *problem.Field) {
	if format != "markdown" && format != "html" {
		return content{formtext.Block(text), ""}, nil
	}
	if text, wrong = m.sentHTML(text, format, maxContent); wrong != nil {
		return c, wrong
	}
	if !someTag.MatchString(textTag.ReplaceAllString(text, "")) {
		return content{formtext.Block(TextOf(text, "html")), ""}, nil
	}
	return content{m.cleaned(o, text), "html"}, nil
}

// sentHTML returns a content that was sent as Markdown or HTML as HTML that is not cleaned yet, or the
// problem for which it is not worth cleaning. most is the number of characters that may be stored.
func (m *Module) sentHTML(text, format string, most int) (html string, wrong *problem.Field) {
	if format == "markdown" {
		var ok bool
		if html, ok = m.renderer.FromMarkdown(text); !ok {
			return "", &problem.Field{Name: "content", Code: fieldTooComplex}
		}
	} else {
		html = formtext.Exact(text)
	}
	if utf8.RuneCountInString(html) > maxRaw {
		return "", &problem.Field{Name: "content", Code: problem.FieldTooLong, Args: []any{most}}
	}
	return html, nil
}

// cleaned returns HTML as it is stored.
func (m *Module) cleaned(o render.Options, html string) string {
	clean := m.renderer.ForStorage(html, o)
	html = words.WithoutAstral(clean)
	if html != clean {
		html = m.renderer.ForStorage(html, o) // without these characters, two ids may be equal
	}
	return html
}

// sameText reports whether two contents consist of the same words. Q2A recognizes by this what was sent
// twice.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	const glance = 500 // most texts differ early, and a thread may have hundreds of long ones
	if x, y := words.Split(cut(a, glance)), words.Split(cut(b, glance)); !alike(x, y) {
		return false
	}
	return strings.Join(words.Split(a), " ") == strings.Join(words.Split(b), " ")
}

// alike reports whether two lists of words are equal up to the end of the shorter one. The last two
// words of that are not compared, because the text may have been cut within them.
func alike(a, b []string) bool {
	for i := range max(0, min(len(a), len(b))-2) {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
