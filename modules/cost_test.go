package modules_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// statements counts what one request sends to the database; cold means with nothing cached.
func statements(t *testing.T, s *testSite, path string, header ...string) []string {
	t.Helper()
	ctx, counter := database.CountStatements(context.Background())
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody).WithContext(ctx)
	r.Header.Set("User-Agent", "q2ab-test")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.app.Server.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return counter.Queries()
}

// TestStatementsPerRequest holds the number of statements, with options and categories to be read as well.
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
			s := openSite(t, importSQLite(t, "small"), nil) // nothing cached yet
			got := statements(t, s, path)
			if len(got) > limit {
				t.Errorf("%d statements, at most %d:\n%s", len(got), limit, strings.Join(got, "\n"))
			}
		})
	}
}

// TestStatementsDoNotGrow: a thread with nine answers takes as many statements as one without any.
func TestStatementsDoNotGrow(t *testing.T) {
	t.Parallel()
	s := openSite(t, importSQLite(t, "small"), nil)
	statements(t, s, "/v1/questions")
	large, small := statements(t, s, "/v1/questions/323?include=answers,comments"), statements(t, s, "/v1/questions/388?include=answers,comments")
	if len(large) != len(small) || len(large) > 1+2 { // one, and now and then options and categories
		t.Errorf("%d statements for a large thread, %d for an empty one", len(large), len(small))
	}
}

// TestDeepPagesReadNoMoreRows shows by the server's own counters that the 5,000th page of the newest list costs what the
// first costs.
func TestDeepPagesReadNoMoreRows(t *testing.T) { // not in parallel: the counters are the whole server's
	testServers(t, func(t *testing.T, s *testSite) {
		ctx := context.Background()
		const questions = 100_010
		var values []string
		for i := range questions {
			values = append(values, fmt.Sprintf("('Q', 1, 1, FROM_UNIXTIME(%d), '', 'q', '', %d, 'x')", 1_000_000_000+i/2, i)) // two in each second
			if len(values) == 5000 || i == questions-1 {
				if _, err := s.app.DB.Exec(ctx, "INSERT INTO {posts} (type, categoryid, catidpath1, created, format, title, content, hotness, tags) VALUES "+strings.Join(values, ",")); err != nil {
					t.Fatal(err)
				}
				values = values[:0]
			}
		}
		if err := s.app.DB.Select(ctx, func(*sql.Rows) error { return nil }, "ANALYZE TABLE {posts}"); err != nil {
			t.Fatal(err)
		}
		for _, sort := range []string{"recent", "votes", "hot"} {
			first := rowsRead(t, s, "/v1/questions?limit=20&sort="+sort)
			// The cursor of page 5,000 is that of the page at its place, reached in steps of 100.
			cursor := ""
			for range 999 {
				cursor = get[list[question]](t, s, "/v1/questions?limit=100&sort="+sort+cursor).NextCursor
				if cursor == "" {
					t.Fatal("the list ends too early")
				}
				cursor = "&cursor=" + url.QueryEscape(cursor)
			}
			deep := rowsRead(t, s, "/v1/questions?limit=20&sort="+sort+cursor)
			t.Logf("%s: %d rows read for page 1, %d for page 5,000", sort, first, deep)
			// One range of the index for each column of the order, each of 21 entries, which are merged and looked up.
			if deep > 3*first+100 {
				t.Errorf("%s: page 5,000 reads %d rows, page 1 %d", sort, deep, first)
			}
		}
	})
}

// rowsRead is the number of rows that the server read for a request.
func rowsRead(t *testing.T, s *testSite, path string) int {
	t.Helper()
	read := func() int {
		total := 0
		err := s.app.DB.Select(context.Background(), func(rows *sql.Rows) error {
			var name string
			var count int
			err := rows.Scan(&name, &count)
			if strings.HasPrefix(name, "Handler_read") {
				total += count
			}
			return err
		}, "SHOW GLOBAL STATUS LIKE 'Handler_read%'")
		if err != nil {
			t.Fatal(err)
		}
		return total
	}
	get[list[question]](t, s, path) // options and categories are cached now
	// The counters are the whole server's, and other packages' tests are at work on it: they add to some of the tries.
	asking, both := math.MaxInt, math.MaxInt
	for range 7 {
		before := read()
		asking = min(asking, read()-before)
		before = read()
		get[list[question]](t, s, path)
		both = min(both, read()-before)
		time.Sleep(20 * time.Millisecond)
	}
	return both - asking
}
