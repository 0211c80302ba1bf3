// Package database opens the site's Question2Answer database, MySQL, MariaDB or the embedded SQLite, and runs the
// modules' SQL on it.
//
// SQL is written once, by hand, in the common ground of the three: table names stand in braces ("{posts}") and
// become the site's own (prefix included); SQLite is given the few MySQL functions that the modules use
// (UNIX_TIMESTAMP, LN) and MySQL's collation, so that comparisons mean the same everywhere.
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
	// SQLite is the embedded default.
	SQLite
)

func (d Dialect) String() string {
	if d == SQLite {
		return "sqlite"
	}
	return "mysql"
}

// DB is a database handle that all modules share; it is safe for concurrent use.
type DB struct {
	gorm    *gorm.DB
	pool    *sql.DB
	dialect Dialect
	prefix  string
	mysql   *mysql.Config // nil for SQLite
	file    string        // of SQLite
	clock   Clock
	// now is the moment at which a transaction began, in Unix seconds; 0 outside.
	now int64
	// names caches the queries in which table names have been put in; queries are constants or made of few parts,
	// so that it stays small.
	names  *sync.Map
	health *health
	// writers, of SQLite outside of a transaction, holds whoever writes. SQLite would let the others ask again and
	// again whether it is their turn, so that some of them wait for seconds.
	writers chan struct{}
}

// awaitWriting waits, in the order of those who come, until nobody else of this process writes, and returns what
// lets the next one write. On MySQL, and in a transaction, there is nothing to wait for.
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

// Dialect tells which kind of server this is, for the few places where SQL has to differ.
func (db *DB) Dialect() Dialect { return db.dialect }

// Prefix is the site's table prefix, "qa_" in most sites.
func (db *DB) Prefix() string { return db.prefix }

// Pool is the connection pool beneath, for health checks and for the migrations.
func (db *DB) Pool() *sql.DB { return db.pool }

// Close closes all connections; queries under way end with an error.
func (db *DB) Close() error { return db.pool.Close() }

// Ping checks that the server answers.
func (db *DB) Ping(ctx context.Context) error { return db.pool.PingContext(ctx) }

// statements is the key of the counter that CountStatements puts into a context.
type statements struct{}

// CountStatements returns a context in which every statement sent to the server adds one to the counter. It is there
// for the tests that hold the number of statements per request.
func CountStatements(ctx context.Context) (context.Context, *Counter) {
	c := &Counter{}
	return context.WithValue(ctx, statements{}, c), c
}

// Counter counts statements and keeps their texts.
type Counter struct {
	mu      sync.Mutex
	queries []string
}

// Queries returns the statements so far.
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

// Select runs a query and hands each row to scan. A slice among the arguments becomes a list for IN.
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

// Append is a scan for Select that adds the only column of each row to the list.
func Append[T any](list *[]T) func(*sql.Rows) error {
	*list = nil
	return func(rows *sql.Rows) error {
		var v T
		err := rows.Scan(&v)
		*list = append(*list, v)
		return err
	}
}

// Get reads at most one row into dest; found tells whether there was one.
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

// Clock tells the time; tests pass their own. The zero Clock is the process's.
type Clock func() time.Time

// Now is the time in Unix seconds, as exact as Q2A keeps times. Within a transaction it stands still, so that all rows of
// one action bear the same time. SQL takes it with FROM_UNIXTIME(?), which heeds the server's time zone as Q2A's NOW() does.
func (db *DB) Now() int64 {
	switch {
	case db.now != 0:
		return db.now
	case db.clock != nil:
		return db.clock().Unix()
	}
	return time.Now().Unix()
}

// ServerNow is the time by the database's clock, in Unix seconds: the same for all processes, however wrong their own clocks are. A clock
// that was given goes before it, and SQLite has the process's.
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

// Insert runs a statement that inserts one row and returns the id that the table gave it.
func (db *DB) Insert(ctx context.Context, query string, args ...any) (id int64, err error) {
	count(ctx, query)
	done, err := db.awaitWriting(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	result := gorm.WithResult()
	if err := db.gorm.WithContext(ctx).Clauses(result).Exec(db.sql(query), bytesAsOne(args)...).Error; db.note(ctx, true, err) != nil {
		return 0, err
	}
	return result.Result.LastInsertId()
}

// Upsert is the clause after VALUES (…) that turns an insert into an update of the row that has the same key; Given names the
// inserted values in it.
func (db *DB) Upsert(key string) string {
	if db.dialect == SQLite {
		return " ON CONFLICT (" + key + ") DO UPDATE SET "
	}
	return " ON DUPLICATE KEY UPDATE "
}

// Given is, within Upsert, the value of the column that the insert would have written.
func (db *DB) Given(column string) string {
	if db.dialect == SQLite {
		return "excluded." + column
	}
	return "VALUES(" + column + ")"
}

// InsertIgnore begins an insert that does nothing where the row's key is taken.
func (db *DB) InsertIgnore() string {
	if db.dialect == SQLite {
		return "INSERT OR IGNORE INTO"
	}
	return "INSERT IGNORE INTO"
}

// ForUpdate ends a query that locks the rows that it reads until the end of the transaction. SQLite's writing transactions
// have the whole database for themselves from their start.
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

// bytes is a binary argument; as a plain []byte GORM would take it for a list of numbers after a parenthesis.
type bytes []byte

// Value gives the bytes to the driver.
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

// maxAttempts bounds how often Tx tries again after a deadlock or a lock time-out, and longestPause the time between. Requests run
// out of their own time before that: where many act on the same few posts, one may well lose a dozen times in a row.
const (
	maxAttempts  = 50
	longestPause = 200 // milliseconds
)

// Tx runs fn in one transaction: committed when fn returns nil, rolled back otherwise. After a deadlock, a lock
// time-out or SQLite's "busy" it runs fn again, so fn must have no effect outside the transaction.
//
// On MySQL it reads what is committed at each statement (READ COMMITTED): after waiting for a row's lock the next statement
// sees what the other transaction did, and counting rows locks none of them.
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

// transaction runs fn once.
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

// Alone makes a transaction the only one of this backend that has called Alone with the name until it ends; others wait. The names are
// rows that migrations make. It is for tables without unique keys, where what is looked up has to stay true until it is written.
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

// retryable tells whether the same transaction may succeed when it is run again.
func retryable(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1213 || m.Number == 1205 // deadlock, lock wait time-out
	}
	return isBusy(err)
}

// MissingReference tells whether a statement failed because a row that it refers to is not there.
func MissingReference(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1452
	}
	return errors.Is(err, gorm.ErrForeignKeyViolated) || isForeignKey(err)
}

// DuplicateKey tells whether a statement failed because a unique key has the value already.
func DuplicateKey(err error) bool {
	var m *mysql.MySQLError
	if errors.As(err, &m) {
		return m.Number == 1062
	}
	return errors.Is(err, gorm.ErrDuplicatedKey) || isUnique(err)
}

// Exact is the condition that a text column holds exactly the argument, byte for byte, where "column = ?" goes by the
// column's collation.
func (db *DB) Exact(column string) string {
	binary := "BINARY"
	if db.dialect == SQLite {
		binary = "BLOB"
	}
	return "CAST(" + column + " AS " + binary + ") = CAST(? AS " + binary + ")"
}

// BeyondQ2A tells whether a text has characters outside the basic plane (emoji, rare ideographs), which nothing that Q2A
// stores has: its connections cannot carry them. Comparing such a text with a utf8mb3 column is an error in MySQL.
func BeyondQ2A(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r > 0xffff })
}

// StartsWith is the condition that a text column, compared by its collation, starts with a text, and its argument.
func (db *DB) StartsWith(column, text string) (condition string, arg any) {
	if db.dialect == SQLite { // whose LIKE knows no collation
		return "STARTS_WITH_CI(" + column + ", ?)", text
	}
	return column + " LIKE ?", strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}
