package modules_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/testsite"
)

// TestReadsWriteNothing sends every request that reads, with a robot's User-Agent, as a visitor and as the
// super administrator, and checks that no row of Q2A's tables has changed.
func TestReadsWriteNothing(t *testing.T) {
	t.Parallel()
	testsite.OnEachSite(t, func(t *testing.T, s *testsite.Site) {
		before := contents(t, s)
		walked := 0
		for path, item := range s.App.Server.API().OpenAPI().Paths {
			if item.Get == nil {
				continue
			}
			for _, user := range []int{0, testsite.Superbee} {
				s.Request(t, http.MethodGet, fillPath(path)+requiredParams(item.Get, ""), user)
				walked++
			}
		}
		for _, path := range []string{
			"/feed/qa.rss", "/sitemap.xml", "/?qa=image&qa_blobid=426476911304401303&qa_size=50", "/1/x",
		} {
			s.Request(t, http.MethodGet, path, testsite.Visitor)
		}
		after := contents(t, s)
		for table, sum := range before {
			if after[table] != sum {
				t.Errorf("reads changed the table %s", table)
			}
		}
		if walked < 70 || len(before) != 31 {
			t.Errorf("walked %d, compared %d tables", walked, len(before))
		}
	})
}

// contents returns a hash of the rows of each of Q2A's tables, whatever the order of the rows.
func contents(t *testing.T, s *testsite.Site) map[string][32]byte {
	t.Helper()
	sums := map[string][32]byte{}
	for _, table := range database.CoreTables() {
		var sum [32]byte
		err := s.App.DB.Select(context.Background(), func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]sql.RawBytes, len(columns))
			places := make([]any, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				return err
			}
			for i, b := range sha256.Sum256(fmt.Appendf(nil, "%q", values)) {
				sum[i] ^= b
			}
			return nil
		}, "SELECT * FROM {"+table+"}")
		if err != nil {
			t.Fatal(err)
		}
		sums[table] = sum
	}
	return sums
}

func TestAnyPrefix(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "other.sqlite")
	db, err := database.Open(context.Background(),
		database.Settings{URL: "sqlite:" + path, Prefix: "forum_", Importing: true})
	if err != nil {
		t.Fatal(err)
	}
	dump, err := testsite.OpenDump("small")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ImportDump(context.Background(), dump, database.Import{Prefix: "qa_"}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := testsite.New(t, testsite.On("sqlite:"+path),
		testsite.Config(func(c *config.Config) { c.TablePrefix = "forum_" }))
	if n := len(testsite.Get[testsite.List[testsite.Question]](t, s,
		"/v1/questions?limit=100").Items); n != 67 {
		t.Errorf("%d questions", n)
	}
	refusedAtStart(t, "sqlite:"+path, `there are some with the prefix "forum_"`)
}

// refusedAtStart expects that the application does not start on a database, and that the error contains the
// message.
func refusedAtStart(t *testing.T, databaseURL, message string) {
	t.Helper()
	cfg := testsite.Settings(t)
	cfg.DatabaseURL = databaseURL
	app, err := modules.New(context.Background(), cfg)
	if err == nil {
		app.Close()
		t.Errorf("it started; expected: %s", message)
	} else if !strings.Contains(err.Error(), message) {
		t.Errorf("message %q; expected: %s", err, message)
	}
}

func TestForeignSchemasAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ change, message string }{
		"other version": {"UPDATE qa_options SET content = '66' WHERE title = 'db_version'", `schema version "66"`},
		"missing table": {"DROP TABLE qa_userlevels", "missing tables: qa_userlevels"},
	} {
		t.Run(name, func(t *testing.T) {
			path := testsite.SQLite.Copy(t)
			testsite.Prepare(t, path, c.change)
			refusedAtStart(t, path, c.message)
		})
	}
	refusedAtStart(t, "sqlite:"+filepath.Join(t.TempDir(), "empty.sqlite"),
		"no Question2Answer tables in this database")
	refusedAtStart(t, "postgres://localhost/x", "mysql://, mariadb:// or sqlite: was expected")
	refusedAtStart(t, "mysql://root@127.0.0.1:1/x", "the database does not answer")
	refusedAtStart(t, "mysql://root:s3cret@127.0.0.1:1/", "names no database")
}

// TestNoSessionState checks that reads send no statement that changes the state of a session, such as a
// prepared one, since RDS Proxy would pin the connection to the client.
func TestNoSessionState(t *testing.T) {
	t.Parallel()
	testsite.OnServer(t, func(t *testing.T, s *testsite.Site) {
		s.OneSession(t)
		counters := []string{
			"Com_stmt_prepare", "Com_stmt_execute", "Com_set_option", "Com_lock_tables", "Com_create_table",
		}
		readAll := func() {
			for path, item := range s.App.Server.API().OpenAPI().Paths {
				if item.Get != nil {
					s.Request(t, http.MethodGet, fillPath(path)+requiredParams(item.Get, ""),
						testsite.Superbee)
				}
			}
		}
		readAll() // makes what a process makes once, in a transaction of its own
		before := s.SessionStatus(t, counters...)
		readAll()
		after := s.SessionStatus(t, counters...)
		for _, name := range counters {
			if count, counted := after[name]; !counted || count != before[name] {
				t.Errorf("%s went from %d to %d", name, before[name], count)
			}
		}
	})
}

// TestDatabaseTimeZone checks that the API tells times in UTC where the database server has another time
// zone, and that cursors work there.
func TestDatabaseTimeZone(t *testing.T) {
	t.Parallel()
	testsite.OnServer(t, func(t *testing.T, s *testsite.Site) {
		s.OneSession(t) // a server's time zone is that of all its sessions
		s.Exec(t, "SET SESSION time_zone = '+09:00'")
		got := testsite.Get[testsite.List[testsite.Question]](t, s, "/v1/questions?limit=5")
		if at := testsite.Unix(got.Items[0].CreatedAt); at != 1792160370-9*3600 {
			t.Errorf("%s", got.Items[0].CreatedAt)
		}
		next := testsite.Get[testsite.List[testsite.Question]](t, s,
			"/v1/questions?limit=5&cursor="+url.QueryEscape(got.NextCursor))
		testsite.Same(t, "the next page", testsite.IDs(next.Items), []int{372, 370, 368, 364, 359})
	})
}

// TestTasksThatStartTogether checks that several processes that start at the same moment on a database
// without this backend's tables all start.
func TestTasksThatStartTogether(t *testing.T) {
	t.Parallel()
	cfg := testsite.Settings(t)
	cfg.DatabaseURL = testsite.Present().Copy(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			app, err := modules.New(context.Background(), cfg)
			if err != nil {
				t.Error(err)
				return
			}
			if err := app.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

// TestTablesOfAnOlderRelease checks that a server that does not make its own tables refuses to start, and says
// what to do, while they are missing or older than the program.
func TestTablesOfAnOlderRelease(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		cfg := testsite.Settings(t)
		cfg.DatabaseURL = db.Copy(t)
		start := func(migrate bool) error {
			cfg.MigrateOnStart = migrate
			app, err := modules.New(t.Context(), cfg)
			if err == nil {
				err = app.Close()
			}
			return err
		}
		if err := start(true); err != nil {
			t.Fatal(err)
		}
		if err := start(false); err != nil {
			t.Errorf("with tables of this release: %v", err)
		}
		testsite.Prepare(t, cfg.DatabaseURL, "DELETE FROM {q2ab_migrations} WHERE version_id > 14")
		if err := start(false); err == nil || !strings.Contains(err.Error(), "version 14") {
			t.Errorf("with older tables: %v", err)
		}
		testsite.Prepare(t, cfg.DatabaseURL, "DROP TABLE {q2ab_migrations}")
		if err := start(false); err == nil || !strings.Contains(err.Error(), "admin migrate") {
			t.Errorf("without tables: %v", err)
		}
	})
}
