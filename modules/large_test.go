package modules_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"38qa.net/backend/modules/testsite"
)

// TestLargeListsReadFewRows checks by the database server's own counters that the list of users and the lists
// of recent activity read only some of the rows of a large site.
func TestLargeListsReadFewRows(t *testing.T) {
	t.Parallel()
	testsite.OnServer(t, func(t *testing.T, s *testsite.Site) {
		const many = 6000
		insert := func(into string, row func(i int) string) {
			var rows []string
			for i := range many {
				rows = append(rows, row(i))
			}
			s.Exec(t, "INSERT INTO "+into+" VALUES "+strings.Join(rows, ", "))
		}
		insert(`{users} (userid, created, createip, email, handle, level, flags, wallposts, loggedin,
			loginip)`, func(i int) string {
			return fmt.Sprintf(
				"(%d, FROM_UNIXTIME(%d), 'abcd', '', 'u%d', 0, 0, 0, FROM_UNIXTIME(1000000000), 'abcd')",
				1000+i, 1_000_000_000+i, i)
		})
		insert("{userpoints} (userid, points)",
			func(i int) string { return fmt.Sprintf("(%d, %d)", 1000+i, 10*(i*7919%many/9)) })
		insert(`{posts} (postid, type, categoryid, catidpath1, created, updated, updatetype, format, title,
			content, tags)`, func(i int) string {
			return fmt.Sprintf("(%d, 'Q', 1, 1, FROM_UNIXTIME(%d), FROM_UNIXTIME(%d), 'E', '', 'q', '', 'x')",
				100_000+i, 1_000_000_000+i, 1_700_000_000+i*7919%many)
		})
		if err := s.App.DB.Select(t.Context(), func(*sql.Rows) error { return nil },
			"ANALYZE TABLE {posts}, {users}, {userpoints}"); err != nil {
			t.Fatal(err)
		}
		for path, most := range map[string]int{
			"/v1/users":                          500,
			"/v1/activity?kind=edits":            800,
			"/v1/activity":                       2500,
			"/v1/activity?kind=edits&category=1": 800,
		} {
			if n := s.RowsRead(t, path); n > most {
				t.Errorf("GET %s reads %d rows, at most %d are expected of %d", path, n, most, many)
			}
		}
	})
}
