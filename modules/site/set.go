package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"38qa.net/backend/modules/kernel/database"
)

// Set stores options. Other processes go on with the old values for up to a second; Forget does away with that in this one, after the
// transaction.
func Set(ctx context.Context, tx *database.DB, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	var args []any
	for _, name := range slices.Sorted(maps.Keys(values)) {
		args = append(args, name, values[name])
	}
	_, err := tx.Exec(ctx, "INSERT INTO {options} (title, content) VALUES (?, ?)"+strings.Repeat(", (?, ?)", len(values)-1)+
		tx.Upsert("title")+"content = "+tx.Given("content"), args...)
	if err != nil {
		return fmt.Errorf("store options: %w", err)
	}
	return nil
}

// Forget makes the next caller of Options ask the database.
func (m *Module) Forget() { m.options.Store(nil) }

// With are the options with other values for some.
func (o *Options) With(values map[string]string) *Options {
	all := maps.Clone(o.values)
	maps.Copy(all, values)
	return NewOptions(all)
}
