// Command streams checks that this backend and the old site keep the same favourites and update streams:
// `STREAMS_DATABASE_URL=mysql://root@host:port/ go run ./tools/streams`. Many clients follow and unfollow
// questions, users, tags and categories, mute each other, ask and answer at random, each time either
// through the API or in plain SQL as the old site does. Afterwards the rows are compared with a fresh
// computation of what must be true.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"38qa.net/backend/tools/internal/verdict"
)

// settings are the values of the flags.
type settings struct {
	databaseURL string // without a database's name
	dump        string
	actions     int
	clients     int
	copies      int
	oldSite     int
	seed        uint64
	keep        bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "streams:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var s settings
	flag.StringVar(&s.dump, "dump", "testdata/oracle/small.sql.gz", "the site to begin with")
	flag.IntVar(&s.actions, "actions", 20_000, "how many actions")
	flag.IntVar(&s.clients, "clients", 16, "how many clients act at once")
	flag.IntVar(&s.copies, "copies", 8, "the option max_copy_user_updates to begin with")
	flag.IntVar(&s.oldSite, "old-site", 50, "how many of a hundred actions are the old site's")
	flag.Uint64Var(&s.seed, "seed", 1, "the same number makes the same choices, though not the same order")
	flag.BoolVar(&s.keep, "keep", false, "keep the database afterwards")
	flag.Parse()
	if s.databaseURL = os.Getenv("STREAMS_DATABASE_URL"); s.databaseURL == "" {
		return errors.New("STREAMS_DATABASE_URL is not set: mysql://user:password@host:port/ of a server where databases may be made")
	}
	d, err := newTarget(ctx, &s)
	if err != nil {
		return err
	}
	defer d.close(s.keep)
	w := newWorld(&s, d)
	fmt.Printf("%d actions of %d clients, %d%% of them as the old site, database %s\n", s.actions, s.clients,
		s.oldSite, d.Name)
	start := time.Now()
	if err := w.act(ctx); err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Printf("%.0f s (%.0f a second); %s\n", took.Seconds(), float64(s.actions)/took.Seconds(), w.summary())
	failures, err := w.check(ctx)
	if err != nil {
		return err
	}
	return verdict.Of(failures, "no difference")
}

// act lets the clients act until there have been as many actions as configured.
func (w *world) act(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var done atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, w.s.clients)
	for i := range w.s.clients {
		wait.Go(func() {
			c, err := newClient(ctx, w, i, rand.New(rand.NewPCG(w.s.seed, uint64(i))))
			if err == nil {
				defer c.old.conn.Close()
			}
			for err == nil && ctx.Err() == nil && done.Add(1) <= int64(w.s.actions) {
				err = c.act(ctx)
			}
			if err != nil && ctx.Err() == nil {
				errs <- fmt.Errorf("client %d: %w", i, err)
				stop()
			}
		})
	}
	wait.Wait()
	close(errs)
	return <-errs
}
