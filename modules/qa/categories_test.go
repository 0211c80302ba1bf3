package qa_test

import (
	"strconv"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestCategoriesAsRecorded(t *testing.T) {
	t.Parallel()
	type recordedCategory struct {
		ID       int    `json:"categoryid"`
		ParentID *int   `json:"parentid"`
		Title    string `json:"title"`
		Slug     string `json:"tags"`
		Content  string `json:"content"`
		QCount   int    `json:"qcount"`
		Position int    `json:"position"`
		Backpath string `json:"backpath"`
	}
	type categories struct {
		All []recordedCategory
		Sub map[string][]int
	}
	type info struct {
		ID, ParentID, QuestionCount, Position int
		Title, Slug, Path, Description        string
		Children                              []struct{ ID int }
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		recorded := testsite.Recording[categories](t, "categories")
		for _, want := range recorded.All {
			got := testsite.Get[info](t, s, "/v1/categories/"+strconv.Itoa(want.ID))
			parent := 0
			if want.ParentID != nil {
				parent = *want.ParentID
			}
			slugs := strings.Split(want.Backpath, "/")
			for i, j := 0, len(slugs)-1; i < j; i, j = i+1, j-1 {
				slugs[i], slugs[j] = slugs[j], slugs[i]
			}
			sub := []int{}
			for _, c := range got.Children {
				sub = append(sub, c.ID)
			}
			testsite.Same(t, want.Title,
				[]any{
					got.ID, got.ParentID, got.Title, got.Slug, got.Description, got.QuestionCount,
					got.Position, got.Path, sub,
				},
				[]any{
					want.ID, parent, want.Title, want.Slug, want.Content, want.QCount, want.Position,
					strings.Join(slugs, "/"), append([]int{}, recorded.Sub[strconv.Itoa(want.ID)]...),
				})
		}
	})
}
