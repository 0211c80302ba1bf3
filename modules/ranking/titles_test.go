package ranking_test

import (
	"context"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestTitles checks that titles are stored as Q2A would store them and shown at once, and that titles are
// refused which the option cannot hold.
func TestTitles(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		set := func(titles ...object) (int, map[string]any) {
			status, body, _ := s.Try(t, testsite.AdminHana, "PUT", "/v1/admin/titles",
				object{"titles": titles})
			return status, body
		}
		if status, body := set(object{"points": 0, "title": "卵"},
			object{"points": 100000, "title": " 女王  蜂 "},
			object{"points": 50, "title": "はたらき蜂"}); status != http.StatusOK {
			t.Fatal(status, body)
		}
		var stored string
		_, err := s.App.DB.Get(context.Background(), []any{&stored},
			"SELECT content FROM {options} WHERE title = 'points_to_titles'")
		if err != nil || stored != "100000 女王 蜂,50 はたらき蜂,0 卵" {
			t.Errorf("stored %q, %v", stored, err)
		}
		if _, err := s.App.DB.Exec(context.Background(),
			"REPLACE INTO {options} (title, content) VALUES ('show_user_titles', '1')"); err != nil {
			t.Fatal(err)
		}
		s.App.Site.Forget()
		if _, body, _ := s.Try(t, testsite.Visitor, "GET", "/v1/users/haru", nil); body["title"] != "はたらき蜂" {
			t.Errorf("haru is %v with %v points", body["title"], body["points"])
		}
		_, body, _ := s.Try(t, testsite.AdminHana, "GET", "/v1/admin/titles", nil)
		if list, _ := body["titles"].([]any); len(list) != 3 || list[0].(map[string]any)["title"] != "女王 蜂" {
			t.Errorf("titles %v", body)
		}
		for field, title := range map[string]object{"titles[1].title": {"points": 7, "title": "a,b"},
			"titles[1].points": {"points": 1, "title": "Twice"}} {
			status, body := set(object{"points": 1, "title": "Good"}, title)
			if fields, _ := body["errors"].([]any); status != http.StatusUnprocessableEntity ||
				len(fields) != 1 || fields[0].(map[string]any)["field"] != field {
				t.Errorf("%s: %d %v", field, status, body)
			}
		}
		for _, bad := range []string{"", "   ", "<b>x</b>"} {
			if status, body := set(object{"points": 1,
				"title": bad}); status != http.StatusUnprocessableEntity {
				t.Errorf("%q: %d %v", bad, status, body)
			}
		}
	})
}
