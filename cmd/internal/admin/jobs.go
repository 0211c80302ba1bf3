package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/jobs"
)

const jobsUsage = `usage: admin jobs                                                 list the jobs, their parameters and their latest runs
       admin jobs run NAME [--dry-run] [--PARAMETER[=VALUE]]...   work on a job here; an unfinished run goes on, if it was asked for with the same
       admin jobs history NAME                                    the latest runs of a job
       admin jobs cancel NAME                                     end what runs or waits of a job`

// jobsCommand implements `admin jobs …`.
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
		if err := app.Jobs.Cancel(ctx, args[1]); err != nil {
			return err
		}
		return recordCommand(ctx, app, "jobs cancel", audit.Entry{Kind: audit.Job, Subject: args[1]})
	case len(args) >= 2 && args[0] == "run":
		if err := recordCommand(ctx, app, "jobs run", audit.Entry{Kind: audit.Job, Subject: args[1],
			After: args[2:]}); err != nil {
			return err
		}
		return runJob(ctx, app.Jobs, args[1], args[2:], out)
	}
	return errors.New(jobsUsage)
}

func listJobs(ctx context.Context, m *jobs.Manager, out io.Writer) error {
	for _, j := range m.Jobs() {
		fmt.Fprintf(out, "%-16s %s\n", j.Name, j.Summary)
		if j.Schedule != "" {
			fmt.Fprintf(out, "  schedule %q, next %s, missed times: %s\n", j.Schedule,
				m.Next(j.Name).Format(time.RFC3339), j.Missed)
		}
		if len(j.On) > 0 {
			fmt.Fprintf(out, "  after %s\n", strings.Join(j.On, ", "))
		}
		for _, p := range j.Parameters {
			name := "--" + p.Name
			if !p.Flag {
				name += "=VALUE"
			}
			fmt.Fprintf(out, "  %-22s %s\n", name, p.Doc)
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
	if len(r.Parameters) > 0 {
		fmt.Fprintf(out, ", %s", jobs.Options{Parameters: r.Parameters}.Flags())
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
	if r.Status == jobs.Failed || r.Summary() != "" {
		fmt.Fprintf(out, "    %s\n", r.Message)
	}
}

// runOptions parses the flags of `admin jobs run`: --dry-run, and one for each parameter of the job.
func runOptions(j jobs.Job, args []string, out io.Writer) (jobs.Options, error) {
	o := jobs.Options{Parameters: map[string]string{}}
	flags := flag.NewFlagSet("admin jobs run "+j.Name, flag.ContinueOnError)
	flags.SetOutput(out)
	flags.BoolVar(&o.DryRun, "dry-run", false, "change nothing and print what differs")
	for _, p := range j.Parameters {
		if !p.Flag {
			flags.Func(p.Name, p.Doc, func(value string) error {
				o.Parameters[p.Name] = value
				return nil
			})
			continue
		}
		flags.BoolFunc(p.Name, p.Doc, func(value string) error {
			on, err := strconv.ParseBool(value)
			delete(o.Parameters, p.Name)
			if on {
				o.Parameters[p.Name] = "true"
			}
			return err
		})
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 { // what follows it was not read as flags: a --dry-run there must not be missed
		return o, fmt.Errorf("%q is no flag of %s; a switch is --NAME or --NAME=false", flags.Arg(0), j.Name)
	}
	return o, nil
}

// runJob works on a job in the foreground. If it is interrupted, it says how to continue.
func runJob(ctx context.Context, m *jobs.Manager, name string, args []string, out io.Writer) error {
	j, err := m.Find(name)
	if err != nil {
		return fmt.Errorf("there is no job %q", name)
	}
	o, err := runOptions(j, args, out)
	if err != nil {
		return err
	}
	run, err := m.Await(ctx, name, o, func(r *jobs.Run) {
		fmt.Fprintf(out, "run %d is %s's: it is taken over if there is no sign of that until its lease has run out\n",
			r.ID, r.Holder)
	})
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		return err
	}
	if err != nil {
		return fmt.Errorf("another process works on run %d; `admin jobs` shows how far it is", run.ID)
	}
	if !run.Matches(o) {
		same := strings.TrimSpace(name + " " +
			jobs.Options{DryRun: run.DryRun, Parameters: run.Parameters}.Flags())
		return fmt.Errorf("run %d of %s is not finished yet and was asked for otherwise; `admin jobs run %s` goes on with it, `admin jobs cancel %s` ends it",
			run.ID, name, same, name)
	}
	start, before := time.Now(), run.Done
	var last time.Time
	err = m.Work(ctx, run, func(r *jobs.Run, w *jobs.Work) {
		for _, d := range w.Found {
			fmt.Fprintln(out, d)
		}
		if time.Since(last) < 2*time.Second {
			return
		}
		last = time.Now()
		fmt.Fprintln(out, progress(r, before, time.Since(start), w.Note))
	})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted; the same command goes on where it stood")
	case errors.Is(err, jobs.ErrLost):
		return fmt.Errorf("another process works on run %d, or it was cancelled", run.ID)
	case err != nil:
		return err
	}
	printResult(run, time.Since(start), out)
	return nil
}

// progress returns a line that says how far a run is. before is what was done when this process
// began; it is left out of the speed.
func progress(r *jobs.Run, before int, took time.Duration, note string) string {
	line := fmt.Sprintf("%8.1fs  %d of %d", took.Seconds(), r.Done, r.Total)
	if done := r.Done - before; done > 0 {
		left := time.Duration(float64(took) / float64(done) * float64(r.Total-r.Done))
		rate, digits := float64(done)/max(took.Seconds(), 0.001), 0
		if rate < 10 {
			digits = 1
		}
		line += fmt.Sprintf(", %.*f a second, about %s left", digits, rate, left.Round(time.Second))
	}
	if note != "" {
		line += ", " + note
	}
	return line
}

// printResult prints the result of a run that is done: the job's own summary and the number of
// differences.
func printResult(r *jobs.Run, took time.Duration, out io.Writer) {
	if summary := r.Summary(); summary != "" {
		fmt.Fprintf(out, "%s: %s, %.1f s\n", r.Job, summary, took.Seconds())
		if r.Differences == 0 {
			return
		}
	}
	verb := "repaired"
	if r.DryRun {
		verb = "found"
	}
	fmt.Fprintf(out, "%s: %d checked, differences %s: %d, %.1f s\n", r.Job, r.Done, verb, r.Differences,
		took.Seconds())
}
