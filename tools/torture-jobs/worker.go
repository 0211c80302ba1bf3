package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
)

const (
	jobName = "torture"
	// batches of each run: the even ones write through Tx, the odd ones through Once.
	batches = 4
	// lease is after what time of ours a holder counts as dead. The manager reckons it by the common clock, on which the runs are far shorter:
	// none of them needs a sign in between, unless it is stopped.
	lease = 1500 * time.Millisecond
	// poll is how often each process looks for work.
	poll = 50 * time.Millisecond
	// longestThought is how long a batch works at most before it writes.
	longestThought = 8 * time.Millisecond

	withoutFence      = "without-fence"
	databaseVariable  = "DATABASE_URL"
	connectionsOfEach = 4
)

// worker is a process that runs the job.
type worker struct {
	db     *database.DB
	name   string // as the manager calls it
	unsafe bool   // writes past the fence
}

// work is a process that serves the job until it is told to stop, or the one that started it is gone.
func work(ctx context.Context, args []string) error {
	w := &worker{}
	flags := flag.NewFlagSet(workerCommand, flag.ContinueOnError)
	flags.BoolVar(&w.unsafe, withoutFence, false, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		io.Copy(io.Discard, os.Stdin) //nolint:errcheck // the end is what is waited for, however it comes
		stop()
	}()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	s := database.Settings{URL: os.Getenv(databaseVariable), Prefix: prefix, MaxConnections: connectionsOfEach}
	plain, err := database.Open(ctx, s)
	if err != nil {
		return err
	}
	var speed int
	s.Clock, speed, err = clock(ctx, plain)
	if err = errors.Join(err, plain.Close()); err != nil {
		return err
	}
	if w.db, err = database.Open(ctx, s); err != nil {
		return err
	}
	defer w.db.Close()
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	w.name = holderName(host, os.Getpid())
	jobs.New(w.db, jobs.Settings{Poll: poll, Lease: lease * time.Duration(speed)}, w.job()).Serve(ctx)
	return nil
}

// holderName is what the manager of a process calls itself.
func holderName(host string, pid int) string { return fmt.Sprintf("%s/%d", host, pid) }

// job is due every minute; each batch leaves one effect.
func (w *worker) job() jobs.Job {
	return jobs.Job{
		Name: jobName, Summary: "leaves effects", Schedule: "* * * * *", Missed: jobs.CatchUpEach,
		Steps: []jobs.Step{{Name: "effects", Count: func(context.Context) (int, error) { return batches, nil }, Batch: w.batch}},
	}
}

func (w *worker) batch(ctx context.Context, after int, run *jobs.Work) (next int, err error) {
	time.Sleep(time.Duration(rand.Int64N(int64(longestThought)))) // where most processes are stopped
	if next = after + 1; next == batches {
		next = 0
	}
	due := run.Due.Unix()
	write := func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO {q2ab_torture_effects} (due, batch, writer) VALUES (?, ?, ?)", due, after, w.name)
		return err
	}
	switch {
	case w.unsafe:
		err = w.db.Tx(ctx, write)
	case after%2 == 0: // Tx alone does not keep a batch from being done again by who takes the run over: the batch has to look
		err = run.Tx(ctx, func(tx *database.DB) error {
			var n int
			if _, err := tx.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {q2ab_torture_effects} WHERE due = ? AND batch = ?", due, after); err != nil || n > 0 {
				return err
			}
			return write(tx)
		})
	default:
		next, err = run.Once(ctx, func(tx *database.DB) (int, error) { return next, write(tx) })
	}
	if errors.Is(err, jobs.ErrLost) {
		_, refused := w.db.Exec(context.WithoutCancel(ctx), "INSERT INTO {q2ab_torture_refused} (due, batch, writer) VALUES (?, ?, ?)", due, after, w.name)
		err = errors.Join(err, refused)
	}
	return next, err
}
