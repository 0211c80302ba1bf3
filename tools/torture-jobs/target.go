package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"38qa.net/backend/modules/kernel/database"
)

// target is the database that the processes share.
type target struct {
	name, url string
	server    *database.DB // another database of the same server
	db        *database.DB
}

const prefix = "qa_"

// tables makes this program's own tables: the clock that all processes use, the effects of the
// batches, and the writes that were refused. The effects have no unique key, so that a repeated
// effect is stored and can be found.
var tables = []string{
	"CREATE TABLE {q2ab_torture_clock} (began BIGINT NOT NULL, speed INT NOT NULL) ENGINE=InnoDB",
	`CREATE TABLE {q2ab_torture_effects} (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		due BIGINT NOT NULL,
		batch INT NOT NULL,
		writer VARCHAR(120) NOT NULL,
		KEY (due, batch)
	) ENGINE=InnoDB`,
	`CREATE TABLE {q2ab_torture_refused} (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		due BIGINT NOT NULL,
		batch INT NOT NULL,
		writer VARCHAR(120) NOT NULL
	) ENGINE=InnoDB`,
}

// newTarget makes a database with the backend's tables and those of this program.
func newTarget(ctx context.Context, s *settings) (*target, error) {
	u, err := url.Parse(s.databaseURL)
	if err != nil {
		return nil, fmt.Errorf("TORTURE_DATABASE_URL: %w", err)
	}
	u.Path = "/information_schema"
	t := &target{name: fmt.Sprintf("q2ab_torture_jobs_%d", time.Now().Unix())}
	if t.server, err = database.Open(ctx, database.Settings{URL: u.String(), MaxConnections: 1}); err != nil {
		return nil, err
	}
	if _, err := t.server.Exec(ctx, "CREATE DATABASE "+t.name+" CHARACTER SET utf8mb4"); err != nil {
		return nil, err
	}
	u.Path = "/" + t.name
	t.url = u.String()
	if t.db, err = database.Open(ctx,
		database.Settings{URL: t.url, Prefix: prefix, MaxConnections: 2}); err != nil {
		return nil, err
	}
	if err := t.db.Migrate(ctx); err != nil {
		return nil, err
	}
	for _, ddl := range tables {
		if _, err := t.db.Exec(ctx, ddl); err != nil {
			return nil, err
		}
	}
	_, err = t.db.Exec(ctx, "INSERT INTO {q2ab_torture_clock} (began, speed) VALUES (?, ?)",
		time.Now().UnixMicro(), s.speed)
	return t, err
}

// clock returns the clock that all processes share: from the start stored in the database it runs
// speed times as fast as real time.
func clock(ctx context.Context, db *database.DB) (_ database.Clock, speed int, err error) {
	var began int64
	if found, err := db.Get(ctx, []any{&began, &speed},
		"SELECT began, speed FROM {q2ab_torture_clock}"); err != nil || !found {
		return nil, 0, fmt.Errorf("read the clock's start (there: %v): %w", found, err)
	}
	start := time.UnixMicro(began)
	return func() time.Time { return start.Add(time.Duration(speed) * time.Since(start)) }, speed, nil
}

// progress holds counts of what the jobs have done so far.
type progress struct{ done, waiting, takenOver, effects, refused int }

func (t *target) progress(ctx context.Context) (p progress, err error) {
	_, err = t.db.Get(ctx, []any{&p.done, &p.waiting, &p.takenOver, &p.effects, &p.refused},
		`SELECT COALESCE(SUM(status = 'done'), 0), COALESCE(SUM(status = 'queued'), 0),
				COALESCE(SUM(GREATEST(fence, 1) - 1), 0), (SELECT COUNT(*) FROM {q2ab_torture_effects}),
				(SELECT COUNT(*) FROM {q2ab_torture_refused})
			FROM {q2ab_job_runs}
			WHERE name = ?`,
		jobName)
	return p, err
}

// holder returns the name of the process that works on the job, or "" if there is none.
func (t *target) holder(ctx context.Context) (name string, err error) {
	_, err = t.db.Get(ctx, []any{&name},
		"SELECT holder FROM {q2ab_job_runs} WHERE name = ? AND status = 'running'", jobName)
	return name, err
}

func (t *target) close(keep bool) {
	t.db.Close()
	if !keep {
		if _, err := t.server.Exec(context.Background(), "DROP DATABASE "+t.name); err != nil {
			fmt.Println(err)
		}
	}
	t.server.Close()
}
