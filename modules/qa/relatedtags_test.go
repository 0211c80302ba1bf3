package qa_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"testing"

	"38qa.net/backend/modules/testsite"
)

type relatedTags = testsite.List[struct {
	Tag                     string
	QuestionCount, Together int
}]

// TestRelatedTags checks that the job stores for each tag those with which it stands together most often,
// as many as a plain count says, and that it deletes what is no tag any more.
func TestRelatedTags(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db)
		s.Exec(t, "DELETE FROM {q2ab_related_tags}")
		s.Exec(t, `INSERT INTO {q2ab_related_tags} (wordid, relatedid, together)
			VALUES (4000000, 1, 5), (4000001, 1, 5)`)
		for range 2 { // the second run finds everything there
			testsite.RunJob(t, s.App, "related-tags")
		}
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {q2ab_related_tags} WHERE wordid >= 4000000"); n != 0 {
			t.Errorf("%d rows of words that are no tags", n)
		}
		checked := 0
		for _, word := range s.Numbers(t,
			"SELECT wordid FROM {words} WHERE tagcount > 0 ORDER BY tagcount DESC LIMIT 8") {
			var tag string
			if _, err := s.App.DB.Get(t.Context(), []any{&tag},
				"SELECT word FROM {words} WHERE wordid = ?", word); err != nil {
				t.Fatal(err)
			}
			want := []string{}
			err := s.App.DB.Select(t.Context(), func(r *sql.Rows) error {
				var name string
				var n int
				err := r.Scan(&name, &n)
				want = append(want, fmt.Sprint(name, n))
				return err
			}, `SELECT w.word, COUNT(*) AS n
				FROM {posttags} t
				JOIN {words} w ON w.wordid = t.wordid
				WHERE t.postid IN (SELECT postid FROM {posttags} WHERE wordid = ?) AND t.wordid <> ?
				GROUP BY t.wordid, w.word
				ORDER BY n DESC, t.wordid
				LIMIT 5`, word, word)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, r := range testsite.Get[relatedTags](t, s, "/v1/tags/"+tag+"/related").Items {
				got = append(got, fmt.Sprint(r.Tag, r.Together))
			}
			testsite.Same(t, tag, got, want)
			checked += len(got)
		}
		if checked < 10 {
			t.Errorf("only %d related tags were compared", checked)
		}
	})
}

// TestRelatedTagsOfThePlugin checks that, while the job has not run, those tags are shown that the old site's
// plugin has stored, as far as there are such tags.
func TestRelatedTagsOfThePlugin(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After(`INSERT INTO {tagmetas} (tag, title, content)
			VALUES ('queen', 'similar_tag_words', 'no-such-tag,varroa,honey,queen-bee')`))
		s.Exec(t, "DELETE FROM {q2ab_related_tags}")
		got := []string{}
		for _, r := range testsite.Get[relatedTags](t, s, "/v1/tags/Queen/related").Items {
			if got = append(got, r.Tag); r.Together != 0 || r.QuestionCount == 0 {
				t.Errorf("%+v", r)
			}
		}
		want := []string{}
		for _, name := range []string{"varroa", "honey"} {
			if s.Scalar(t, "SELECT COUNT(*) FROM {words} WHERE word = ? AND tagcount > 0", name) > 0 {
				want = append(want, name)
			}
		}
		testsite.Same(t, "related tags", got, want)
		if one := testsite.Get[relatedTags](t, s, "/v1/tags/queen/related?limit=1").Items; len(one) != 1 {
			t.Errorf("%d with limit=1", len(one))
		}
		for path, want := range map[string]int{"/v1/tags/no-such-tag/related": http.StatusNotFound,
			"/v1/tags/queen/related?limit=21": http.StatusUnprocessableEntity} {
			if status, body, _ := s.Try(t, testsite.Visitor, "GET", path, nil); status != want {
				t.Errorf("%s: %d %v", path, status, body)
			}
		}
	})
}
