package community

import (
	"fmt"
	"strings"
	"testing"
)

// TestDraftsAreAsThePluginWritesThem checks which drafts the plugin q2a-auto-save finds, byte for byte.
func TestDraftsAreAsThePluginWritesThem(t *testing.T) {
	t.Parallel()
	question, answer := place{draftOfQuestion, 0}, place{draftOfAnswer, 27}
	for name, c := range map[string]struct {
		at   place
		text DraftText
		want string // "" if it has no place there
	}{
		"question": {question, DraftText{Title: "巣箱の\"置き場所\"", Content: "<p>北か南か</p>"},
			`{"name":"content","title":"巣箱の\"置き場所\"","content":"<p>北か南か<\/p>"}`},
		"answer": {answer, DraftText{Content: "a\\b\n\tc\x01"},
			`{"name":"a_content","title":"","content":"a\\b\n\tc\u0001"}`},
		"plain text": {answer, DraftText{Content: "1 < 2\n3", Format: "plain"},
			`{"name":"a_content","title":"","content":"1 &lt; 2<br>3"}`},
		"beyond the tables": {answer, DraftText{Content: "ハチ🐝"},
			`{"name":"a_content","title":"","content":"ハチ"}`},
		"markdown":   {answer, DraftText{Content: "*a*", Format: "markdown"}, ""},
		"comment":    {place{draftOfComment, 27}, DraftText{Content: "a"}, ""},
		"message":    {place{draftOfMessage, 13}, DraftText{Content: "a"}, ""},
		"fits":       {answer, DraftText{Content: strings.Repeat("蜂", 8000-len(`{"name":"a_content","title":"","content":""}`))}, "fits"},
		"is too big": {answer, DraftText{Content: strings.Repeat("蜂", 8001-len(`{"name":"a_content","title":"","content":""}`))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := c.at.forPlugin(c.text)
			switch {
			case ok != (c.want != ""):
				t.Errorf("kept there: %t", ok)
			case ok && c.want != "fits" && got != c.want:
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestPlacesOfKeys checks which of the plugin's keys are those of drafts.
func TestPlacesOfKeys(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"q2a_as_question_0000": "{question 0}", "q2a_as_answer_27": "{answer 27}",
		"q2a_as_answer_4294967295": "{answer 4294967295}",
		"q2a_as_blog_0000":         "none", "q2a_as_answer_0": "none", "q2a_as_answer_027": "none", "q2a_as_answer_": "none",
		"q2a_as_answer_4294967296": "none", "q2a_as_question_27": "none", "q2axas_answer_27": "none",
	} {
		got := "none"
		if at, ok := placeOfKey(key); ok {
			got = fmt.Sprint(at)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}

// TestCurrentDraft checks which draft counts, by who has written what.
func TestCurrentDraft(t *testing.T) {
	t.Parallel()
	meta, php := `{"name":"a_content","title":"","content":"own"}`, `{"name":"a_content","title":"","content":"php"}`
	broken := php[:20]
	own := &DraftText{Content: "own"}
	for name, c := range map[string]struct {
		k     keptDraft
		want  string // "" for none
		saved int64
	}{
		"nothing":                      {k: keptDraft{}},
		"ours, not for PHP":            {keptDraft{own: own, saved: 5}, "own", 5},
		"ours, posted":                 {k: keptDraft{own: own, saved: 5, posted: true}},
		"ours, with a copy":            {keptDraft{own: own, saved: 5, mirror: hashOf(meta), meta: &meta}, "own", 5},
		"ours, with a copy, posted":    {k: keptDraft{own: own, saved: 5, mirror: hashOf(meta), meta: &meta, posted: true}},
		"ours, its copy cleared":       {k: keptDraft{own: own, saved: 5, mirror: hashOf(meta)}},
		"PHP's":                        {keptDraft{meta: &php}, "php", 0},
		"PHP's, noted":                 {keptDraft{mirror: hashOf(php), saved: 5, meta: &php}, "php", 0},
		"PHP's over ours":              {keptDraft{own: own, saved: 5, mirror: hashOf(meta), meta: &php}, "php", 0},
		"PHP's over ours without copy": {keptDraft{own: own, saved: 5, meta: &php}, "php", 0},
		"PHP's, posted since":          {keptDraft{own: own, saved: 5, mirror: hashOf(meta), meta: &php, posted: true}, "php", 0},
		"PHP's, noted and gone":        {k: keptDraft{mirror: hashOf(php), saved: 5}},
		"PHP's, cut off":               {k: keptDraft{meta: &broken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, saved, ok := c.k.current()
			if ok != (c.want != "") || text.Content != c.want || saved != c.saved {
				t.Errorf("%q saved at %d, %t, want %q saved at %d", text.Content, saved, ok, c.want, c.saved)
			}
		})
	}
}
