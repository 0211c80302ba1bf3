package database

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-sql-driver/mysql"
)

// logged returns what will be logged during the test.
func logged(t *testing.T) *strings.Builder {
	t.Helper()
	text, before := &strings.Builder{}, slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(text, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return text
}

var errAway = &net.OpError{Op: "dial", Err: errors.New("connection refused")}

// TestOutageIsLoggedOnce checks that an outage of the database is logged once when it begins and once when it
// ends, however many statements fail, and even if some statements succeed in between.
func TestOutageIsLoggedOnce(t *testing.T) {
	text := logged(t)
	synctest.Test(t, func(t *testing.T) {
		db := &DB{health: newHealth()}
		for outage := 1; outage <= 2; outage++ {
			for range 1000 {
				_ = db.note(t.Context(), false, errAway)
				_ = db.note(t.Context(), false, nil) // over another connection
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(quiet)
			for range 1000 {
				_ = db.note(t.Context(), false, nil)
			}
			if begun, ended := strings.Count(text.String(), "does not answer"),
				strings.Count(text.String(), "answers again"); begun != outage || ended != outage {
				t.Errorf("after outage %d: %d lines of beginnings, %d of ends", outage, begun, ended)
			}
		}
	})
	if n := strings.Count(text.String(), "\n"); n != 4 {
		t.Errorf("%d lines: %s", n, text.String())
	}
}

// TestFullAndUnavailable checks which errors mean that the database has no room left, which mean that it
// cannot be reached, and which mean neither.
func TestFullAndUnavailable(t *testing.T) {
	for name, c := range map[string]struct {
		err               error
		full, unavailable bool
	}{
		"refused":            {fmt.Errorf("query: %w", errAway), false, true},
		"shutting down":      {&mysql.MySQLError{Number: 1053}, false, true},
		"standby":            {&mysql.MySQLError{Number: 1290, Message: "running with the --read-only option"}, false, true},
		"disk full":          {&mysql.MySQLError{Number: 1021}, true, false},
		"table full":         {fmt.Errorf("insert: %w", &mysql.MySQLError{Number: 1114}), true, false},
		"error 28":           {&mysql.MySQLError{Number: 1030, Message: "Got error 28 from storage engine"}, true, false},
		"errno 28":           {&mysql.MySQLError{Number: 3, Message: "Error writing file '/tmp/x' (Errcode: 28 \"No space left on device\")"}, true, false},
		"another engine one": {&mysql.MySQLError{Number: 1030, Message: "Got error 122 from storage engine"}, false, false},
		"no space":           {&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, true, false},
		"quota":              {fmt.Errorf("keep a file: %w", syscall.EDQUOT), true, false},
		"syntax":             {&mysql.MySQLError{Number: 1064}, false, false},
		"other":              {errors.New("scan"), false, false},
		"none":               {nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			if full, unavailable := Full(c.err), Unavailable(c.err); full != c.full ||
				unavailable != c.unavailable {
				t.Errorf("full: %v, unavailable: %v", full, unavailable)
			}
		})
	}
}

// TestFullSQLite checks that a write to a SQLite database that cannot grow fails with a Full error, that this
// is logged once, and that the database is not ready for a while and then ready again.
func TestFullSQLite(t *testing.T) {
	text := logged(t)
	db, err := Open(t.Context(),
		Settings{URL: "sqlite:" + filepath.Join(t.TempDir(), "x.sqlite"), MaxConnections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := func(query string) error {
		return db.Tx(t.Context(), func(tx *DB) error {
			_, err := tx.Exec(t.Context(), query)
			return err
		})
	}
	for _, query := range []string{"CREATE TABLE x (a TEXT)", "PRAGMA max_page_count = 10"} {
		if _, err := db.Exec(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	for range 3 {
		if err := run("INSERT INTO x VALUES (zeroblob(1000000))"); !Full(err) {
			t.Fatalf("a write beyond the size: %v", err)
		}
	}
	if err := db.Ready(t.Context()); err == nil {
		t.Error("it is ready though it is full")
	}
	if n := strings.Count(text.String(), "no room to write"); n != 1 {
		t.Errorf("%d lines: %s", n, text.String())
	}
	db.health.full.last = time.Now().Add(-fullFor)
	if err := db.Ready(t.Context()); err != nil {
		t.Errorf("later: %v", err)
	}
	if _, err := db.Exec(context.WithoutCancel(t.Context()), "INSERT INTO x VALUES ('small')"); err != nil {
		t.Errorf("a small write: %v", err)
	}
}

// TestReadyLooksForRoom checks that tryToWrite, by which readiness looks for room on the disk, fails in a
// folder that does not exist, and leaves nothing behind in one that does.
func TestReadyLooksForRoom(t *testing.T) {
	if err := tryToWrite(filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a folder that is not there takes files")
	}
	folder := t.TempDir()
	if err := tryToWrite(folder); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
