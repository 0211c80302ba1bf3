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
	Text       string      `json:"text" doc:"Plain text of about 120 characters, with … where something was left out"`
	Highlights []highlight `json:"highlights,omitempty" doc:"Where the words of the search are, in order"`
}

// highlight is a place in a text, counted as JavaScript counts: in units of UTF-16.
type highlight struct {
	Start  int `json:"start" doc:"In units of UTF-16, as in JavaScript"`
	Length int `json:"length" doc:"In units of UTF-16"`
}

// maxSought is how many different words are looked for in a text.
const maxSought = 20

// excerptOf returns a part of the text: around the first of the words that it has, or its beginning.
func excerptOf(text string, sought []string) *excerpt {
	text = strings.Join(strings.Fields(text), " ")
	runes, folded := []rune(text), []rune(words.Lower(text))
	if len(folded) != len(runes) {
		sought = nil // the places in the one would not be those in the other
	}
	sought = sought[:min(len(sought), maxSought)]
	from := 0
	if first := firstOf(string(folded), sought); len(runes) > excerptLength && first >= 0 {
		from = min(max(0, first-excerptLength/4), len(runes)-excerptLength)
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
	if len(sought) == 0 {
		return out
	}
	for at := from; at < to; {
		length := 0
		for _, word := range sought {
			w := []rune(words.Lower(word))
			if at+len(w) <= to && slices.Equal(folded[at:at+len(w)], w) {
				length = max(length, len(w))
			}
		}
		if length > 0 {
			out.Highlights = append(out.Highlights,
				highlight{shift + units(from, at), units(at, at+length)})
		}
		at += max(1, length)
	}
	return out
}

// firstOf returns where the first of the words is in a text in lower case, in characters, or -1 if it has none
// of them.
func firstOf(lower string, sought []string) int {
	first := -1
	for _, word := range sought {
		if at := strings.Index(lower, words.Lower(word)); word != "" && at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	if first < 0 {
		return -1
	}
	return utf8.RuneCountInString(lower[:first])
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
