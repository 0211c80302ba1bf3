// The move of images out of the database, shown: `MEDIA_MOVE_DATABASE_URL=mysql://root@host:port/ go run ./tools/media-move`. It makes a site with
// many images in its database and some in the old site's folder, and runs `admin jobs run blobs-to-storage --verify`, killing it with
// SIGKILL on its way and giving the same command again; then it lets the images leave the database, copying them for the old site. All the time a
// server is asked for images at random. Afterwards every image must be right wherever it has to be, no answer may have been wrong, and
// nothing may have been copied twice.
//
// The server does not look for jobs here (JOBS_POLL=0s): otherwise it could take a run over from the killed process before the next one does, as it
// would in production, and it would not be said whose time is measured. The command after a kill waits for the lease of the dead (30
// seconds) by itself; that wait is part of what a kill costs, and shown. With --hurry, for checks in a hurry, the last sign of the dead is made old instead.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// settings are the flags.
type settings struct {
	databaseURL string // without a database's name
	files       int
	bytes       int // of each file
	kills       int // of the copying
	purgeKills  int
	rate        float64 // megabytes a second, 0 for as fast as it goes
	reads       int     // a second
	store       string
	hurry       bool
	keep        bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "media-move:", err)
		os.Exit(1)
	}
}

func flags() (*settings, error) {
	s := &settings{databaseURL: os.Getenv("MEDIA_MOVE_DATABASE_URL")}
	flag.IntVar(&s.files, "files", 20_000, "how many images the site has")
	flag.IntVar(&s.bytes, "bytes", 200_000, "how large each of them is")
	flag.IntVar(&s.kills, "kills", 2, "how often the copying is killed, evenly over the files")
	flag.IntVar(&s.purgeKills, "purge-kills", 0, "how often the purging is")
	flag.Float64Var(&s.rate, "rate", 0, "most megabytes a second that are copied; 0: as fast as it goes")
	flag.IntVar(&s.reads, "reads", 200, "most images a second that are asked for meanwhile; 0: as many as it answers")
	flag.StringVar(&s.store, "store", "", "where the images go, as MEDIA_URL: an empty folder (file:…) or bucket (s3://…), in which they stay; a temporary folder if not given")
	flag.BoolVar(&s.hurry, "hurry", false, "do not wait for the lease of a killed process: make its last sign look old")
	flag.BoolVar(&s.keep, "keep", false, "keep the database and the temporary folder afterwards")
	flag.Parse()
	switch {
	case s.databaseURL == "":
		return nil, errors.New("MEDIA_MOVE_DATABASE_URL is not set: mysql://user:password@host:port/ of a server where databases may be made")
	case s.files < 20 || s.bytes < smallestFile || s.kills < 0 || s.purgeKills < 0 || s.rate < 0 || s.reads < 0:
		return nil, fmt.Errorf("--files has to be at least 20, --bytes at least %d, nothing less than 0", smallestFile)
	case flag.NArg() > 0:
		return nil, fmt.Errorf("%q is no flag", flag.Arg(0))
	}
	return s, nil
}

func run(ctx context.Context) error {
	s, err := flags()
	if err != nil {
		return err
	}
	slog.SetLogLoggerLevel(slog.LevelWarn) // the making of tables is no news
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	t, err := prepare(ctx, s)
	if t != nil {
		defer t.close()
	}
	if err != nil {
		return err
	}
	if err := t.move(ctx); err != nil {
		return err
	}
	if err := t.check(ctx); err != nil {
		return err
	}
	t.report(os.Stdout)
	for _, f := range t.failures[:min(len(t.failures), 40)] {
		fmt.Println("FAILED:", f)
	}
	if len(t.failures) > 0 {
		return fmt.Errorf("%d checks failed", len(t.failures))
	}
	fmt.Println("all checks passed")
	return nil
}
