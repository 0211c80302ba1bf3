package main

import (
	"context"
	"database/sql"
	"fmt"
)

// check returns what is wrong with the runs of the first s.times due times, and with their effects.
// Later due times are ignored.
func (t *target) check(ctx context.Context, s *settings) (failures []string, err error) {
	failed := func(format string, args ...any) { failures = append(failures, fmt.Sprintf(format, args...)) }
	var last, lastDue int64
	n := 0
	runs := map[int64]bool{}
	err = t.db.Select(ctx, func(rows *sql.Rows) error {
		var due, started, finished int64
		var status string
		if err := rows.Scan(&due, &status, &started, &finished); err != nil {
			return err
		}
		if n++; n > s.times {
			return nil
		}
		runs[due] = true
		if status != "done" {
			failed("the run of %d is %s", due, status)
		}
		if lastDue > 0 && due != lastDue+60 {
			failed("after the run of %d comes that of %d", lastDue, due)
		}
		if started < last {
			failed("the run of %d began at %d, before the one before it had ended at %d", due, started, last)
		}
		last, lastDue = finished, due
		return nil
	}, `SELECT due, status, started, finished
		FROM {q2ab_job_runs}
		WHERE name = ? AND due IS NOT NULL
		ORDER BY due, id`, jobName)
	if err != nil {
		return nil, err
	}
	if n < s.times {
		failed("%d due times have runs, %d should", n, s.times)
	}
	effects := map[[2]int64]int{}
	err = t.db.Select(ctx, func(rows *sql.Rows) error {
		var due, batch int64
		err := rows.Scan(&due, &batch)
		effects[[2]int64{due, batch}]++
		return err
	}, "SELECT due, batch FROM {q2ab_torture_effects}")
	for due := range runs {
		for batch := range int64(batches) {
			if n := effects[[2]int64{due, batch}]; n != 1 {
				failed("batch %d of the run of %d has %d effects", batch, due, n)
			}
		}
	}
	return failures, err
}
