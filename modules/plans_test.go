package modules_test

import (
	"database/sql"
	"regexp"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// readsAllQuestions matches a step of SQLite's plan that goes through all posts of a type.
var readsAllQuestions = regexp.MustCompile(`^SEARCH \S+ USING (COVERING )?INDEX \S+ \(type=\?\)$`)

// TestPlansOfSQLite checks that no statement of a read makes SQLite go through all questions to find some of
// them. Statements with a LIMIT, which go through an index in its order, are excepted: SQLite's planner knows
// no counts of rows and can be wrong about joins.
func TestPlansOfSQLite(t *testing.T) {
	t.Parallel()
	s := testsite.New(t)
	explained := 0
	for _, path := range []string{
		"/v1/questions", "/v1/questions?sort=votes&unanswered=selected",
		"/v1/questions?category=nihon-mitsubachi/kanri", "/v1/questions?tag=queen",
		"/v1/questions?author=aki&include=permissions", "/v1/questions/323?include=answers,comments",
		"/v1/questions/1?include=answers,comments,permissions,related", "/v1/search?q=queen+water+aki",
		"/v1/tags", "/v1/categories", "/v1/activity", "/v1/users", "/v1/users/aki", "/v1/badges",
		"/v1/questions?tag=queen&sort=votes", "/feed/questions.rss",
	} {
		t.Run(path, func(t *testing.T) {
			for _, query := range s.Statements(t, path) {
				var values []any
				for _, before := range strings.SplitAfter(query, "?") {
					switch {
					case strings.HasSuffix(before, "IN ?"):
						values = append(values, []int{1})
					case strings.HasSuffix(before, "?"):
						values = append(values, 1)
					}
				}
				err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
					var id, parent, unused int
					var step string
					err := rows.Scan(&id, &parent, &unused, &step)
					if readsAllQuestions.MatchString(step) && !strings.Contains(query, "LIMIT") &&
						!strings.Contains(query, "MIN(hotness)") {
						t.Errorf("%s\n%s", step, query)
					}
					explained++
					return err
				}, "EXPLAIN QUERY PLAN "+query, values...)
				if err != nil {
					t.Errorf("%v\n%s", err, query)
				}
			}
		})
	}
	if explained < 100 {
		t.Errorf("%d steps of plans have been looked at", explained)
	}
}
