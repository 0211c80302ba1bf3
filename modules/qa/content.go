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

// content is what a post says, in the form and format in which it is kept.
type content struct{ text, format string }

// Contents are converted in turns, unless they are tiny. Those that take long have turns of their own, so that nobody's
// ordinary text waits for them.
const (
	tinyContent = 1 << 10 // bytes
	lightWork   = 1_000_000
)

// turn waits until the content may be converted, and returns what ends that.
func (m *Module) turn(ctx context.Context, w *Writing) (end func(), err error) {
	switch {
	case w.Format == "" || w.Format == "plain" || len(*w.Content) <= tinyContent:
		return func() {}, nil
	case render.Work(*w.Content, w.Format) <= lightWork:
		return m.lightTurns.Take(ctx)
	}
	return m.heavyTurns.Take(ctx)
}

// prepare converts and cleans the content that was sent, nil if none was. It comes before the use case's transaction, which
// must not keep others waiting for that, and refuses what would take too long or could not be kept anyway.
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
		m.renderer.References(c.text, c.format, options) // the transaction asks for it again, and whoever reads the post
	}
	return &c, nil
}

var (
	textTag = regexp.MustCompile(`(?i)<\s*/?\s*(br|p)\s*/?\s*>`)
	someTag = regexp.MustCompile(`<.+>`)
)

// converted returns the content as it is kept, or what is wrong with it.
func (m *Module) converted(o render.Options, text, format string) (c content, wrong *problem.Field) {
	switch format {
	case "markdown":
		var ok bool
		if text, ok = m.renderer.FromMarkdown(text); !ok {
			return c, &problem.Field{Name: "content", Code: "too_complex"}
		}
	case "html":
		text = formtext.Exact(text)
	default:
		return content{formtext.Block(text), ""}, nil
	}
	switch {
	case utf8.RuneCountInString(text) > maxRaw:
		return c, &problem.Field{Name: "content", Code: "too_long", Args: []any{maxContent}}
	case !someTag.MatchString(textTag.ReplaceAllString(text, "")):
		return content{formtext.Block(TextOf(text, "html")), ""}, nil
	}
	cleaned := m.renderer.ForStorage(text, o)
	if text = words.WithoutAstral(cleaned); text != cleaned {
		text = m.renderer.ForStorage(text, o) // two ids may be the same now
	}
	return content{text, "html"}, nil
}

// sameText reports whether two contents have the same words, by which Q2A knows what was sent twice.
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

// alike reports whether two lists of words agree as far as the shorter one goes, without its last two: the text may have been
// cut within them.
func alike(a, b []string) bool {
	for i := range max(0, min(len(a), len(b))-2) {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
