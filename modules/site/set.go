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

// Set stores options. Every process may go on using the old values for up to a second; this one
// uses the new values at once if Forget is called after the transaction.
func Set(ctx context.Context, tx *database.DB, values map[option.Key]string) error {
	if len(values) == 0 {
		return nil
	}
	var args []any
	for _, key := range slices.SortedFunc(maps.Keys(values), option.Compare) {
		args = append(args, key.Name(), values[key])
	}
	_, err := tx.Exec(ctx, "INSERT INTO {options} (title, content) VALUES (?, ?)"+
		strings.Repeat(", (?, ?)", len(values)-1)+
		tx.Overwrite("title", "content"), args...)
	if err != nil {
		return fmt.Errorf("store options: %w", err)
	}
	return nil
}

// Locked returns the value of an option, or its default if it is not stored, and keeps other transactions
// from changing it until this one ends.
func Locked(ctx context.Context, tx *database.DB, key option.Key) (string, error) {
	value := key.Default()
	if _, err := tx.Get(ctx, []any{&value}, "SELECT content FROM {options} WHERE title = ?"+tx.ForUpdate(),
		key.Name()); err != nil {
		return "", fmt.Errorf("lock the option %s: %w", key, err)
	}
	return value, nil
}

// Forget makes the next caller of Options ask the database.
func (m *Module) Forget() { m.options.Store(nil) }

// With returns a copy of the options in which the given values replace the old ones.
func (o *Options) With(values map[option.Key]string) *Options {
	all := maps.Clone(o.values)
	for key, value := range values {
		all[key.Name()] = value
	}
	return NewOptions(all)
}
