package qa_test

import (
	"fmt"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// categoryCase is one change of categories: as a request, and as what Q2A's page does.
type categoryCase struct {
	name, method, path string
	body               object
	status             int
	// byQ2A does what Q2A does. It is nil for refusals, which change nothing; code is then the code of the
	// problem, with the names of the fields.
	byQ2A func(m *model)
	code  string
}

// add returns what Q2A does for a new category.
func add(parent int, title, slug string) func(m *model) {
	return func(m *model) {
		m.categories[19] = &modelCategory{id: 19, parent: parent, title: title, slug: slug, position: 1 + m.last(parent)}
	}
}

func rename(id int, title, slug string) func(m *model) {
	return func(m *model) {
		c := m.categories[id]
		if title != "" {
			c.title = title
		}
		if slug != "" {
			c.slug = slug
		}
	}
}

const categoriesPath = "/v1/admin/categories"

// The categories of the recorded site: 1 (2 (3 (4), 5), 6 (7)), 8 (9, 10), 11 (12, 13), 14, 15 (16), 17,
// 18; 18 has no posts.
var categoryCases = []categoryCase{
	{name: "new at the top", method: "POST", body: object{"title": "Tools & gear"}, status: 201, byQ2A: add(0, "Tools & gear", "tools-&-gear")},
	{name: "new below", method: "POST", body: object{"title": "新カテゴリ", "parentId": 15}, status: 201, byQ2A: add(15, "新カテゴリ", "新-カテゴリ")},
	{
		name: "new at a place", method: "POST", body: object{"title": "First", "parentId": 8, "position": 1, "description": "a\r\nb"}, status: 201,
		byQ2A: func(m *model) {
			add(8, "First", "first")(m)
			m.categories[19].content = "a\nb"
			m.setPosition(19, 1)
		},
	},
	{name: "slug is taken", method: "POST", body: object{"title": "Seiyo"}, status: 201, byQ2A: add(0, "Seiyo", "category-seiyo")},
	{name: "slug is Q2A's", method: "POST", body: object{"title": "Tags"}, status: 201, byQ2A: add(0, "Tags", "category-tags")},
	{name: "slug is Q2A's but not at the top", method: "POST", body: object{"title": "Tags", "parentId": 8}, status: 201, byQ2A: add(8, "Tags", "tags")},
	{name: "title without words", method: "POST", body: object{"title": "!!!"}, status: 201, byQ2A: add(0, "!!!", "category-")},
	{name: "a number", method: "POST", body: object{"title": "2026"}, status: 201, byQ2A: add(0, "2026", "category-2026")},
	{name: "own slug", method: "POST", body: object{"title": "Tools", "slug": "gear"}, status: 201, byQ2A: add(0, "Tools", "gear")},
	{name: "emoji", method: "POST", body: object{"title": "Bees 🐝", "slug": "bees🐝", "parentId": 18}, status: 201, byQ2A: add(18, "Bees", "bees")},
	{name: "no title", method: "POST", body: object{"title": " 🐝 "}, code: "title required"},
	{name: "title 0", method: "POST", body: object{"title": "0"}, code: "title required"},
	{name: "long title", method: "POST", body: object{"title": strings.Repeat("蜂", 81)}, code: "title too_long"},
	{name: "title is taken", method: "POST", body: object{"title": "queen REARING", "parentId": 8}, code: "title taken_by_category"},
	{name: "own slug is taken", method: "POST", body: object{"title": "X", "slug": "Byoki"}, code: "slug taken_by_category"},
	{name: "own slug is Q2A's", method: "POST", body: object{"title": "X", "slug": "USERS"}, code: "slug slug_reserved"},
	{name: "own slug is a page's", method: "POST", body: object{"title": "X", "slug": "About-Us"}, code: "slug slug_of_page"},
	{name: "slug with slash", method: "POST", body: object{"title": "X", "slug": "a/b"}, code: "slug bad_characters"},
	{name: "long slug", method: "POST", body: object{"title": "X", "slug": strings.Repeat("x", 201)}, code: "slug too_long"},
	{name: "long description", method: "POST", body: object{"title": "X", "description": strings.Repeat("蜂", 801)}, code: "description too_long"},
	{name: "fifth level", method: "POST", body: object{"title": "X", "parentId": 4}, code: "parentId too_deep"},
	{name: "no such parent", method: "POST", body: object{"title": "X", "parentId": 99}, code: "parentId no_category"},

	{name: "rename", method: "PATCH", path: "/9", body: object{"title": "Queens"}, byQ2A: rename(9, "Queens", "")},
	{name: "slug with children", method: "PATCH", path: "/1", body: object{"title": "和蜂", "slug": "wabachi"}, byQ2A: rename(1, "和蜂", "wabachi")},
	{name: "slug in the middle", method: "PATCH", path: "/2", body: object{"slug": "siiku"}, byQ2A: rename(2, "", "siiku")},
	{name: "slug in another case", method: "PATCH", path: "/8", body: object{"slug": "SEIYO"}, byQ2A: rename(8, "", "SEIYO")},
	{
		name: "description", method: "PATCH", path: "/18", body: object{"description": "<b>x</b>"},
		byQ2A: func(m *model) { m.categories[18].content = "<b>x</b>" },
	},
	{name: "first", method: "PATCH", path: "/15", body: object{"position": 1}, byQ2A: func(m *model) { m.setPosition(15, 1) }},
	{name: "last", method: "PATCH", path: "/8", body: object{"position": 60000}, byQ2A: func(m *model) { m.setPosition(8, 60000) }},
	{name: "down one below", method: "PATCH", path: "/2", body: object{"position": 2}, byQ2A: func(m *model) { m.setPosition(2, 2) }},
	{name: "to the top", method: "PATCH", path: "/2", body: object{"parentId": 0}, status: 202, byQ2A: func(m *model) { m.setParent(2, 0) }},
	{name: "below another", method: "PATCH", path: "/11", body: object{"parentId": 8}, status: 202, byQ2A: func(m *model) { m.setParent(11, 8) }},
	{name: "to the fourth level", method: "PATCH", path: "/16", body: object{"parentId": 3}, status: 202, byQ2A: func(m *model) { m.setParent(16, 3) }},
	{name: "out of the fourth level", method: "PATCH", path: "/4", body: object{"parentId": 0}, status: 202, byQ2A: func(m *model) { m.setParent(4, 0) }},
	{name: "without posts", method: "PATCH", path: "/18", body: object{"parentId": 14}, byQ2A: func(m *model) { m.setParent(18, 14) }},
	{
		name: "all at once", method: "PATCH", path: "/6", status: 202,
		body: object{"parentId": 8, "title": "Swarms", "slug": "swarms", "description": "x", "position": 2},
		byQ2A: func(m *model) {
			rename(6, "Swarms", "swarms")(m)
			m.setParent(6, 8)
			m.categories[6].content = "x"
			m.setPosition(6, 2)
		},
	},
	{name: "nothing", method: "PATCH", path: "/6", body: object{"parentId": 1, "position": 2}, byQ2A: func(*model) {}},
	{name: "below itself", method: "PATCH", path: "/2", body: object{"parentId": 2}, code: "parentId within_itself"},
	{name: "below its grandchild", method: "PATCH", path: "/1", body: object{"parentId": 4}, code: "parentId within_itself"},
	{name: "children too deep", method: "PATCH", path: "/1", body: object{"parentId": 8}, code: "parentId too_deep"},
	{name: "title is taken elsewhere", method: "PATCH", path: "/10", body: object{"title": "スムシ", "parentId": 11}, code: "title taken_by_category"},
	{name: "no such category", method: "PATCH", path: "/99", body: object{"title": "x"}, code: "not_found"},

	{name: "delete an empty one", method: "DELETE", path: "/18", status: 204, byQ2A: func(m *model) { m.remove(18) }},
	{
		name: "delete with its posts to another", method: "DELETE", path: "/14?moveTo=7", status: 202,
		byQ2A: func(m *model) {
			m.reassign(14, 7)
			m.remove(14)
		},
	},
	{
		name: "delete with its posts to its parent", method: "DELETE", path: "/4?moveTo=3", status: 202,
		byQ2A: func(m *model) {
			m.reassign(4, 3)
			m.remove(4)
		},
	},
	{
		name: "delete with its posts to none", method: "DELETE", path: "/17?moveTo=none", status: 202,
		byQ2A: func(m *model) {
			m.reassign(17, 0)
			m.remove(17)
		},
	},
	{name: "delete with children", method: "DELETE", path: "/8?moveTo=1", code: "category_has_children"},
	{name: "delete with posts", method: "DELETE", path: "/14", code: "category_not_empty"},
	{name: "delete into itself", method: "DELETE", path: "/14?moveTo=14", code: "moveTo within_itself"},
	{name: "delete into nowhere", method: "DELETE", path: "/14?moveTo=99", code: "moveTo no_category"},

	{
		name: "merge with children", method: "POST", path: "/11/merge", body: object{"into": 8}, status: 202,
		byQ2A: func(m *model) {
			m.setParent(12, 8)
			m.setParent(13, 8)
			m.reassign(11, 8)
			m.remove(11)
		},
	},
	{
		name: "merge with grandchildren into the parent", method: "POST", path: "/2/merge", body: object{"into": 1}, status: 202,
		byQ2A: func(m *model) {
			m.setParent(3, 1)
			m.setParent(5, 1)
			m.reassign(2, 1)
			m.remove(2)
		},
	},
	{name: "merge without posts", method: "POST", path: "/18/merge", body: object{"into": 8}, byQ2A: func(m *model) { m.remove(18) }},
	{name: "merge into a child", method: "POST", path: "/2/merge", body: object{"into": 3}, code: "into within_itself"},
	{name: "merge too deep", method: "POST", path: "/1/merge", body: object{"into": 9}, code: "into too_deep"},
	{name: "merge into nowhere", method: "POST", path: "/2/merge", body: object{"into": 99}, code: "into no_category"},

	{name: "empty", method: "POST", path: "/8/move-posts", body: object{"moveTo": 9}, status: 202, byQ2A: func(m *model) { m.reassign(8, 9) }},
	{name: "sort those without", method: "POST", path: "/0/move-posts", body: object{"moveTo": 17}, status: 202, byQ2A: func(m *model) { m.reassign(0, 17) }},
	{name: "nothing to empty", method: "POST", path: "/18/move-posts", body: object{"moveTo": 9}, byQ2A: func(*model) {}},
}

// TestCategoriesChangeAsOnTheOldSite makes each change of categories, and checks that it and the job that
// follows leave the rows that Q2A's page and recalculation would leave, and nothing for a recount to
// repair.
func TestCategoriesChangeAsOnTheOldSite(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		for _, c := range categoryCases {
			if c.byQ2A == nil {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				s := testsite.New(t, db)
				want, before := readModel(t, s), testsite.ReadTables(t, s.App.DB)
				c.byQ2A(want)
				want.recalculate()
				status, res, _ := s.Try(t, testsite.AdminHana, c.method, categoriesPath+c.path, c.sent())
				if run, _ := res["run"].(object); status != max(c.status, 200) || (run != nil) != (status == 202) {
					t.Errorf("%d %v, not %d", status, res, c.status)
				}
				testsite.RunJob(t, s.App, "categories")
				if off := readModel(t, s).differences(want); len(off) > 0 {
					t.Errorf("%s", strings.Join(off, "\n"))
				}
				for table := range before.Diff(testsite.ReadTables(t, s.App.DB)) {
					if table != "categories" && table != "posts" {
						t.Errorf("%s has changed", table)
					}
				}
				// One count of the recorded site is wrong (drift.json).
				if found := testsite.Recount(t, s.App, true); len(found) != 1 || !strings.HasPrefix(found[0], "options cache_unselqcount ") {
					t.Errorf("a recount repairs %q", found)
				}
				if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_category_moves}"); n != 0 {
					t.Errorf("%d categories are still to be emptied", n)
				}
			})
		}
	})
}

// TestRefusedChangesOfCategories checks that what Q2A does not allow is refused with the names of the
// fields, in both languages, and changes nothing.
func TestRefusedChangesOfCategories(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		s.Exec(t, `INSERT INTO {pages} (title, nav, position, flags, tags) VALUES ('About', 'M', 99, 0, 'about-us')`)
		before := testsite.ReadTables(t, s.App.DB)
		for _, c := range categoryCases {
			if c.byQ2A != nil {
				continue
			}
			for _, language := range []string{"en", "ja"} {
				status, res, _ := s.Try(t, testsite.AdminHana, c.method, categoriesPath+c.path, c.sent(), "Accept-Language", language)
				if got := refusal(res); got != c.code || status < 400 || status >= 500 {
					t.Errorf("%s: %d %v, not %s", c.name, status, res, c.code)
				}
			}
		}
		if changed := before.Diff(testsite.ReadTables(t, s.App.DB)); len(changed) > 0 {
			t.Errorf("refusals have changed %v", testsite.Describe(changed, nil))
		}
		if n := s.Scalar(t, "SELECT (SELECT COUNT(*) FROM {q2ab_audit}) + (SELECT COUNT(*) FROM {q2ab_category_moves})"); n != 0 {
			t.Errorf("refusals have left %d rows of our own", n)
		}
	})
}

// sent returns the body of the request, nil for none.
func (c *categoryCase) sent() any {
	if c.body == nil {
		return nil
	}
	return c.body
}

// refusal returns the code of a problem or, if fields are wrong, their names and codes.
func refusal(problem object) string {
	fields, _ := problem["errors"].([]any)
	var parts []string
	for _, f := range fields {
		field, _ := f.(object)
		parts = append(parts, fmt.Sprint(strings.TrimPrefix(fmt.Sprint(field["field"]), "body."), " ", field["code"]))
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	return fmt.Sprint(problem["code"])
}
