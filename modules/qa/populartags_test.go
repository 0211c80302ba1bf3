package qa_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestPopularTags checks the tags of a time against a plain count, for a short and for a long time, on one page
// and on many.
func TestPopularTags(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		var newest int64
		now := time.Now()
		s := testsite.New(t, db, testsite.At(&now))
		if _, err := s.App.DB.Get(t.Context(), []any{&newest},
			"SELECT UNIX_TIMESTAMP(MAX(postcreated)) FROM {posttags}"); err != nil {
			t.Fatal(err)
		}
		now = time.Unix(newest, 0).Add(time.Hour)
		for name, since := range map[string]time.Time{
			"a month": now.AddDate(0, -1, 0), "ten years": now.AddDate(-10, 0, 0), "the future": now.AddDate(0, 1, 0),
		} {
			hour := since.Truncate(time.Hour)
			want := []string{}
			err := s.App.DB.Select(t.Context(), func(r *sql.Rows) error {
				var word string
				var n, all int
				err := r.Scan(&word, &n, &all)
				want = append(want, fmt.Sprint(word, " ", n, " ", all))
				return err
			}, `SELECT w.word, COUNT(*) AS n, w.tagcount
				FROM {posttags} t
				JOIN {words} w ON w.wordid = t.wordid
				WHERE t.postcreated >= FROM_UNIXTIME(?)
				GROUP BY w.wordid, w.word, w.tagcount
				ORDER BY n DESC, w.wordid DESC`, hour.Unix())
			if err != nil {
				t.Fatal(err)
			}
			for _, size := range []int{100, 3} {
				got := []string{}
				for cursor := ""; ; {
					page := testsite.Get[struct {
						Items []struct {
							Tag                        string
							RecentCount, QuestionCount int
						}
						NextCursor string
						Total      int
					}](t, s, fmt.Sprintf("/v1/tags?since=%s&limit=%d%s",
						url.QueryEscape(since.Format(time.RFC3339)), size, cursor))
					for _, i := range page.Items {
						got = append(got, fmt.Sprint(i.Tag, " ", i.RecentCount, " ", i.QuestionCount))
					}
					if page.Total != len(want) {
						t.Errorf("%s: %d in all, want %d", name, page.Total, len(want))
					}
					if page.NextCursor == "" {
						break
					}
					cursor = "&cursor=" + page.NextCursor
				}
				testsite.Same(t, name, got, want)
			}
		}
	})
}

// TestListsOfTagsSayWhatIsFollowed checks that the tags of a time and related tags say whether the caller
// follows them, and nothing of it to visitors.
func TestListsOfTagsSayWhatIsFollowed(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		s := testsite.New(t, db, testsite.After("DELETE FROM {userfavorites} WHERE userid = 17",
			`INSERT INTO {userfavorites} (userid, entitytype, entityid, nouserevents)
				SELECT 17, 'T', wordid, 0 FROM {words} WHERE word = 'honey' AND tagcount > 0`,
			`INSERT INTO {tagmetas} (tag, title, content) VALUES ('meta', 'similar_tag_words', 'honey,varroa')`))
		type list = testsite.List[struct {
			Tag        string
			IsFavorite *bool
		}]
		s.Exec(t, "DELETE FROM {q2ab_related_tags}")
		s.Exec(t, `INSERT INTO {q2ab_related_tags} (wordid, relatedid, together)
			SELECT a.wordid, b.wordid, 1
			FROM {words} a, {words} b
			WHERE a.word = 'queen' AND a.tagcount > 0 AND b.word IN ('honey', 'varroa') AND b.tagcount > 0`)
		for _, path := range []string{
			"/v1/tags?limit=100&since=2001-01-01T00:00:00Z", "/v1/tags/queen/related", "/v1/tags/meta/related",
		} {
			found := false
			for _, i := range testsite.GetAs[list](t, s, path, testsite.Lurker).Items {
				found = found || i.Tag == "honey"
				if i.IsFavorite == nil || *i.IsFavorite != (i.Tag == "honey") {
					t.Errorf("%s: %s: %v", path, i.Tag, i.IsFavorite)
				}
			}
			if !found {
				t.Errorf("%s: the tag that is followed is not there", path)
			}
			for _, i := range testsite.Get[list](t, s, path).Items {
				if i.IsFavorite != nil {
					t.Errorf("%s: a visitor is told of %s", path, i.Tag)
				}
			}
		}
	})
}

func TestBadPopularTags(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	first := testsite.Get[testsite.List[struct{ Tag string }]](t, s, "/v1/tags?limit=1").NextCursor
	for query, want := range map[string]string{
		"since=yesterday": "since", "since=2026-13-01T00:00:00Z": "since", "since=0001-01-01T00:00:00Z": "since",
		"since=2026-01-01T00:00:00Z&sort=name": "sort", "since=2026-01-01T00:00:00Z&prefix=q": "prefix",
		"since=2026-01-01T00:00:00Z&cursor=" + first: "",
	} {
		status, body, _ := s.Try(t, testsite.Visitor, "GET", "/v1/tags?"+query, nil)
		if want == "" {
			if body["code"] != "invalid_cursor" {
				t.Errorf("%s: %d %v", query, status, body)
			}
			continue
		}
		errors, _ := body["errors"].([]any)
		if status != http.StatusUnprocessableEntity || len(errors) != 1 || errors[0].(map[string]any)["field"] != want {
			t.Errorf("%s: %d %v", query, status, body)
		}
	}
}
