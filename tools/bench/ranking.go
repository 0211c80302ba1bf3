package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/tools/internal/process"
)

// rankingRuns is how often the rankings are computed after the first time. The first time stores all
// boards; later runs store only what has changed.
const rankingRuns = 3

// benchRanking measures the job that computes the rankings, on a community with the configured
// numbers of questions and users, and reads both without the job and during it.
func benchRanking(ctx context.Context, s settings, folder, server string) (err error) {
	url := databaseURL(s.databaseURL, s.questions[0]) + "_ranking"
	if err := prepareDatabase(ctx, s.databaseURL, url,
		demo.SeedOptions{Questions: s.questions[0], Users: s.users, NoContentIndex: true}); err != nil {
		return err
	}
	db, err := database.Open(ctx, database.Settings{URL: url, Prefix: tablePrefix})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var posts, votes, users int
	if _, err := db.Get(ctx, []any{&posts, &votes, &users},
		`SELECT (SELECT COUNT(*) FROM {posts}), (SELECT COUNT(*) FROM {uservotes}),
			(SELECT COUNT(*) FROM {users})`); err != nil {
		return err
	}
	subject, err := start(ctx, server,
		append(serverEnvironment(folder, url), "JOBS_POLL=100ms", "TIME_ZONE=Asia/Tokyo"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, subject.stop()) }()
	fmt.Printf("%d posts, %d votes, %d users.\n\n", posts, votes, users)
	if err := firstRuns(ctx, db); err != nil {
		return err
	}
	fmt.Print("\n| run | seconds | boards stored | server's memory | reads alone p50 ms | p99 ms | beside it p50 ms | p99 ms |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	w := recentThreads(posts)
	for run := range rankingRuns {
		alone, err := loadFor(ctx, s, w, subject.address, func() bool { return false }, s.duration)
		if err != nil {
			return err
		}
		took, beside, err := rankBeside(ctx, s, db, w, subject.address)
		if err != nil {
			return err
		}
		var boards int
		if _, err := db.Get(ctx, []any{&boards},
			`SELECT COUNT(*)
				FROM {q2ab_boards}
				WHERE generation = (SELECT MAX(generation) FROM {q2ab_rankings})`); err != nil {
			return err
		}
		fmt.Printf("| %d | %.1f | %d | %s | %.2f | %.2f | %.2f | %.2f |\n", run+1, took.Seconds(),
			boards, subject.memory(process.Resident), alone.percentile(50), alone.percentile(99),
			beside.percentile(50), beside.percentile(99))
	}
	return nil
}

// firstRuns waits for the jobs that a server runs on a site that is new to it, and prints how long
// each took.
func firstRuns(ctx context.Context, db *database.DB) error {
	for {
		var all, ended int
		if _, err := db.Get(ctx, []any{&all, &ended},
			"SELECT COUNT(*), COALESCE(SUM(status = 'done'), 0) FROM {q2ab_job_runs}"); err != nil {
			return err
		}
		if all > 0 && ended == all {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return db.Select(ctx, func(rows *sql.Rows) error {
		var name string
		var seconds int
		err := rows.Scan(&name, &seconds)
		fmt.Printf("The first run of %s: %d s.\n", name, seconds)
		return err
	}, "SELECT name, finished - started FROM {q2ab_job_runs} ORDER BY id")
}

// rankBeside makes the server compute the rankings, and loads it with reads until that is done.
func rankBeside(
	ctx context.Context, s settings, db *database.DB, w workload, address string,
) (took time.Duration, beside result, err error) {
	m := jobs.New(db, jobs.Settings{}, jobs.Job{Name: "rankings"})
	begin := time.Now()
	run, err := m.Request(ctx, "rankings", jobs.Options{})
	if err != nil {
		return 0, beside, err
	}
	var failed error
	ended := func() bool {
		history, err := m.History(ctx, "rankings", 1)
		switch {
		case err != nil:
			failed = err
		case history[0].ID >= run.ID && history[0].Status == jobs.Failed:
			failed = errors.New(history[0].Message)
		default:
			return history[0].ID >= run.ID && history[0].Status == jobs.Done
		}
		return true
	}
	beside, err = loadFor(ctx, s, w, address, ended, 10*time.Minute)
	return time.Since(begin), beside, errors.Join(err, failed)
}

// loadFor loads the server, one slice of load after the other, until ended returns true or the given
// time is over.
func loadFor(
	ctx context.Context, s settings, w workload, address string, ended func() bool, most time.Duration,
) (all result, err error) {
	begin := time.Now()
	for turn := uint64(0); time.Since(begin) < most && !ended(); turn++ {
		one, err := load(ctx, address, s.connections, atRandom(w, turn))
		if err != nil {
			return all, err
		}
		all.add(one)
	}
	return all, nil
}

// recentThreads returns a workload of what people read most: the first pages of the list, and
// threads.
func recentThreads(posts int) workload {
	w := workload{name: "reads"}
	r := rand.New(rand.NewPCG(2, 2))
	for range requestsOfEach {
		w.requests = append(w.requests,
			request{path: fmt.Sprintf("/v1/questions?page=%d", 1+r.IntN(5))},
			request{path: fmt.Sprintf("/v1/posts/%d", 1+r.IntN(posts))})
	}
	return w
}
