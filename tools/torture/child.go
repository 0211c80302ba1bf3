package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/tools/internal/process"
)

// childVariable is the environment variable that makes this program a server process; its value is
// the address to listen on.
const childVariable = "TORTURE_LISTEN"

// serve is the main function of the server process: it runs the whole application, with tokens that
// consist only of the user's id, and a consumer of events.
func serve(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	cfg.Listen, cfg.RateLimit, cfg.LogLevel = os.Getenv(childVariable), "off", "error"
	slog.SetDefault(observe.NewLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat))
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

// child is the server process, which is killed and started again.
type child struct {
	address string
	env     []string
	cmd     *exec.Cmd
}

func newChild(databaseURL string) (*child, error) {
	address, err := process.FreeAddress(context.Background()) // for all of its lives
	if err != nil {
		return nil, err
	}
	return &child{
		address: address,
		env: append(os.Environ(), childVariable+"="+address, "DATABASE_URL="+databaseURL,
			"DATABASE_CONNECTIONS=32"),
	}, nil
}

// start starts the process and waits until it accepts connections.
func (c *child) start(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	c.cmd = exec.CommandContext(ctx, program) //nolint:gosec // this program itself
	c.cmd.Env, c.cmd.Stderr = c.env, os.Stderr
	if err := c.cmd.Start(); err != nil {
		return err
	}
	for range 200 {
		if conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.address); err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return errors.New("the server does not start")
}

// kill ends the process without any warning.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	if err := c.cmd.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
		return err
	}
	return nil
}

// stop ends the process as an operator does, and returns an error if it does not end normally.
func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return c.cmd.Wait()
}
