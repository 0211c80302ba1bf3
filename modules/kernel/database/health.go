package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// quiet is how long after the last failure a trouble counts as over. Without it, a trouble in which
// some connections work and others do not would begin and end with each statement.
const quiet = 2 * time.Second

// trouble is one way in which a database can fail for a while, whichever statement is run. It is
// logged when it begins and when it ends, however many statements fail in between.
type trouble struct {
	begins, ends string

	mu          sync.Mutex
	since, last time.Time // zero while all is well
}

// failed records a failure and logs it if it is the first.
func (t *trouble) failed(ctx context.Context, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = time.Now()
	if t.since.IsZero() {
		t.since = t.last
		slog.ErrorContext(ctx, t.begins, "error", err)
	}
}

// worked records the success of a statement that would have failed during the trouble.
func (t *trouble) worked(ctx context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() || time.Since(t.last) < quiet {
		return
	}
	slog.InfoContext(ctx, t.ends, "seconds", int64(time.Since(t.since).Seconds()))
	t.since, t.last = time.Time{}, time.Time{}
}

// within reports whether a failure happened within the last d.
func (t *trouble) within(d time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.since.IsZero() && time.Since(t.last) < d
}

// health is the state of the database, as known to all users of a pool.
type health struct {
	outage, full trouble

	room sync.Mutex
	// roomAt is when the free space on the disk was last checked, and roomErr the result.
	roomAt  time.Time
	roomErr error
}

func newHealth() *health {
	return &health{
		outage: trouble{begins: "the database does not answer", ends: "the database answers again"},
		full: trouble{begins: "the database has no room to write",
			ends: "the database has room to write again"},
	}
}

// note records how a statement or a transaction ended, and returns its error unchanged. wrote says
// that it needed room on the disk.
func (db *DB) note(ctx context.Context, wrote bool, err error) error {
	switch {
	case Full(err):
		db.health.full.failed(ctx, err)
	case Unavailable(err):
		db.health.outage.failed(ctx, err)
	case err == nil:
		db.health.outage.worked(ctx)
		if wrote {
			db.health.full.worked(ctx)
		}
	}
	return err
}

// fullFor is how long a database counts as full after a write that failed for lack of room.
const fullFor = 10 * time.Second

// Ready checks that the server can be reached and, as far as that is known, that it has room to
// write. On SQLite it tries to write a small file beside the database; on MySQL it returns an error
// for fullFor after a write that failed for lack of room.
func (db *DB) Ready(ctx context.Context) error {
	if err := db.note(ctx, false, db.Ping(ctx)); err != nil {
		return err
	}
	if db.health.full.within(fullFor) {
		return errors.New("a moment ago there was no room to write")
	}
	if db.dialect == SQLite {
		return db.note(ctx, true, db.health.lookForRoom(filepath.Dir(db.file)))
	}
	return nil
}

// needed is the free space on the disk, in bytes, that SQLite has to have to write.
const needed = 64 << 10

// lookForRoom calls tryToWrite at most once a second, however often health checks ask, and otherwise
// returns the last result.
func (h *health) lookForRoom(folder string) error {
	h.room.Lock()
	defer h.room.Unlock()
	if time.Since(h.roomAt) >= time.Second {
		h.roomAt, h.roomErr = time.Now(), tryToWrite(folder)
	}
	return h.roomErr
}

// tryToWrite returns an error if a file of the size needed cannot be written into the folder.
func tryToWrite(folder string) (err error) {
	f, err := os.CreateTemp(folder, ".room-*")
	if err != nil {
		return fmt.Errorf("room for the database: %w", err)
	}
	_, err = f.Write(make([]byte, needed))
	if err = errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("room for the database: %w", err)
	}
	return nil
}

// Unavailable reports whether an error means that the server could not be reached, cannot read its
// files, accepts no more connections or only reads at the moment, as opposed to having refused a
// single statement.
func Unavailable(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		switch m.Number {
		case 1040, 1053, 1203, // too many connections, shutting down, too many of this user
			1037, 1041, // out of memory
			1290, 1836, 3032: // reads only, as a standby does until it takes over; goes offline
			return true
		}
		return false
	}
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, mysql.ErrInvalidConn) || isUnreadable(err)
}

// Full reports whether an error means that there was no room on the disk for what was to be written.
func Full(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		switch m.Number {
		case 1021, 1114: // disk full, table full
			return true
		case 3, 1026, 1030: // error on write, from the storage engine: "Got error 28 …", "(Errcode: 28 …)"
			return strings.Contains(m.Message, "rror 28") ||
				strings.Contains(m.Message, "rrcode: 28") || strings.Contains(m.Message, "o space left")
		}
		return false
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || isFull(err)
}

// Contended reports whether a transaction failed, on every attempt of Tx, because other transactions
// held what it needed.
func Contended(err error) bool { return retryable(err) }
