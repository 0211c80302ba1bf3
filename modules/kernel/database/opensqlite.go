package database

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/libtnb/sqlite"
)

// openSQLite opens (and creates) the database file: write-ahead log, so that readers do not wait for a writer, written
// through to the disk at each commit, so that a power cut takes back nothing that was acknowledged, and write transactions
// that take their lock at once, so that two of them queue up instead of failing.
func openSQLite(path string, s Settings) (*sql.DB, error) {
	if err := registerMySQLFunctions(); err != nil {
		return nil, err
	}
	if path == "" {
		return nil, errors.New("DATABASE_URL names no file: sqlite:PATH")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("folder of the database: %w", err)
	}
	if err := keepPrivate(path); err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate" +
		"&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	if !s.Importing {
		dsn += "&_pragma=foreign_keys(1)"
	}
	pool, err := sql.Open(sqlite.DriverName, dsn)
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	pool.SetMaxOpenConns(s.MaxConnections)
	pool.SetMaxIdleConns(s.MaxConnections)
	return pool, nil
}

// private is the mode of the files of a database, which has people's addresses and password hashes in it.
const private = 0o600

// keepPrivate makes the file of a database, if there is none, so that its owner alone can read it, and takes the
// rights of all others from one that is there. SQLite gives the files that it makes beside it the same mode.
func keepPrivate(path string) error {
	// A file that is there is not opened: closing it would give up the locks that this process may have on it.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, private) //nolint:gosec // the operator names the file
	if err == nil {
		err = f.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("file of the database: %w", err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = os.Chmod(name, info.Mode().Perm()&private)
		}
		if err != nil { // it may be somebody else's
			slog.Warn("others than the owner may be able to read the database", "file", name, "error", err)
		}
	}
	return nil
}

// sqlitePath is the file that a DATABASE_URL names, without its scheme.
func sqlitePath(rest string) string { return strings.TrimPrefix(rest, "//") }
