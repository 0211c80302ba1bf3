package community_test

import (
	"fmt"
	"testing"

	"38qa.net/backend/modules/testsite"
)

func TestFavoritesAsRecorded(t *testing.T) {
	t.Parallel()
	type recorded struct {
		Questions         []int
		Users, Categories []string
		Tags              []struct {
			Word     string
			TagCount int
		}
	}
	type favorites struct {
		Questions []testsite.Question
		Users     []struct{ Handle string }
		Tags      []struct {
			Tag           string
			QuestionCount int
		}
		Categories []struct{ Title string }
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		for handle, want := range testsite.Recording[map[string]recorded](t, "favorites") {
			got := testsite.GetAs[favorites](t, s, "/v1/me/favorites", testsite.People[handle])
			testsite.Same(t, handle+" questions", testsite.IDs(got.Questions),
				append([]int{}, want.Questions...))
			users, categories, tags, wantTags := []string{}, []string{}, []string{}, []string{}
			for _, u := range got.Users {
				users = append(users, u.Handle)
			}
			for _, c := range got.Categories {
				categories = append(categories, c.Title)
			}
			for _, g := range got.Tags {
				tags = append(tags, fmt.Sprint(g.Tag, g.QuestionCount))
			}
			for _, w := range want.Tags {
				wantTags = append(wantTags, fmt.Sprint(w.Word, w.TagCount))
			}
			testsite.Same(t, handle+" users", users, append([]string{}, want.Users...))
			testsite.Same(t, handle+" categories", categories, append([]string{}, want.Categories...))
			testsite.Same(t, handle+" tags", tags, wantTags)
		}
	})
}
