package qa

import (
	"context"
	"html"
	"slices"
	"strings"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/site"
)

// StoredText is a text of another module, such as a private message, as it is stored. It is converted,
// cleaned and shown like the content of a post.
type StoredText struct{ Content, Format string }

// PrepareText returns the text that was sent as the field content, in the form in which it is stored: HTML
// and Markdown as cleaned HTML, plain text as plain text. It returns a problem if nothing is left of it, if
// it has more characters than most, or if the conversion would take too long. Like everything expensive it
// is to be called before the transaction.
func (m *Module) PrepareText(ctx context.Context, text, format string, most int) (StoredText, error) {
	invalid := func(code problem.FieldCode, args ...any) (StoredText, error) {
		return StoredText{}, problem.Invalid(problem.Field{Name: "content", Code: code, Args: args})
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return StoredText{}, err
	}
	end, err := m.turn(ctx, &Writing{Content: &text, Format: format})
	if err != nil {
		return StoredText{}, err
	}
	defer end()
	t := StoredText{formtext.Block(text), ""}
	if format == "markdown" || format == "html" {
		html, wrong := m.sentHTML(text, format, most)
		if wrong != nil {
			return StoredText{}, problem.Invalid(*wrong)
		}
		t = StoredText{m.cleaned(m.rendering(o), html), "html"}
	}
	switch {
	case utf8.RuneCountInString(t.Content) > most:
		return invalid(problem.FieldTooLong, most)
	case strings.TrimSpace(TextOf(t.Content, t.Format)) == "" &&
		(t.Format == "" || !strings.Contains(t.Content, "<img")):
		return invalid(problem.FieldRequired) // a picture alone is something
	}
	return t, nil
}

// AsHTML returns the text as HTML, for tables that hold nothing else.
func (t StoredText) AsHTML() StoredText {
	if t.Format != "" {
		return t
	}
	lines := strings.Split(html.EscapeString(t.Content), "\n")
	return StoredText{"<p>" + strings.Join(lines, "<br>") + "</p>", "html"}
}

// ShowTexts returns the texts as HTML that is safe to show, in the same order. What is known of their
// pictures is read in at most one query.
func (m *Module) ShowTexts(ctx context.Context, o *site.Options, texts []StoredText) ([]string, error) {
	options, posts := m.rendering(o), make([]post, len(texts))
	var ids []string
	for i, t := range texts {
		posts[i] = post{content: t.Content, format: t.Format}
		if mayShowFiles(t.Content) {
			ids = append(ids, m.renderer.ImageIDs(t.Content, t.Format, options)...)
		}
	}
	pictures, err := m.media.Pictures(ctx, ids)
	if err != nil {
		return nil, err
	}
	shown := make([]string, len(texts))
	for i := range posts {
		posts[i].pictures = pictures
		shown[i] = m.illustrated(o, &posts[i])
	}
	return shown, nil
}

// KeepFiles tells the media module, within the transaction that stores the text, which files it shows.
func (m *Module) KeepFiles(ctx context.Context, tx *database.DB, o *site.Options, t StoredText) error {
	return m.media.Keep(ctx, tx, m.filesOf(o, t))
}

// ReleaseFiles tells the media module, within the transaction that removes the texts, which files they
// showed.
func (m *Module) ReleaseFiles(
	ctx context.Context, tx *database.DB, o *site.Options, texts ...StoredText,
) error {
	return m.media.Release(ctx, tx, m.filesOf(o, texts...))
}

func (m *Module) filesOf(o *site.Options, texts ...StoredText) (ids []string) {
	for _, t := range texts {
		if mayShowFiles(t.Content) {
			ids = append(ids, m.renderer.References(t.Content, t.Format, m.rendering(o))...)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
