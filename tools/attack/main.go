// Command attack measures how the server copes with hostile requests: `go run ./tools/attack
// [--database-url mysql://root@host:port/]`. It starts the server on a demonstration community,
// without rate limits, and first measures readers alone. Then 64 clients send the worst request
// bodies that are known, each client sending each body 50 times, while readers and writers go on. It
// fails if readers or writers have to wait too long, or if the server fails a single request.
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

	"38qa.net/backend/tools/internal/process"
)

// settings are the values of the flags.
type settings struct {
	databaseURL string // of a server; "": SQLite
	clients     int
	times       int
	readers     int
	writers     int
	idle        time.Duration
	only        string
}

// The results that the server has to reach.
const (
	mostSlowdown = 2 // of the readers' 99th percentile
	mostWriting  = time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var s settings
	flag.StringVar(&s.databaseURL, "database-url", os.Getenv("ATTACK_DATABASE_URL"),
		"mysql://user:password@host:port/ of a server to make a database on; without one SQLite is attacked")
	flag.IntVar(&s.clients, "clients", 64, "clients that attack")
	flag.IntVar(&s.times, "times", 50, "how often each of them sends each body")
	flag.IntVar(&s.readers, "readers", 8, "clients that read meanwhile")
	flag.IntVar(&s.writers, "writers", 4, "clients that write meanwhile")
	flag.DurationVar(&s.idle, "idle", 15*time.Second, "how long the readers are measured without the attack")
	flag.StringVar(&s.only, "only", "", "only the bodies whose names begin with this")
	flag.Parse()
	if err := run(ctx, s); err != nil {
		fmt.Fprintln(os.Stderr, "attack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (err error) {
	folder, err := os.MkdirTemp("", "q2ab-attack")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	site, err := prepare(ctx, s, folder)
	if err != nil {
		return err
	}
	server, err := start(ctx, folder, site.databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	t := &trial{settings: s, site: site, address: server.address}
	if err := t.signUp(ctx); err != nil {
		return err
	}
	before := process.MemoryKiB(server.cmd.Process.Pid, process.Resident)
	report, err := t.run(ctx)
	if err != nil {
		return err
	}
	peak := process.MemoryKiB(server.cmd.Process.Pid, process.Peak)
	fmt.Printf("\nMemory: %d MB before, at most %d MB.\n", before/1024, peak/1024)
	return report.judge()
}
