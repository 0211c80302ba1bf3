package web

import (
	"slices"
	"testing"
)

// TestPastPage checks that following cursors gives each entry once, also where many happened in one second and
// where new ones come between two pages.
func TestPastPage(t *testing.T) {
	t.Parallel()
	at := func(e [2]int64) int64 { return e[0] }
	old := [][2]int64{{9, 1}, {7, 2}, {7, 3}, {7, 4}, {7, 5}, {3, 6}, {0, 7}}
	for size := 1; size <= len(old)+1; size++ {
		entries, cursor := old, ""
		var got [][2]int64
		for pages := 0; pages <= len(old); pages++ {
			page, err := PastPage("past", Page{Cursor: cursor}, entries, at, size)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Items...)
			entries = append([][2]int64{{100 + int64(pages), 0}}, entries...)
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if !slices.Equal(got, old) {
			t.Errorf("pages of %d: %v", size, got)
		}
	}
	if page, err := PastPage("past", Page{Page: 2}, old, at, 5); err != nil || len(page.Items) != 2 {
		t.Errorf("page 2: %v, %v", page, err)
	}
	if page, err := PastPage("past", Page{}, nil, at, 5); err != nil || page.Items == nil || page.NextCursor != "" {
		t.Errorf("no entries: %v, %v", page, err)
	}
	for _, wrong := range []Page{{Cursor: "x"}, {Cursor: EncodeCursor("other", &pastPosition{7, 1})},
		{Cursor: EncodeCursor("past", &pastPosition{7, 0})}, {Cursor: EncodeCursor("past", &pastPosition{7, 1}), Page: 2}} {
		if _, err := PastPage("past", wrong, old, at, 5); err == nil {
			t.Errorf("%+v is accepted", wrong)
		}
	}
}
