package qa_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

type picture struct {
	Address, URL, ID string
	Width, Height    int
}

type safeTexts struct{ Title, Headline, Description, Note string }

type tagPage struct {
	Tag                                         string
	QuestionCount, FollowerCount                int
	Title, Headline, Description, Note, Summary string
	HTML                                        *safeTexts
	Picture, Icon                               *picture
}

// metaRows returns the rows of a table of metas that belong to a tag or category, as "title=content".
func metaRows(t *testing.T, s *testsite.Site, table, key string, of any) []string {
	t.Helper()
	rows := []string{}
	err := s.App.DB.Select(t.Context(), func(r *sql.Rows) error {
		var title, content string
		err := r.Scan(&title, &content)
		rows = append(rows, title+"="+content)
		return err
	}, "SELECT title, content FROM {"+table+"} WHERE "+key+" = ? ORDER BY title", of)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestTagPageOfThePlugin checks that the rows that the old site's plugin writes are shown, that what is in
// them is made safe, and that a tag without rows has no page.
func TestTagPageOfThePlugin(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(
			"DELETE FROM {tagmetas}", "DELETE FROM {userfavorites} WHERE entitytype = 'T'",
			`INSERT INTO {tagmetas} (tag, title, content) VALUES
				('queen', 'bg', './?qa=blob&qa_blobid=12345678901234567890'),
				('queen', 'title', '女王蜂'),
				('queen', 'description', '<p>The <b>mother</b> of all<script>alert(1)</script></p>'),
				('queen', 'headline', 'Where is she?'),
				('queen', 'note', '<a href="javascript:alert(1)">Here</a>'),
				('queen', 'icon', 'https://e.jp/queen.png'),
				('queen', 'similar_tag_words', 'honey'),
				('queen', 'something_else', 'x'),
				('honey', 'bg', 'javascript:alert(1)'), ('honey', 'title', '')`,
			`INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
				SELECT u.userid, 'T', w.wordid, 0
				FROM {users} u, {words} w
				WHERE w.word = 'queen' AND u.userid IN (6, 7, 9)`,
		), setting("plugin_tag_desc_max_len", "10"))
		got := testsite.Get[tagPage](t, s, "/v1/tags/Queen")
		if got.Tag != "queen" || got.QuestionCount == 0 || got.FollowerCount != 3 || got.Title != "女王蜂" ||
			got.Headline != "Where is she?" || !strings.HasPrefix(got.Description, "<p>The <b>mother") ||
			got.Summary != "The mother" {
			t.Errorf("%+v", got)
		}
		if h := got.HTML; h == nil || h.Title != "女王蜂" || !strings.Contains(h.Description, "<b>mother</b>") ||
			strings.Contains(h.Description+h.Note, "alert") || !strings.Contains(h.Note, "Here") {
			t.Errorf("html %+v", got.HTML)
		}
		if p := got.Picture; p == nil || p.ID != "12345678901234567890" ||
			!strings.HasSuffix(p.URL, "/v1/media/12345678901234567890") ||
			p.Address != "./?qa=blob&qa_blobid=12345678901234567890" {
			t.Errorf("picture %+v", got.Picture)
		}
		if i := got.Icon; i == nil || i.URL != "https://e.jp/queen.png" || i.ID != "" {
			t.Errorf("icon %+v", got.Icon)
		}
		for _, tag := range []string{"honey", "varroa"} {
			none := testsite.Get[tagPage](t, s, "/v1/tags/"+tag)
			want := tagPage{Tag: tag, QuestionCount: none.QuestionCount}
			if !reflect.DeepEqual(none, want) {
				t.Errorf("a tag without a page shows %+v", none)
			}
		}
		status, _, _ := s.Try(t, testsite.Visitor, "GET", "/v1/tags/no-such-tag", nil)
		if status != http.StatusNotFound {
			t.Errorf("an unknown tag: %d", status)
		}
	})
}

// TestDefaultPictureOfTags checks that tags without a picture have the plugin's picture for all.
func TestDefaultPictureOfTags(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, setting("plugin_tag_desc_default_image", "/all.jpg", "site_url", "https://bees.example/"))
	if got := testsite.Get[tagPage](t, s, "/v1/tags/queen").Picture; got == nil ||
		*got != (picture{URL: "https://bees.example/all.jpg"}) {
		t.Errorf("picture %+v", got)
	}
}

// TestTagPageIsWritten checks the rows of a page that is written and written again.
func TestTagPageIsWritten(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {tagmetas}"))
		before := s.Numbers(t, "SELECT COUNT(*) FROM {q2ab_outbox}")
		var blob string
		if _, err := s.App.DB.Get(t.Context(), []any{&blob}, "SELECT MAX(blobid) FROM {blobs} WHERE format = 'jpeg'"); err != nil {
			t.Fatal(err)
		}
		put := func(body object, header ...string) (int, map[string]any, http.Header) {
			t.Helper()
			return s.Try(t, testsite.ExpertSato, "PUT", "/v1/tags/QUEEN", body, header...)
		}
		body := object{"title": " Queens 👑 ", "picture": "/v1/media/" + blob,
			"description": "One\r\nTwo <b onclick=\"x()\">three</b><script src=\"//e.jp\"></script>",
			"note":        "Bees & honey"}
		status, got, header := put(body)
		if status != http.StatusOK || got["title"] != "Queens" {
			t.Fatalf("%d %v", status, got)
		}
		rows := metaRows(t, s, "tagmetas", "tag", "queen")
		want := []string{rows[0], "description=One\nTwo <b>three</b>", "headline=", "note=Bees & honey",
			"title=Queens"}
		if !strings.HasPrefix(rows[0], "bg=") || !strings.HasSuffix(rows[0], "/?qa=blob&qa_blobid="+blob) {
			t.Errorf("the picture is stored as %q", rows[0])
		}
		testsite.Same(t, "rows", rows, want)
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {tagmetas} WHERE tag = 'queen' AND "+s.App.DB.Exact("tag"),
			"queen"); n != len(rows) {
			t.Error("the rows are not of the tag in lower case")
		}
		// Somebody else was faster.
		tag := header.Get("ETag")
		s.Do(t, testsite.ModKenji, "PUT", "/v1/tags/queen",
			object{"title": "Her majesty", "icon": "https://e.jp/a'(1).png"}, "If-Match", tag)
		if status, got, _ := put(object{"title": "Mine"}, "If-Match", tag); status != http.StatusPreconditionFailed {
			t.Errorf("the second one: %d %v", status, got)
		}
		testsite.Same(t, "rows of the second writer", metaRows(t, s, "tagmetas", "tag", "queen"), []string{
			"bg=", "description=", "headline=", "icon=https://e.jp/a%27%281%29.png", "note=", "title=Her majesty"})
		// A follower more changes nothing of the page, so the tag is still good for a change.
		res := s.Request(t, "GET", "/v1/tags/queen", testsite.Visitor)
		tag = res.Header.Get("ETag")
		res.Body.Close()
		s.Exec(t, `INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
			SELECT 17, 'T', wordid, 0
			FROM {words}
			WHERE word = 'queen' AND wordid NOT IN (
				SELECT entityid FROM {userfavorites} WHERE userid = 17 AND entitytype = 'T')`)
		if status, got, _ := put(object{}, "If-Match", tag); status != http.StatusOK || got["title"] != nil {
			t.Errorf("emptied: %d %v", status, got)
		}
		testsite.Same(t, "events", s.Numbers(t, "SELECT COUNT(*) FROM {q2ab_outbox}"), before)
	})
}

// TestWhoWritesPages checks who may write the pages of tags and categories.
func TestWhoWritesPages(t *testing.T) {
	t.Parallel()
	for value, least := range map[string]int{
		"": testsite.ExpertSato, "120": testsite.Haru, "70": testsite.EditorYuki, "0": testsite.Superbee,
	} {
		t.Run("permission "+value, func(t *testing.T) {
			t.Parallel()
			var options []testsite.Option
			if value != "" {
				options = append(options, setting("plugin_tag_desc_permit_edit", value,
					"plugin_cat_desc_permit_edit", value))
			}
			s := testsite.New(t, options...)
			allowed := false
			for _, user := range []int{testsite.Visitor, testsite.TrollX, testsite.Haru, testsite.ExpertSato,
				testsite.EditorYuki, testsite.ModKenji, testsite.AdminHana, testsite.Superbee} {
				allowed = allowed || user == least
				for path, c := range map[string]call{
					"/v1/tags/queen":   {"PUT", "", object{"title": "Queens"}},
					"/v1/categories/2": {"PATCH", "", object{"page": object{"title": "Begin here"}}},
				} {
					status, body, _ := s.Try(t, user, c.method, path, c.body)
					refused := status == http.StatusForbidden
					if refused == allowed || !refused && status != http.StatusOK {
						t.Errorf("%s as %d: %d %v", path, user, status, body)
					}
				}
				told := testsite.GetAs[session](t, s, "/v1/auth/session", user).Permissions
				if may := strings.Contains(fmt.Sprint(told), "plugin_tag_desc_permit_edit"); may != allowed {
					t.Errorf("%d is told %v", user, may)
				}
			}
		})
	}
}

// TestBadPages checks that bad input is refused with the name of the field, and that nothing is stored.
func TestBadPages(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {tagmetas}", "DELETE FROM {categorymetas}"))
		long := strings.Repeat("蜂", 8001)
		for _, c := range []struct {
			why, field, code string
			body             object
		}{
			{"too long", "title", "too_long", object{"title": long}},
			{"too long once it is cleaned", "description", "too_long",
				object{"description": "<b>" + strings.Repeat("<", 7000)}},
			{"no text", "headline", "not_text", object{"headline": 5}},
			{"unknown", "body", "", object{"body": "x"}},
			{"a script for a picture", "picture", "wrong_form", object{"picture": "javascript:alert(1)"}},
			{"data for a picture", "picture", "wrong_form", object{"picture": "data:image/png;base64,x"}},
			{"an end of the attribute", "picture", "wrong_form", object{"picture": "https://e.jp/\"onload=x"}},
			{"a name and a password", "picture", "wrong_form", object{"picture": "https://a:b@e.jp/x.png"}},
			{"an unknown picture", "picture", "no_own_picture", object{"picture": "/v1/media/999"}},
		} {
			for path, method := range map[string]string{"/v1/tags/queen": "PUT", "/v1/categories/2": "PATCH"} {
				body, field := any(c.body), c.field
				if method == "PATCH" {
					body, field = object{"page": c.body}, "page."+c.field
				}
				status, got, _ := s.Try(t, testsite.Superbee, method, path, body)
				errors, _ := got["errors"].([]any)
				if status != http.StatusUnprocessableEntity || len(errors) != 1 {
					t.Errorf("%s %s: %d %v", path, c.why, status, got)
					continue
				}
				if e := errors[0].(map[string]any); e["field"] != field || c.code != "" && e["code"] != c.code {
					t.Errorf("%s %s: %v", path, c.why, e)
				}
			}
		}
		for path, c := range map[string]call{
			"/v1/tags/no-such-tag":  {"PUT", "", object{"title": "x"}},
			"/v1/tags/%F0%9F%90%9D": {"PUT", "", object{"title": "x"}},
			"/v1/categories/999":    {"PATCH", "", object{"page": object{"title": "x"}}},
		} {
			if status, got, _ := s.Try(t, testsite.Superbee, c.method, path, c.body); status != http.StatusNotFound {
				t.Errorf("%s: %d %v", path, status, got)
			}
		}
		if n := s.Scalar(t, "SELECT (SELECT COUNT(*) FROM {tagmetas}) + (SELECT COUNT(*) FROM {categorymetas})"); n != 0 {
			t.Errorf("%d rows were stored", n)
		}
	})
}

// TestStatementsOfPages checks how many statements the pages of tags and categories take.
func TestStatementsOfPages(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	s.Statements(t, "/v1/categories/2")
	for path, limit := range map[string]int{
		"/v1/tags/queen": 3, "/v1/categories/2": 2, "/v1/tags/queen/related": 4, "/v1/tags?since=2026-01-01T00:00:00Z": 1,
	} {
		// Options and categories may have to be read again.
		if got := s.Statements(t, path); len(got) > limit+2 {
			t.Errorf("%s: %d statements:\n%s", path, len(got), strings.Join(got, "\n"))
		}
	}
}
