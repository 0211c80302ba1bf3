// Command torture-hooks tests the sending of webhooks under adverse conditions:
// `TORTURE_DATABASE_URL=mysql://root@host:port/ go run ./tools/torture-hooks`, or with sqlite as the address.
// Three processes send to eight receivers in this program: fast, slow and shaky ones, ones that fail, redirect or
// have a name that means an address which is not public, always or sometimes. The processes are killed with
// SIGKILL again and again. Their clock runs faster than ours, and jumps when there is nothing to do until the
// next attempt, so that the day of retries takes minutes. Afterwards each delivery must have arrived or have been
// given up by the rule, in order, one at a time, and nothing may have come to an address that is forbidden.
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
	databaseURL string // without a database's name, or "sqlite"
	events      int
	kills       int
	seed        uint64
	keep        bool
}

func main() { killable.Main("torture-hooks", run, serve) }

func run(ctx context.Context) error {
	s := settings{databaseURL: os.Getenv("TORTURE_DATABASE_URL")}
	deliveries := flag.Int("deliveries", 10_000, "how many messages there are to deliver, to all receivers together")
	flag.IntVar(&s.kills, "kills", 20, "how often a process is killed")
	flag.Uint64Var(&s.seed, "seed", 1, "the same number makes the same choices, though not at the same moments")
	flag.BoolVar(&s.keep, "keep", false, "keep the database afterwards")
	flag.Parse()
	if s.databaseURL == "" {
		return errors.New("TORTURE_DATABASE_URL is not set: mysql://user:password@host:port/ of a server where " +
			"databases may be made, or sqlite")
	}
	if s.events = *deliveries / len(receivers); s.events < 1 || s.kills < 0 {
		return fmt.Errorf("--deliveries has to be at least %d, --kills at least 0", len(receivers))
	}
	a, err := newAttack(ctx, &s)
	if err != nil {
		return err
	}
	defer a.close()
	fmt.Printf("%d events for %d receivers, %d kills, %d processes, database %s\n", s.events, len(receivers), s.kills,
		processes, a.site.Name)
	start := time.Now()
	if err := a.run(ctx); err != nil {
		return err
	}
	failures, err := a.check(ctx)
	if err != nil {
		return err
	}
	a.report(time.Since(start))
	return verdict.Of(failures, "all checks passed")
}
