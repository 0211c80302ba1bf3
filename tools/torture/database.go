package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/tools/internal/trialsite"
)

// target is the database under test.
type target struct {
	*trialsite.Database
	app      *modules.App
	lastPost int // of the site before the load
}

// newDatabase loads the dump into a new database and lifts the limits that would stop the load.
func newDatabase(ctx context.Context, s *settings) (*target, error) {
	// Members may do most of what moderators may, so that fewer requests are refused.
	const lifted = `REPLACE INTO qa_options (title, content)
			SELECT title, '1000000000'
			FROM qa_options
			WHERE title LIKE 'max_rate_%';
		REPLACE INTO qa_options (title, content)
			VALUES ('flagging_hide_after', '4'), ('do_close_on_select', '1'), ('moderate_anon_post', '0'),
				('permit_hide_show', '120'), ('permit_edit_q', '120'), ('permit_edit_a', '120'),
				('permit_edit_c', '120'), ('permit_retag_cat', '120'), ('permit_select_a', '120'),
				('permit_close_q', '120'), ('permit_flag', '120'), ('permit_delete_hidden', '70')`
	site, err := trialsite.Load(ctx, s.databaseURL, "torture", s.dump, lifted)
	if err != nil {
		return nil, fmt.Errorf("make the site at TORTURE_DATABASE_URL: %w", err)
	}
	d := &target{Database: site}
	c, err := config.Load()
	if err != nil {
		return nil, err
	}
	c.DatabaseURL, c.LogLevel = d.URL, "warn"
	slog.SetDefault(observe.NewLogger(os.Stderr, c.LogLevel, c.LogFormat))
	if d.app, err = modules.New(ctx, c); err != nil {
		return nil, err
	}
	if _, err = d.app.DB.Exec(ctx,
		"CREATE TABLE {q2ab_torture_effects} (seq BIGINT NOT NULL, KEY (seq)) ENGINE=InnoDB"); err != nil {
		return nil, err
	}
	if _, err := d.app.DB.Get(ctx, []any{&d.lastPost}, "SELECT MAX(postid) FROM {posts}"); err != nil {
		return nil, err
	}
	return d, consume(ctx, d.app) // the consumer's place is before the first event
}

func (d *target) close(keep bool) {
	if err := d.app.Close(); err != nil {
		fmt.Println(err)
	}
	d.Close(keep)
}

// differences returns the differences that a dry run of the recalculation finds.
func (d *target) differences(ctx context.Context) (map[string]bool, error) {
	run, err := d.app.Jobs.Request(ctx, "recount", jobs.Options{DryRun: true})
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	err = d.app.Jobs.Work(ctx, run, func(_ *jobs.Run, w *jobs.Work) {
		for _, f := range w.Found {
			found[f.String()] = true
		}
	})
	return found, err
}

// check returns what is wrong with the database after the load, given the differences before it.
func (d *target) check(ctx context.Context, l *load, before map[string]bool) ([]string, error) {
	var failures []string
	after, err := d.differences(ctx)
	if err != nil {
		return nil, err
	}
	drift := 0
	for line := range after {
		// Before the load, this count of the site is one too low. That difference persists and shows
		// up with other numbers after the load; it is checked below.
		if !before[line] && !strings.HasPrefix(line, "options cache_unselqcount") {
			if drift++; drift <= 20 {
				failures = append(failures, "a count is off: "+line)
			}
		}
	}
	var unselected, cached int
	if _, err := d.app.DB.Get(ctx, []any{&unselected, &cached},
		`SELECT (SELECT COUNT(*) FROM {posts} WHERE type = 'Q' AND selchildid IS NULL AND closedbyid IS NULL),
				content
			FROM {options}
			WHERE title = 'cache_unselqcount'`); err != nil {
		return nil, err
	}
	if unselected != cached+1 {
		failures = append(failures,
			fmt.Sprintf("%d questions without a best answer, counted %d and one", unselected, cached))
	}
	lost, err := l.lost(ctx, d)
	if err != nil {
		return nil, err
	}
	failures = append(failures, lost...)
	effects, err := d.checkEffects(ctx)
	return append(failures, effects...), err
}

// checkEffects handles the remaining events and checks that each event was handled exactly once.
func (d *target) checkEffects(ctx context.Context) ([]string, error) {
	if err := consume(ctx, d.app); err != nil {
		return nil, err
	}
	var events, rows, distinct int
	_, err := d.app.DB.Get(ctx, []any{&events, &rows, &distinct},
		`SELECT (SELECT COUNT(*) FROM {q2ab_outbox}), COUNT(*), COUNT(DISTINCT seq)
			FROM {q2ab_torture_effects}`)
	if err != nil {
		return nil, err
	}
	fmt.Printf("%d events, %d effects\n", events, rows)
	if rows != distinct || rows != events || events == 0 {
		return []string{fmt.Sprintf("%d events took effect %d times, %d of them at least once", events,
			rows, distinct)}, nil
	}
	return nil, nil
}
