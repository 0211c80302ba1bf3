package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
)

// seed implements `admin seed --questions N [--seed S] [--users U]`.
func seed(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("seed", flag.ContinueOnError)
	flags.SetOutput(out)
	questions := flags.Int("questions", 0,
		"how many questions; each brings about two answers and two and a half comments")
	number := flags.Uint64("seed", 1, "the same number makes the same community")
	users := flags.Int("users", 0, "how many users; by default one for each 15 questions")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *questions < 1 || flags.NArg() > 0 {
		return errors.New("usage: admin seed --questions N [--seed S] [--users U]")
	}
	return withDatabase(ctx, func(_ config.Config, db *database.DB) error {
		start := time.Now()
		err := demo.Seed(ctx, db, demo.SeedOptions{
			Questions: *questions, Users: *users, Seed: *number, Progress: seedProgress(out, start),
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "seeded %d questions in %.1f s\n", *questions, time.Since(start).Seconds())
		return nil
	})
}

// seedProgress returns a function that prints the progress, at most once in two seconds.
func seedProgress(out io.Writer, start time.Time) func(done, total int) {
	var last time.Time
	return func(done, total int) {
		if time.Since(last) < 2*time.Second && done < total {
			return
		}
		last = time.Now()
		fmt.Fprintf(out, "%8.1fs  %d of %d posts, %.0f a second\n", time.Since(start).Seconds(), done,
			total, float64(done)/time.Since(start).Seconds())
	}
}
