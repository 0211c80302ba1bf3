// Package killable is for programs in tools that start themselves as servers, kill those with SIGKILL again
// and again, and start them anew.
package killable

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/tools/internal/process"
)

// listenVariable is the environment variable that makes a program a server; its value is the address to
// listen on.
const listenVariable = "TORTURE_LISTEN"

// startTime is the longest time that a server may take to start.
const startTime = time.Minute

// Main is the main function of a program with the given name: it calls serve in servers, and run in the
// process that starts those. The context ends when the process is told to stop.
func Main(name string, run, serve func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	do := run
	if os.Getenv(listenVariable) != "" {
		do = serve
	}
	if err := do(ctx); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// Config returns the settings of the server that this process is, and has it log nothing but errors.
func Config() (config.Config, error) {
	cfg, err := config.Load()
	if err != nil {
		return cfg, err
	}
	cfg.Listen, cfg.LogLevel, cfg.MigrateOnStart = os.Getenv(listenVariable), "error", false
	slog.SetDefault(observe.NewLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat))
	return cfg, nil
}

// Server is a server: this program, started once more. It may be started again after it was killed or stopped.
type Server struct {
	// Env are environment variables that it has besides those of this process.
	Env []string
	// Address is where it listens. If it is empty, each start takes another one.
	Address string

	cmd *exec.Cmd
}

// Start starts the server, and waits until it is ready.
func (s *Server) Start(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	address := s.Address
	if address == "" {
		if address, err = process.FreeAddress(ctx); err != nil {
			return err
		}
	}
	s.cmd = exec.CommandContext(ctx, program) //nolint:gosec // this program itself
	s.cmd.Stderr = os.Stderr
	s.cmd.Env = append(append(os.Environ(), listenVariable+"="+address, "DATA_DIR="+os.TempDir()), s.Env...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	if !process.AwaitReady(ctx, address, startTime) {
		return errors.New("a server does not start")
	}
	return nil
}

// Kill ends the server without any warning.
func (s *Server) Kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	if err := s.cmd.Wait(); err != nil && !strings.Contains(err.Error(), "killed") {
		return err
	}
	return nil
}

// Stop ends the server as an operator does, and returns an error if it does not end normally.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}
