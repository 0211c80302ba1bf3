package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
)

// tablePrefix is the table prefix of the benchmark's databases, whatever the environment says.
const tablePrefix = "qa_"

func databaseName(n int) string { return fmt.Sprintf("q2ab_bench_%d", n) }

func databaseURL(server string, n int) string {
	return strings.TrimRight(server, "/") + "/" + databaseName(n)
}

// prepareDatabase creates and seeds the database with the given address unless it exists. It refuses
// a database whose seeding was interrupted, which it recognises by missing totals, so that such a
// database is never measured.
func prepareDatabase(ctx context.Context, server, url string, o demo.SeedOptions) (err error) {
	name := url[strings.LastIndex(url, "/")+1:]
	root, err := database.Open(ctx,
		database.Settings{URL: strings.TrimRight(server, "/") + "/information_schema", Prefix: tablePrefix})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if _, err := root.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+name); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	db, err := database.Open(ctx, database.Settings{URL: url, Prefix: tablePrefix})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := db.Tables(ctx)
	if err != nil {
		return err
	}
	if len(tables) == 0 {
		fmt.Fprintf(os.Stderr, "seeding %d questions into %s\n", o.Questions, name)
		o.Seed, o.Progress = 1, progress()
		if err := demo.Seed(ctx, db, o); err != nil {
			return err
		}
	}
	var total string
	found, err := db.Get(ctx, []any{&total}, "SELECT content FROM {options} WHERE title = 'cache_qcount'")
	if err == nil && !found {
		err = fmt.Errorf("%s was not seeded to its end: drop it", name)
	}
	return err
}

// progress returns a function that prints the progress at each tenth of the way.
func progress() func(done, total int) {
	last := 0
	return func(done, total int) {
		if tenth := done * 10 / total; tenth > last {
			last = tenth
			fmt.Fprintf(os.Stderr, "  %d of %d posts\n", done, total)
		}
	}
}
