package qa_test

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// bruteForce is Q2A's scoring in one SQL statement, for words that are not ignored.
const bruteForce = `SELECT x.question,
		SUM(x.score) + 2 * LN(10000) * (MAX(p.hotness) - r.lowest) / (r.highest - r.lowest)
			+ LN(x.question) / 1e6 AS total
	FROM (
		SELECT t.postid AS question, LN(10000 / (w.titlecount + 0e0)) AS score
		FROM {words} w
		JOIN {titlewords} t ON t.wordid = w.wordid
		WHERE w.word IN ?
		UNION ALL SELECT c.questionid, (1 - 1 / (1e0 + c.count)) * LN(10000 / (w.contentcount + 0e0))
			* (CASE c.type WHEN 'Q' THEN 1e0 WHEN 'A' THEN 0.5e0 ELSE 0.25e0 END)
		FROM {words} w
		JOIN {contentwords} c ON c.wordid = w.wordid
		WHERE w.word IN ?
		UNION ALL SELECT g.postid, 2 * LN(10000 / (w.tagwordcount + 0e0))
		FROM {words} w
		JOIN {tagwords} g ON g.wordid = w.wordid
		WHERE w.word IN ?
	) x
	JOIN {posts} p ON p.postid = x.question AND p.type = 'Q'
	CROSS JOIN (SELECT MIN(hotness) AS lowest, MAX(hotness) AS highest FROM {posts} WHERE type = 'Q') r
	GROUP BY x.question, r.lowest, r.highest
	ORDER BY total DESC, x.question DESC
	LIMIT 40`

// TestSearchOfManyCandidates checks that searches for words in hundreds of questions, for which the search
// takes shortcuts, give Q2A's results page by page, and that they show at once what the old site writes.
func TestSearchOfManyCandidates(t *testing.T) {
	t.Parallel()
	for name, stored := range map[string]bool{"the index": false, "stored postings": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testsite.New(t, testsite.On("sqlite:"+seeded(t)))
			if stored {
				testsite.RunJob(t, s.App, "postings")
			}
			searchOfManyCandidates(t, s)
		})
	}
}

// seeded returns the path of a database in which common words are in hundreds of questions.
func seeded(t *testing.T) string {
	t.Helper()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "seeded.sqlite")
	db, err := database.Open(ctx, database.Settings{URL: "sqlite:" + path, Prefix: "qa_"})
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Seed(ctx, db, demo.SeedOptions{Questions: 900, Seed: 7}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func searchOfManyCandidates(t *testing.T, s *testsite.Site) {
	t.Helper()
	ctx := context.Background()
	for _, query := range [][]string{{"蜂"}, {"巣", "箱"}, {"蜂", "の", "越"}} {
		var want []int
		err := s.App.DB.Select(ctx, func(rows *sql.Rows) error {
			var id int
			var score float64
			err := rows.Scan(&id, &score)
			want = append(want, id)
			return err
		}, bruteForce, query, query, query)
		if err != nil {
			t.Fatal(err)
		}
		path := "/v1/search?q=" + url.QueryEscape(strings.Join(query, " "))
		for range 2 { // from the database, then from memory
			got := walk(t, s, path, 40)
			testsite.Same(t, strings.Join(query, " "), testsite.IDs(got)[:40], want)
		}
		if total := testsite.Get[testsite.List[testsite.Question]](t, s, path).Total; *total <= 500 {
			t.Errorf("%v: only %d candidates, the shortcuts were not taken", query, *total)
		}
	}
	const word = "蜂"
	found := func() (withNew bool, total int) {
		all := testsite.IDs(walk(t, s, "/v1/search?q="+url.QueryEscape(word), 2000))
		return slices.Contains(all, 99000), len(all)
	}
	_, before := found()
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := s.App.DB.Exec(ctx, query, args...); err != nil {
			t.Fatal(err)
		}
	}
	// A new question that the old site has written.
	exec(`INSERT INTO {posts} (postid, type, created, format, title, content, hotness)
		SELECT 99000, 'Q', '2026-12-01 00:00:00', '', '蜂', '蜂', MAX(hotness)
		FROM {posts}`)
	exec("INSERT INTO {titlewords} (postid, wordid) SELECT 99000, wordid FROM {words} WHERE word = ?", word)
	exec(`INSERT INTO {contentwords} (postid, wordid, count, type, questionid)
		SELECT 99000, wordid, 200, 'Q', 99000
		FROM {words}
		WHERE word = ?`, word)
	exec("UPDATE {words} SET titlecount = titlecount + 1, contentcount = contentcount + 1 WHERE word = ?",
		word)
	if withNew, total := found(); !withNew || total != before+1 {
		t.Errorf("a new question: %v, %d found; before %d", withNew, total, before)
	}
	// An edit that takes the word out of one question and puts it into another, so that no count changes.
	exec("UPDATE {contentwords} SET postid = 1, questionid = 1 WHERE postid = 99000")
	exec("DELETE FROM {titlewords} WHERE postid = 99000")
	exec("INSERT INTO {titlewords} (postid, wordid) SELECT 1, wordid FROM {words} WHERE word = ?", word)
	exec("UPDATE {posts} SET updated = '2026-12-01 00:00:05', updatetype = 'E' WHERE postid IN (1, 99000)")
	if withNew, _ := found(); withNew {
		t.Error("an edited question is still found")
	}
}

// TestStoredPostings checks that searches use the stored postings of common words as long as these agree with
// the counts of the words, and the word index for posts that have changed since.
func TestStoredPostings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := testsite.New(t, testsite.On("sqlite:"+seeded(t)))
	const word = "蜂"
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := s.App.DB.Exec(ctx, query, args...); err != nil {
			t.Fatal(err)
		}
	}
	// Each search is the first one of a new server, which has nothing in memory.
	total := func() int {
		t.Helper()
		fresh := testsite.New(t, testsite.On(s.Database))
		path := "/v1/search?q=" + url.QueryEscape(word)
		return *testsite.Get[testsite.List[testsite.Question]](t, fresh, path).Total
	}
	testsite.RunJob(t, s.App, "postings")
	before := total()
	exec("CREATE TABLE hidden_index AS SELECT * FROM {contentwords}")
	exec("DELETE FROM {contentwords}")
	if got := total(); got != before {
		t.Errorf("without the index %d questions are found, want the %d that are stored", got, before)
	}
	exec("INSERT INTO {contentwords} SELECT * FROM hidden_index")
	exec(`INSERT INTO {posts} (postid, type, created, format, title, content, hotness)
		SELECT 99000, 'Q', '2026-12-01 00:00:00', '', '蜂', '蜂', MAX(hotness)
		FROM {posts}`)
	exec("INSERT INTO {titlewords} (postid, wordid) SELECT 99000, wordid FROM {words} WHERE word = ?", word)
	exec("UPDATE {words} SET titlecount = titlecount + 1 WHERE word = ?", word)
	if got := total(); got != before+1 {
		t.Errorf("with a new question %d questions are found, want %d", got, before+1)
	}
	// A question that is gone leaves no trace but the counts.
	exec("DELETE FROM {titlewords} WHERE postid = 99000")
	exec("DELETE FROM {posts} WHERE postid = 99000")
	exec("UPDATE {words} SET titlecount = titlecount - 1 WHERE word = ?", word)
	if got := total(); got != before {
		t.Errorf("with the question deleted %d questions are found, want %d", got, before)
	}
	// Wrong counts make the stored postings useless, and the next run of the job drops them.
	exec("UPDATE {words} SET titlecount = titlecount + 1 WHERE word = ?", word)
	if got := total(); got != before {
		t.Errorf("with counts that are off %d questions are found, want %d", got, before)
	}
	testsite.RunJob(t, s.App, "postings")
	var rows int
	if _, err := s.App.DB.Get(ctx, []any{&rows}, `SELECT COUNT(*)
		FROM {q2ab_postings} p
		JOIN {words} w ON w.wordid = p.wordid
		WHERE w.word = ?`, word); err != nil || rows != 0 {
		t.Errorf("%d rows of a word whose counts are off, %v", rows, err)
	}
	// Of a word that is too common in contents, only the postings in titles and tags are stored, also if a
	// post with the word in its content has changed since.
	exec("UPDATE {words} SET titlecount = titlecount - 1, contentcount = 10000 WHERE word = ?", word)
	before = total()
	testsite.RunJob(t, s.App, "postings")
	exec("CREATE TABLE hidden_titles AS SELECT * FROM {titlewords}")
	exec("DELETE FROM {titlewords}")
	exec(`UPDATE {posts} SET updated = '2026-12-01 00:00:05'
		WHERE postid = (
			SELECT MAX(c.postid)
			FROM {contentwords} c
			JOIN {words} w ON w.wordid = c.wordid
			LEFT JOIN hidden_titles t ON t.postid = c.postid
			WHERE w.word = '蜂' AND t.postid IS NULL)`)
	if got := total(); got != before {
		t.Errorf("of titles alone %d questions are found, want %d", got, before)
	}
}

func TestSearchAsRecorded(t *testing.T) {
	t.Parallel()
	type search struct {
		Queries []struct {
			Query   string
			Count   int
			Results []struct {
				PostID      int
				Score       float64
				MatchType   string `json:"match_type"`
				MatchPostID int    `json:"match_postid"`
			}
		}
	}
	type found struct {
		testsite.Question
		Match struct {
			ID   int
			Type string
		}
	}
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		recorded := testsite.Recording[search](t, "search")
		if len(recorded.Queries) != 24 {
			t.Fatalf("%d queries", len(recorded.Queries))
		}
		for _, q := range recorded.Queries {
			if strings.TrimSpace(q.Query) == "" {
				continue
			}
			var got []found
			for cursor := ""; ; {
				page := testsite.Get[testsite.List[found]](t, s,
					"/v1/search?limit=6&q="+url.QueryEscape(q.Query)+cursor)
				got = append(got, page.Items...)
				if page.NextCursor == "" {
					break
				}
				cursor = "&cursor=" + page.NextCursor
			}
			if len(got) < len(q.Results) {
				t.Errorf("%q: %d results, want %d", q.Query, len(got), len(q.Results))
				continue
			}
			for i, want := range q.Results {
				if got[i].ID != want.PostID || !near(got[i].Score, want.Score) {
					t.Errorf("%q, place %d: got %d (%v), want %d (%v)", q.Query, i, got[i].ID, got[i].Score,
						want.PostID, want.Score)
				}
				// Of several best matches, Q2A takes the first in the order in which the database happened to
				// return them. So another match than the recorded one is no error.
				if got[i].Match.ID != want.MatchPostID {
					t.Logf("%q, question %d: best match %d, recorded %d", q.Query, want.PostID,
						got[i].Match.ID, want.MatchPostID)
				}
			}
		}
	})
}

// near compares scores that two servers added up in different orders.
func near(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }
