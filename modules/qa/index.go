package qa

import (
	"html"
	"regexp"
	"strings"

	"38qa.net/backend/modules/qa/internal/words"
)

// IndexedWords are the words of a post as Q2A's index holds them.
type IndexedWords struct {
	Title    []string       // distinct, in order of appearance
	Content  map[string]int // how often each appears
	TagWords []string       // distinct words of the tags
	Tags     []string       // the whole tags
}

// IndexWords splits a post into the words of the index: the title of a question, its content as text, its tags.
func IndexWords(title, text string, tags []string) IndexedWords {
	w := IndexedWords{Title: distinctAll(words.Split(title)), Content: map[string]int{}, TagWords: distinctAll(words.Split(strings.Join(tags, ","))),
		Tags: distinctAll(tags)}
	for _, word := range words.Split(text) {
		w.Content[word]++
	}
	return w
}

var (
	blockTag = regexp.MustCompile(`(?i)<(/?(p|div|li|ul|ol|tr|table|h[1-6]|blockquote|pre)\b[^>]*|br\s*/?)>`)
	anyTag   = regexp.MustCompile(`<[^>]*>`)
)

// TextOf is the text of a content in one of the formats of posts, as it is indexed.
func TextOf(content, format string) string {
	if format != "html" {
		return content
	}
	return strings.TrimSpace(html.UnescapeString(anyTag.ReplaceAllString(blockTag.ReplaceAllString(content, "\n"), "")))
}

func distinctAll(list []string) []string {
	seen := make(map[string]bool, len(list))
	var once []string
	for _, w := range list {
		if !seen[w] {
			seen[w] = true
			once = append(once, w)
		}
	}
	return once
}
