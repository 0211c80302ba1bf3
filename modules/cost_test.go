package modules_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestStatementsPerRequest checks how many SQL statements a request takes at most on a site that has nothing
// cached yet, so that options and categories have to be read as well.
func TestStatementsPerRequest(t *testing.T) {
	t.Parallel()
	for path, limit := range map[string]int{
		"/v1/questions": 3, "/v1/questions?sort=votes&unanswered=selected": 3, "/v1/questions?category=nihon-mitsubachi/kanri": 3,
		"/v1/questions?tag=queen": 3, "/v1/questions?author=aki&include=permissions": 3,
		"/v1/questions/323?include=answers,comments": 4, "/v1/questions/1?include=answers,comments,permissions,related": 5,
		"/v1/search?q=" + url.QueryEscape("日本ミツバチ 巣箱"): 7, "/v1/tags": 2, "/v1/categories": 1, "/v1/activity": 5, "/v1/users": 4, "/v1/badges": 3,
		"/v1/questions?tag=queen&sort=votes": 4, "/sitemap.xml": 9, "/sitemap-questions-0.xml": 3,
	} {
		t.Run(path, func(t *testing.T) {
			s := testsite.New(t) // nothing cached yet
			got := s.Statements(t, path)
			if len(got) > limit {
				t.Errorf("%d statements, at most %d:\n%s", len(got), limit, strings.Join(got, "\n"))
			}
		})
	}
}

// TestStatementsDoNotGrow checks that a thread with nine answers takes as many statements as a thread without
// any.
func TestStatementsDoNotGrow(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	s.Statements(t, "/v1/questions")
	large, small := s.Statements(t, "/v1/questions/323?include=answers,comments"),
		s.Statements(t, "/v1/questions/388?include=answers,comments")
	// A thread takes one statement, and sometimes those for options and categories.
	if len(large) != len(small) || len(large) > 1+2 {
		t.Errorf("%d statements for a large thread, %d for an empty one", len(large), len(small))
	}
}

// TestDeepPagesReadNoMoreRows checks by the database server's own counters that page 5,000 of a list of
// questions reads at most a few times as many rows as page 1.
func TestDeepPagesReadNoMoreRows(t *testing.T) {
	t.Parallel()
	testsite.OnServer(t, func(t *testing.T, s *testsite.Site) {
		ctx := context.Background()
		const questions = 100_010
		var values []string
		for i := range questions {
			// Two questions are written in each second.
			values = append(values,
				fmt.Sprintf("('Q', 1, 1, FROM_UNIXTIME(%d), '', 'q', '', %d, 'x')", 1_000_000_000+i/2, i))
			if len(values) == 5000 || i == questions-1 {
				if _, err := s.App.DB.Exec(ctx, `INSERT INTO {posts} (type, categoryid, catidpath1, created,
						format, title, content, hotness, tags)
					VALUES `+strings.Join(values, ",")); err != nil {
					t.Fatal(err)
				}
				values = values[:0]
			}
		}
		if err := s.App.DB.Select(ctx, func(*sql.Rows) error { return nil },
			"ANALYZE TABLE {posts}"); err != nil {
			t.Fatal(err)
		}
		for _, sort := range []string{"recent", "votes", "hot"} {
			first := s.RowsRead(t, "/v1/questions?limit=20&sort="+sort)
			// The cursor of page 5,000 is that of the page at its place, reached in steps of 100.
			cursor := ""
			for range 999 {
				cursor = testsite.Get[testsite.List[testsite.Question]](t, s,
					"/v1/questions?limit=100&sort="+sort+cursor).NextCursor
				if cursor == "" {
					t.Fatal("the list ends too early")
				}
				cursor = "&cursor=" + url.QueryEscape(cursor)
			}
			deep := s.RowsRead(t, "/v1/questions?limit=20&sort="+sort+cursor)
			t.Logf("%s: %d rows read for page 1, %d for page 5,000", sort, first, deep)
			// The server reads one range of the index for each column of the order, merges the ranges of 21
			// entries each, and looks up the rows.
			if deep > 3*first+100 {
				t.Errorf("%s: page 5,000 reads %d rows, page 1 %d", sort, deep, first)
			}
		}
	})
}
