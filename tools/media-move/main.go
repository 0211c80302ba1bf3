// Command media-move demonstrates the move of images out of the database:
// `MEDIA_MOVE_DATABASE_URL=mysql://root@host:port/ go run ./tools/media-move`. It makes a site with
// many images in its database and some in the old site's folder, and runs `admin jobs run
// blobs-to-storage --verify`, which it kills with SIGKILL several times and starts again with the
// same command. Then it runs the job once more to remove the images from the database, with copies
// for the old site. All the time a server is asked for random images. Afterwards every image must be
// correct in every place where it has to be, no response may have been wrong, and nothing may have
// been copied twice.
//
// The server does not run jobs (JOBS_POLL=0s). Otherwise, as it would in production, it could take
// over the run of a killed process before the next process does, and it would be unclear whose time
// is measured. The command that follows a kill waits until the lease of the killed process (30
// seconds) has expired; that wait is part of the cost of a kill, and is reported. With --hurry the
// killed process's last sign of life is made to look old instead, which saves the wait.
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

	"38qa.net/backend/tools/internal/verdict"
)

// settings are the values of the flags.
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
	flag.IntVar(&s.reads, "reads", 200,
		"most images a second that are asked for meanwhile; 0: as many as it answers")
	flag.StringVar(&s.store, "store", "",
		"where the images go, as MEDIA_URL: an empty folder (file:…) or bucket (s3://…), in which they stay; a temporary folder if not given")
	flag.BoolVar(&s.hurry, "hurry", false,
		"do not wait for the lease of a killed process: make its last sign look old")
	flag.BoolVar(&s.keep, "keep", false, "keep the database and the temporary folder afterwards")
	flag.Parse()
	switch {
	case s.databaseURL == "":
		return nil, errors.New("MEDIA_MOVE_DATABASE_URL is not set: mysql://user:password@host:port/ of a server where databases may be made")
	case s.files < 20 || s.bytes < smallestFile || s.kills < 0 || s.purgeKills < 0 || s.rate < 0 ||
		s.reads < 0:
		return nil, fmt.Errorf("--files has to be at least 20, --bytes at least %d, nothing less than 0",
			smallestFile)
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
	return verdict.Of(t.failures, "all checks passed")
}
