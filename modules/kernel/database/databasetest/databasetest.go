// Package databasetest gives tests empty databases of their own.
package databasetest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	schema := fmt.Sprintf("q2abtest_%d", time.Now().UnixNano())
	cfg := mysql.NewConfig()
	access, address, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(base, "mariadb://"), "mysql://"), "@")
	cfg.User, cfg.Passwd, _ = strings.Cut(access, ":")
	cfg.Net, cfg.Addr = "tcp", strings.TrimSuffix(address, "/")
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := sql.OpenDB(connector)
	if _, err := server.ExecContext(t.Context(), "CREATE DATABASE "+schema+" CHARACTER SET utf8mb4"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := server.ExecContext(context.WithoutCancel(t.Context()), "DROP DATABASE "+schema); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return strings.TrimSuffix(base, "/") + "/" + schema
}
