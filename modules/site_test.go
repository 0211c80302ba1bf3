package modules_test

import (
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/media"
)

// testSite is the whole application on the recorded database, behind a real HTTP server.
type testSite struct {
	app    *modules.App
	server *httptest.Server
	// url is that of the database.
	url string
}

// testSites runs a test on SQLite and, where TEST_DATABASE_URL names a server that it may make databases on, on both
// recorded dumps there.
func testSites(t *testing.T, test func(t *testing.T, s *testSite)) {
	t.Helper()
	dumps := map[string]func(*testing.T, string) string{"sqlite": importSQLite}
	if os.Getenv("TEST_DATABASE_URL") != "" {
		delete(dumps, "sqlite")
		dumps["small"], dumps["small-utf8mb4"] = loadServer, loadServer
	}
	for name, load := range dumps {
		t.Run(name, func(t *testing.T) {
			if name == "sqlite" {
				name = "small"
			}
			test(t, openSite(t, load(t, name), nil))
		})
	}
}

// openSite starts the application on a database; change may change its configuration.
func openSite(t *testing.T, databaseURL string, change func(*config.Config)) *testSite {
	t.Helper()
	return openSiteWith(t, databaseURL, change)
}

// openSiteWith is openSite with options of the application.
func openSiteWith(t *testing.T, databaseURL string, change func(*config.Config), options ...modules.Option) *testSite {
	t.Helper()
	t.Setenv("DATABASE_URL", databaseURL)
	t.Setenv("LOG_LEVEL", "warn")
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	cfg.DatabaseURL, cfg.BlobsDir, cfg.MediaURL, cfg.RateLimit = databaseURL, "../testdata/oracle/blobs", t.TempDir(), "off"
	if change != nil {
		change(&cfg)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	app, err := modules.New(context.Background(), cfg, append([]modules.Option{modules.WithVerifier(testTokens), modules.WithPictureProgram(self)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	s := &testSite{app: app, server: httptest.NewServer(conforming(t, app)), url: databaseURL}
	t.Cleanup(func() {
		s.server.Close()
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestMain lets the test be the process that it works on pictures in, as the server is.
func TestMain(m *testing.M) {
	if media.WorkOnPictures() {
		return
	}
	// What a test does not set goes nowhere near the sources. In memory, if there is room: SQLite waits for the disk after each
	// transaction, and tests make thousands.
	data, err := os.MkdirTemp("/dev/shm", "q2ab-test")
	if err == nil {
		err = os.Setenv("TMPDIR", data)
	} else {
		data, err = os.MkdirTemp("", "q2ab-test")
	}
	if err == nil {
		err = os.Setenv("DATA_DIR", data)
	}
	if err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(data) // of no use to anybody
	os.Exit(status)
}

// testTokens takes "test-ID" for a token of the user with the id.
func testTokens(_ context.Context, token string) (auth.Person, error) {
	var id int
	if _, err := fmt.Sscanf(token, "test-%d", &id); err != nil {
		return auth.Person{}, errors.New("not a test token")
	}
	return auth.Person{UserID: id, SignedInAt: time.Now().Unix()}, nil
}

// sqliteCopies are the imported dumps, by name, made once for all tests.
var sqliteCopies sync.Map

// importSQLite is a database of the test's own with the recorded site.
func importSQLite(t *testing.T, name string) string {
	t.Helper()
	made, _ := sqliteCopies.LoadOrStore(name, sync.OnceValues(func() ([]byte, error) { return importOnce(name) }))
	content, err := made.(func() ([]byte, error))()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "site.sqlite")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func importOnce(name string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "q2ab")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "site.sqlite")
	db, err := database.Open(context.Background(), database.Settings{URL: "sqlite:" + path, Prefix: "qa_", Importing: true})
	if err != nil {
		return nil, err
	}
	dump, err := openDump(name)
	if err != nil {
		return nil, err
	}
	if _, err := db.ImportDump(context.Background(), dump, database.Import{}); err != nil {
		return nil, err
	}
	if err := db.Migrate(context.Background()); err != nil { // once, and not for each test
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func openDump(name string) (io.Reader, error) {
	file, err := os.Open("../testdata/oracle/" + name + ".sql.gz")
	if err != nil {
		return nil, err
	}
	return gzip.NewReader(file)
}

// loadServer loads a dump into a database of the test's own on the server of TEST_DATABASE_URL.
func loadServer(t *testing.T, name string) string {
	t.Helper()
	base := os.Getenv("TEST_DATABASE_URL")
	schema := "q2abtest_" + regexp.MustCompile(`\W`).ReplaceAllString(t.Name(), "_")
	schema = schema[:min(len(schema), 50)] + fmt.Sprint(time.Now().UnixNano()%1e9)
	m := regexp.MustCompile(`^(?:mysql|mariadb)://([^:@]*)(?::([^@]*))?@([^/]+)/`).FindStringSubmatch(base)
	if m == nil {
		t.Fatal("TEST_DATABASE_URL is not mysql://user:password@host:port/")
	}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.MultiStatements = m[1], m[2], "tcp", m[3], true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := sql.OpenDB(connector)
	defer server.Close()
	charset := "utf8mb3"
	if strings.Contains(name, "utf8mb4") {
		charset = "utf8mb4"
	}
	run := func(query string) {
		t.Helper()
		if _, err := server.Exec(query); err != nil {
			t.Fatalf("%.80s: %v", query, err)
		}
	}
	run("CREATE DATABASE " + schema + " CHARACTER SET " + charset)
	t.Cleanup(func() {
		again := sql.OpenDB(connector)
		defer again.Close()
		if _, err := again.Exec("DROP DATABASE " + schema); err != nil {
			t.Error(err)
		}
	})
	dump, err := openDump(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(dump)
	if err != nil {
		t.Fatal(err)
	}
	run("USE " + schema + "; SET NAMES utf8mb4, foreign_key_checks = 0;\n" + string(text))
	return fmt.Sprintf("mysql://%s:%s@%s/%s", m[1], m[2], m[3], schema)
}

// setOptions sets options of the site. Call it before the first request: the site remembers its options for a second.
func (s *testSite) setOptions(t *testing.T, values map[string]string) {
	t.Helper()
	for title, value := range values {
		_, err := s.app.DB.Exec(t.Context(), "INSERT INTO {options} (title, content) VALUES (?, ?)"+
			s.app.DB.Upsert("title")+"content = "+s.app.DB.Given("content"), title, value)
		if err != nil {
			t.Fatal(err)
		}
	}
}

// request sends a request; user 0 is anonymous.
func (s *testSite) request(t *testing.T, method, path string, user int, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, s.server.URL+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "q2ab-test") // no browser: views are not counted
	if user != 0 {
		r.Header.Set("Authorization", fmt.Sprintf("Bearer test-%d", user))
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// get reads JSON as an anonymous visitor.
func get[T any](t *testing.T, s *testSite, path string) T {
	t.Helper()
	return getAs[T](t, s, path, 0)
}

// getAs reads JSON as a user.
func getAs[T any](t *testing.T, s *testSite, path string, user int) T {
	t.Helper()
	res := s.request(t, http.MethodGet, path, user)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s\n%s", path, res.Status, body)
	}
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("GET %s: %v\n%s", path, err, body)
	}
	return v
}

func unix(rfc3339 string) int64 {
	at, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		return -1
	}
	return at.Unix()
}

func decode[T any](t *testing.T, res *http.Response) T {
	t.Helper()
	var v T
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// anonymousCookie is the recorded cookie "anon1", to which question 186 belongs.
func anonymousCookie(t *testing.T, s *testSite) string {
	t.Helper()
	var cookie string
	found, err := s.app.DB.Get(context.Background(), []any{&cookie}, "SELECT cookieid FROM {posts} WHERE postid = 186")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return cookie
}

// testServers runs a test on the database server of TEST_DATABASE_URL only; without one it says so and does nothing.
func testServers(t *testing.T, test func(t *testing.T, s *testSite)) {
	t.Helper()
	if os.Getenv("TEST_DATABASE_URL") == "" {
		t.Skip("needs a MySQL or MariaDB server: set TEST_DATABASE_URL (.ci/run starts one)")
	}
	test(t, openSite(t, loadServer(t, "small"), nil))
}

// serverURL is the database server for tests, or "".
func serverURL() string { return os.Getenv("TEST_DATABASE_URL") }
