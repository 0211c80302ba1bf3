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

// openSQLite opens the database file and creates it if need be. The write-ahead log lets readers go
// on while somebody writes; full synchronisation writes each commit through to the disk, so that a
// power cut loses nothing that was acknowledged; and write transactions take their lock when they
// begin, so that two of them wait for each other instead of failing.
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

// private is the mode of a database's files, which hold people's addresses and password hashes.
const private = 0o600

// keepPrivate creates the database file, if there is none, so that only its owner can read it, and
// otherwise takes the rights of everybody else away. SQLite gives the files that it makes beside it
// the same mode.
func keepPrivate(path string) error {
	// An existing file is not opened: closing it would release the locks that this process may hold
	// on it.
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

// sqlitePath returns the file that a DATABASE_URL names, given the URL without its scheme.
func sqlitePath(rest string) string { return strings.TrimPrefix(rest, "//") }
