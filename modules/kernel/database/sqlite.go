package database

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// timeForm is the form in which SQLite stores a DATETIME: text, in UTC.
const timeForm = "2006-01-02 15:04:05"

// registerMySQLFunctions registers with SQLite the functions and the collation that the modules' SQL
// expects of MySQL. Registrations are process-wide and apply to connections opened later.
var registerMySQLFunctions = sync.OnceValue(func() error {
	return errors.Join(
		sqlite.RegisterCollationUtf8("utf8_general_ci", CompareGeneralCI),
		sqlite.RegisterDeterministicScalarFunction("UNIX_TIMESTAMP", 1, unixTimestamp),
		sqlite.RegisterDeterministicScalarFunction("FROM_UNIXTIME", 1, fromUnixTime),
		sqlite.RegisterDeterministicScalarFunction("LN", 1, naturalLog),
		sqlite.RegisterDeterministicScalarFunction("STARTS_WITH_CI", 2, startsWithCI),
		sqlite.RegisterDeterministicScalarFunction("CONTAINS_CI", 2, containsCI),
	)
})

func unixTimestamp(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	switch v := args[0].(type) {
	case nil:
		return nil, nil
	case string:
		t, err := time.Parse(timeForm, v)
		if err != nil {
			return nil, fmt.Errorf("UNIX_TIMESTAMP: %w", err)
		}
		return t.Unix(), nil
	}
	return nil, fmt.Errorf("UNIX_TIMESTAMP of %T", args[0])
}

func fromUnixTime(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	switch v := args[0].(type) {
	case nil:
		return nil, nil
	case int64:
		return time.Unix(v, 0).UTC().Format(timeForm), nil
	}
	return nil, fmt.Errorf("FROM_UNIXTIME of %T", args[0])
}

func naturalLog(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	var x float64
	switch v := args[0].(type) {
	case int64:
		x = float64(v)
	case float64:
		x = v
	}
	if x <= 0 {
		return nil, nil // as MySQL does
	}
	return math.Log(x), nil
}

// startsWithCI reports, as 0 or 1, whether the first text starts with the second by the collation
// utf8_general_ci.
func startsWithCI(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, ok1 := args[0].(string)
	start, ok2 := args[1].(string)
	if !ok1 || !ok2 {
		return int64(0), nil
	}
	runes, n := []rune(text), utf8.RuneCountInString(start)
	if len(runes) < n || CompareGeneralCI(string(runes[:n])+"|", start+"|") != 0 {
		return int64(0), nil
	}
	return int64(1), nil
}

// containsCI reports, as 0 or 1, whether the first text contains the second by the collation
// utf8_general_ci.
func containsCI(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, ok1 := args[0].(string)
	part, ok2 := args[1].(string)
	// The bars keep the folding from dropping spaces at the end, which count within a text.
	part = strings.TrimSuffix(FoldGeneralCI(part+"|"), FoldGeneralCI("|"))
	if !ok1 || !ok2 || !strings.Contains(FoldGeneralCI(text+"|"), part) {
		return int64(0), nil
	}
	return int64(1), nil
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code()&0xff == sqlite3.SQLITE_BUSY || e.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

func isFull(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_FULL
}

// isUnreadable reports whether the file of the database cannot be opened, read or written.
func isUnreadable(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return true
	}
	return false
}

func isUnique(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func isForeignKey(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}
