package modules_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
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
			t.Parallel()
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
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	cfg.LogLevel = "warn"
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
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{
		"DATA_DIR":          data,
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a secret of the tests", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
		"PYTHONUNBUFFERED": "1", // or an emulator's address stays in its buffer
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	// Most tests wait: for the database, for something that must happen, for a second to pass.
	flag.Parse()
	if set := flag.Lookup("test.parallel"); set.Value.String() == set.DefValue {
		if err := set.Value.Set("8"); err != nil {
			panic(err)
		}
	}
	status := m.Run()
	for name, template := range recorded {
		if err := template.Drop(); err != nil {
			fmt.Fprintln(os.Stderr, "drop", name, err)
		}
	}
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

// recorded are the dumps of the recorded site, by name.
var recorded = map[string]*databasetest.Template{"small": fromDump("small", "utf8mb3"), "small-utf8mb4": fromDump("small-utf8mb4", "utf8mb4")}

func fromDump(name, charset string) *databasetest.Template {
	return &databasetest.Template{Charset: charset, Fill: func(ctx context.Context, url string) error { return fill(ctx, url, name) }}
}

// fill loads a dump into an empty database, and makes the tables that are kept beside Q2A's.
func fill(ctx context.Context, url, name string) error {
	dump, err := openDump(name)
	if err != nil {
		return err
	}
	onSQLite := strings.HasPrefix(url, "sqlite:")
	if !onSQLite {
		text, err := io.ReadAll(dump)
		if err != nil {
			return err
		}
		if err := databasetest.Feed(ctx, url, string(text)); err != nil {
			return err
		}
	}
	db, err := database.Open(ctx, database.Settings{URL: url, Prefix: "qa_", Importing: onSQLite})
	if err != nil {
		return err
	}
	defer db.Close()
	if onSQLite {
		if _, err := db.ImportDump(ctx, dump, database.Import{}); err != nil {
			return err
		}
	}
	return db.Migrate(ctx)
}

func openDump(name string) (io.Reader, error) {
	file, err := os.Open("../testdata/oracle/" + name + ".sql.gz")
	if err != nil {
		return nil, err
	}
	return gzip.NewReader(file)
}

// importSQLite is a database of the test's own with the recorded site.
func importSQLite(t *testing.T, name string) string {
	t.Helper()
	return recorded[name].SQLiteCopy(t)
}

// loadServer is a database of the test's own with the recorded site on the server of TEST_DATABASE_URL.
func loadServer(t *testing.T, name string) string {
	t.Helper()
	return recorded[name].ServerCopy(t)
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
