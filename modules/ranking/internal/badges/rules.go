package badges

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Post holds the facts about a visible post with an author on which badges depend.
type Post struct {
	Author int
	// Kind is Q or A, or B for a diary post.
	Kind    byte
	Content string
	Upvotes int
	// Replies is the number of a question's visible answers, or of a diary post's comments.
	Replies int
	// Wait is how many seconds after its question an answer was written. First reports whether no
	// visible answer was written before it.
	Wait  int64
	First bool
}

// Person holds the facts about a user on which badges depend: how many visible questions, answers
// and diary posts the user wrote, how many votes for answers the user gave (Supported), how many
// questions are among the user's favourites (Collected), and how many users follow the user.
type Person struct {
	Questions, Answers, DiaryPosts, Supported, Collected, Followers int
}

// Thresholds of the plugin.
const (
	likesOfGood     = 3
	repliesOfMany   = 5
	lettersOfDetail = 500
	quickSeconds    = 15 * 60
	saviorSeconds   = 24 * 60 * 60
)

// Of returns the ids of the badges that the post earns for its author.
func (p *Post) Of() (ids []int) {
	for i := range All {
		if b := &All[i]; b.ofPost != nil && b.ofPost(p) {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

// Of returns the ids of the badges that the user has earned by all activity so far.
func (p *Person) Of() (ids []int) {
	for i := range All {
		if b := &All[i]; b.ofPerson != nil && b.ofPerson(p) {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

var (
	// pictureMark matches a picture in a post's content, written as HTML or in the old site's own
	// form.
	pictureMark = regexp.MustCompile(`(?is)<img|\[image="?[^"\]]+"?\]`)
	videoMark   = regexp.MustCompile(`(?is)\[uploaded-video="?[^"\]]+"?\]`)
)

// TellingContents returns an SQL condition on the content of the posts in the given table. Every
// content that may earn a badge by its length, a picture or a video meets it, so that other
// contents need not be read.
func TellingContents(table string) string {
	c := table + ".content"
	return "(LENGTH(" + c + ") >= 500 OR " + c + " LIKE '%<img%' OR " + c + " LIKE '%[image=%' OR " + c +
		" LIKE '%[uploaded-video=%')"
}

func hasPicture(p *Post) bool { return pictureMark.MatchString(p.Content) }

func hasVideo(p *Post) bool { return videoMark.MatchString(p.Content) }

func isDetailed(p *Post) bool {
	return utf8.RuneCountInString(withoutTags(p.Content)) >= lettersOfDetail
}

// withoutTags returns the text without tags, as PHP's strip_tags recognises them: a tag begins at a
// "<" that is not followed by white space, and ends at the next ">" outside quotes. Entities are
// left as they are. A tag that is never closed extends to the end of the text.
func withoutTags(text string) string {
	if !strings.Contains(text, "<") {
		return text
	}
	var out strings.Builder
	inside, quote := false, rune(0)
	for i, r := range text {
		switch {
		case !inside && r == '<' && i+1 < len(text) && !strings.ContainsRune(" \t\r\n\v\f", rune(text[i+1])):
			inside = true
		case !inside:
			out.WriteRune(r)
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '>':
			inside = false
		}
	}
	return out.String()
}
