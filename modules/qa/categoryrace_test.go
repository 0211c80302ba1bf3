package qa_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestManyAdministratorsOfCategories has administrators make and reorder categories at the same moment,
// while members ask in them. One of those who want the same slug gets it, positions have no gaps, and all
// counts are right.
func TestManyAdministratorsOfCategories(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		const each = 6
		var all sync.WaitGroup
		statuses := make([]int, each)
		for i := range each {
			all.Go(func() {
				statuses[i], _, _ = s.Try(t, testsite.AdminHana, "POST", categoriesPath,
					object{"title": fmt.Sprintf("Tools %d", i), "slug": "tools"})
			})
			all.Go(func() {
				s.Try(t, testsite.Superbee, "PATCH", fmt.Sprintf("%s/%d", categoriesPath, []int{1, 8, 11, 14, 15, 17}[i]),
					object{"position": 6 - i})
			})
			all.Go(func() {
				status, body, _ := s.Try(t, testsite.AdminHana, "POST", "/v1/questions", object{
					"title": fmt.Sprintf("What is asked meanwhile, number %d?", i), "content": "x", "categoryId": 8 + i%2,
				})
				if status != http.StatusCreated {
					t.Errorf("ask: %d %v", status, body)
				}
			})
		}
		all.Wait()
		made := 0
		for _, status := range statuses {
			switch status {
			case http.StatusCreated:
				made++
			case http.StatusUnprocessableEntity:
			default:
				t.Errorf("create: %d", status)
			}
		}
		if made != 1 {
			t.Errorf("%d categories have the same slug", made)
		}
		for i, position := range s.Numbers(t, "SELECT position FROM {categories} WHERE parentid IS NULL ORDER BY position") {
			if position != i+1 {
				t.Errorf("place %d has position %d", i+1, position)
			}
		}
		countsHold(t, s)
	})
}
