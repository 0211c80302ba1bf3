package trialsite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
)

// Site is a new database that holds an empty site.
type Site struct {
	*database.DB
	// Name is the database's name, URL its address as the setting DATABASE_URL has it.
	Name, URL string

	folder string       // of the database file, with SQLite
	server *database.DB // another database of the same server, else
}

// New makes an empty site with all tables. address is that of a server, mysql://user:password@host:port/, or
// sqlite. The database's name begins with q2ab_ and the given name.
func New(ctx context.Context, address, name string) (*Site, error) {
	s := &Site{Name: fmt.Sprintf("q2ab_%s_%d", name, time.Now().Unix())}
	if err := s.make(ctx, address); err != nil {
		return nil, err
	}
	var err error
	if s.DB, err = database.Open(ctx, database.Settings{URL: s.URL, Prefix: "qa_", MaxConnections: 4}); err != nil {
		return nil, err
	}
	if err := errors.Join(s.CreateSchema(ctx), s.Migrate(ctx)); err != nil {
		return nil, err
	}
	for title, content := range map[string]string{
		"site_title": "Torture", "site_url": "https://qa.example/", "from_email": "hello@qa.example",
	} {
		if _, err := s.Exec(ctx, "REPLACE INTO {options} (title, content) VALUES (?, ?)", title, content); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// make makes the database.
func (s *Site) make(ctx context.Context, address string) (err error) {
	if address == "sqlite" {
		if s.folder, err = os.MkdirTemp("", s.Name); err != nil {
			return err
		}
		s.URL = "sqlite:" + filepath.Join(s.folder, "q2a.sqlite")
		return nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return errors.New("the address of the database server is not a URL") // it may hold a password
	}
	u.Path = "/information_schema"
	if s.server, err = database.Open(ctx, database.Settings{URL: u.String(), MaxConnections: 1}); err != nil {
		return err
	}
	u.Path = "/" + s.Name
	s.URL = u.String()
	_, err = s.server.Exec(ctx, "CREATE DATABASE "+s.Name+" CHARACTER SET utf8mb3")
	return err
}

// AddMember makes an account, whose address is confirmed.
func (s *Site) AddMember(ctx context.Context, tx *database.DB, id, level int, handle, email string) error {
	_, err := tx.Exec(ctx, `INSERT INTO {users}
			(userid, created, createip, email, handle, level, loggedin, loginip, emailcode, flags)
		VALUES (?, '2026-01-02 03:04:05', '', ?, ?, ?, '2026-01-02 03:04:05', '', '', ?)`,
		id, email, handle, level, auth.FlagEmailConfirmed)
	return err
}

// WithApp calls do with an application of this program's own, with the settings of the environment and what
// change sets. It does not run: it neither sends anything nor works on jobs. Whoever calls its API is member 1.
func (s *Site) WithApp(ctx context.Context, change func(*config.Config), do func(*modules.App) error) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	cfg.DatabaseURL, cfg.DataDir = s.URL, os.TempDir()
	change(&cfg)
	app, err := modules.New(ctx, cfg, modules.WithVerifier(func(context.Context, string) (auth.Person, error) {
		return auth.Person{UserID: 1, SignedInAt: s.Now()}, nil
	}))
	if err != nil {
		return err
	}
	return errors.Join(do(app), app.Close())
}

// Call sends a request with a JSON body to an application, and returns an error unless it succeeds.
func Call(ctx context.Context, app *modules.App, method, path, body string) error {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer member-1")
	w := httptest.NewRecorder()
	app.Server.ServeHTTP(w, r)
	if w.Code >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return nil
}

// Number returns the number that a statement selects.
func (s *Site) Number(ctx context.Context, query string, args ...any) (n int, err error) {
	_, err = s.Get(ctx, []any{&n}, query, args...)
	return n, err
}

// Close closes the connections, and drops the database unless it is to be kept. It prints what goes wrong.
func (s *Site) Close(keep bool) {
	s.DB.Close()
	if s.server != nil {
		if !keep {
			if _, err := s.server.Exec(context.Background(), "DROP DATABASE "+s.Name); err != nil {
				fmt.Println(err)
			}
		}
		s.server.Close()
	}
	if s.folder != "" && !keep {
		if err := os.RemoveAll(s.folder); err != nil {
			fmt.Println(err)
		}
	}
}
