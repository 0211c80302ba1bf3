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

// Locked reads options, with Q2A's defaults for those that are not set, and keeps others from changing them
// before the transaction ends. Of all other options it returns the defaults.
func Locked(ctx context.Context, tx *database.DB, keys ...option.Key) (*Options, error) {
	return read(ctx, tx, tx.ForUpdate(), keys)
}

// Stored is like Locked, but locks nothing. Unlike those that the module keeps, the values are of now.
func Stored(ctx context.Context, db *database.DB, keys ...option.Key) (*Options, error) {
	return read(ctx, db, "", keys)
}

func read(ctx context.Context, db *database.DB, lock string, keys []option.Key) (*Options, error) {
	o := &Options{values: map[string]string{}}
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.Name()
	}
	err := db.Select(ctx, o.scan,
		"SELECT title, content FROM {options} WHERE title IN ? ORDER BY title"+lock, names)
	if err != nil {
		return nil, fmt.Errorf("read some of the site's options: %w", err)
	}
	o.settle()
	return o, nil
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
