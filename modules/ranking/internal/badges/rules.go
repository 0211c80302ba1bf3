package badges

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Post is what badges ask of a visible post that has an author.
type Post struct {
	Author int
	// Kind is Q or A, or B for a diary post.
	Kind    byte
	Content string
	Upvotes int
	// Replies are a question's visible answers, or a diary post's comments.
	Replies int
	// Wait is how many seconds after its question an answer came, First whether none that is visible came before it.
	Wait  int64
	First bool
}

// Person is what badges ask of a user: how many visible posts of each kind, how many likes for answers, how many questions among the
// favourites, and how many followers.
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

// Of are the badges that a post earns for its author.
func (p *Post) Of() (ids []int) {
	for i := range All {
		if b := &All[i]; b.ofPost != nil && b.ofPost(p) {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

// Of are the badges that a user has earned by all that they did.
func (p *Person) Of() (ids []int) {
	for i := range All {
		if b := &All[i]; b.ofPerson != nil && b.ofPerson(p) {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

var (
	// pictureMark is how pictures stand in contents: as HTML, or in the old site's own form.
	pictureMark = regexp.MustCompile(`(?is)<img|\[image="?[^"\]]+"?\]`)
	videoMark   = regexp.MustCompile(`(?is)\[uploaded-video="?[^"\]]+"?\]`)
)

// TellingContents is a condition of SQL that no content of a post (of the table that it is given) fails which could earn a badge, for those
// who do not want to read all.
func TellingContents(table string) string {
	c := table + ".content"
	return "(LENGTH(" + c + ") >= 500 OR " + c + " LIKE '%<img%' OR " + c + " LIKE '%[image=%' OR " + c + " LIKE '%[uploaded-video=%')"
}

func hasPicture(p *Post) bool { return pictureMark.MatchString(p.Content) }

func hasVideo(p *Post) bool { return videoMark.MatchString(p.Content) }

func isDetailed(p *Post) bool {
	return utf8.RuneCountInString(withoutTags(p.Content)) >= lettersOfDetail
}

// withoutTags is a text without what PHP's strip_tags takes for tags: from a "<" before anything but space to the ">" that is not in quotes.
// Entities stay as they are written. What is never closed is dropped to the end.
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
