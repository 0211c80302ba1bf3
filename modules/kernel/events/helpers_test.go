package events

import (
	"context"
	"fmt"
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

// prepare makes this backend's tables, and the table effects, into which the tests' consumers write.
func (s site) prepare(t *testing.T) {
	t.Helper()
	db := s.open(t)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(),
		"CREATE TABLE {effects} (seq BIGINT NOT NULL, note VARCHAR(100) NOT NULL)"); err != nil {
		t.Fatal(err)
	}
}

// open returns a connection pool of its own, as another process would have.
func (s site) open(t *testing.T) *database.DB {
	t.Helper()
	return s.openAt(t, nil)
}

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

// happen commits public events about questions with the given ids, each in a transaction of its own.
func happen(t *testing.T, db *database.DB, questions ...int) {
	t.Helper()
	for _, id := range questions {
		err := db.Tx(t.Context(),
			func(tx *database.DB) error { return Append(t.Context(), tx, about(tx, id)) })
		if err != nil {
			t.Fatal(err)
		}
	}
}

func about(tx *database.DB, question int) Event {
	return Event{
		Name: "q_post", At: tx.Now(), Actor: Actor{UserID: 7, Handle: "aki"},
		Params: []Param{{"postid", question}},
		Topics: Topics{Public: true, What: "question", PostID: question, QuestionID: question,
			CategoryIDs: []int{question % 2}, Tags: []string{fmt.Sprint("tag", question)}},
	}
}

// number numbers the events that have no number yet, and returns the last number.
func number(t *testing.T, db *database.DB) int64 {
	t.Helper()
	last, err := Number(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// all returns the events after the one with the number.
func all(t *testing.T, db *database.DB, after int64) []Event {
	t.Helper()
	list, err := Read(t.Context(), db, after, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return list
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
