package qa_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

type categoryPage struct {
	ID, FollowerCount    int
	Description, Summary string
	Page                 *struct {
		Title, Headline, Description string
		HTML                         *safeTexts
		Picture                      *picture
	}
}

// TestCategoryPageOfThePlugin checks that the rows that the old site's plugin writes are shown and made
// safe, and that a category without rows has no page.
func TestCategoryPageOfThePlugin(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(
			"DELETE FROM {categorymetas}", "DELETE FROM {userfavorites} WHERE entitytype = 'C'",
			`INSERT INTO {categorymetas} (categoryid, title, content) VALUES
				(2, 'category_title', 'はじめに'), (2, 'category_headline', 'Where to begin'),
				(2, 'category_desc', 'With <i>a hive</i><iframe src="//e.jp"></iframe>'),
				(2, 'category_background_image', 'https://bees.example/?qa=image&qa_blobid=1234567890123&qa_size=600'),
				(3, 'category_title', ''), (3, 'category_headline', ''), (3, 'category_desc', ''),
				(3, 'category_background_image', '')`,
			`INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
				SELECT userid, 'C', 2, 0 FROM {users} WHERE userid IN (6, 7)`,
		), setting("site_url", "https://www.bees.example/"))
		got := testsite.Get[categoryPage](t, s, "/v1/categories/2")
		p := got.Page
		if got.FollowerCount != 2 || p == nil || p.Title != "はじめに" || p.Headline != "Where to begin" ||
			!strings.Contains(p.Description, "iframe") {
			t.Fatalf("%+v %+v", got, p)
		}
		if p.HTML == nil || !strings.Contains(p.HTML.Description, "<i>a hive</i>") ||
			strings.Contains(p.HTML.Description, "iframe") {
			t.Errorf("html %+v", p.HTML)
		}
		if p.Picture == nil || p.Picture.ID != "1234567890123" ||
			!strings.HasSuffix(p.Picture.URL, "/v1/media/1234567890123") {
			t.Errorf("picture %+v", p.Picture)
		}
		if len([]rune(got.Summary)) > 250 || got.Description != "" && got.Summary == "" {
			t.Errorf("summary %q", got.Summary)
		}
		if none := testsite.Get[categoryPage](t, s, "/v1/categories/3"); none.Page != nil || none.FollowerCount != 0 {
			t.Errorf("a category without a page shows %+v", none)
		}
	})
}

// TestCategoryPageIsWritten checks that what is not sent stays, and that all of the plugin's rows are
// written.
func TestCategoryPageIsWritten(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {categorymetas}"))
		const path = "/v1/categories/2"
		_, _, header := s.Try(t, testsite.ExpertSato, "PATCH", path, object{"page": object{"headline": "One"}})
		testsite.Same(t, "rows", metaRows(t, s, "categorymetas", "categoryid", 2), []string{
			"category_background_image=", "category_desc=", "category_headline=One", "category_title="})
		s.Do(t, testsite.ExpertSato, "PATCH", path, object{"page": object{
			"title": "T", "description": "<p>D</p>", "picture": "https://e.jp/p.png"}}, "If-Match", header.Get("ETag"))
		want := []string{"category_background_image=https://e.jp/p.png", "category_desc=<p>D</p>",
			"category_headline=One", "category_title=T"}
		testsite.Same(t, "rows", metaRows(t, s, "categorymetas", "categoryid", 2), want)
		if status, got, _ := s.Try(t, testsite.ExpertSato, "PATCH", path, object{"page": object{"title": "late"}},
			"If-Match", header.Get("ETag")); status != http.StatusPreconditionFailed {
			t.Errorf("the second one: %d %v", status, got)
		}
		if rows := metaRows(t, s, "categorymetas", "categoryid", 2); !reflect.DeepEqual(rows, want) {
			t.Errorf("the second one has written %v", rows)
		}
		s.Do(t, testsite.ExpertSato, "PATCH", path, object{"page": object{"picture": "", "headline": ""}})
		testsite.Same(t, "rows", metaRows(t, s, "categorymetas", "categoryid", 2), []string{
			"category_background_image=", "category_desc=<p>D</p>", "category_headline=", "category_title=T"})
	})
}
