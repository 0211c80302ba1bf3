package databasetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Template is a filled database of which each test gets its own copy. Filling a database takes
// longer than most tests, so the template is filled once, and copies on a server are reused: before
// the next test only the tables that the previous one changed are written anew. A Template must not
// be copied.
type Template struct {
	// Charset is the character set of the database on a server.
	Charset string
	// Fill makes the tables and their rows in the empty database at the given address.
	Fill func(ctx context.Context, url string) error

	sqlite   sync.Once
	file     []byte // of the filled SQLite database
	fileErr  error
	server   sync.Mutex
	original *schema   // what copies on a server are filled from
	filled   *contents // of the original
	idle     []*schema // copies that no test uses
}

// contents describes what a database on a server holds.
type contents struct {
	tables  map[string]string   // definition of each table's columns, keys and triggers, by its name
	columns map[string][]string // each table's columns that are written; the server makes generated ones
	sums    map[string]string   // checksum of each table's rows
	next    map[string]int64    // next number of the tables that number their rows
}

// SQLiteCopy returns the address of a copy in a file that is removed at the end of the test.
func (t *Template) SQLiteCopy(tb testing.TB) string {
	tb.Helper()
	t.sqlite.Do(func() { t.file, t.fileErr = t.fillFile() })
	if t.fileErr != nil {
		tb.Fatal(t.fileErr)
	}
	path := filepath.Join(tb.TempDir(), "site.sqlite")
	if err := os.WriteFile(path, t.file, 0o600); err != nil {
		tb.Fatal(err)
	}
	return "sqlite:" + path
}

func (t *Template) fillFile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "q2ab")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "site.sqlite")
	if err := t.Fill(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path) //nolint:gosec // made above
}

// ServerCopy returns the address of a copy on the server of TEST_DATABASE_URL. The caller must call
// Drop after all tests.
func (t *Template) ServerCopy(tb testing.TB) string {
	tb.Helper()
	s, err := t.take(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		t.server.Lock()
		defer t.server.Unlock()
		t.idle = append(t.idle, s)
	})
	return s.url
}

// Drop removes all copies on the server and the database that they were made from.
func (t *Template) Drop() error {
	t.server.Lock()
	defer t.server.Unlock()
	var all []error
	if t.original != nil {
		all = append(all, t.original.drop())
	}
	for _, s := range t.idle {
		all = append(all, s.drop())
	}
	t.original, t.idle = nil, nil
	return errors.Join(all...)
}

// take returns a copy in the state in which the template was filled.
func (t *Template) take(ctx context.Context) (*schema, error) {
	used, err := t.takeUsed(ctx)
	if err != nil {
		return nil, err
	}
	if used != nil {
		same, err := used.restore(ctx, t.original, t.filled)
		if err == nil && same {
			return used, nil
		}
		// A test has changed the tables themselves, or they cannot be written.
		if err := errors.Join(err, used.drop()); err != nil {
			return nil, err
		}
	}
	return t.fillSchema(ctx)
}

// takeUsed returns a copy that an earlier test has used, or nil if there is none. On its first call
// it makes the original.
func (t *Template) takeUsed(ctx context.Context) (used *schema, err error) {
	t.server.Lock()
	defer t.server.Unlock()
	if t.original == nil {
		original, err := t.fillSchema(ctx)
		if err != nil {
			return nil, err
		}
		if t.filled, err = original.look(ctx); err != nil {
			return nil, errors.Join(err, original.drop())
		}
		t.original = original
	}
	if n := len(t.idle); n > 0 {
		used, t.idle = t.idle[n-1], t.idle[:n-1]
	}
	return used, nil
}

// fillSchema makes a new database on the server.
func (t *Template) fillSchema(ctx context.Context) (*schema, error) {
	s, err := create(ctx, t.Charset)
	if err != nil {
		return nil, err
	}
	if err := t.Fill(ctx, s.url); err != nil {
		return nil, errors.Join(err, s.drop())
	}
	return s, nil
}

// look reads the definitions and the state of all tables.
func (s *schema) look(ctx context.Context) (*contents, error) {
	// MySQL would return statistics that are up to a day old. MariaDB does not know the setting, so
	// the error is ignored.
	_, _ = s.db.ExecContext(ctx, "SET SESSION information_schema_stats_expiry = 0")
	found := &contents{map[string]string{}, map[string][]string{}, map[string]string{}, map[string]int64{}}
	err := each(ctx, s.db, func(rows *sql.Rows) error {
		var table string
		var next sql.NullInt64
		if err := rows.Scan(&table, &next); err != nil {
			return err
		}
		found.tables[table] = ""
		if next.Valid {
			found.next[table] = next.Int64
		}
		return nil
	}, `SELECT table_name, auto_increment
		FROM information_schema.tables
		WHERE table_schema = ? AND table_type = 'BASE TABLE'`, s.name)
	if err != nil {
		return nil, err
	}
	for _, query := range []string{
		`SELECT table_name, CONCAT_WS(' ', ordinal_position, column_name, column_type, is_nullable,
				column_default, extra, collation_name)
			FROM information_schema.columns
			WHERE table_schema = ?
			ORDER BY table_name, ordinal_position`,
		`SELECT table_name, CONCAT_WS(' ', index_name, non_unique, seq_in_index, column_name, sub_part)
			FROM information_schema.statistics
			WHERE table_schema = ?
			ORDER BY table_name, index_name, seq_in_index`,
		`SELECT event_object_table, CONCAT_WS(' ', trigger_name, action_timing, event_manipulation,
				action_statement)
			FROM information_schema.triggers
			WHERE trigger_schema = ?
			ORDER BY event_object_table, trigger_name`,
	} {
		err := each(ctx, s.db, func(rows *sql.Rows) error {
			var table, part string
			if err := rows.Scan(&table, &part); err != nil {
				return err
			}
			found.tables[table] += part + "\n"
			return nil
		}, query, s.name)
		if err != nil {
			return nil, err
		}
	}
	err = each(ctx, s.db, func(rows *sql.Rows) error {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		found.columns[table] = append(found.columns[table], column)
		return nil
	}, `SELECT table_name, column_name
		FROM information_schema.columns
		WHERE table_schema = ? AND COALESCE(generation_expression, '') = ''
		ORDER BY table_name, ordinal_position`, s.name)
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(found.tables))
	err = each(ctx, s.db, func(rows *sql.Rows) error {
		var table string
		var sum sql.NullString
		if err := rows.Scan(&table, &sum); err != nil {
			return err
		}
		found.sums[strings.TrimPrefix(table, s.name+".")] = sum.String
		return nil
	}, "CHECKSUM TABLE `"+strings.Join(names, "`, `")+"`")
	return found, err
}

// restore makes the rows of all tables equal to those of the original. It returns false if the
// tables themselves differ.
func (s *schema) restore(ctx context.Context, original *schema, filled *contents) (bool, error) {
	found, err := s.look(ctx)
	if err != nil {
		return false, err
	}
	if !maps.Equal(found.tables, filled.tables) {
		return false, nil
	}
	queries := []string{"SET SESSION foreign_key_checks = 0"}
	for _, table := range slices.Sorted(maps.Keys(filled.tables)) {
		changed := found.sums[table] != filled.sums[table]
		if changed {
			columns := "`" + strings.Join(filled.columns[table], "`, `") + "`"
			queries = append(queries, "DELETE FROM `"+table+"`",
				"INSERT INTO `"+table+"` ("+columns+") SELECT "+columns+" FROM `"+original.name+"`.`"+
					table+"`")
		}
		if next, numbered := filled.next[table]; numbered && (changed || found.next[table] != next) {
			queries = append(queries, fmt.Sprintf("ALTER TABLE `%s` AUTO_INCREMENT = %d", table, next))
		}
	}
	for _, query := range queries {
		if _, err := s.db.ExecContext(ctx, query); err != nil {
			return false, fmt.Errorf("%s: %w", query, err)
		}
	}
	return true, nil
}

// each calls a function for each row of a query.
func each(ctx context.Context, db *sql.DB, row func(*sql.Rows) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
