package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/tools/internal/killable"
	"38qa.net/backend/tools/internal/process"
)

// serve is the main function of the server process: it runs the whole application, with tokens that
// consist only of the user's id, and a consumer of events.
func serve(ctx context.Context) error {
	cfg, err := killable.Config()
	if err != nil {
		return err
	}
	cfg.RateLimit = "off"
	app, err := modules.New(ctx, cfg,
		modules.WithVerifier(func(_ context.Context, token string) (p auth.Person, err error) {
			_, err = fmt.Sscanf(token, "user-%d", &p.UserID)
			return p, err
		}))
	if err != nil {
		return err
	}
	go func() {
		for ctx.Err() == nil {
			if err := consume(ctx, app); err != nil && ctx.Err() == nil {
				fmt.Fprintln(os.Stderr, "consumer:", err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	return errors.Join(app.Run(ctx, func(net.Addr) {}), app.Close())
}

// consume handles all events that there are, by storing the number of each.
func consume(ctx context.Context, app *modules.App) error {
	return events.Consume(ctx, app.DB, "torture",
		func(ctx context.Context, tx *database.DB, e events.Event) error {
			_, err := tx.Exec(ctx, "INSERT INTO {q2ab_torture_effects} (seq) VALUES (?)", e.Seq)
			return err
		})
}

// newServer returns the server process, which has one address for all of its lives.
func newServer(ctx context.Context, databaseURL string) (*killable.Server, error) {
	address, err := process.FreeAddress(ctx)
	return &killable.Server{Address: address,
		Env: []string{"DATABASE_URL=" + databaseURL, "DATABASE_CONNECTIONS=32"}}, err
}
