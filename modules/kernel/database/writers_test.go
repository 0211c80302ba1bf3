package database

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// TestWritersOfSQLiteWait checks that writers of one process wait for the transaction that is open, without
// holding a connection, until their context ends; that a transaction within a transaction does not wait; and
// that a transaction that panicked does not keep others from writing.
func TestWritersOfSQLiteWait(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(),
		Settings{URL: "sqlite:" + filepath.Join(t.TempDir(), "a.sqlite"), MaxConnections: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	create := func(db *DB, table string) error {
		_, err := db.Exec(t.Context(), "CREATE TABLE "+table+" (a INTEGER)")
		return err
	}
	err = db.Tx(t.Context(), func(tx *DB) error {
		short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		for range 3 { // more than there are connections
			err := db.Tx(short, func(*DB) error { return errors.New("two transactions at once") })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a transaction beside another: %v", err)
			}
		}
		if _, err := db.Exec(short, "CREATE TABLE x (a INTEGER)"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a statement beside a transaction: %v", err)
		}
		return tx.Tx(t.Context(), func(tx *DB) error { return create(tx, "y") })
	})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = db.Tx(t.Context(), func(*DB) error { panic("a mistake") })
	}()
	if err := create(db, "z"); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}
