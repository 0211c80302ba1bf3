package testsite

import (
	"database/sql"
	"math"
	"testing"
)

// OneSession limits the site to one connection to the database, so that what a test sets and counts in that
// session concerns this site alone: a server has sessions of other tests, too.
func (s *Site) OneSession(t testing.TB) {
	t.Helper()
	pool := s.App.DB.Pool()
	pool.SetMaxOpenConns(1)
	pool.SetConnMaxLifetime(0)
	pool.SetConnMaxIdleTime(0)
	if err := pool.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// SessionStatus returns the counters of a MySQL or MariaDB session whose names begin with one of the
// prefixes. [Site.OneSession] must be called before.
func (s *Site) SessionStatus(t testing.TB, prefixes ...string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, prefix := range prefixes {
		err := s.App.DB.Select(t.Context(), func(rows *sql.Rows) error {
			var name string
			var count int
			err := rows.Scan(&name, &count)
			found[name] = count
			return err
		}, "SHOW SESSION STATUS LIKE '"+prefix+"%'")
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// RowsRead returns how many rows a MySQL or MariaDB server reads for a GET request.
func (s *Site) RowsRead(t testing.TB, path string) int {
	t.Helper()
	s.OneSession(t)
	read := func() (total int) {
		for _, count := range s.SessionStatus(t, "Handler_read") {
			total += count
		}
		return total
	}
	rows := math.MaxInt
	for range 3 { // some of the requests read the site's options and categories again
		before := read()
		asking := read() - before
		before = read()
		Get[any](t, s, path)
		rows = min(rows, read()-before-asking)
	}
	return rows
}
