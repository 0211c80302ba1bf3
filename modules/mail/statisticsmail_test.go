package mail

import (
	"fmt"
	"testing"
)

// TestNoticesRead checks the figures of the old site's notices: by their age, and none without the table.
func TestNoticesRead(t *testing.T) {
	t.Parallel()
	onDatabases(t, func(t *testing.T, p place) {
		db := p.open(t, nil)
		m := moduleOn(t, db, Settings{})
		expect := func(what, want string) {
			t.Helper()
			list, err := m.noticesRead(t.Context())
			if got := fmt.Sprint(list); err != nil || got != want {
				t.Errorf("%s: %s %v, expected %s", what, got, err, want)
			}
		}
		expect("without the table", "[]")
		mustExec(t, db, "CREATE TABLE {sn_notice} (noticeid INTEGER, userid INTEGER, read_flag INTEGER, created DATETIME)")
		expect("without notices", "[{noticesRead12To24hRate } {noticesRead24To48hRate }]")
		for i, n := range []struct{ minutesAgo, read int }{
			{11 * 60, 1}, // too new
			{12*60 + 5, 1}, {18 * 60, 0}, {23*60 + 55, 0},
			{24*60 + 5, 1}, {36 * 60, 2}, {47*60 + 55, 0}, {47 * 60, 1},
			{49 * 60, 0}, // too old
		} {
			mustExec(t, db, "INSERT INTO {sn_notice} (noticeid, userid, read_flag, created) VALUES (?, 2, ?, FROM_UNIXTIME(?))",
				i+1, n.read, db.Now()-int64(n.minutesAgo)*60)
		}
		expect("with notices", "[{noticesRead12To24hRate 33.3} {noticesRead24To48hRate 75.0}]")
	})
}
