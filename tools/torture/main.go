// Command torture tests the writes under adverse conditions:
// `TORTURE_DATABASE_URL=mysql://root@host:port/ go run ./tools/torture`. Many clients send random
// requests for few posts to server processes that are killed with SIGKILL again and again, while
// another writer adds comments and votes in plain SQL as the old site does. Afterwards everything
// that was acknowledged has to be there, nothing may be there in part, no count may be off, and
// every event must have taken effect exactly once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"38qa.net/backend/tools/internal/killable"
	"38qa.net/backend/tools/internal/verdict"
)

// settings are the values of the flags.
type settings struct {
	databaseURL string // without a database's name
	dump        string
	clients     int
	kills       int
	every       time.Duration // between kills
	oldSite     bool
	seed        uint64
	keep        bool
}

func main() { killable.Main("torture", run, serve) }

func run(ctx context.Context) error {
	var s settings
	flag.StringVar(&s.dump, "dump", "testdata/oracle/small.sql.gz", "the site to begin with")
	flag.IntVar(&s.clients, "clients", 64, "how many clients act at once")
	flag.IntVar(&s.kills, "kills", 20, "how often the server is killed")
	flag.DurationVar(&s.every, "every", 3*time.Second,
		"time between kills, and how long the load goes on after the last")
	flag.BoolVar(&s.oldSite, "old-site", true, "a second writer acts as the old site does")
	flag.Uint64Var(&s.seed, "seed", 1, "the same number makes the same choices, though not the same order")
	flag.BoolVar(&s.keep, "keep", false, "keep the database afterwards")
	flag.Parse()
	if s.databaseURL = os.Getenv("TORTURE_DATABASE_URL"); s.databaseURL == "" {
		return errors.New("TORTURE_DATABASE_URL is not set: mysql://user:password@host:port/ of a server where databases may be made")
	}
	site, err := newDatabase(ctx, &s)
	if err != nil {
		return err
	}
	defer site.close(s.keep)
	before, err := site.differences(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d clients, %d kills, database %s\n", s.clients, s.kills, site.Name)
	l, err := newLoad(ctx, &s, site)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := l.run(ctx); err != nil {
		return err
	}
	l.report(time.Since(start))
	failures, err := site.check(ctx, l, before)
	if err != nil {
		return err
	}
	return verdict.Of(failures, "all checks passed")
}
