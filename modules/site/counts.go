package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site/option"
)

// AddCounts adds numbers to the counts that Q2A caches in its options (cache_qcount and others).
// Numbers that are 0 are left out. Call it late in a transaction: all writers of the site share
// these rows, and they stay locked until the transaction ends.
func AddCounts(ctx context.Context, tx *database.DB, counts map[option.Key]int) error {
	keys := slices.SortedFunc(maps.Keys(counts), option.Compare)
	keys = slices.DeleteFunc(keys, func(key option.Key) bool { return counts[key] == 0 })
	if len(keys) == 0 {
		return nil
	}
	var args []any
	for _, key := range keys {
		args = append(args, key.Name(), counts[key])
	}
	integer, text := castTypes(tx)
	sum := "CAST(CAST({options}.content AS " + integer + ") + CAST(" + tx.Given("content") + " AS " +
		integer + ") AS " + text + ")"
	_, err := tx.Exec(ctx, "INSERT INTO {options} (title, content) VALUES (?, ?)"+
		strings.Repeat(", (?, ?)", len(keys)-1)+tx.Upsert("title")+"content = "+sum, args...)
	if err != nil {
		return fmt.Errorf("cached counts: %w", err)
	}
	return nil
}

// SetCount counts and stores in one statement: it sets the option to the number that the query
// selects as n.
func SetCount(ctx context.Context, tx *database.DB, key option.Key, query string, args ...any) error {
	_, text := castTypes(tx)
	_, err := tx.Exec(ctx, `
		INSERT INTO {options} (title, content)
		SELECT ?, CAST(n AS `+text+`) FROM (`+query+`) c WHERE true`+
		tx.Overwrite("title", "content"), append([]any{key.Name()}, args...)...)
	if err != nil {
		return fmt.Errorf("store the count %s: %w", key, err)
	}
	return nil
}

// castTypes returns the names of the types to which SQL's CAST converts in the database's dialect: that
// for integers and that for text. Both are needed because Q2A stores its counts as text.
func castTypes(tx *database.DB) (integer, text string) {
	if tx.Dialect() == database.SQLite {
		return "INTEGER", "TEXT"
	}
	return "SIGNED", "CHAR"
}
