package admin

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/database/databasetest"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
)

// move returns a job with parameters and one step, which does the given batch.
func move(batch func(ctx context.Context, after int, w *jobs.Work) (int, error)) jobs.Job {
	return jobs.Job{Name: "move", Summary: "moves images",
		Steps: []jobs.Step{{
			Name: "images", Count: func(context.Context) (int, error) { return 3, nil }, Batch: batch,
		}},
		Parameters: []jobs.Parameter{
			{Name: "verify", Doc: "read again what was written", Flag: true},
			{Name: "keep-for-php", Doc: "keep files in this folder"},
			{Name: "rate", Doc: "images a second", Check: func(value string) error {
				if value == "0" {
					return problem.Invalid(problem.Field{Code: problem.FieldTooSmall, Args: []any{1}})
				}
				return nil
			}},
		}}
}

// manage returns a manager of the job on the database at the address.
func manage(t *testing.T, url string, j jobs.Job) *jobs.Manager {
	t.Helper()
	db, err := database.Open(t.Context(), database.Settings{URL: url, Prefix: "qa_", MaxConnections: 2})
	if err == nil {
		t.Cleanup(func() { db.Close() })
		err = db.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return jobs.New(db, jobs.Settings{}, j)
}

// TestFlagsOfJobs checks that the parameters of a job are flags of its command, beside --dry-run and in any
// order, and that what is no flag is refused.
func TestFlagsOfJobs(t *testing.T) {
	for args, c := range map[string]struct {
		dryRun     bool
		parameters map[string]string
		refused    string
	}{
		"":                    {},
		"--dry-run":           {dryRun: true},
		"--verify":            {parameters: map[string]string{"verify": "true"}},
		"--verify=false":      {},
		"--verify --verify=0": {},
		"--rate 20 --dry-run --keep-for-php=/srv/php -verify=1": {dryRun: true, parameters: map[string]string{"rate": "20", "keep-for-php": "/srv/php", "verify": "true"}},
		"--rate 20 --rate=30":     {parameters: map[string]string{"rate": "30"}},
		"--rate":                  {refused: "needs an argument"},
		"--purge":                 {refused: "not defined: -purge"},
		"--verify=perhaps":        {refused: "invalid boolean value"},
		"--verify true --dry-run": {refused: `"true" is no flag of move`},
		"--help":                  {refused: flag.ErrHelp.Error()},
	} {
		o, err := runOptions(move(nil), strings.Fields(args), io.Discard)
		switch {
		case c.refused != "":
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %+v, %v", args, o, err)
			}
		case err != nil || o.DryRun != c.dryRun || !maps.Equal(o.Parameters, c.parameters):
			t.Errorf("%s: %+v, %v", args, o, err)
		}
	}
}

// TestRunWithParameters checks that an interrupted run goes on with the same parameters only, and that the
// command, the list and the history show the parameters and the result.
func TestRunWithParameters(t *testing.T) {
	url := databasetest.SQLite(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	m := manage(t, url, move(func(_ context.Context, after int, w *jobs.Work) (int, error) {
		if !w.DryRun || w.Parameters["rate"] != "20" || w.Parameters["verify"] != "true" {
			t.Errorf("batch %d is told %+v", after, w)
		}
		switch after {
		case 0:
			stop()
		case 2:
			w.Summary = "3 images moved, 4.5 MB"
			return 0, nil
		}
		w.Note = fmt.Sprintf("%d MB/s", after+10)
		return after + 1, nil
	}))
	var out bytes.Buffer
	run := func(ctx context.Context, args string) error {
		t.Helper()
		out.Reset()
		return runJob(ctx, m, "move", strings.Fields(args), &out)
	}
	if err := run(ctx, "--rate 0"); err == nil ||
		err.Error() != "validation: parameters.rate must be at least 1" {
		t.Errorf("a bad value: %v", err)
	}
	if err := run(ctx, "--verify --rate 20 --dry-run"); err == nil ||
		!strings.Contains(err.Error(), "the same command goes on") {
		t.Fatalf("interrupted: %v", err)
	}
	const ways = "run 1 of move is not finished yet and was asked for otherwise; " +
		"`admin jobs run move --dry-run --rate=20 --verify=true` goes on with it, " +
		"`admin jobs cancel move` ends it"
	for _, args := range []string{"", "--dry-run", "--verify --rate 20", "--dry-run --verify --rate 21"} {
		if err := run(t.Context(), args); err == nil || err.Error() != ways {
			t.Errorf("%s meanwhile: %v", args, err)
		}
	}
	if err := run(t.Context(), "--dry-run --rate=20 --verify=true"); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, " left, 11 MB/s\n") ||
		!strings.Contains(text, "move: 3 images moved, 4.5 MB, ") || strings.Contains(text, "checked") {
		t.Errorf("it says %s", text)
	}
	for what, list := range map[string]func() error{
		"the list":    func() error { return listJobs(t.Context(), m, &out) },
		"the history": func() error { return printHistory(t.Context(), m, "move", &out) },
	} {
		out.Reset()
		if err := list(); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"run 1: done, dry run, --rate=20 --verify=true, requested ", "    3 images moved, 4.5 MB\n",
		} {
			if !strings.Contains(out.String(), line) {
				t.Errorf("%s is without %q: %s", what, line, &out)
			}
		}
		if what == "the list" && !strings.Contains(out.String(),
			"  --verify               read again what was written\n"+
				"  --keep-for-php=VALUE   keep files in this folder\n") {
			t.Errorf("%s is without the parameters: %s", what, &out)
		}
	}
}

// TestResultsOfRuns checks that the command prints the summary of the job and the differences it found, and
// that it counts the differences where the job gives no summary.
func TestResultsOfRuns(t *testing.T) {
	for name, c := range map[string]struct {
		summary string
		differs bool
		want    []string
	}{
		"nothing":                   {"", false, []string{"move: 1 checked, differences repaired: 0, "}},
		"differences":               {"", true, []string{"posts 1 count: stored 2, computed 3", "move: 1 checked, differences repaired: 1, "}},
		"a summary":                 {"1 image moved", false, []string{"move: 1 image moved, "}},
		"a summary and differences": {"1 image moved", true, []string{"posts 1 count: stored 2, computed 3", "move: 1 image moved, ", "move: 1 checked, differences repaired: 1, "}},
	} {
		m := manage(t, databasetest.SQLite(t), move(func(
			_ context.Context, _ int, w *jobs.Work,
		) (int, error) {
			w.Summary = c.summary
			if c.differs {
				w.Report("posts", 1, "count", 2, 3)
			}
			return 0, nil
		}))
		var out bytes.Buffer
		if err := runJob(t.Context(), m, "move", nil, &out); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for line := range strings.Lines(out.String()) {
			if !strings.Contains(line, "1 of 3") {
				lines = append(lines, line)
			}
		}
		if len(lines) != len(c.want) {
			t.Errorf("%s: %q", name, lines)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(lines[i], want) {
				t.Errorf("%s: %q", name, lines)
			}
		}
	}
}

// TestFailedRunTellsWhy checks that a run that fails shows its error, and not the summary that the job had
// set before.
func TestFailedRunTellsWhy(t *testing.T) {
	m := manage(t, databasetest.SQLite(t), move(func(
		_ context.Context, after int, w *jobs.Work,
	) (int, error) {
		w.Summary = "all is well"
		if after > 0 {
			return 0, errors.New("the disk is full")
		}
		return 1, nil
	}))
	var out bytes.Buffer
	if err := runJob(t.Context(), m, "move", nil, &out); err == nil ||
		strings.Contains(out.String(), "well") {
		t.Errorf("%v, %s", err, &out)
	}
	if err := printHistory(t.Context(), m, "move", &out); err != nil ||
		!strings.Contains(out.String(), "the disk is full") || strings.Contains(out.String(), "well") {
		t.Errorf("%v, %s", err, &out)
	}
}

// TestProgress checks that the speed and the time left are computed from what this process has done, without
// what earlier processes did of the run.
func TestProgress(t *testing.T) {
	for want, c := range map[string]struct {
		done, before int
		took         time.Duration
		note         string
	}{
		"    10.0s  100 of 1000, 10 a second, about 1m30s left":             {100, 0, 10 * time.Second, ""},
		"    10.0s  900 of 1000, 10 a second, about 10s left":               {900, 800, 10 * time.Second, ""},
		"    10.0s  805 of 1000, 0.5 a second, about 6m30s left, 12.3 MB/s": {805, 800, 10 * time.Second, "12.3 MB/s"},
		"    10.0s  800 of 1000":                                            {800, 800, 10 * time.Second, ""},
	} {
		if got := progress(&jobs.Run{Done: c.done, Total: 1000}, c.before, c.took, c.note); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
