package qa_test

import (
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestCommonTagInEveryOrder checks that the questions of a tag which half of all questions have come in the
// order in which the database sorts them.
func TestCommonTagInEveryOrder(t *testing.T) {
	t.Parallel()
	s := seededSite(t)
	s.Exec(t, `INSERT INTO {words} (wordid, word, tagcount)
		SELECT 900000, 'everywhere', COUNT(*)
		FROM {posts}
		WHERE type = 'Q' AND postid % 2 = 0`)
	s.Exec(t, `INSERT INTO {posttags} (postid, wordid, postcreated)
		SELECT postid, 900000, created
		FROM {posts}
		WHERE type = 'Q' AND postid % 2 = 0`)
	for sort, columns := range map[string]string{
		"votes":   "netvotes DESC, created DESC",
		"answers": "acount DESC, created DESC",
		"views":   "views DESC, created DESC",
		"hot":     "hotness DESC",
	} {
		t.Run(sort, func(t *testing.T) {
			want := s.Numbers(t, `SELECT postid
				FROM {posts}
				WHERE type = 'Q' AND postid % 2 = 0
				ORDER BY `+columns+`, postid DESC`)
			path := "/v1/questions?tag=everywhere&sort=" + sort
			testsite.Same(t, "by cursor", testsite.IDs(walk(t, s, path, len(want)+1)), want)
			third := testsite.Get[testsite.List[testsite.Question]](t, s, path+"&limit=7&page=3").Items
			testsite.Same(t, "page 3", testsite.IDs(third), want[14:21])
		})
	}
	for _, q := range s.Statements(t, "/v1/questions?tag=everywhere&sort=votes&limit=7") {
		if strings.Contains(q, "IN (SELECT postid FROM {posttags}") {
			t.Errorf("all questions of the tag are read: %s", q)
		}
	}
	none := testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions?tag=nowhere&sort=votes").Items
	testsite.Same(t, "no such tag", len(none), 0)
}
