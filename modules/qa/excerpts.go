package qa

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
)

// excerptLength is the greatest length of an excerpt, in characters: about two lines of a list.
const excerptLength = 120

// excerpt is a part of a post's text.
type excerpt struct {
	Text       string      `json:"text" doc:"Plain text of at most 120 characters, with … where something was left out"`
	Highlights []highlight `json:"highlights,omitempty" doc:"Where the words of the search are, in order"`
}

// highlight is a place in a text, counted as JavaScript counts: in units of UTF-16.
type highlight struct {
	Start  int `json:"start" doc:"In units of UTF-16, as in JavaScript"`
	Length int `json:"length" doc:"In units of UTF-16"`
}

// excerptOf returns a part of the text: around the first of the words that it has, or its beginning.
func excerptOf(text string, sought []string) *excerpt {
	text = strings.Join(strings.Fields(text), " ")
	lower := words.Lower(text)
	if utf8.RuneCountInString(lower) != utf8.RuneCountInString(text) {
		sought = nil // the places in the one would not be those in the other
	}
	runes, folded := []rune(text), []rune(lower)
	var found [][2]int // of runes
	for _, word := range sought {
		w := []rune(words.Lower(word))
		for i := 0; len(w) > 0 && i+len(w) <= len(folded); i++ {
			if slices.Equal(folded[i:i+len(w)], w) {
				found = append(found, [2]int{i, i + len(w)})
				i += len(w) - 1
			}
		}
	}
	slices.SortFunc(found, func(a, b [2]int) int { return a[0] - b[0] })
	from := 0
	if len(runes) > excerptLength && len(found) > 0 {
		from = min(max(0, found[0][0]-excerptLength/4), len(runes)-excerptLength)
	}
	to := min(len(runes), from+excerptLength)
	out := &excerpt{Text: string(runes[from:to])}
	shift := 0
	if from > 0 {
		out.Text, shift = "…"+out.Text, 1
	}
	if to < len(runes) {
		out.Text += "…"
	}
	units := func(from, to int) int { return len(utf16.Encode(runes[from:to])) }
	end := from
	for _, f := range found {
		start, stop := max(f[0], end), min(f[1], to)
		if start >= stop {
			continue // elsewhere, or within the one before
		}
		out.Highlights = append(out.Highlights,
			highlight{shift + units(from, start), units(start, stop)})
		end = stop
	}
	return out
}

// excerpts returns excerpts of the visible posts with the ids, for each post around the first of the words
// that it has. It leaves out posts of questions that the caller may not open.
func (m *Module) excerpts(
	ctx context.Context, o *site.Options, questions map[int]*post, sought []string,
) (map[int]*excerpt, error) {
	caller := auth.CallerOf(ctx)
	ids := make([]int, 0, len(questions))
	for id, question := range questions {
		if mayRead(o, caller, question) == auth.Permitted {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	out := make(map[int]*excerpt, len(ids))
	censor := m.blockedWords(o)
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id int
		var content, format string
		if err := rows.Scan(&id, &content, &format); err != nil {
			return err
		}
		out[id] = excerptOf(censor.Censor(TextOf(content, format)), sought)
		return nil
	}, `SELECT p.postid, COALESCE(p.content, ''), p.format
		FROM {posts} p
		WHERE p.postid IN ? AND p.type IN ('Q', 'A', 'C')`, ids)
	if err != nil {
		return nil, fmt.Errorf("read excerpts: %w", err)
	}
	return out, nil
}
