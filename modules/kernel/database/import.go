package database

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Import holds the options of ImportDump.
type Import struct {
	// Zone is the time zone of the server that the dump was made on, because Q2A stores local times.
	// nil means UTC.
	Zone *time.Location
	// Prefix is the table prefix in the dump; "" means that of the target database.
	Prefix string
	// Progress, if set, is called after each INSERT statement and every 20,000 rows within one.
	Progress func(table string, rows int)
}

// ImportResult describes what an import did.
type ImportResult struct {
	Tables, Rows int
	// Skipped lists the tables of the dump that have another prefix and were left out.
	Skipped []string
}

// ImportDump reads a dump that mysqldump made of a Q2A site into an empty SQLite database: Q2A's
// tables and those of plugins, with all rows. The database must have been opened with
// Settings.Importing. The import is one transaction, so an import that fails or is interrupted
// leaves nothing behind.
func (db *DB) ImportDump(ctx context.Context, dump io.Reader, options Import) (ImportResult, error) {
	var result ImportResult
	if db.dialect != SQLite {
		return result, errors.New("import is for the embedded database; load a dump into MySQL with its own client")
	}
	tables, err := db.Tables(ctx)
	if err != nil {
		return result, err
	}
	if len(tables) > 0 {
		return result, errors.New("the database is not empty; import needs a new file")
	}
	if options.Zone == nil {
		options.Zone = time.UTC
	}
	if options.Prefix == "" {
		options.Prefix = db.prefix
	}
	reader := &statementReader{bufio.NewReaderSize(dump, 1<<20)}
	err = db.Tx(ctx, func(tx *DB) error {
		in := &importer{tx: tx, options: options, result: &result, columns: map[string][]importColumn{}}
		for {
			statement, err := reader.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			if err := in.run(ctx, statement); err != nil {
				return err
			}
		}
		if result.Tables == 0 {
			return fmt.Errorf("the dump has no tables with the prefix %q", options.Prefix)
		}
		if err := tx.checkForeignKeys(ctx); err != nil {
			return err
		}
		return tx.CheckSchema(ctx)
	})
	return result, err
}

// checkForeignKeys returns an error that names up to ten rows that refer to rows that do not exist.
func (db *DB) checkForeignKeys(ctx context.Context) error {
	var broken []string
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var table, parent string
		var row, key any
		err := rows.Scan(&table, &row, &parent, &key)
		if len(broken) < 10 {
			broken = append(broken, fmt.Sprintf("%s row %v refers to a missing row of %s", table, row,
				parent))
		}
		return err
	}, "PRAGMA foreign_key_check")
	if err == nil && len(broken) > 0 {
		err = errors.New("the dump does not fit together: " + strings.Join(broken, "; "))
	}
	return err
}

type importColumn struct{ name, kind string }

type importer struct {
	tx      *DB
	options Import
	result  *ImportResult
	columns map[string][]importColumn
	rows    int
}

var (
	createHead  = regexp.MustCompile("(?is)^CREATE TABLE (?:IF NOT EXISTS )?`([^`]+)`")
	columnKind  = regexp.MustCompile("(?m)^\\s*`([^`]+)` ([a-z]+(?:\\([^)]*\\))?(?: unsigned)?)")
	updateHead  = regexp.MustCompile("(?is)^UPDATE `([^`]+)` SET ")
	backticked  = regexp.MustCompile("`([^`]+)`")
	progressRow = 20000
)

func (in *importer) run(ctx context.Context, statement string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case createHead.MatchString(statement):
		return in.create(ctx, statement)
	case strings.HasPrefix(statement, "INSERT"):
		return in.insert(ctx, statement)
	case updateHead.MatchString(statement):
		if table, ok := in.target(updateHead.FindStringSubmatch(statement)[1]); ok {
			rest := statement[strings.Index(strings.ToUpper(statement), " SET "):]
			if _, err := in.tx.Exec(ctx, "UPDATE `"+table+"`"+rest); err != nil {
				return fmt.Errorf("update of %s: %w", table, err)
			}
		}
	}
	return nil // SET, LOCK, DROP, ALTER … KEYS: of no meaning here
}

// target returns the name that a table of the dump gets in this database, and reports whether it is
// to be imported.
func (in *importer) target(table string) (string, bool) {
	name, ok := strings.CutPrefix(table, in.options.Prefix)
	return in.tx.prefix + name, ok
}

func (in *importer) create(ctx context.Context, statement string) error {
	source := createHead.FindStringSubmatch(statement)[1]
	table, ok := in.target(source)
	if !ok {
		in.result.Skipped = append(in.result.Skipped, source)
		return nil
	}
	for _, c := range columnKind.FindAllStringSubmatch(statement, -1) {
		in.columns[source] = append(in.columns[source], importColumn{c[1], c[2]})
	}
	renamed := backticked.ReplaceAllStringFunc(statement, func(quoted string) string {
		name := strings.Trim(quoted, "`")
		if new, ok := in.target(name); ok &&
			(name == source || strings.Contains(statement, "REFERENCES `"+name+"`")) {
			return "`" + new + "`"
		}
		return quoted
	})
	if err := in.tx.CreateTable(ctx, renamed); err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	in.result.Tables++
	return nil
}

func (in *importer) insert(ctx context.Context, statement string) error {
	err := parseInsert(statement, func(source string, names []string, values []value) error {
		table, ok := in.target(source)
		if !ok {
			return nil
		}
		columns := in.columns[source]
		if names != nil {
			columns = named(columns, names)
		}
		if len(columns) != len(values) {
			return fmt.Errorf("table %s: a row of %d values for %d columns", table, len(values), len(columns))
		}
		args := make([]any, len(values))
		quoted := make([]string, len(values))
		for i, v := range values {
			var err error
			if args[i], err = in.convert(columns[i].kind, v); err != nil {
				return fmt.Errorf("table %s, column %s: %w", table, columns[i].name, err)
			}
			quoted[i] = "`" + columns[i].name + "`"
		}
		query := "INSERT INTO `" + table + "` (" + strings.Join(quoted, ", ") +
			") VALUES (?" + strings.Repeat(", ?", len(values)-1) + ")"
		if _, err := in.tx.Exec(ctx, query, args...); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
		in.result.Rows++
		if in.rows++; in.options.Progress != nil && in.rows%progressRow == 0 {
			in.options.Progress(table, in.rows)
		}
		return nil
	})
	if err == nil && in.options.Progress != nil && in.rows > 0 {
		in.options.Progress(insertHead.FindStringSubmatch(statement)[1], in.rows)
	}
	in.rows = 0
	return err
}

func named(columns []importColumn, names []string) []importColumn {
	kinds := map[string]string{}
	for _, c := range columns {
		kinds[c.name] = c.kind
	}
	out := make([]importColumn, len(names))
	for i, n := range names {
		out[i] = importColumn{n, kinds[n]}
	}
	return out
}

// convert converts a dumped value to what SQLite stores: texts as texts, numbers as numbers,
// DATETIME in UTC, and unsigned 64-bit integers as texts.
func (in *importer) convert(kind string, v value) (any, error) {
	text, isText := v.(string)
	base, _, _ := strings.Cut(kind, "(")
	switch {
	case v == nil:
		return nil, nil //nolint:nilnil // NULL
	case strings.HasPrefix(kind, "bigint") && strings.HasSuffix(kind, "unsigned"):
		return text, nil
	case strings.HasSuffix(base, "int") || strings.HasPrefix(base, "tinyint"):
		return strconv.ParseInt(text, 10, 64)
	case base == "float":
		f, err := strconv.ParseFloat(text, 32)
		return float64(float32(f)), err
	case base == "double":
		return strconv.ParseFloat(text, 64)
	case base == "datetime" && isText:
		if in.options.Zone == time.UTC || strings.HasPrefix(text, "0000") {
			return text, nil
		}
		local, err := time.ParseInLocation(timeForm, text, in.options.Zone)
		return local.UTC().Format(timeForm), err
	case strings.HasSuffix(base, "blob") || strings.HasSuffix(base, "binary"):
		if isText {
			return []byte(text), nil
		}
		return v, nil
	}
	if b, ok := v.([]byte); ok {
		return string(b), nil
	}
	return text, nil
}
