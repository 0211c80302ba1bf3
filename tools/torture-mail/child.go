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
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/tools/internal/process"
)

// childVariable is the environment variable that makes this program a server; its value is the address to
// listen on.
const childVariable = "TORTURE_LISTEN"

// serve is the main function of a server: it runs the whole application.
func serve(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	cfg.Listen, cfg.LogLevel, cfg.MigrateOnStart = os.Getenv(childVariable), "error", false
	slog.SetDefault(observe.NewLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat))
	app, err := modules.New(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(app.Run(ctx, func(net.Addr) {}), app.Close())
}

// startTime is the longest time that a server may take to start.
const startTime = time.Minute

// child is a server, which is killed and started again.
type child struct {
	index, life int
	database    string
	mailbox     string
	cmd         *exec.Cmd
	killed      map[string]bool // by the names of lives, of all servers
}

// name is the present life's name, with which it signs in to the mailbox.
func (c *child) name() string { return fmt.Sprintf("server%d-%d", c.index, c.life) }

// start begins a life, and waits until the server is ready.
func (c *child) start(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	address, err := process.FreeAddress(ctx)
	if err != nil {
		return err
	}
	c.life++
	c.cmd = exec.CommandContext(ctx, program) //nolint:gosec // this program itself
	c.cmd.Stderr = os.Stderr
	c.cmd.Env = append(os.Environ(), childVariable+"="+address, "DATABASE_URL="+c.database,
		"MAIL_URL=smtp://"+c.name()+":x@"+c.mailbox+"?tls=off", "DATA_DIR="+os.TempDir())
	if err := c.cmd.Start(); err != nil {
		return err
	}
	if !process.AwaitReady(ctx, address, startTime) {
		return errors.New("a server does not start")
	}
	return nil
}

// kill ends the server without any warning.
func (c *child) kill() error {
	c.killed[c.name()] = true
	if err := c.cmd.Process.Kill(); err != nil {
		return err
	}
	if err := c.cmd.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
		return err
	}
	return nil
}
