// Package databasetest gives each test an empty database of its own.
package databasetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Each runs a test on an empty SQLite database and, if TEST_DATABASE_URL names a MySQL or MariaDB
// server, on an empty database there too. Without a server the second subtest is skipped with a
// message.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("server", func(t *testing.T) {
		if os.Getenv("TEST_DATABASE_URL") == "" {
			t.Skip("needs a MySQL or MariaDB server: set TEST_DATABASE_URL (.ci/run starts one)")
		}
		test(t, onServer(t))
	})
}

// SQLite returns the address of an empty database in a file that is removed at the end of the test.
func SQLite(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.sqlite")
}

// onServer makes a database on the server, which is dropped at the end of the test, and returns its
// address.
func onServer(t *testing.T) string {
	t.Helper()
	s, err := create(t.Context(), "utf8mb4")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.drop(); err != nil {
			t.Error(err)
		}
	})
	return s.url
}

// Feed runs the statements of a dump on the database at the given address, which has to be on a
// server.
func Feed(ctx context.Context, url, statements string) error {
	db, err := openServer(url)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "SET NAMES utf8mb4, foreign_key_checks = 0;\n"+statements)
	return err
}

// schema is a database on a server.
type schema struct {
	name, url string
	// db has a single connection, so that what is set for its session stays set.
	db *sql.DB
}

var schemas atomic.Int64

// create makes an empty database on the server of TEST_DATABASE_URL.
func create(ctx context.Context, charset string) (*schema, error) {
	base := os.Getenv("TEST_DATABASE_URL")
	server, err := openServer(base)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	name := fmt.Sprintf("q2abtest_%d_%d", os.Getpid(), schemas.Add(1))
	if _, err := server.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET "+charset); err != nil {
		return nil, err
	}
	s := &schema{name: name, url: strings.TrimSuffix(base, "/") + "/" + name}
	if s.db, err = openServer(s.url); err != nil {
		return nil, err
	}
	s.db.SetMaxOpenConns(1)
	return s, nil
}

func (s *schema) drop() error {
	_, err := s.db.ExecContext(context.Background(), "DROP DATABASE "+s.name)
	return errors.Join(err, s.db.Close())
}

// openServer opens the database at the given address, or the server without a database if the
// address names none.
func openServer(url string) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	access, place, found := strings.Cut(
		strings.TrimPrefix(strings.TrimPrefix(url, "mariadb://"), "mysql://"), "@")
	if !found {
		return nil, errors.New("TEST_DATABASE_URL is not mysql://user:password@host:port/")
	}
	cfg.User, cfg.Passwd, _ = strings.Cut(access, ":")
	cfg.Addr, cfg.DBName, _ = strings.Cut(place, "/")
	cfg.Net, cfg.MultiStatements = "tcp", true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
