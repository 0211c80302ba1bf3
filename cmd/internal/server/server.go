// Package server is the long-running HTTP server: `server [--no-demo]`. Everything else is set by
// environment variables, all of which are optional; see .env.example.
package server

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/media"
)

// Main serves until the process is asked to stop, and returns the exit status.
func Main(args []string) int {
	if media.WorkOnPictures() {
		return 0
	}
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	noDemo := flags.Bool("no-demo", false,
		"start with an empty embedded database instead of a demonstration community")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // flags has said why
	}
	if err := run(*noDemo); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		return 1
	}
	return 0
}

func run(noDemo bool) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	stopObserving, err := observe.Start(cfg.LogLevel, cfg.LogFormat, cfg.Tracing())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopObserving()) }()
	if err := prepareEmbedded(ctx, cfg, noDemo); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	app, err := modules.New(ctx, cfg, modules.WithPictureProgram(self))
	if err != nil {
		return err
	}
	err = app.Run(ctx, func(addr net.Addr) {
		observe.StartDuration.Observe(observe.SinceStart(), "server")
		base := "http://" + addr.String()
		fmt.Fprintf(os.Stderr, "\n  API reference:   %s/docs\n  Try:             curl '%s/v1/questions?limit=1'\n\n",
			base, base)
	})
	return errors.Join(err, app.Close())
}

// prepareEmbedded makes the tables of an embedded database that has none, and fills them with the
// demonstration unless noDemo is set. It does so in one transaction, so that a start that is
// interrupted leaves nothing behind. It does not change any other database.
func prepareEmbedded(ctx context.Context, cfg config.Config, noDemo bool) (err error) {
	if !strings.HasPrefix(cfg.DatabaseURL, "sqlite:") {
		return nil
	}
	db, err := modules.OpenDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tables, err := db.Tables(ctx)
	if err != nil || len(tables) > 0 {
		return err
	}
	return db.Tx(ctx, func(tx *database.DB) error {
		if err := tx.CreateSchema(ctx); err != nil || noDemo {
			return err
		}
		if host, _, err := net.SplitHostPort(cfg.Listen); err == nil && !loopback(host) {
			slog.WarnContext(ctx, "the members of the demonstration have a password that everybody knows")
		}
		return demo.Fill(ctx, tx, cfg.BlobsDir)
	})
}

// loopback reports whether only this machine can reach a host name or address.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
