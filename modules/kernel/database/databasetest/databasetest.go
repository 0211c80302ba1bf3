// Package databasetest gives tests empty databases of their own.
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

// Each runs a test on an empty database in SQLite and, where TEST_DATABASE_URL names a MySQL or MariaDB server, on one there too; without a
// server the second is skipped, and says so.
func Each(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("server", func(t *testing.T) {
		base := os.Getenv("TEST_DATABASE_URL")
		if base == "" {
			t.Skip("needs a MySQL or MariaDB server: set TEST_DATABASE_URL (.ci/run starts one)")
		}
		test(t, onServer(t, base))
	})
}

// SQLite is the address of an empty database in a file that goes with the test.
func SQLite(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.sqlite")
}

// onServer makes a database, which is dropped at the end of the test, and returns its address.
func onServer(t *testing.T, base string) string {
	t.Helper()
	server, err := openServer(base, "")
	if err != nil {
		t.Fatal(err)
	}
	name := schemaName()
	if _, err := server.ExecContext(t.Context(), "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := server.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE "+name); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return schemaURL(base, name)
}

// schemaName is a name for a database that no other test has.
func schemaName() string { return fmt.Sprintf("q2abtest_%d_%d", os.Getpid(), schemas.Add(1)) }

var schemas atomic.Int64

// schemaURL is the address of a database on the server of TEST_DATABASE_URL.
func schemaURL(base, name string) string { return strings.TrimSuffix(base, "/") + "/" + name }

// openServer opens a database on the server, which need not exist yet; "" is none.
func openServer(base, name string) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	access, address, found := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(base, "mariadb://"), "mysql://"), "@")
	if !found {
		return nil, errors.New("TEST_DATABASE_URL is not mysql://user:password@host:port/")
	}
	cfg.User, cfg.Passwd, _ = strings.Cut(access, ":")
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", strings.TrimSuffix(address, "/"), name
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
