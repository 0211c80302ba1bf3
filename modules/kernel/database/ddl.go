package database

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	createTable = regexp.MustCompile("(?is)^CREATE TABLE (?:IF NOT EXISTS )?`([^`]+)` \\((.*)\n\\)[^)]*$")
	columnLine  = regexp.MustCompile("^`([^`]+)` ([a-z]+)(\\([^)]*\\))?( unsigned)?(.*)$")
	keyLine     = regexp.MustCompile("^(UNIQUE KEY|KEY) `([^`]+)` \\((.*)\\)")
	charsetWord = regexp.MustCompile(`(?i) (CHARACTER SET|COLLATE) (\w+)`)
	prefixLen   = regexp.MustCompile(`\(\d+\)`)
)

// TranslateDDL translates one CREATE TABLE statement as mysqldump prints it into SQLite statements:
// the table, then its indexes. Text compares as in the MySQL column (by utf8_general_ci, or by bytes
// if the collation ends in _bin). DATETIME becomes text of the same form, and BIGINT UNSIGNED
// becomes text because SQLite's integers end at 2^63.
func TranslateDDL(ddl string) (table string, statements []string, err error) {
	m := createTable.FindStringSubmatch(strings.TrimSuffix(strings.TrimSpace(ddl), ";"))
	if m == nil {
		return "", nil, fmt.Errorf("not a CREATE TABLE of mysqldump's form: %.60q", ddl)
	}
	table = m[1]
	var columns, indexes []string
	autoIncrement := ""
	for line := range strings.Lines(m[2]) {
		line = strings.TrimSuffix(strings.TrimSpace(line), ",")
		switch {
		case line == "":
		case strings.HasPrefix(line, "`"):
			c := columnLine.FindStringSubmatch(line)
			if c == nil {
				return "", nil, fmt.Errorf("table %s: column not understood: %q", table, line)
			}
			column, isAuto := translateColumn(c)
			if isAuto {
				autoIncrement = c[1]
			}
			columns = append(columns, column)
		case strings.HasPrefix(line, "PRIMARY KEY"):
			if autoIncrement == "" {
				columns = append(columns, prefixLen.ReplaceAllString(line, ""))
			}
		case strings.HasPrefix(line, "CONSTRAINT"):
			columns = append(columns, line)
		case keyLine.MatchString(line):
			k := keyLine.FindStringSubmatch(line)
			unique := ""
			if strings.HasPrefix(k[1], "UNIQUE") {
				unique = "UNIQUE "
			}
			indexes = append(indexes,
				fmt.Sprintf("CREATE %sINDEX `%s.%s` ON `%s` (%s)", unique, table, k[2], table,
					prefixLen.ReplaceAllString(k[3], "")))
		case strings.HasPrefix(line, "FULLTEXT"), strings.HasPrefix(line, "SPATIAL"): // only for speed
		default:
			return "", nil, fmt.Errorf("table %s: line not understood: %q", table, line)
		}
	}
	create := fmt.Sprintf("CREATE TABLE `%s` (\n  %s\n)", table, strings.Join(columns, ",\n  "))
	return table, append([]string{create}, indexes...), nil
}

// translateColumn translates a column definition, given the groups of columnLine, and reports
// whether the column is AUTO_INCREMENT.
func translateColumn(c []string) (column string, autoIncrement bool) {
	name, kind, unsigned, rest := c[1], c[2], c[4] != "", c[5]
	binary := strings.Contains(rest, "_bin")
	rest = charsetWord.ReplaceAllString(rest, "")
	if strings.Contains(rest, "AUTO_INCREMENT") {
		return fmt.Sprintf("`%s` INTEGER PRIMARY KEY AUTOINCREMENT", name), true
	}
	rest = strings.ReplaceAll(rest, " DEFAULT current_timestamp()", " DEFAULT CURRENT_TIMESTAMP")
	if i := strings.Index(rest, " COMMENT "); i >= 0 {
		rest = rest[:i]
	}
	return fmt.Sprintf("`%s` %s%s", name, sqliteType(kind, unsigned, binary), rest), false
}

func sqliteType(kind string, unsigned, binary bool) string {
	switch kind {
	case "bigint":
		if unsigned {
			return "TEXT"
		}
		return "INTEGER"
	case "tinyint", "smallint", "mediumint", "int":
		return "INTEGER"
	case "float", "double":
		return "REAL"
	case "decimal":
		return "NUMERIC"
	case "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return "BLOB"
	case "datetime", "timestamp", "date", "time":
		return "TEXT"
	}
	if binary {
		return "TEXT"
	}
	return "TEXT COLLATE utf8_general_ci"
}
