package database

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed schema/qa.sql
var qaSchema string

// SchemaVersion is the only version of Q2A's tables (the option db_version) that this backend
// serves: that of Q2A 1.8.
const SchemaVersion = "67"

var schemaTable = regexp.MustCompile("(?s)CREATE TABLE `\\{(\\w+)\\}`.*?;\n")

// CoreTables returns the names, without prefix, of the tables that every Q2A 1.8 site has.
func CoreTables() []string {
	var names []string
	for _, m := range schemaTable.FindAllStringSubmatch(qaSchema, -1) {
		names = append(names, m[1])
	}
	return names
}

// CoreDDL returns the CREATE TABLE statements for CoreTables, in the same order and in MySQL's form,
// with the given prefix.
func CoreDDL(prefix string) []string {
	var ddl []string
	for _, m := range schemaTable.FindAllString(qaSchema, -1) {
		ddl = append(ddl, strings.NewReplacer("{", prefix, "}", "").Replace(strings.TrimSuffix(m, ";\n")))
	}
	return ddl
}

// Tables returns the names of the database's tables in alphabetical order.
func (db *DB) Tables(ctx context.Context) ([]string, error) {
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	if db.dialect == SQLite {
		query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	}
	var tables []string
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		tables = append(tables, name)
		return nil
	}, query)
	slices.Sort(tables)
	return tables, err
}

// HasTable reports whether the site has the table, whose name is given without the prefix. It is for
// the tables of plugins, which may be missing.
func (db *DB) HasTable(ctx context.Context, name string) (bool, error) {
	tables, err := db.Tables(ctx)
	return slices.Contains(tables, db.prefix+name), err
}

// Columns returns the names of the columns of a table, in their order; none if there is no such table. The
// table's name is given without the prefix. It is for the tables of plugins whose columns are not known.
func (db *DB) Columns(ctx context.Context, table string) ([]string, error) {
	query := `SELECT column_name
		FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name = ?
		ORDER BY ordinal_position`
	if db.dialect == SQLite {
		query = "SELECT name FROM pragma_table_info(?) ORDER BY cid"
	}
	var columns []string
	err := db.Select(ctx, Append(&columns), query, db.prefix+table)
	return columns, err
}

// CreateSchema makes Q2A's tables in a database that has none of them, with the rows that Q2A's
// installer inserts. It never changes a table that exists.
func (db *DB) CreateSchema(ctx context.Context) error {
	for _, ddl := range CoreDDL(db.prefix) {
		if err := db.CreateTable(ctx, ddl); err != nil {
			return err
		}
	}
	for _, insert := range []string{
		`INSERT INTO {options} (title, content)
			VALUES ('db_version', '` + SchemaVersion + `'), ('enabled_plugins', '')`,
		`INSERT INTO {userfields} (fieldid, title, content, position, flags, permit)
			VALUES (1, 'name', NULL, 1, 0, 150), (2, 'location', NULL, 2, 0, 150),
				(3, 'website', NULL, 3, 2, 150), (4, 'about', NULL, 4, 1, 150)`,
	} {
		if _, err := db.Exec(ctx, insert); err != nil {
			return fmt.Errorf("first rows: %w", err)
		}
	}
	return nil
}

// CreateTable runs a CREATE TABLE statement in MySQL's form, translated if the database is SQLite.
func (db *DB) CreateTable(ctx context.Context, ddl string) error {
	statements := []string{ddl}
	if db.dialect == SQLite {
		var err error
		if _, statements, err = TranslateDDL(ddl); err != nil {
			return err
		}
	}
	for _, s := range statements {
		if _, err := db.Exec(ctx, s); err != nil {
			return fmt.Errorf("create table: %w", err)
		}
	}
	return nil
}

// SchemaError is the error of a database that is not that of a Q2A 1.8 site; it says what is wrong.
type SchemaError struct {
	// Missing lists the core tables that were not found, prefix included.
	Missing []string
	// Version is the content of the option db_version; empty if it was not read.
	Version string
	// Others lists the prefixes under which Q2A's tables do exist in this database.
	Others []string
}

func (e *SchemaError) Error() string {
	switch {
	case len(e.Missing) == len(CoreTables()) && len(e.Others) > 0:
		return fmt.Sprintf("no Question2Answer tables with this prefix; there are some with the prefix %s: set TABLE_PREFIX",
			strings.Join(e.Others, " and "))
	case len(e.Missing) == len(CoreTables()):
		return "no Question2Answer tables in this database (`admin init` makes them in an empty one)"
	case len(e.Missing) > 0:
		return "this is not a complete Question2Answer database; missing tables: " +
			strings.Join(e.Missing, ", ")
	default:
		return fmt.Sprintf("the tables are of Question2Answer's schema version %q; this backend serves version %s (Question2Answer 1.8): "+
			"let the old site upgrade its database first", e.Version, SchemaVersion)
	}
}

// CheckSchema returns a *SchemaError if the database is not that of a Q2A 1.8 site. It writes
// nothing.
func (db *DB) CheckSchema(ctx context.Context) error {
	tables, err := db.Tables(ctx)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	found := &SchemaError{}
	for _, name := range CoreTables() {
		if !slices.Contains(tables, db.prefix+name) {
			found.Missing = append(found.Missing, db.prefix+name)
		}
	}
	for _, table := range tables {
		if p, ok := strings.CutSuffix(table, "userfavorites"); ok && p != db.prefix {
			found.Others = append(found.Others, fmt.Sprintf("%q", p))
		}
	}
	if len(found.Missing) > 0 {
		return found
	}
	if _, err := db.Get(ctx, []any{&found.Version},
		"SELECT content FROM {options} WHERE title = 'db_version'"); err != nil {
		return fmt.Errorf("read db_version: %w", err)
	}
	if found.Version != SchemaVersion {
		return found
	}
	return nil
}
