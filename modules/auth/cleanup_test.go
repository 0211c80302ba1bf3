package auth_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/testsite"
)

// TestCleanUp checks that the clean-up job deletes outdated limits, cookies, attempts and sessions, also
// where they take several batches, and nothing else.
func TestCleanUp(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		now := time.Unix(1796126400, 0)
		s := testsite.New(t, db, testsite.At(&now))
		hour := now.Unix() / 3600
		exec := func(query string, args ...any) {
			t.Helper()
			if _, err := s.App.DB.Exec(context.Background(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		for _, table := range []string{
			"userlimits", "iplimits", "cookies", "q2ab_attempts", "q2ab_sessions", "q2ab_tickets",
		} {
			exec("DELETE FROM {" + table + "}")
		}
		exec(`INSERT INTO {userlimits} (userid, action, period, count)
			VALUES (16, 'A', ?, 1), (16, 'Q', ?, 1), (17, 'A', ?, 1)`, hour, hour-2, hour-1)
		var rows []string
		var args []any
		for i := range 2500 {
			rows = append(rows, "(?, 'V', ?, 1)")
			args = append(args, []byte{10, 0, byte(i >> 8), byte(i)}, hour-2-int64(i%5))
		}
		exec("INSERT INTO {iplimits} (ip, action, period, count) VALUES (?, 'V', ?, 3), "+
			strings.Join(rows, ", "), append([]any{[]byte{10, 1, 0, 0}, hour}, args...)...)
		day := int64(24 * 3600)
		for i, c := range []struct {
			created, written int64
		}{{now.Unix() - 367*day, 0}, {now.Unix() - 365*day, 0}, {now.Unix() - 900*day, now.Unix() - 3*day}, {now.Unix() - 900*day, now.Unix() - 367*day}} {
			written := any(nil)
			if c.written > 0 {
				written = c.written
			}
			exec(fmt.Sprintf(`INSERT INTO {cookies} (cookieid, created, createip, written)
				VALUES (%d, FROM_UNIXTIME(?), ?, FROM_UNIXTIME(?))`,
				1000+i), c.created, []byte{10, 0, 0, 1}, written)
		}
		exec("INSERT INTO {q2ab_attempts} (id, period, count) VALUES (?, ?, 1), (?, ?, 1)",
			[]byte(strings.Repeat("a", 32)), hour, []byte(strings.Repeat("b", 32)), hour-3)
		exec(`INSERT INTO {q2ab_sessions} (id, family, userid, stamp, started, expires)
			VALUES (?, ?, 16, ?, 1, ?), (?, ?, 16, ?, 1, ?)`,
			[]byte(strings.Repeat("a", 32)), []byte(strings.Repeat("a", 16)), []byte(strings.Repeat("a", 16)),
			now.Unix()+1,
			[]byte(strings.Repeat("b", 32)), []byte(strings.Repeat("b", 16)), []byte(strings.Repeat("b", 16)),
			now.Unix())
		exec(`INSERT INTO {q2ab_tickets} (id, userid, session, level, expires)
			VALUES (?, 16, '', 0, ?), (?, 16, '', 0, ?)`, []byte(strings.Repeat("a", 32)), now.Unix()+1,
			[]byte(strings.Repeat("b", 32)), now.Unix())
		for range 2 {
			testsite.RunJob(t, s.App, "clean-up")
			for query, want := range map[string]int{
				"SELECT COUNT(*) FROM {userlimits}": 2, "SELECT COUNT(*) FROM {iplimits}": 1, "SELECT COUNT(*) FROM {iplimits} WHERE count = 3": 1,
				"SELECT COUNT(*) FROM {cookies}": 2, "SELECT COUNT(*) FROM {cookies} WHERE cookieid IN (1001, 1002)": 2,
				"SELECT COUNT(*) FROM {q2ab_attempts}": 1, "SELECT COUNT(*) FROM {q2ab_sessions}": 1, "SELECT COUNT(*) FROM {q2ab_tickets}": 1,
			} {
				if n := s.Scalar(t, query); n != want {
					t.Errorf("%s: %d, want %d", query, n, want)
				}
			}
		}
	})
}
