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
	// batches is the number of batches of each run: those with an even number write through Tx, the
	// others through Once.
	batches = 4
	// lease is how long after its last sign of life a holder counts as dead, in real time. The
	// manager measures it by the shared clock. The runs are far shorter than the lease, so no holder
	// needs to give a sign during a run unless it is paused.
	lease = 1500 * time.Millisecond
	// poll is how often each process looks for runs.
	poll = 50 * time.Millisecond
	// longestThought is the longest time for which a batch waits before it writes.
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

// work is the main function of a worker process. It serves the job until it is told to stop or the
// process that started it is gone.
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
	s := database.Settings{
		URL: os.Getenv(databaseVariable), Prefix: prefix, MaxConnections: connectionsOfEach,
	}
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

// holderName returns the name that the manager of a process uses as the holder of runs.
func holderName(host string, pid int) string { return fmt.Sprintf("%s/%d", host, pid) }

// job returns the job: it is due every minute, and each of its batches leaves one effect.
func (w *worker) job() jobs.Job {
	return jobs.Job{
		Name: jobName, Summary: "leaves effects", Schedule: "* * * * *", Missed: jobs.CatchUpEach,
		Steps: []jobs.Step{{Name: "effects",
			Count: func(context.Context) (int, error) { return batches, nil }, Batch: w.batch}},
	}
}

func (w *worker) batch(ctx context.Context, after int, run *jobs.Work) (next int, err error) {
	time.Sleep(time.Duration(rand.Int64N(int64(longestThought)))) // where most processes are stopped
	if next = after + 1; next == batches {
		next = 0
	}
	due := run.Due.Unix()
	write := func(tx *database.DB) error {
		_, err := tx.Exec(ctx, "INSERT INTO {q2ab_torture_effects} (due, batch, writer) VALUES (?, ?, ?)",
			due, after, w.name)
		return err
	}
	switch {
	case w.unsafe:
		err = w.db.Tx(ctx, write)
	case after%2 == 0:
		// With Tx alone, a process that takes the run over may repeat the batch, so the batch has to check.
		err = run.Tx(ctx, func(tx *database.DB) error {
			var n int
			if _, err := tx.Get(ctx, []any{&n},
				"SELECT COUNT(*) FROM {q2ab_torture_effects} WHERE due = ? AND batch = ?", due,
				after); err != nil || n > 0 {
				return err
			}
			return write(tx)
		})
	default:
		next, err = run.Once(ctx, func(tx *database.DB) (int, error) { return next, write(tx) })
	}
	if errors.Is(err, jobs.ErrLost) {
		_, refused := w.db.Exec(context.WithoutCancel(ctx),
			"INSERT INTO {q2ab_torture_refused} (due, batch, writer) VALUES (?, ?, ?)", due, after, w.name)
		err = errors.Join(err, refused)
	}
	return next, err
}
