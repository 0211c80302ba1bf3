package qa

import (
	"regexp"
	"strings"

	"38qa.net/backend/modules/qa/internal/words"
)

// IndexedWords holds the words of a post as Q2A's word index stores them.
type IndexedWords struct {
	Title    []string       // distinct, in order of appearance
	Content  map[string]int // how often each appears
	TagWords []string       // distinct words of the tags
	Tags     []string       // the whole tags
	// All are the distinct words of all of these fields, in the order in which Q2A makes rows for new ones.
	All []string
}

// IndexWords splits the title of a question, the content of a post as plain text, and the tags of a
// question into the words of the index. For answers and comments, title and tags are empty.
func IndexWords(title, text string, tags []string) IndexedWords {
	content := words.Split(text)
	w := IndexedWords{
		Title: distinct(words.Split(title)), Content: make(map[string]int, len(content)),
		TagWords: distinct(words.Split(strings.Join(tags, ","))), Tags: distinct(tags),
	}
	for _, word := range content {
		w.Content[word]++
	}
	w.All = distinct(w.Title, content, w.TagWords, w.Tags)
	return w
}

// WordsOf splits a text into its words as Q2A does, in lower case.
func WordsOf(text string) []string { return words.Split(text) }

var (
	lineTag      = regexp.MustCompile(`(?i)<\s*(br|option)[^A-Za-z0-9]`)
	paragraphTag = regexp.MustCompile(`(?i)<\s*(address|applet|blockquote|center|cite|col|div|dd|dl|dt|` +
		`embed|form|frame|frameset|h1|h2|h3|h4|h5|h6|hr|iframe|input|li|marquee|ol|p|pre|samp|select|` +
		`spacer|table|tbody|td|textarea|tfoot|th|thead|tr|ul)[^A-Za-z0-9]`)
	manySpaces  = regexp.MustCompile(`  +`)
	spacedLine  = regexp.MustCompile(` *\n *`)
	manyLines   = regexp.MustCompile(`\n\n\n+`)
	fewEntities = strings.NewReplacer("&#34;", `"`, "&#38;", "&", "&#39;", "'", "&#60;", "<", "&#62;", ">",
		"&nbsp;", " ", "&quot;", `"`, "&amp;", "&", "&lt;", "<", "&gt;", ">")
	whiteSpace = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")
)

// trimmed are the characters that PHP's trim removes.
const trimmed = " \t\n\r\x00\x0b"

// TextOf returns the plain text of a content in one of the formats of posts, as Q2A indexes it and
// counts its length. From HTML it removes the tags, puts line breaks where tags make them, and decodes
// the few entities that Q2A knows. Content of other formats is returned as it is.
func TextOf(content, format string) string {
	if format != "html" {
		return content
	}
	text := whiteSpace.Replace(content)
	text = lineTag.ReplaceAllString(text, "\n$0")
	text = paragraphTag.ReplaceAllString(text, "\n\n$0")
	text = manySpaces.ReplaceAllString(stripTags(text), " ")
	text = manyLines.ReplaceAllString(spacedLine.ReplaceAllString(text, "\n"), "\n\n")
	return strings.Trim(fewEntities.Replace(text), trimmed)
}

// stripTags removes tags and comments from a text. As in PHP, a "<" before white space does not begin a
// tag, and a ">" within quotes does not end one.
func stripTags(text string) string {
	var b strings.Builder
	for text != "" {
		at := strings.IndexByte(text, '<')
		if at < 0 || at == len(text)-1 {
			b.WriteString(strings.TrimSuffix(text, "<"))
			break
		}
		b.WriteString(text[:at])
		text = text[at:]
		if strings.IndexByte(" \t\n\r\v\f", text[1]) >= 0 {
			b.WriteByte('<')
			text = text[1:]
			continue
		}
		text = text[tagEnd(text):]
	}
	return b.String()
}

// tagEnd returns the offset at which the tag or comment that the text begins with ends. That is the end
// of the text if the tag is not closed.
func tagEnd(text string) int {
	if strings.HasPrefix(text, "<!--") {
		if end := strings.Index(text, "-->"); end >= 0 {
			return end + len("-->")
		}
		return len(text)
	}
	quote := byte(0)
	for i := 1; i < len(text); i++ {
		switch ch := text[i]; {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"' || ch == '\'':
			quote = ch
		case ch == '>':
			return i + 1
		}
	}
	return len(text)
}

// distinct returns the texts of all lists, each once, in the order in which they come first.
func distinct(lists ...[]string) []string {
	seen := map[string]bool{}
	var once []string
	for _, list := range lists {
		for _, w := range list {
			if !seen[w] {
				seen[w] = true
				once = append(once, w)
			}
		}
	}
	return once
}
