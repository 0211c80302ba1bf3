// Package testsite opens whole sites for tests: the application on a copy of the recorded Question2Answer
// site, behind a real HTTP server. It has the clients that send requests, the people of the recorded site,
// what the real Question2Answer was recorded to do, and the comparison of all rows with it.
//
// It imports the application, so only external test packages can use it (package qa_test in modules/qa).
// Nothing of a site is shared with another one, and tests run in parallel.
package testsite

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
)

// Site is the whole application on a database, behind a real HTTP server.
type Site struct {
	App *modules.App
	// URL is the address of the server.
	URL string
	// Database is the address of the database.
	Database string
	// Store is the folder in which the site stores images, unless its configuration says otherwise.
	Store string
}

// Option changes what [New] opens.
type Option interface {
	apply(t testing.TB, s *settings)
}

type settings struct {
	cfg config.Config
	app []modules.Option
	sql []string
}

type optionFunc func(t testing.TB, s *settings)

func (f optionFunc) apply(t testing.TB, s *settings) { f(t, s) }

// On opens the site on the database with the given address, which other sites may use as well.
func On(databaseURL string) Option {
	return optionFunc(func(_ testing.TB, s *settings) { s.cfg.DatabaseURL = databaseURL })
}

// Config changes the configuration.
func Config(change func(c *config.Config)) Option {
	return optionFunc(func(_ testing.TB, s *settings) { change(&s.cfg) })
}

// Clock sets the site's clock.
func Clock(now database.Clock) Option {
	return optionFunc(func(_ testing.TB, s *settings) { s.app = append(s.app, modules.WithClock(now)) })
}

// At stops the clock at a time, which tests may change between requests.
func At(now *time.Time) Option { return Clock(func() time.Time { return *now }) }

// TimeZone sets the time zone of the community.
func TimeZone(name string) Option { return Config(func(c *config.Config) { c.TimeZone = name }) }

// GenuineTokens lets the application verify bearer tokens as in production. Without it, "test-ID" is a
// token of the user with the id.
func GenuineTokens() Option {
	return optionFunc(func(_ testing.TB, s *settings) { s.app = append(s.app, modules.WithVerifier(nil)) })
}

// WithoutStreams opens the site as on AWS Lambda, which keeps no response open.
func WithoutStreams() Option {
	return optionFunc(func(_ testing.TB, s *settings) { s.app = append(s.app, modules.WithoutStreams()) })
}

// After runs statements on the database before the site is opened, because an open site keeps its options in
// memory for a second.
func After(statements ...string) Option {
	return optionFunc(func(_ testing.TB, s *settings) { s.sql = append(s.sql, statements...) })
}

// Settings returns a configuration for tests: the defaults, whatever the environment says, with a folder that
// belongs to the test and without a rate limit.
func Settings(t testing.TB) config.Config {
	t.Helper()
	cfg, err := config.From(map[string]string{
		"DATA_DIR": t.TempDir(), "LOG_LEVEL": "warn", "RATE_LIMIT": "off", "WEBPUSH": "true",
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// New opens a site, which is closed when the test ends. Without other options it is the recorded site in
// SQLite, with its images, and trusts X-Forwarded-For. All of its responses are checked against the OpenAPI
// document.
func New(t testing.TB, options ...Option) *Site {
	t.Helper()
	s := settings{cfg: Settings(t), app: []modules.Option{modules.WithVerifier(verifyTestToken)}}
	s.cfg.DatabaseURL = ""
	store := t.TempDir()
	s.cfg.BlobsDir, s.cfg.MediaURL = Testdata("oracle", "blobs"), "file:"+store
	s.cfg.TrustedProxies = []string{"127.0.0.1/32"}
	for _, o := range options {
		o.apply(t, &s)
	}
	if s.cfg.DatabaseURL == "" {
		SQLite.apply(t, &s)
	}
	Prepare(t, s.cfg.DatabaseURL, s.sql...)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	app, err := modules.New(context.Background(), s.cfg, append(s.app, modules.WithPictureProgram(self))...)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(conforming(t, app))
	t.Cleanup(func() {
		server.Close()
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Site{App: app, URL: server.URL, Database: s.cfg.DatabaseURL, Store: store}
}

// Prepare runs statements on the database with the given address.
func Prepare(t testing.TB, databaseURL string, statements ...string) {
	t.Helper()
	if len(statements) == 0 {
		return
	}
	db, err := database.Open(context.Background(), database.Settings{URL: databaseURL, Prefix: "qa_"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// verifyTestToken accepts "test-ID" as a token of the user with that id, who has just signed in.
func verifyTestToken(_ context.Context, token string) (auth.Person, error) {
	var id int
	if _, err := fmt.Sscanf(token, "test-%d", &id); err != nil {
		return auth.Person{}, errors.New("not a test token")
	}
	return auth.Person{UserID: id, SignedInAt: time.Now().Unix()}, nil
}

// Token returns a bearer token of a user of the recorded site, for sites without [GenuineTokens].
func Token(user int) string { return fmt.Sprintf("test-%d", user) }
