package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/jobs"
)

const jobsUsage = `usage: admin jobs                        list the jobs and their latest runs
       admin jobs run NAME [--dry-run]   work on a job here; an unfinished run goes on
       admin jobs history NAME           the latest runs of a job
       admin jobs cancel NAME            end what runs or waits of a job`

// jobsCommand is `admin jobs …`.
func jobsCommand(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprintln(out, jobsUsage)
		return flag.ErrHelp
	}
	app, err := openApp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	switch {
	case len(args) == 0:
		return listJobs(ctx, app.Jobs, out)
	case len(args) == 2 && args[0] == "history":
		return printHistory(ctx, app.Jobs, args[1], out)
	case len(args) == 2 && args[0] == "cancel":
		return app.Jobs.Cancel(ctx, args[1])
	case len(args) >= 2 && args[0] == "run":
		flags := flag.NewFlagSet("jobs run", flag.ContinueOnError)
		flags.SetOutput(out)
		dryRun := flags.Bool("dry-run", false, "change nothing and print what differs")
		name := args[1]
		if err := flags.Parse(args[2:]); err != nil {
			return err
		}
		return runJob(ctx, app.Jobs, name, *dryRun, out)
	}
	return errors.New(jobsUsage)
}

func listJobs(ctx context.Context, m *jobs.Manager, out io.Writer) error {
	for _, j := range m.Jobs() {
		fmt.Fprintf(out, "%-16s %s\n", j.Name, j.Summary)
		if j.Schedule != "" {
			fmt.Fprintf(out, "  schedule %q, next %s, missed times: %s\n", j.Schedule, m.Next(j.Name).Format(time.RFC3339), j.Missed)
		}
		if len(j.On) > 0 {
			fmt.Fprintf(out, "  after %s\n", strings.Join(j.On, ", "))
		}
		runs, err := m.History(ctx, j.Name, 1)
		if err != nil {
			return err
		}
		for _, r := range runs {
			printRun(r, out)
		}
	}
	return nil
}

func printHistory(ctx context.Context, m *jobs.Manager, name string, out io.Writer) error {
	if _, err := m.Find(name); err != nil {
		return fmt.Errorf("there is no job %q", name)
	}
	runs, err := m.History(ctx, name, 50)
	for _, r := range runs {
		printRun(r, out)
	}
	return err
}

func printRun(r *jobs.Run, out io.Writer) {
	i := r.Info()
	fmt.Fprintf(out, "  run %d: %s", r.ID, r.Status)
	if r.DryRun {
		fmt.Fprint(out, ", dry run")
	}
	if i.Due != nil {
		fmt.Fprintf(out, ", due %s", i.Due.Format(time.RFC3339))
	} else {
		fmt.Fprintf(out, ", requested %s", i.RequestedAt.Format(time.RFC3339))
	}
	fmt.Fprintf(out, ", %d of %d done, %d differences", r.Done, r.Total, r.Differences)
	if i.Seconds != nil {
		fmt.Fprintf(out, ", %d s", *i.Seconds)
	}
	if r.Holder != "" {
		fmt.Fprintf(out, ", by %s", r.Holder)
	}
	fmt.Fprintln(out)
	if r.Status == jobs.Failed {
		fmt.Fprintf(out, "    %s\n", r.Message)
	}
}

// runJob works on a job in the foreground. Interrupted, it says how to go on.
func runJob(ctx context.Context, m *jobs.Manager, name string, dryRun bool, out io.Writer) error {
	if _, err := m.Find(name); err != nil {
		return fmt.Errorf("there is no job %q", name)
	}
	run, err := m.Start(ctx, name, jobs.Options{DryRun: dryRun})
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		return err
	}
	if err != nil {
		return fmt.Errorf("another process works on run %d; `admin jobs` shows how far it is", run.ID)
	}
	if run.DryRun != dryRun {
		return fmt.Errorf("run %d of %s is not finished yet; `admin jobs cancel %s` ends it", run.ID, name, name)
	}
	start := time.Now()
	var last time.Time
	err = m.Work(ctx, run, func(r *jobs.Run, w *jobs.Work) {
		for _, d := range w.Found {
			fmt.Fprintln(out, d)
		}
		if time.Since(last) < 2*time.Second {
			return
		}
		last = time.Now()
		rate := float64(r.Done) / max(time.Since(start).Seconds(), 0.001)
		left := time.Duration(float64(r.Total-r.Done)/max(rate, 1)) * time.Second
		fmt.Fprintf(out, "%8.1fs  %d of %d, %.0f a second, about %s left\n", time.Since(start).Seconds(), r.Done, r.Total, rate, left)
	})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted; the same command goes on where it stood")
	case errors.Is(err, jobs.ErrLost):
		return fmt.Errorf("another process works on run %d, or it was cancelled", run.ID)
	case err != nil:
		return err
	}
	verb := "repaired"
	if dryRun {
		verb = "found"
	}
	fmt.Fprintf(out, "%s: %d checked, differences %s: %d, %.1f s\n", name, run.Done, verb, run.Differences, time.Since(start).Seconds())
	return nil
}
