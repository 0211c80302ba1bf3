package qa

import (
	"context"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/problem"
)

// CleanText returns a text of another module, written in one of the formats of posts, as the content of a
// post would be stored: cleaned, Markdown as HTML, and with its format. The problem that it may return is
// one of the field content. It must be called before the transaction, since it may take long.
func (m *Module) CleanText(ctx context.Context, text, format string) (clean, storedFormat string, err error) {
	c, err := m.prepare(ctx, &Writing{Content: &text, Format: format})
	switch {
	case err != nil:
		return "", "", err
	case c.text == "":
		return "", "", problem.Invalid(problem.Field{Name: "content", Code: problem.FieldRequired})
	case utf8.RuneCountInString(c.text) > maxContent:
		return "", "", problem.Invalid(problem.Field{Name: "content", Code: problem.FieldTooLong,
			Args: []any{maxContent}})
	}
	return c.text, c.format, nil
}
