// Command bench measures reads: `BENCH_DATABASE_URL=mysql://root@host:port/ go run ./tools/bench`.
// It creates and seeds the databases q2ab_bench_N if they are missing, starts the server and next to
// it a bare handler that runs the same SQL (the floor), loads both in turn from this process, and
// prints a table in Markdown. It loads no other machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"38qa.net/backend/modules/demo"
)

// settings are the values of the flags.
type settings struct {
	questions   []int
	duration    time.Duration // of load for each workload and each side
	connections int
	databaseURL string // without a database's name
	only        string
	cold        bool
	users       int
	uploads     int
	uploadsTo   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if plan := os.Getenv(floorPlanVariable); plan != "" {
		return serveFloor(ctx, plan)
	}
	if address := os.Getenv(uploadsVariable); address != "" {
		return sendUploads(ctx, address)
	}
	s, err := parseFlags()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "q2ab-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	server, err := buildServer(ctx, folder)
	if err != nil {
		return err
	}
	if s.only == "ranking" {
		return benchRanking(ctx, s, folder, server)
	}
	if s.only == "uploads" {
		return benchUploads(ctx, s, folder, server)
	}
	if s.only == "members" {
		return benchMembers(ctx, s, folder, server)
	}
	if s.only == "memory" {
		return benchMemory(ctx, folder, server)
	}
	fmt.Println("| workload | questions | server req/s | floor req/s | ratio | server p50 ms | server p99 ms | floor p50 ms | floor p99 ms | server p50 at first ms | errors |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, n := range s.questions {
		if err := benchSize(ctx, s, folder, server, n); err != nil {
			return fmt.Errorf("%d questions: %w", n, err)
		}
	}
	if !s.cold {
		return nil
	}
	url := databaseURL(s.databaseURL, s.questions[0])
	if err := benchStart(ctx, server, folder, url, s.questions[0]); err != nil {
		return err
	}
	return benchMemory(ctx, folder, server)
}

func parseFlags() (settings, error) {
	s := settings{}
	sizes := flag.String("questions", "10000", "sizes of the communities, in questions, separated by commas")
	flag.DurationVar(&s.duration, "duration", 5*time.Second, "how long each workload loads each side")
	flag.IntVar(&s.connections, "connections", 8, "connections that the load comes over")
	flag.StringVar(&s.databaseURL, "database-url", os.Getenv("BENCH_DATABASE_URL"),
		"mysql://user:password@host:port/ of a server to make the databases on")
	flag.StringVar(&s.only, "only", "",
		"one workload only: list, thread, search, tag, tag-sorted, related, activity, "+
			"users, badges, sitemap, sign-in, members, memory, ranking or uploads")
	flag.IntVar(&s.users, "users", 20000, "users of the community for --only ranking, and at least for --only members")
	flag.IntVar(&s.uploads, "uploads", 200, "uploads at once for --only uploads")
	flag.StringVar(&s.uploadsTo, "uploads-to", "database",
		"where they go for --only uploads: database, folder or store")
	flag.BoolVar(&s.cold, "start", true, "measure the start and the idle memory too")
	flag.Parse()
	if s.databaseURL == "" {
		return s, errors.New("set BENCH_DATABASE_URL (or --database-url) to mysql://user:password@host:port/ of a server on which databases may be made")
	}
	for part := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return s, fmt.Errorf("--questions: %q is no number of questions", part)
		}
		s.questions = append(s.questions, n)
	}
	return s, nil
}

// benchSize measures all workloads on a community of n questions.
func benchSize(ctx context.Context, s settings, folder, server string, n int) (err error) {
	url := databaseURL(s.databaseURL, n)
	if err := prepareDatabase(ctx, s.databaseURL, url, demo.SeedOptions{Questions: n}); err != nil {
		return err
	}
	all, err := makeWorkloads(ctx, url, func(name string) bool {
		return s.only == "" || s.only == name || s.only == "sign-in" && name == "list"
	})
	if err != nil {
		return fmt.Errorf("make the requests: %w", err)
	}
	plan, err := writeFloorPlan(folder, all)
	if err != nil {
		return err
	}
	subject, err := start(ctx, server, serverEnvironment(folder, url))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, subject.stop()) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	floor, err := start(ctx, self, []string{floorPlanVariable + "=" + plan, "DATABASE_URL=" + url})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, floor.stop()) }()
	for _, w := range all {
		if s.only == "sign-in" {
			continue
		}
		c, err := compare(ctx, s, w, subject.address, floor.address)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Printf("| %s | %d | %.0f | %.0f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %d |\n", w.name,
			n, c.server.rate(), c.floor.rate(),
			c.server.rate()/c.floor.rate(), c.server.percentile(50), c.server.percentile(99),
			c.floor.percentile(50), c.floor.percentile(99),
			c.first.percentile(50), c.first.errors+c.server.errors+c.floor.errors)
	}
	if s.only != "" && s.only != "sign-in" {
		return nil
	}
	return benchSignIns(ctx, s, all[0], subject.address, n)
}
