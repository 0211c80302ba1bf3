// Command torture-jobs tests the jobs under adverse conditions:
// `TORTURE_DATABASE_URL=mysql://root@host:port/ go run ./tools/torture-jobs`. Three processes share
// a job that is due every minute of a clock that runs three hundred times as fast as real time.
// Again and again the program kills a process with SIGKILL, or pauses one for longer than its lease
// and lets it go on in the middle of a run that meanwhile belongs to another process. Afterwards
// each due time must have one finished run, each effect of each run must exist once, no two runs may
// have overlapped, and late writes must have been tried and refused.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"38qa.net/backend/tools/internal/verdict"
)

// settings are the values of the flags.
type settings struct {
	databaseURL  string // without a database's name
	times        int
	every        time.Duration // between two attacks, about
	speed        int
	seed         uint64
	withoutFence bool
	keep         bool
}

// workerCommand is the hidden subcommand that makes this program a worker process.
const workerCommand = "worker"

// mostTimes is the largest number of due times. Their minutes must be less than the 30 days after
// which the manager removes old runs.
const mostTimes = 40_000

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		err = work(ctx, os.Args[2:])
	} else {
		err = run(ctx)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "torture-jobs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	s := settings{databaseURL: os.Getenv("TORTURE_DATABASE_URL")}
	flag.IntVar(&s.times, "times", 1000, "how many due times there are to be, at most 40000")
	flag.DurationVar(&s.every, "every", 2*time.Second, "about how long after an attack the next one comes")
	flag.IntVar(&s.speed, "speed", 300, "how many times as fast as ours the clock of the jobs goes")
	flag.Uint64Var(&s.seed, "seed", 1, "the same number makes the same choices, though not the same moments")
	flag.BoolVar(&s.keep, "keep", false, "keep the database afterwards")
	flag.BoolVar(&s.withoutFence, withoutFence, false,
		"let the workers write past the fence: the checks have to fail")
	flag.Usage = usage
	flag.Parse()
	if s.databaseURL == "" {
		return errors.New("TORTURE_DATABASE_URL is not set: mysql://user:password@host:port/ of a server where databases may be made")
	}
	if s.times < 1 || s.times > mostTimes || s.speed < 1 {
		return errors.New("--times has to be from 1 to 40000, --speed at least 1")
	}
	t, err := newTarget(ctx, &s)
	if err != nil {
		return err
	}
	defer t.close(s.keep)
	fmt.Printf("%d due times, %d processes, a minute each %v, lease %v, database %s\n", s.times,
		workers, time.Minute/time.Duration(s.speed), lease, t.name)
	a := newAttack(&s, t)
	start := time.Now()
	if err := a.run(ctx); err != nil {
		return err
	}
	failures, err := t.check(ctx, &s)
	if err != nil {
		return err
	}
	failures = append(failures, a.failures...)
	if err := a.report(ctx, time.Since(start)); err != nil {
		return err
	}
	return verdict.Of(failures, "all checks passed")
}

// usage prints the flags, except for the one that only serves to test this program itself.
func usage() {
	fmt.Fprintln(os.Stderr, "Flags of torture-jobs:")
	shown := flag.NewFlagSet("", flag.ContinueOnError)
	flag.VisitAll(func(f *flag.Flag) {
		if f.Name != withoutFence {
			shown.Var(f.Value, f.Name, f.Usage)
		}
	})
	shown.PrintDefaults()
}
