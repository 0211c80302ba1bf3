package database

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestSQLiteIsPrivate checks that only the owner can read a SQLite database and the files beside it (-wal,
// -shm), whether they are new or were readable for others before.
func TestSQLiteIsPrivate(t *testing.T) {
	for name, before := range map[string]fs.FileMode{
		"new": 0, "readable for all": 0o644, "readable for the group": 0o640,
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "data")
			path := filepath.Join(folder, "x.sqlite")
			if before != 0 {
				if err := os.Mkdir(folder, 0o700); err != nil {
					t.Fatal(err)
				}
				for _, end := range []string{"", "-wal", "-shm"} {
					if err := os.WriteFile(path+end, nil, before); err != nil {
						t.Fatal(err)
					}
				}
			}
			db, err := Open(t.Context(), Settings{URL: "sqlite:" + path})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec(t.Context(), "CREATE TABLE x (a INTEGER)"); err != nil {
				t.Fatal(err)
			}
			want := map[string]fs.FileMode{
				folder: 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
			}
			for name, mode := range want {
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode().Perm() != mode {
					t.Errorf("%s has mode %o", filepath.Base(name), info.Mode().Perm())
				}
			}
		})
	}
}

// TestSQLiteWritesThrough checks that every connection to SQLite has synchronous set to FULL and the journal
// in WAL mode, so that a committed transaction is on the disk.
func TestSQLiteWritesThrough(t *testing.T) {
	db, err := Open(t.Context(),
		Settings{URL: "sqlite:" + filepath.Join(t.TempDir(), "x.sqlite"), MaxConnections: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 3 {
		c, err := db.Pool().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		const full = 2
		var level int
		var journal string
		if err := c.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&level); err != nil ||
			level != full {
			t.Errorf("synchronous is %d, %v", level, err)
		}
		if err := c.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&journal); err != nil ||
			journal != "wal" {
			t.Errorf("journal_mode is %q, %v", journal, err)
		}
	}
}
