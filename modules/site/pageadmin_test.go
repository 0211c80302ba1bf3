package site_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// pagesStored returns the rows of the table of pages in their order: title, nav, flags, permit, tags.
func pagesStored(t *testing.T, s *testsite.Site) (list []string) {
	t.Helper()
	last := 0
	err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
		var title, nav, tags string
		var position, flags, permit int
		err := rows.Scan(&title, &nav, &position, &flags, &permit, &tags)
		list = append(list, fmt.Sprint(position, " ", title, " ", nav, " ", flags, " ", permit, " ", tags))
		if position != last+1 {
			t.Errorf("positions are not dense: %d follows %d", position, last)
		}
		last = position
		return err
	}, `SELECT title, nav, position, flags, COALESCE(permit + 0, -1), tags FROM {pages} ORDER BY position`)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestPagesAreStoredAsQ2ADoes makes, changes, moves and deletes pages and links, and compares the rows with those
// that Q2A's form leaves (qa_db_page_create, _set_fields and _move).
func TestPagesAreStoredAsQ2ADoes(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		send := func(method, path string, body any) int {
			return s.Do(t, testsite.AdminHana, method, "/v1/admin/pages"+path, body)
		}
		id := func(n int) string { return fmt.Sprint("/", n) }
		about := send("POST", "", object{"type": "page", "title": " About  us ", "place": "footer", "permit": "users",
			"heading": "Who we are", "content": "<p>Bees</p>\r\n<script>alert(1)</script>"})
		hidden := send("POST", "", object{"type": "page", "title": "蜂の About"})
		tags := send("POST", "", object{"type": "link", "title": "Tags", "place": "main", "url": "tags", "newWindow": true})
		testsite.Same(t, "after three were made", pagesStored(t, s), []string{
			"1 蜂の About _ 0 150 蜂-の-about", "2 ガイド M 0 150 guide", "3 Tags M 3 150 tags",
			"4 Wikipedia F 1 -1 https://ja.wikipedia.org/wiki/養蜂", "5 About  us F 0 120 about-us"})
		var content string
		if _, err := s.App.DB.Get(t.Context(), []any{&content}, "SELECT content FROM {pages} WHERE pageid = ?",
			about); err != nil || content != "<p>Bees</p>\n<script>alert(1)</script>" {
			t.Errorf("content %q, %v", content, err)
		}
		shown := testsite.GetAs[struct{ HTML, Heading string }](t, s, "/v1/pages/about-us", testsite.Haru)
		if strings.Contains(shown.HTML, "script") || !strings.Contains(shown.HTML, "Bees") ||
			shown.Heading != "Who we are" {
			t.Errorf("shown: %+v", shown)
		}
		if status, _, _ := s.Try(t, testsite.Visitor, "GET", "/v1/pages/about-us", nil); status != http.StatusForbidden {
			t.Errorf("a page for users is shown to visitors: %d", status)
		}
		send("PATCH", id(hidden), object{"place": "main"}) // behind what is there
		send("PATCH", id(about), object{"position": 1, "title": "About", "slug": "about", "permit": "admins"})
		send("PATCH", id(tags), object{"position": 60000, "newWindow": false, "url": "https://e.jp/"})
		testsite.Same(t, "after they were changed", pagesStored(t, s), []string{
			"1 About F 0 20 about", "2 ガイド M 0 150 guide", "3 Wikipedia F 1 -1 https://ja.wikipedia.org/wiki/養蜂",
			"4 蜂の About M 0 150 蜂-の-about", "5 Tags M 1 150 https://e.jp/"})
		send("DELETE", id(hidden), nil)
		send("PATCH", id(2), object{"place": "none"})
		testsite.Same(t, "after one was deleted", pagesStored(t, s), []string{
			"1 About F 0 20 about", "2 ガイド M 0 150 guide",
			"3 Wikipedia _ 1 -1 https://ja.wikipedia.org/wiki/養蜂", "4 Tags M 1 150 https://e.jp/"})
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_audit} WHERE kind = 'page' AND byuserid = ?",
			testsite.AdminHana); n != 8 {
			t.Errorf("%d entries in the log of changes, want 8", n)
		}
		n := s.Scalar(t, `SELECT COUNT(*) FROM {q2ab_audit}
			WHERE action = 'delete-page' AND subject = ? AND was LIKE ? AND became IS NULL`, hidden, "%蜂の About%")
		if n != 1 {
			t.Error("the log does not say what was deleted")
		}
	})
}

// TestPagesAreRefused checks that what cannot be a page or a link is refused with the names of all wrong fields,
// and that nothing is written then.
func TestPagesAreRefused(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("REPLACE INTO {options} (title, content) VALUES ('moderate_users', '')"))
	top := ""
	if _, err := s.App.DB.Get(t.Context(), []any{&top},
		"SELECT tags FROM {categories} WHERE parentid IS NULL ORDER BY categoryid LIMIT 1"); err != nil {
		t.Fatal(err)
	}
	before := pagesStored(t, s)
	page := func(more object) object {
		b := object{"type": "page", "title": "Bees"}
		for name, value := range more {
			b[name] = value
		}
		return b
	}
	long := strings.Repeat("蜂", 801)
	for _, c := range []struct {
		name, method, path string
		body               object
		wrong              []string // name and code
	}{
		{"nothing", "POST", "", object{"type": "page"}, []string{"title required"}},
		{"white space", "POST", "", object{"type": "page", "title": " \u200b\t", "slug": "x"}, []string{"title required"}},
		{"long", "POST", "", page(object{"title": long[:81*3], "heading": long, "slug": long[:201*3]}),
			[]string{"heading too_long", "slug too_long", "title too_long"}},
		{"slash", "POST", "", page(object{"slug": "a/b"}), []string{"slug bad_characters"}},
		{"plus", "POST", "", page(object{"slug": "c++"}), []string{"slug bad_characters"}},
		{"astral", "POST", "", page(object{"slug": "🐝", "content": "<p>🐝</p>"}),
			[]string{"content bad_characters", "slug bad_characters"}},
		{"a page of Q2A", "POST", "", page(object{"slug": "Admin"}), []string{"slug slug_reserved"}},
		{"a question", "POST", "", page(object{"slug": "12"}), []string{"slug slug_reserved"}},
		{"a feed", "POST", "", page(object{"slug": "feed"}), []string{"slug slug_reserved"}},
		{"dots", "POST", "", page(object{"slug": ".."}), []string{"slug slug_reserved"}},
		{"another page", "POST", "", page(object{"slug": "GUIDE"}), []string{"slug slug_of_page"}},
		{"a category", "POST", "", page(object{"slug": top}), []string{"slug slug_of_category"}},
		{"approved where nobody is approved", "POST", "", page(object{"permit": "approved"}), []string{"permit not_in_list"}},
		{"by points", "POST", "", page(object{"permit": "points"}), []string{"permit not_in_list"}},
		{"supers", "POST", "", page(object{"permit": "supers"}), []string{"permit not_in_list"}},
		{"fields of links", "POST", "", page(object{"url": "tags", "newWindow": true}),
			[]string{"newWindow not_combinable", "url not_combinable"}},
		{"a link to nowhere", "POST", "", object{"type": "link", "title": "x"}, []string{"url required"}},
		{"a script", "POST", "", object{"type": "link", "title": "x", "url": "javascript:alert(1)"}, []string{"url wrong_form"}},
		{"another host", "POST", "", object{"type": "link", "title": "x", "url": "//e.jp/"}, []string{"url wrong_form"}},
		{"a long link", "POST", "", object{"type": "link", "title": "x", "url": "https://e.jp/" + strings.Repeat("x", 200)},
			[]string{"url too_long"}},
		{"fields of pages", "POST", "", object{"type": "link", "title": "x", "url": "tags", "slug": "x", "heading": "x", "content": "x"},
			[]string{"content not_combinable", "heading not_combinable", "slug not_combinable"}},
		{"an empty title", "PATCH", "/1", object{"title": ""}, []string{"title required"}},
		{"an empty slug", "PATCH", "/1", object{"slug": " "}, []string{"slug required"}},
		{"the link's slug", "PATCH", "/2", object{"slug": "x"}, []string{"slug not_combinable"}},
		{"position 0", "PATCH", "/1", object{"position": 0}, []string{"position too_small"}},
		{"another type", "PATCH", "/1", object{"type": "link"}, []string{"type unknown"}},
	} {
		status, body, _ := s.Try(t, testsite.AdminHana, c.method, "/v1/admin/pages"+c.path, c.body)
		var wrong []string
		list, _ := body["errors"].([]any)
		for _, e := range list {
			field := e.(map[string]any)
			wrong = append(wrong, fmt.Sprint(field["field"], " ", field["code"]))
		}
		slices.Sort(wrong)
		if status != http.StatusUnprocessableEntity || !slices.Equal(wrong, c.wrong) {
			t.Errorf("%s: %d %q, want %q", c.name, status, wrong, c.wrong)
		}
	}
	for _, path := range []string{"/3", "/65535"} {
		if status, _, _ := s.Try(t, testsite.AdminHana, "PATCH", "/v1/admin/pages"+path, object{"title": "x"}); status != http.StatusNotFound {
			t.Errorf("a page that is not there: %d", status)
		}
		if status, _, _ := s.Try(t, testsite.AdminHana, "DELETE", "/v1/admin/pages"+path, nil); status != http.StatusNotFound {
			t.Errorf("deleting a page that is not there: %d", status)
		}
	}
	testsite.Same(t, "pages", pagesStored(t, s), before)
	_, body, _ := s.Try(t, testsite.AdminHana, "POST", "/v1/admin/pages", page(object{"slug": "guide"}),
		"Accept-Language", "ja")
	if text := fmt.Sprint(body); !strings.Contains(text, "他のページで使われています") {
		t.Errorf("in Japanese: %s", text)
	}
}

// TestSlugsFollowFromTitles checks the slugs of pages that were made without one.
func TestSlugsFollowFromTitles(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	for _, c := range []struct{ title, slug string }{
		{"Guide", "page-guide"}, // there is one already
		{"Guide!", "page-1"},    // and that one too
		{"Hello, World-wide Web", "hello-world-wide-web"},
		{"Admin", "page-admin"}, {"2026", "page-2026"}, {"!!!", "page-"}, {"???", "page-2"},
	} {
		_, body, header := s.Try(t, testsite.AdminHana, "POST", "/v1/admin/pages", object{"type": "page", "title": c.title})
		if body["slug"] != c.slug || header.Get("Location") != fmt.Sprint("/v1/admin/pages/", body["id"]) {
			t.Errorf("%s: %v, %s; want the slug %s", c.title, body, header.Get("Location"), c.slug)
		}
	}
}

// TestTwoAdministratorsChangePages checks that a change meant for another version is refused, whether the client
// has the version of the page or of the list, and that moves of others do not count for the page's own version.
func TestTwoAdministratorsChangePages(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	tag := func(path string) string {
		return s.Request(t, "GET", "/v1/admin/pages"+path, testsite.AdminHana).Header.Get("ETag")
	}
	try := func(method, path string, body any, match string) int {
		status, _, _ := s.Try(t, testsite.Superbee, method, "/v1/admin/pages"+path, body, "If-Match", match)
		return status
	}
	page, list := tag("/1"), tag("")
	s.Do(t, testsite.AdminHana, "PATCH", "/v1/admin/pages/2", object{"position": 1})
	if got := try("PATCH", "/1", object{"title": "One"}, list); got != http.StatusPreconditionFailed {
		t.Errorf("after a move, with the list's version: %d", got)
	}
	if got := try("PATCH", "/1", object{"title": "One"}, page); got != http.StatusOK {
		t.Errorf("after a move, with the page's version: %d", got)
	}
	for _, match := range []string{page, list} {
		if got := try("PATCH", "/1", object{"title": "Two"}, match); got != http.StatusPreconditionFailed {
			t.Errorf("a change with an old version: %d", got)
		}
		if got := try("DELETE", "/1", nil, match); got != http.StatusPreconditionFailed {
			t.Errorf("a deletion with an old version: %d", got)
		}
	}
	if got := try("PATCH", "/1", object{"position": 1}, tag("")); got != http.StatusOK {
		t.Errorf("with the list's new version: %d", got)
	}
	if got := try("DELETE", "/1", nil, tag("/1")); got != http.StatusNoContent {
		t.Errorf("with the page's new version: %d", got)
	}
}

// TestPagesMadeAtOnce has pages made and moved at the same time, and checks that all of them are there, that
// positions are dense, and that no two have the same slug. One with an Idempotency-Key is made once.
func TestPagesMadeAtOnce(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				status, body, _ := s.Try(t, testsite.AdminHana, "POST", "/v1/admin/pages",
					object{"type": "page", "title": "Bees"})
				if status != http.StatusCreated {
					t.Errorf("%d %v", status, body)
				}
			})
			all.Go(func() {
				status, body, _ := s.Try(t, testsite.Superbee, "PATCH", "/v1/admin/pages/1", object{"position": 5})
				if status != http.StatusOK {
					t.Errorf("%d %v", status, body)
				}
			})
		}
		all.Wait()
		if rows := pagesStored(t, s); len(rows) != 10 {
			t.Errorf("%q", rows)
		}
		if n := s.Scalar(t, "SELECT COUNT(DISTINCT tags) FROM {pages}"); n != 10 {
			t.Errorf("%d slugs of 10 pages", n)
		}
		for range 2 {
			s.Do(t, testsite.AdminHana, "POST", "/v1/admin/pages", object{"type": "page", "title": "Once"},
				"Idempotency-Key", "once")
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {pages} WHERE title = 'Once'"); n != 1 {
			t.Errorf("%d pages with one Idempotency-Key", n)
		}
	})
}
