package admin

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
)

// importDump implements `admin import [--time-zone ZONE] [--prefix PREFIX] FILE`.
func importDump(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("import", flag.ContinueOnError)
	flags.SetOutput(out)
	zone := flags.String("time-zone", "UTC",
		"time zone of the server that the dump is of, e.g. Asia/Tokyo; Q2A stores its local times")
	prefix := flags.String("prefix", "", "table prefix of the dump, where it is not TABLE_PREFIX")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: admin import [--time-zone ZONE] [--prefix PREFIX] dump.sql[.gz] (- for standard input)")
	}
	location, err := time.LoadLocation(*zone)
	if err != nil {
		return fmt.Errorf("--time-zone: %w", err)
	}
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	dump, err := openDump(flags.Arg(0))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dump.Close()) }()
	db, err := database.Open(ctx,
		database.Settings{URL: cfg.DatabaseURL, Prefix: cfg.TablePrefix, Importing: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	start := time.Now()
	result, err := db.ImportDump(ctx, dump,
		database.Import{Zone: location, Prefix: *prefix, Progress: func(table string, rows int) {
			fmt.Fprintf(out, "%8.1fs  %-24s %d rows\n", time.Since(start).Seconds(), table, rows)
		}})
	if err != nil {
		return err
	}
	if len(result.Skipped) > 0 {
		fmt.Fprintln(out, "left out, of another prefix:", strings.Join(result.Skipped, ", "))
	}
	fmt.Fprintf(out, "imported %d tables with %d rows into %s in %.1f s\n", result.Tables, result.Rows,
		cfg.DatabaseURL, time.Since(start).Seconds())
	return nil
}

// openDump opens a dump, which it decompresses if its name ends in .gz; "-" is standard input.
func openDump(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(path, ".gz") {
		return file, nil
	}
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, file}, nil
}

// withDatabase runs fn on the configured database.
func withDatabase(ctx context.Context, fn func(cfg config.Config, db *database.DB) error) (err error) {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	db, err := modules.OpenDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return fn(cfg, db)
}

// initialise implements `admin init [--demo]`.
func initialise(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("init", flag.ContinueOnError)
	flags.SetOutput(out)
	withDemo := flags.Bool("demo", false, "fill it with the demonstration community")
	ifEmpty := flags.Bool("if-empty", false, "do nothing, without complaint, where there are tables already")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return withDatabase(ctx, func(cfg config.Config, db *database.DB) error {
		tables, err := db.Tables(ctx)
		if err != nil {
			return err
		}
		for _, table := range tables {
			if strings.HasPrefix(table, cfg.TablePrefix) && !strings.Contains(table, "q2ab_") {
				if *ifEmpty {
					fmt.Fprintln(out, "there are tables already; nothing was done")
					return nil
				}
				return fmt.Errorf("the database has a table %s already; init is for empty ones", table)
			}
		}
		if err := db.CreateSchema(ctx); err != nil {
			return err
		}
		if *withDemo {
			if err := demo.Fill(ctx, db, cfg.BlobsDir); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, "made Question2Answer's tables with the prefix", cfg.TablePrefix)
		return nil
	})
}

// migrate implements `admin migrate`.
func migrate(ctx context.Context, _ []string, out io.Writer) error {
	return withDatabase(ctx, func(_ config.Config, db *database.DB) error {
		if err := db.CheckSchema(ctx); err != nil {
			return err
		}
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		fmt.Fprintln(out, "this backend's own tables are up to date")
		return nil
	})
}

// healthcheck implements `admin healthcheck [URL]`.
func healthcheck(ctx context.Context, args []string, _ io.Writer) error {
	url := "http://127.0.0.1:8080/healthz"
	if len(args) > 0 {
		url = args[0]
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}
