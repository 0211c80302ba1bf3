// Command chaos breaks what a site in production depends on, one thing after the other, and reports what its
// clients notice. Three servers run behind HAProxy on one database, as three tasks behind a load balancer;
// clients read and write at a steady rate. For each fault the program says what the clients saw, how long it
// took until all was well again, and whether a write that was acknowledged is missing or there twice:
//
//	chaos -server ./server -admin ./admin
//
// It needs mariadbd, mariadb-install-db and haproxy; `make chaos` installs them. docs/operations.md has the
// figures of a run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are the values of the flags.
type settings struct {
	server, admin string
	rate          int
	updates       int
	only          string
	calm          time.Duration
	keep          bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var s settings
	flag.StringVar(&s.server, "server", "./server", "the server's program")
	flag.StringVar(&s.admin, "admin", "./admin", "the operators' program")
	flag.IntVar(&s.rate, "rate", 200, "requests a second, a fifth of which write")
	flag.IntVar(&s.updates, "updates", 20, "how many rolling updates of all three servers")
	flag.StringVar(&s.only, "only", "", "the names of the faults to try, separated by commas; all if it is empty")
	flag.DurationVar(&s.calm, "calm", 6*time.Second, "how long the load goes on before and after each fault")
	flag.BoolVar(&s.keep, "keep", false, "keep the folder with the logs")
	flag.Parse()
	if s.rate < 1 || s.updates < 1 {
		return errors.New("-rate and -updates must be at least 1")
	}
	chosen := faults(s)
	if s.only != "" {
		wanted := strings.Split(s.only, ",")
		for _, name := range wanted {
			if !slices.ContainsFunc(chosen, func(f fault) bool { return f.name == name }) {
				return fmt.Errorf("-only: there is no fault %q", name)
			}
		}
		chosen = slices.DeleteFunc(chosen, func(f fault) bool { return !slices.Contains(wanted, f.name) })
	}
	w, err := newWorld(ctx, s)
	if err != nil {
		return err
	}
	defer w.close()
	return w.tryAll(ctx, chosen)
}

// tryAll tries the faults one after the other, and prints a row for each.
func (w *world) tryAll(ctx context.Context, list []fault) error {
	fmt.Println("| what happens | requests | clients saw, besides success | well again after | p99 " +
		"| acknowledged writes | lost | twice |")
	fmt.Println("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
	failures := 0
	for _, f := range list {
		r, err := w.try(ctx, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		fmt.Println(r)
		if !r.ok(f) {
			failures++
		}
	}
	drift, err := w.drift(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe recalculation finds %d counts to repair.\n", drift)
	if failures > 0 || drift > 0 {
		return fmt.Errorf("%d faults were not survived as they should be", failures)
	}
	return nil
}

// try brings a fault about under load.
func (w *world) try(ctx context.Context, f fault) (row, error) {
	l, err := newLoad(ctx, w)
	if err != nil {
		return row{}, err
	}
	acting, stop := context.WithCancel(ctx)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		l.run(acting)
	}()
	err = sleep(ctx, w.settings.calm)
	begun := time.Now()
	if err == nil {
		err = f.happen(ctx, w)
	}
	ended := time.Now()
	if err == nil {
		err = sleep(ctx, w.settings.calm)
	}
	end := time.Now().Add(30 * time.Second)
	for err == nil && time.Now().Before(end) && l.failedSince(time.Now().Add(-3*time.Second)) {
		err = sleep(ctx, 500*time.Millisecond)
	}
	stop()
	<-finished
	if err != nil {
		return row{}, err
	}
	lost, twice, err := l.check(ctx)
	return l.row(f, begun, ended, lost, twice), err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
