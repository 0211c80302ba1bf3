package site_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// fieldsStored returns the rows of the table of profile fields in their order: position, title, content (NULL
// as -), flags, permit.
func fieldsStored(t *testing.T, s *testsite.Site) (list []string) {
	t.Helper()
	err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
		var name, label string
		var position, flags, permit int
		err := rows.Scan(&position, &name, &label, &flags, &permit)
		list = append(list, fmt.Sprint(position, " ", name, " ", label, " ", flags, " ", permit))
		return err
	}, "SELECT position, title, COALESCE(content, '-'), flags, permit + 0 FROM {userfields} ORDER BY position")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestFieldsAreStoredAsQ2ADoes makes, changes, moves and deletes profile fields, and compares the rows with those
// that Q2A's form leaves. What users have written in a deleted field stays, and comes back with the field.
func TestFieldsAreStoredAsQ2ADoes(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {userfields} WHERE fieldid > 4"))
		send := func(method, path string, body any) int {
			return s.Do(t, testsite.AdminHana, method, "/v1/admin/profile-fields"+path, body)
		}
		id := func(n int) string { return fmt.Sprint("/", n) }
		hives := send("POST", "", object{"label": "Number of hives", "position": 1, "onSignUp": true})
		again := send("POST", "", object{"label": "number-of HIVES", "kind": "lines", "permit": "experts"})
		send("POST", "", object{"label": strings.Repeat("Bee ", 10), "kind": "link"})
		long := "bee-bee-bee-bee-bee-bee-bee-bee-bee-bee"
		testsite.Same(t, "after three were made", fieldsStored(t, s), []string{
			"1 number-of-hives Number of hives 4 150", "2 name - 0 150", "3 location - 0 150", "4 website - 2 150",
			"5 about - 1 150", "6 number-of-hives-2 number-of HIVES 1 100",
			"7 " + long + " " + strings.TrimSpace(strings.Repeat("Bee ", 10)) + " 2 150"})
		user := object{"fields": object{"number-of-hives": "12"}}
		s.Do(t, testsite.Haru, "PATCH", "/v1/me", user)
		send("PATCH", id(hives), object{"label": "Hives", "kind": "lines", "position": 99})
		send("PATCH", id(1), object{"label": "Your name", "permit": "users", "onSignUp": true})
		send("PATCH", id(4), object{"position": 2})
		testsite.Same(t, "after they were changed", fieldsStored(t, s), []string{
			"1 name Your name 4 120", "2 about - 1 150", "3 location - 0 150", "4 website - 2 150",
			"5 number-of-hives-2 number-of HIVES 1 100",
			"6 " + long + " " + strings.TrimSpace(strings.Repeat("Bee ", 10)) + " 2 150", "7 number-of-hives Hives 5 150"})
		send("PATCH", id(1), object{"standardLabel": true, "onSignUp": false})
		send("DELETE", id(again), nil)
		send("DELETE", id(hives), nil)
		testsite.Same(t, "after two were deleted", fieldsStored(t, s)[:4], []string{
			"1 name - 0 120", "2 about - 1 150", "3 location - 0 150", "4 website - 2 150"})
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {userprofile} WHERE title = 'number-of-hives'"); n != 1 {
			t.Errorf("%d values of the deleted field, want 1 as in Q2A", n)
		}
		if status, _, _ := s.Try(t, testsite.Haru, "PATCH", "/v1/me", user); status != http.StatusUnprocessableEntity {
			t.Errorf("a value for a deleted field: %d", status)
		}
		send("POST", "", object{"label": "Number of Hives"})
		me := testsite.GetAs[struct{ Fields map[string]string }](t, s, "/v1/me", testsite.Haru)
		if me.Fields["number-of-hives"] != "12" {
			t.Errorf("%v", me.Fields)
		}
	})
}

// TestFieldsAreRefused checks what cannot be a profile field, and that a change meant for another version is
// refused.
func TestFieldsAreRefused(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	before := fieldsStored(t, s)
	own := s.Do(t, testsite.AdminHana, "POST", "/v1/admin/profile-fields", object{"label": "Hives"})
	for _, c := range []struct {
		method, path string
		body         object
		wrong        []string
	}{
		{"POST", "", object{}, []string{"label required"}},
		{"POST", "", object{"label": " "}, []string{"label required"}},
		{"POST", "", object{"label": strings.Repeat("蜂", 41)}, []string{"label too_long"}},
		{"POST", "", object{"label": "x", "permit": "supers", "standardLabel": true},
			[]string{"permit not_in_list", "standardLabel not_combinable"}},
		{"PATCH", fmt.Sprint("/", own), object{"standardLabel": true}, []string{"standardLabel no_default"}},
		{"PATCH", "/1", object{"kind": "picture"}, []string{"kind not_in_list"}},
		{"PATCH", "/1", object{"name": "handle"}, []string{"name unknown"}},
	} {
		status, body, _ := s.Try(t, testsite.AdminHana, c.method, "/v1/admin/profile-fields"+c.path, c.body)
		var wrong []string
		list, _ := body["errors"].([]any)
		for _, e := range list {
			field := e.(map[string]any)
			wrong = append(wrong, fmt.Sprint(field["field"], " ", field["code"]))
		}
		slices.Sort(wrong)
		if status != http.StatusUnprocessableEntity || !slices.Equal(wrong, c.wrong) {
			t.Errorf("%s %s %v: %d %q, want %q", c.method, c.path, c.body, status, wrong, c.wrong)
		}
	}
	if status, _, _ := s.Try(t, testsite.AdminHana, "PATCH", "/v1/admin/profile-fields/999", object{}); status != http.StatusNotFound {
		t.Errorf("a field that is not there: %d", status)
	}
	path := fmt.Sprint("/v1/admin/profile-fields/", own)
	list := s.Request(t, "GET", "/v1/admin/profile-fields", testsite.AdminHana).Header.Get("ETag")
	old := s.Request(t, "GET", path, testsite.AdminHana).Header.Get("ETag")
	s.Do(t, testsite.Superbee, "PATCH", path, object{"label": "Colonies"}, "If-Match", old)
	for _, match := range []string{old, list} {
		for _, method := range []string{"PATCH", "DELETE"} {
			var body any
			if method == "PATCH" {
				body = object{"label": "Swarms"}
			}
			if status, _, _ := s.Try(t, testsite.AdminHana, method, path, body, "If-Match", match); status != http.StatusPreconditionFailed {
				t.Errorf("%s with an old version: %d", method, status)
			}
		}
	}
	s.Do(t, testsite.AdminHana, "DELETE", path, nil)
	testsite.Same(t, "fields", fieldsStored(t, s), before)
}

// TestTooManyDefinitions checks that a site cannot get more pages and fields than each request can read.
func TestTooManyDefinitions(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After(
		`INSERT INTO {pages} (title, nav, position, flags, tags)
			WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
			SELECT 'x', '', i, 1, 'tags' FROM n`,
		`INSERT INTO {userfields} (title, position, flags)
			WITH RECURSIVE n (i) AS (SELECT 6 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
			SELECT CONCAT('field-', i), i, 0 FROM n`))
	for path, c := range map[string]struct {
		body object
		code string
	}{
		"/v1/admin/pages":          {object{"type": "page", "title": "One more"}, "too_many_pages"},
		"/v1/admin/profile-fields": {object{"label": "One more"}, "too_many_fields"},
	} {
		status, body, _ := s.Try(t, testsite.AdminHana, "POST", path, c.body)
		if status != http.StatusConflict || body["code"] != c.code {
			t.Errorf("%s: %d %v", path, status, body)
		}
		s.Do(t, testsite.AdminHana, "DELETE", path+"/1", nil)
		s.Do(t, testsite.AdminHana, "POST", path, c.body)
	}
}

// TestFieldsForForms checks what clients are told of profile fields: Q2A's own have labels in the language of
// the request, unless an administrator has given them another one.
func TestFieldsForForms(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.After("UPDATE {userfields} SET content = 'Where', flags = 4 WHERE title = 'location'"))
	type field struct {
		Name, Label, Kind string
		OnSignUp          bool
	}
	type body struct{ ProfileFields []field }
	for language, want := range map[string][]field{
		"en": {{"name", "Full name", "line", false}, {"location", "Where", "line", true},
			{"website", "Website", "link", false}, {"about", "About", "lines", false}},
		"ja": {{"name", "名前", "line", false}, {"location", "Where", "line", true},
			{"website", "ウェブサイト", "link", false}, {"about", "自己紹介", "lines", false}},
	} {
		got := testsite.Decode[body](t, s.Request(t, "GET", "/v1/site", testsite.Visitor, "Accept-Language", language))
		testsite.Same(t, language, got.ProfileFields[:4], want)
	}
}
