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

// Page are the parameters that every list has. Embed it in an operation's input.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" doc:"How many items; by default the site's page size for this list"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"nextCursor of the page before"`
	Page   int    `query:"page" minimum:"1" maximum:"100" doc:"Number of the page, from 1, for pagers with numbers; not together with cursor"`
}

// Size is the number of items asked for, or the given default, within 1 and 100.
func (p Page) Size(byDefault int) int {
	if p.Limit > 0 {
		return p.Limit
	}
	return max(1, min(byDefault, 100))
}

// Offset is the number of items before the page that was asked for by its number.
func (p Page) Offset(size int) int { return max(0, p.Page-1) * size }

// Check refuses a cursor together with a page number.
func (p Page) Check() error {
	if p.Cursor != "" && p.Page > 0 {
		return problem.Invalid(problem.Field{Name: "page", Code: "not_combinable", Args: []any{"cursor"}})
	}
	return nil
}

// List is the body of every list.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"nextCursor,omitempty" doc:"Give it as cursor for the next page; absent on the last"`
	Total      *int   `json:"total,omitempty" doc:"Number of items on all pages, where it is known without counting"`
}

// Position is a place in a list, as cursors hold it: a pointer to a struct of numbers and texts.
type Position interface {
	// Valid reports whether the list can have such a place, so that it may be asked for in SQL.
	Valid() bool
}

// EncodeCursor makes an opaque cursor of a position, for the list of that name: a cursor of one list is refused by others.
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

// DecodeCursor reads what EncodeCursor made for the list of that name. Clients hold cursors, and may send others: one is
// good only if it is, byte for byte, that of a valid position. So there are no other types, fields, texts behind it or
// ways to write a number.
func DecodeCursor(list, cursor string, position Position) error {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return problem.New("invalid_cursor")
	}
	name, text, _ := strings.Cut(string(raw), "\n")
	if name != list || json.Unmarshal([]byte(text), position) != nil || !position.Valid() || EncodeCursor(list, position) != cursor {
		return problem.New("invalid_cursor")
	}
	return nil
}

// Bounds of what positions are made of.
const (
	maxID   = math.MaxUint32 // of Q2A's columns
	maxText = 80             // characters of a handle or a word
)

// ValidID reports whether a row can have the id.
func ValidID(id int) bool { return id >= 1 && id <= maxID }

// ValidCount reports whether a column of counts, scores or points can have the value.
func ValidCount(n int) bool { return n >= math.MinInt32 && n <= maxID }

// ValidUnix reports whether databases can have the moment, in Unix seconds, as a time.
func ValidUnix(at int64) bool { return at >= 0 && at <= math.MaxInt32 }

// ValidTime reports whether databases can have the time, as their text of it.
func ValidTime(text string) bool {
	at, err := time.Parse(time.DateTime, text)
	return err == nil && at.Year() >= 1000 && at.Format(time.DateTime) == text
}

// ValidText reports whether a handle or a word can be the text.
func ValidText(text string) bool {
	return cleanText(text) && !database.BeyondQ2A(text) && utf8.RuneCountInString(text) <= maxText
}
