package testsite

import (
	"compress/gzip"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
)

// A Database is a recorded site on one kind of database. As an [Option] it opens a site on a copy that
// belongs to the test alone.
type Database struct {
	dump     string
	onServer bool
}

// The recorded sites. Those on a server need TEST_DATABASE_URL.
var (
	SQLite        = Database{dump: "small"}
	SQLiteUTF8MB4 = Database{dump: "small-utf8mb4"}
	Server        = Database{dump: "small", onServer: true}
	ServerUTF8MB4 = Database{dump: "small-utf8mb4", onServer: true}
)

// templates are the recorded sites by the names of their dumps. The tests of each package fill them once.
var templates = map[string]*databasetest.Template{
	"small":         {Charset: "utf8mb3", Fill: fillFrom("small")},
	"small-utf8mb4": {Charset: "utf8mb4", Fill: fillFrom("small-utf8mb4")},
}

// Copy makes a copy of the recorded site for the test alone, and returns its address.
func (d Database) Copy(t testing.TB) string {
	t.Helper()
	if d.onServer {
		needServer(t)
		return templates[d.dump].ServerCopy(t)
	}
	return templates[d.dump].SQLiteCopy(t)
}

func (d Database) apply(t testing.TB, s *settings) {
	t.Helper()
	s.cfg.DatabaseURL = d.Copy(t)
}

// Present returns a database that is available: one on the server of TEST_DATABASE_URL if that is set, or
// else one in SQLite.
func Present() Database {
	if os.Getenv("TEST_DATABASE_URL") != "" {
		return Server
	}
	return SQLite
}

// OnEachDatabase runs a test in parallel on SQLite or, if TEST_DATABASE_URL names a server on which it may
// create databases, on both recorded sites there instead.
// They differ in the character set of their tables; with TEST_SITES=utf8mb3 or utf8mb4 only the one with that
// set is used.
func OnEachDatabase(t *testing.T, test func(t *testing.T, db Database)) {
	t.Helper()
	databases := map[string]Database{"sqlite": SQLite}
	if os.Getenv("TEST_DATABASE_URL") != "" {
		databases = map[string]Database{"small": Server, "small-utf8mb4": ServerUTF8MB4}
		switch os.Getenv("TEST_SITES") {
		case "utf8mb3":
			delete(databases, "small-utf8mb4")
		case "utf8mb4":
			delete(databases, "small")
		}
	}
	for name, db := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, db)
		})
	}
}

// OnEachSite is like [OnEachDatabase], with a site that is already open.
func OnEachSite(t *testing.T, test func(t *testing.T, s *Site)) {
	t.Helper()
	OnEachDatabase(t, func(t *testing.T, db Database) { test(t, New(t, db)) })
}

// OnServer runs a test on the database server of TEST_DATABASE_URL, and skips it if there is none.
func OnServer(t *testing.T, test func(t *testing.T, s *Site)) {
	t.Helper()
	test(t, New(t, Server))
}

func needServer(t testing.TB) {
	t.Helper()
	if os.Getenv("TEST_DATABASE_URL") == "" {
		t.Skip("needs a MySQL or MariaDB server: set TEST_DATABASE_URL (.ci/run starts one)")
	}
}

// fillFrom returns a function that loads a dump into an empty database and makes this backend's tables beside
// those of Q2A.
func fillFrom(dump string) func(ctx context.Context, url string) error {
	return func(ctx context.Context, url string) error {
		text, err := OpenDump(dump)
		if err != nil {
			return err
		}
		onSQLite := strings.HasPrefix(url, "sqlite:")
		if !onSQLite {
			statements, err := io.ReadAll(text)
			if err != nil {
				return err
			}
			if err := databasetest.Feed(ctx, url, string(statements)); err != nil {
				return err
			}
		}
		db, err := database.Open(ctx, database.Settings{URL: url, Prefix: "qa_", Importing: onSQLite})
		if err != nil {
			return err
		}
		defer db.Close()
		if onSQLite {
			if _, err := db.ImportDump(ctx, text, database.Import{}); err != nil {
				return err
			}
		}
		return db.Migrate(ctx)
	}
}

// OpenDump opens the dump of a recorded site: "small" or "small-utf8mb4".
func OpenDump(name string) (io.Reader, error) {
	file, err := os.Open(Testdata("oracle", name+".sql.gz"))
	if err != nil {
		return nil, err
	}
	return gzip.NewReader(file)
}
