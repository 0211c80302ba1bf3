package qa

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
)

// TestSlugsOfTitles checks which slugs are tried for a title, and that there are 100 of them.
func TestSlugsOfTitles(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Queen rearing": "queen-rearing category-queen-rearing category-1 category-2",
		"新カテゴリ":         "新-カテゴリ category-新-カテゴリ category-1 category-2",
		"?!":            " category- category-1 category-2",
	} {
		tried := slices.Collect(site.SlugCandidates("category", words.Split(title)))
		if got := strings.Join(tried[:4], " "); got != want || len(tried) != 100 || tried[99] != "category-98" {
			t.Errorf("%s: %q, %d in all, the last one %s", title, got, len(tried), tried[len(tried)-1])
		}
	}
}

// TestReordered checks the new positions of siblings with the ids 1, 2, 3 and 5, which have these as
// positions.
func TestReordered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id, to int
		want   map[int]int
	}{
		"up":               {3, 1, map[int]int{3: 1, 1: 2, 2: 3}},
		"down":             {1, 3, map[int]int{1: 3, 2: 1, 3: 2}},
		"across the gap":   {2, 5, map[int]int{2: 5, 3: 2, 5: 4}},
		"beyond the last":  {2, 99, map[int]int{2: 5, 3: 2, 5: 4}},
		"before the first": {2, 0, map[int]int{2: 1, 1: 2}},
		"where it is":      {2, 2, map[int]int{}},
		"last where it is": {5, 9, map[int]int{}},
	} {
		var siblings []*category
		for _, id := range []int{1, 2, 3, 5} {
			siblings = append(siblings, &category{id: id, position: id})
		}
		if got := reordered(siblings, c.id, c.to); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
		rest := closed(siblings, c.id)
		for _, s := range siblings {
			if s.id > c.id && rest[s.id] != s.position-1 || s.id <= c.id && slices.Contains(slices.Collect(maps.Keys(rest)), s.id) {
				t.Errorf("%s: without it the others have %v", name, rest)
			}
		}
	}
}
