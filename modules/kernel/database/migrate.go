package database

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// migrations holds the steps that make this backend's own tables; Q2A's tables are never among them.
// The tables are named {q2ab_…}: the site's prefix keeps two sites in one database apart, and q2ab_
// avoids clashes with plugins.
//
//go:embed migrations
var migrations embed.FS

// Migrate brings this backend's own tables up to date. Processes that start at the same time wait
// for each other.
func (db *DB) Migrate(ctx context.Context) (err error) {
	files, err := db.migrationFiles()
	if err != nil {
		return err
	}
	dialect := goose.DialectMySQL
	options := []goose.ProviderOption{
		goose.WithTableName(db.prefix + "q2ab_migrations"),
		goose.WithLogger(goose.NopLogger()),
		goose.WithDisableGlobalRegistry(true),
	}
	pool := db.pool
	if db.dialect == SQLite {
		dialect = goose.DialectSQLite3
	} else {
		locker, err := lock.NewMySQLTableLocker(lock.WithTableName(db.prefix+"q2ab_migration_lock"),
			lock.WithTableLockTimeout(time.Second, 60))
		if err != nil {
			return fmt.Errorf("migration lock: %w", err)
		}
		options = append(options, goose.WithLocker(locker))
		cfg := db.mysql.Clone()
		cfg.ParseTime = true // goose reads times
		if pool, err = poolOf(cfg, 2); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pool.Close()) }()
	}
	provider, err := goose.NewProvider(dialect, pool, files, options...)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if !pending {
		return nil
	}
	results, err := provider.Up(ctx)
	if err != nil && db.dialect == SQLite && doneByOther(ctx, provider) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("migrations (the database user needs CREATE once; see MIGRATE_ON_START): %w", err)
	}
	for _, r := range results {
		slog.InfoContext(ctx, "migrated", "step", r.Source.Path, "duration", r.Duration)
	}
	return nil
}

// CheckMigrated returns an error if this backend's own tables are missing or older than this program. It is
// for processes that do not make them.
func (db *DB) CheckMigrated(ctx context.Context) error {
	entries, err := migrations.ReadDir("migrations/" + db.dialect.String())
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	newest, _, _ := strings.Cut(entries[len(entries)-1].Name(), "_")
	want, err := strconv.Atoi(newest)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	there, err := db.HasTable(ctx, "q2ab_migrations")
	if err != nil {
		return err
	}
	var have sql.NullInt64
	if there {
		if _, err := db.Get(ctx, []any{&have},
			"SELECT MAX(version_id) FROM {q2ab_migrations} WHERE is_applied"); err != nil {
			return fmt.Errorf("migrations: %w", err)
		}
	}
	if have.Int64 < int64(want) {
		return fmt.Errorf("this backend's own tables are of version %d, and this program needs %d: "+
			"run 'admin migrate' first, or set MIGRATE_ON_START=true", have.Int64, want)
	}
	return nil
}

// doneByOther reports whether another process has made the steps in the meantime, waiting up to 2.5
// seconds for it. SQLite has no lock to wait for: each step is one transaction there, and the later
// of two processes fails because the tables exist already.
func doneByOther(ctx context.Context, provider *goose.Provider) bool {
	for range 50 {
		if pending, err := provider.HasPending(ctx); err == nil && !pending {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// migrationFiles returns the steps for this dialect, with the table names put in.
func (db *DB) migrationFiles() (fs.FS, error) {
	folder := "migrations/" + db.dialect.String()
	entries, err := migrations.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	files := fstest.MapFS{}
	for _, e := range entries {
		text, err := migrations.ReadFile(folder + "/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		named := strings.NewReplacer("{", db.prefix, "}", "").Replace(string(text))
		files[e.Name()] = &fstest.MapFile{Data: []byte(named)}
	}
	return files, nil
}
