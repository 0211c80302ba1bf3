package jobs

import (
	"context"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
)

// patient is how long a test waits for something before it fails.
const patient = 30 * time.Second

// site is an empty database with this backend's own tables.
type site struct{ url string }

// onDatabases runs a test on SQLite and, where TEST_DATABASE_URL names a server, there too.
func onDatabases(t *testing.T, test func(t *testing.T, s site)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, url string) {
		s := site{url}
		s.prepare(t)
		test(t, s)
	})
}

// prepare makes this backend's tables, and the table effects, into which the tests' jobs write.
func (s site) prepare(t *testing.T) {
	t.Helper()
	db := s.openAt(t, nil)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(),
		"CREATE TABLE {effects} (due BIGINT NOT NULL, note VARCHAR(100) NOT NULL)"); err != nil {
		t.Fatal(err)
	}
}

// openAt returns a connection pool of its own, as another process would have, with the given clock.
func (s site) openAt(t *testing.T, clock database.Clock) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(),
		database.Settings{URL: s.url, Prefix: "qa_", MaxConnections: 8, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// count returns the number that a SELECT COUNT query reads.
func count(t *testing.T, db *database.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if _, err := db.Get(context.Background(), []any{&n}, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patient); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("it did not happen: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
