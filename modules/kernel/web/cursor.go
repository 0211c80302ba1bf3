package web

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"38qa.net/backend/modules/kernel/problem"
)

// Page are the parameters that every list has. Embed it in an operation's input.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" doc:"How many items; by default the site's page size for this list"`
	Cursor string `query:"cursor" maxLength:"500" doc:"nextCursor of the page before"`
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

// EncodeCursor makes an opaque cursor of a position, for the list of that name: a cursor of one list is refused by others.
func EncodeCursor(list string, position any) string {
	text, err := json.Marshal(position)
	if err != nil {
		panic("web: cursor position: " + err.Error()) // positions are structs of numbers and strings
	}
	return base64.RawURLEncoding.EncodeToString(append([]byte(list+"\n"), text...))
}

// DecodeCursor reads what EncodeCursor made for the list of that name.
func DecodeCursor(list, cursor string, position any) error {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return problem.New("invalid_cursor")
	}
	name, text, _ := strings.Cut(string(raw), "\n")
	if name != list || json.Unmarshal([]byte(text), position) != nil {
		return problem.New("invalid_cursor")
	}
	return nil
}
