package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
)

// Page holds the parameters that every list has. Embed it in the input of an operation.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" doc:"How many items; by default the site's page size for this list"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
	Page   int    `query:"page" minimum:"1" maximum:"100" doc:"Number of the page, from 1, for pagers with numbers; not together with cursor"`
}

// Size returns the number of items requested, or the given default limited to the range from 1 to
// 100.
func (p Page) Size(byDefault int) int {
	if p.Limit > 0 {
		return p.Limit
	}
	return max(1, min(byDefault, 100))
}

// Offset returns the number of items before the requested page, if it was requested by number, else
// 0.
func (p Page) Offset(size int) int { return max(0, p.Page-1) * size }

// Check returns a problem if both a cursor and a page number were given.
func (p Page) Check() error {
	if p.Cursor != "" && p.Page > 0 {
		return problem.Invalid(problem.Field{Name: "page", Code: problem.FieldNotCombinable,
			Args: []any{"cursor"}})
	}
	return nil
}

// List is the body of the response of every list.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty" doc:"Give it as cursor for the next page; absent on the last"`
	Total      *int   `json:"total,omitempty" doc:"Number of items on all pages, where it is known without counting"`
}

// Position is a place in a list, which cursors encode. It is a pointer to a struct of numbers and
// texts.
type Position interface {
	// Valid reports whether the list can have such a place, so that its values are safe to use in a
	// query.
	Valid() bool
}

// EncodeCursor returns the opaque cursor for a position in the list with the given name.
// DecodeCursor refuses it for any other list.
func EncodeCursor(list string, position Position) string {
	var text bytes.Buffer
	text.WriteString(list + "\n")
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(position); err != nil {
		panic("web: cursor position: " + err.Error()) // positions are structs of numbers and strings
	}
	return base64.RawURLEncoding.EncodeToString(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// DecodeCursor decodes a cursor that EncodeCursor made for the list with the given name, or returns
// the problem invalid_cursor. Because clients can send anything, a cursor is accepted only if
// encoding the decoded position gives the same cursor again, byte for byte. That excludes wrong
// types, additional fields, trailing text and other ways of writing a number.
func DecodeCursor(list, cursor string, position Position) error {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return problem.New(problem.CodeInvalidCursor)
	}
	name, text, _ := strings.Cut(string(raw), "\n")
	if name != list || json.Unmarshal([]byte(text), position) != nil || !position.Valid() ||
		EncodeCursor(list, position) != cursor {
		return problem.New(problem.CodeInvalidCursor)
	}
	return nil
}

// Bounds of the values in positions.
const (
	maxID   = math.MaxUint32 // of Q2A's columns
	maxText = 80             // characters of a handle or a word
)

// ValidID reports whether id can be the id of a row.
func ValidID(id int) bool { return id >= 1 && id <= maxID }

// ValidCount reports whether n fits the columns of counts, scores and points.
func ValidCount(n int) bool { return n >= math.MinInt32 && n <= maxID }

// ValidUnix reports whether a time, in Unix seconds, is within the range that the databases can
// hold.
func ValidUnix(at int64) bool { return at >= 0 && at <= math.MaxInt32 }

// ValidTime reports whether the text is a date and time in the databases' form and range.
func ValidTime(text string) bool {
	at, err := time.Parse(time.DateTime, text)
	return err == nil && at.Year() >= 1000 && at.Format(time.DateTime) == text
}

// ValidText reports whether the text can be a handle or a word.
func ValidText(text string) bool {
	return cleanText(text) && !database.BeyondQ2A(text) && utf8.RuneCountInString(text) <= maxText
}
