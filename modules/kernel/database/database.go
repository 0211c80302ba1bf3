// Package database opens the site's Question2Answer database, which is MySQL, MariaDB or the
// embedded SQLite, and runs the modules' SQL on it.
//
// SQL is written once, by hand, in what the three have in common. Table names stand in braces
// ("{posts}") and are replaced by the site's own names, prefix included. SQLite is given the few
// MySQL functions that the modules use (such as UNIX_TIMESTAMP and LN) and MySQL's collation, so
// that comparisons mean the same everywhere.
package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// Dialect is the kind of database server.
type Dialect int

const (
	// MySQL stands for MySQL 8.0 and later and for MariaDB 10.6 and later.
	MySQL Dialect = iota
	// SQLite stands for the embedded database, which is the default.
	SQLite
)

func (d Dialect) String() string {
	if d == SQLite {
		return "sqlite"
	}
	return "mysql"
}

// DB is a database handle that all modules share. It is safe for concurrent use.
type DB struct {
	gorm    *gorm.DB
	pool    *sql.DB
	dialect Dialect
	prefix  string
	mysql   *mysql.Config // nil for SQLite
	file    string        // of SQLite
	clock   Clock
	// now is the time at which the transaction began, in Unix seconds; 0 outside of transactions.
	now int64
	// names caches queries with the table names put in. Queries are constants or made of few parts,
	// so the cache stays small.
	names  *sync.Map
	health *health
	// writers serialises writers on SQLite: whoever writes puts a token into it. It is nil on MySQL
	// and within a transaction. Without it, SQLite would make each waiting writer poll for the lock,
	// and some of them would wait for seconds.
	writers chan struct{}
}

// awaitWriting waits until no other goroutine of this process writes to SQLite, first come, first
// served, and returns the function that lets the next one write. On MySQL and within a transaction
// it returns at once.
func (db *DB) awaitWriting(ctx context.Context) (done func(), err error) {
	if db.writers == nil {
		return func() {}, nil
	}
	select {
	case db.writers <- struct{}{}:
		return func() { <-db.writers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Dialect returns the kind of database server, for the few places where the SQL has to differ.
func (db *DB) Dialect() Dialect { return db.dialect }

// Prefix returns the site's table prefix, which is "qa_" on most sites.
func (db *DB) Prefix() string { return db.prefix }

// Pool returns the underlying connection pool, for health checks and migrations.
func (db *DB) Pool() *sql.DB { return db.pool }

// Close closes all connections. Queries that are still running return an error.
func (db *DB) Close() error { return db.pool.Close() }

// Ping checks that the server can be reached.
func (db *DB) Ping(ctx context.Context) error { return db.pool.PingContext(ctx) }

// statements is the key of the counter that CountStatements puts into a context.
type statements struct{}

// CountStatements returns a context in which every statement sent to the server is recorded in the
// returned Counter. Tests use it to keep the number of statements of a request from growing.
func CountStatements(ctx context.Context) (context.Context, *Counter) {
	c := &Counter{}
	return context.WithValue(ctx, statements{}, c), c
}

// Counter records the statements that were sent with a context; see CountStatements.
type Counter struct {
	mu      sync.Mutex
	queries []string
}

// Queries returns the texts of the statements so far.
func (c *Counter) Queries() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.queries...)
}

func count(ctx context.Context, query string) {
	if c, ok := ctx.Value(statements{}).(*Counter); ok {
		c.mu.Lock()
		c.queries = append(c.queries, query)
		c.mu.Unlock()
	}
}

// sql puts the site's table names into a query.
func (db *DB) sql(query string) string {
	if named, ok := db.names.Load(query); ok {
		return named.(string)
	}
	named := strings.NewReplacer("{", db.prefix, "}", "").Replace(query)
	db.names.Store(query, named)
	return named
}

// Select runs a query and calls scan for each row. A slice among the arguments becomes a list for
// IN.
func (db *DB) Select(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) (err error) {
	count(ctx, query)
	rows, err := db.gorm.WithContext(ctx).Raw(db.sql(query), bytesAsOne(args)...).Rows()
	if db.note(ctx, false, err) != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("scan: %w", err)
		}
	}
	return db.note(ctx, false, rows.Err())
}

// Append returns a scan function for Select that appends the only column of each row to the list.
func Append[T any](list *[]T) func(*sql.Rows) error {
	*list = nil
	return func(rows *sql.Rows) error {
		var v T
		err := rows.Scan(&v)
		*list = append(*list, v)
		return err
	}
}

// Get reads the first row of a query into dest; found reports whether there was one.
func (db *DB) Get(ctx context.Context, dest []any, query string, args ...any) (found bool, err error) {
	err = db.Select(ctx, func(rows *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(dest...)
	}, query, args...)
	return found, err
}

// Clock is a function that returns the current time; tests pass their own. With a nil Clock the
// process's clock is used.
type Clock func() time.Time

// Now returns the current time in Unix seconds, which is the precision in which Q2A stores times.
// Within a transaction it does not change, so that all rows of one action have the same time. SQL
// receives it through FROM_UNIXTIME(?), which applies the server's time zone as Q2A's NOW() does.
func (db *DB) Now() int64 {
	switch {
	case db.now != 0:
		return db.now
	case db.clock != nil:
		return db.clock().Unix()
	}
	return time.Now().Unix()
}

// ServerNow returns the time by the database server's clock in Unix seconds, so that all processes
// agree on it however wrong their own clocks are. If Settings.Clock is set, that is used instead;
// with SQLite it is the process's clock.
func (db *DB) ServerNow(ctx context.Context) (now int64, err error) {
	if db.clock != nil || db.dialect == SQLite {
		if db.clock != nil {
			return db.clock().Unix(), nil
		}
		return time.Now().Unix(), nil
	}
	if _, err := db.Get(ctx, []any{&now}, "SELECT UNIX_TIMESTAMP()"); err != nil {
		return 0, fmt.Errorf("ask for the time: %w", err)
	}
	return now, nil
}

// Insert runs a statement that inserts one row and returns the id that the table assigned to it.
func (db *DB) Insert(ctx context.Context, query string, args ...any) (id int64, err error) {
	count(ctx, query)
	done, err := db.awaitWriting(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	result := gorm.WithResult()
	if err := db.gorm.WithContext(ctx).Clauses(result).
		Exec(db.sql(query), bytesAsOne(args)...).Error; db.note(ctx, true, err) != nil {
		return 0, err
	}
	return result.Result.LastInsertId()
}

// Upsert returns the clause to put after VALUES (…) so that the insert updates the row that has the
// same key instead. Within that clause, Given refers to the values to be inserted.
func (db *DB) Upsert(key string) string {
	if db.dialect == SQLite {
		return " ON CONFLICT (" + key + ") DO UPDATE SET "
	}
	return " ON DUPLICATE KEY UPDATE "
}

// Given returns the SQL expression for the value that the insert would have written into the column.
// It is for use after Upsert.
func (db *DB) Given(column string) string {
	if db.dialect == SQLite {
		return "excluded." + column
	}
	return "VALUES(" + column + ")"
}

// Overwrite returns Upsert with the columns of the row that is there set to the values that the insert would
// have written into them.
func (db *DB) Overwrite(key string, columns ...string) string {
	sets := make([]string, len(columns))
	for i, c := range columns {
		sets[i] = c + " = " + db.Given(c)
	}
	return db.Upsert(key) + strings.Join(sets, ", ")
}

// InsertIgnore returns the first words of an INSERT that does nothing if the row's key is taken.
func (db *DB) InsertIgnore() string {
	if db.dialect == SQLite {
		return "INSERT OR IGNORE INTO"
	}
	return "INSERT IGNORE INTO"
}

// UpdateIgnore returns the first word of an UPDATE that leaves out the rows that would get a taken key.
func (db *DB) UpdateIgnore() string {
	if db.dialect == SQLite {
		return "UPDATE OR IGNORE"
	}
	return "UPDATE IGNORE"
}

// ForUpdate returns the SQL to put at the end of a query so that it locks the rows that it reads
// until the end of the transaction. It is empty for SQLite, where a writing transaction has the
// whole database to itself from its start.
func (db *DB) ForUpdate() string {
	if db.dialect == SQLite {
		return ""
	}
	return " FOR UPDATE"
}

// Exec runs a statement and returns the number of rows that it changed.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (changed int64, err error) {
	count(ctx, query)
	done, err := db.awaitWriting(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	res := db.gorm.WithContext(ctx).Exec(db.sql(query), bytesAsOne(args)...)
	return res.RowsAffected, db.note(ctx, res.RowsAffected > 0, res.Error)
}

// bytes is a binary argument. Given a plain []byte after a parenthesis, GORM would take it for a
// list of numbers.
type bytes []byte

// Value implements driver.Valuer.
func (b bytes) Value() (driver.Value, error) { return []byte(b), nil }

func bytesAsOne(args []any) []any {
	var out []any
	for i, a := range args {
		if b, ok := a.([]byte); ok {
			if out == nil {
				out = slices.Clone(args)
			}
			out[i] = bytes(b)
		}
	}
	if out == nil {
		return args
	}
	return out
}

// maxAttempts bounds how often Tx runs a transaction that fails by a deadlock or a lock time-out,
// and longestPause the pause before each new attempt. They are generous because a transaction may
// well lose a dozen times in a row where many act on the same few posts; most requests reach their
// own time limit before.
const (
	maxAttempts  = 50
	longestPause = 200 // milliseconds
)

// Change runs one statement and reports whether it changed a row. It uses a transaction because
// transactions are repeated after a deadlock.
func (db *DB) Change(ctx context.Context, query string, args ...any) (changed bool, err error) {
	err = db.Tx(ctx, func(tx *DB) error {
		n, err := tx.Exec(ctx, query, args...)
		changed = n > 0
		return err
	})
	return changed, err
}

// Tx runs fn in one transaction, which is committed if fn returns nil and rolled back otherwise.
// After a deadlock, a lock time-out or SQLite's "busy" it runs fn again, up to maxAttempts times in
// all, so fn must have no effects outside of the transaction.
//
// On MySQL the isolation level is READ COMMITTED: after waiting for a row's lock, the next statement
// sees what the other transaction committed, and counting rows does not lock them.
func (db *DB) Tx(ctx context.Context, fn func(tx *DB) error) error {
	for attempt := 1; ; attempt++ {
		isolation := &sql.TxOptions{}
		if db.dialect == MySQL {
			isolation.Isolation = sql.LevelReadCommitted
		}
		err := db.transaction(ctx, isolation, fn)
		if err == nil || attempt == maxAttempts || !retryable(err) {
			return db.note(ctx, false, err)
		}
		slog.DebugContext(ctx, "transaction runs again", "attempt", attempt, "error", err)
		pause := time.Duration(rand.IntN(min(20*attempt, longestPause))+2) * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// transaction runs fn in a transaction once, without repeating it.
func (db *DB) transaction(ctx context.Context, isolation *sql.TxOptions, fn func(tx *DB) error) error {
	done, err := db.awaitWriting(ctx)
	if err != nil {
		return err
	}
	defer done()
	return db.gorm.WithContext(ctx).Transaction(func(g *gorm.DB) error {
		tx := *db
		tx.gorm, tx.now, tx.writers = g, db.Now(), nil
		return fn(&tx)
	}, isolation)
}

// Alone makes a transaction the only one of this backend that holds the given name, until it ends;
// other transactions that call Alone with the same name wait. Names are rows of {q2ab_state} that
// migrations insert; an unknown name is an error. It protects tables without unique keys, where what
// was looked up must still be true when the row is written.
func (db *DB) Alone(ctx context.Context, name string) error {
	var found string
	ok, err := db.Get(ctx, []any{&found}, "SELECT name FROM {q2ab_state} WHERE name = ?"+db.ForUpdate(), name)
	if err == nil && !ok {
		err = errors.New("there is no such name")
	}
	if err != nil {
		return fmt.Errorf("be alone for %s: %w", name, err)
	}
	return nil
}

// retryable reports whether the same transaction may succeed when it is run again.
func retryable(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1213 || m.Number == 1205 // deadlock, lock wait time-out
	}
	return isBusy(err)
}

// MissingReference reports whether a statement failed because it refers to a row that does not exist
// (a foreign key).
func MissingReference(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1452
	}
	return errors.Is(err, gorm.ErrForeignKeyViolated) || isForeignKey(err)
}

// DuplicateKey reports whether a statement failed because another row has the same value in a unique
// key.
func DuplicateKey(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1062
	}
	return errors.Is(err, gorm.ErrDuplicatedKey) || isUnique(err)
}

// Exact returns the SQL condition that a text column equals the argument byte for byte, whereas
// "column = ?" compares by the column's collation.
func (db *DB) Exact(column string) string {
	binary := "BINARY"
	if db.dialect == SQLite {
		binary = "BLOB"
	}
	return "CAST(" + column + " AS " + binary + ") = CAST(? AS " + binary + ")"
}

// BeyondQ2A reports whether a text has characters outside the Basic Multilingual Plane (emoji, rare
// ideographs). Nothing that Q2A stores has such characters, since its connections cannot carry them,
// and MySQL returns an error when such a text is compared with a utf8mb3 column.
func BeyondQ2A(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r > 0xffff })
}

// likeEscapes keeps characters that mean something in LIKE from doing so.
var likeEscapes = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// Contains returns the SQL condition that a text column contains the given text by the column's
// collation, and the condition's argument.
func (db *DB) Contains(column, text string) (condition string, arg any) {
	if db.dialect == SQLite { // whose LIKE knows no collation
		return "CONTAINS_CI(" + column + ", ?) = 1", text
	}
	return column + " LIKE ?", "%" + likeEscapes.Replace(text) + "%"
}

// StartsWith returns the SQL condition that a text column starts with the given text by the column's
// collation, and the condition's argument.
func (db *DB) StartsWith(column, text string) (condition string, arg any) {
	if db.dialect == SQLite { // whose LIKE knows no collation
		return "STARTS_WITH_CI(" + column + ", ?)", text
	}
	return column + " LIKE ?", likeEscapes.Replace(text) + "%"
}
