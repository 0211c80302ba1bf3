// Command torture-mail tests the sending of mails under adverse conditions:
// `TORTURE_DATABASE_URL=mysql://root@host:port/ go run ./tools/torture-mail`, or with sqlite as the address.
// Three servers send mails to a mail server in this program, while they are killed with SIGKILL again and
// again, half of the times just after a mail was accepted, and while a job queues the mails of a mailing or the
// digests. Afterwards each mail must have arrived. It may
// have arrived twice only if the server was killed between the acceptance and the record of it, and then
// both copies must have the same Message-ID.
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
	mails       int
	kills       int
	seed        uint64
	keep        bool
	cause       cause
}

func main() { killable.Main("torture-mail", run, serve) }

func run(ctx context.Context) error {
	s := settings{databaseURL: os.Getenv("TORTURE_DATABASE_URL")}
	flag.IntVar(&s.mails, "mails", 10_000, "how many mails are sent")
	flag.IntVar(&s.kills, "kills", 50, "how often a server is killed")
	flag.Uint64Var(&s.seed, "seed", 1, "the same number makes the same choices, though not at the same moments")
	what := flag.String("cause", "approvals", "why mails are sent: "+causeNames())
	flag.BoolVar(&s.keep, "keep", false, "keep the database afterwards")
	flag.Parse()
	if s.databaseURL == "" {
		return errors.New("TORTURE_DATABASE_URL is not set: mysql://user:password@host:port/ of a server where " +
			"databases may be made, or sqlite")
	}
	if s.mails < 1 || s.kills < 0 {
		return errors.New("--mails has to be at least 1, --kills at least 0")
	}
	var known bool
	if s.cause, known = causes[*what]; !known {
		return fmt.Errorf("--cause has to be one of %s", causeNames())
	}
	site, err := newSite(ctx, &s)
	if err != nil {
		return err
	}
	defer site.Close(s.keep)
	box, err := newMailbox(ctx)
	if err != nil {
		return err
	}
	defer box.close()
	fmt.Printf("%d mails because of %s, %d kills, %d servers, database %s\n", s.mails, *what, s.kills, servers,
		site.Name)
	start := time.Now()
	a := newAttack(&s, site, box)
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
