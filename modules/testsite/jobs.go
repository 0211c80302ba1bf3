package testsite

import (
	"testing"

	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/jobs"
)

// RunJob works on a job until it is done.
func RunJob(t testing.TB, app *modules.App, name string) *jobs.Run {
	t.Helper()
	run, _ := RunJobFor(t, app, name, false)
	return run
}

// RunJobFor works on a job until it is done, and returns the run and the differences that it found. A dry run
// repairs nothing.
func RunJobFor(t testing.TB, app *modules.App, name string, dryRun bool) (run *jobs.Run, found []string) {
	t.Helper()
	run, err := app.Jobs.Start(t.Context(), name, jobs.Options{DryRun: dryRun})
	if err == nil {
		err = app.Jobs.Work(t.Context(), run, func(_ *jobs.Run, w *jobs.Work) {
			for _, d := range w.Found {
				found = append(found, d.String())
			}
		})
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return run, found
}

// Recount runs the job that recalculates all derived values, and returns those that were wrong.
func Recount(t testing.TB, app *modules.App, dryRun bool) []string {
	t.Helper()
	run, found := RunJobFor(t, app, "recount", dryRun)
	if run.Status != jobs.Done || run.Differences != len(found) {
		t.Fatalf("run %d is %s with %d differences, %d found", run.ID, run.Status, run.Differences,
			len(found))
	}
	return found
}
