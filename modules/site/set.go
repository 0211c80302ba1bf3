package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// Set stores options. Every process may go on using the old values for up to a second; this one
// uses the new values at once if Forget is called after the transaction.
func Set(ctx context.Context, tx *database.DB, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	var args []any
	for _, name := range slices.Sorted(maps.Keys(values)) {
		args = append(args, name, values[name])
	}
	_, err := tx.Exec(ctx, "INSERT INTO {options} (title, content) VALUES (?, ?)"+
		strings.Repeat(", (?, ?)", len(values)-1)+
		tx.Upsert("title")+"content = "+tx.Given("content"), args...)
	if err != nil {
		return fmt.Errorf("store options: %w", err)
	}
	return nil
}

// Forget makes the next caller of Options ask the database.
func (m *Module) Forget() { m.options.Store(nil) }

// With returns a copy of the options in which the given values replace the old ones.
func (o *Options) With(values map[string]string) *Options {
	all := maps.Clone(o.values)
	maps.Copy(all, values)
	return NewOptions(all)
}
