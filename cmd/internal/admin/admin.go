// Package admin is the operators' tool: `admin COMMAND [flags]`. It reads the same environment
// variables as the server; see .env.example.
package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/observe"
)

// command is one of admin's commands. run receives the arguments after the command's name.
type command struct {
	name, summary string
	run           func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"doctor", "look at the database and say what is there and what looks wrong; writes nothing", doctor},
		{"import", "read a mysqldump of a Question2Answer site into a new embedded database", importDump},
		{"init", "make Question2Answer's tables in an empty database, with the demonstration if --demo is given",
			initialise},
		{"migrate", "make or update this backend's own tables", migrate},
		{"seed", "fill an empty database with a generated community, for benchmarks and tests", seed},
		{"auth", "tell how far the move of users to Cognito is, and export those who are left", authCommand},
		{"jobs", "list, run, and cancel long work such as the recalculation", jobsCommand},
		{"audit", "print what administrators and moderators have changed, one JSON object a line", auditCommand},
		{"maintenance", "close the site to all but administrators, or open it again", maintenanceCommand},
		{"mail", "list the mails that were refused or given up, read bounces, show all kinds of mail", mailCommand},
		{"categories", "list, move and merge the categories of questions", categoriesCommand},
		{"plugins", "list the old site's plugins that need tables, and make the tables of one", pluginsCommand},
		{"openapi", "print the OpenAPI document of the API", openAPI},
		{"env-example", "print all settings with their defaults and meanings", envExample},
		{"healthcheck", "ask a running server whether it is up; for container health checks", healthcheck},
	}
}

// exitError is the exit status of a command that has already printed its result.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Main runs the command that the arguments name and returns the exit status.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetDefault(observe.NewLogger(os.Stderr, "warn", "text")) // commands say only what goes wrong
	err := dispatch(ctx, args, os.Stdout)
	var status exitError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(os.Stderr, "admin:", err)
	return 1
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(ctx, args[1:], out)
			}
		}
	}
	fmt.Fprintln(out, "usage: admin COMMAND [flags]")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-12s %s\n", c.name, c.summary)
	}
	if len(args) > 0 && args[0] != "help" && args[0] != "-h" && args[0] != "--help" {
		return fmt.Errorf("there is no command %q", args[0])
	}
	return nil
}

// application is the whole application together with the logging and metrics of its process.
type application struct {
	*modules.App
	stopObserving func() error
}

// Close closes everything that openApp opened.
func (a application) Close() error { return errors.Join(a.App.Close(), a.stopObserving()) }

// openApp makes the application for the configured site, for use by a command.
func openApp(ctx context.Context) (a application, err error) {
	cfg, err := config.Load()
	if err != nil {
		return a, err
	}
	if a.stopObserving, err = observe.Start("warn", "text", cfg.Tracing()); err != nil {
		return a, err
	}
	if a.App, err = modules.New(ctx, cfg); err != nil {
		return a, errors.Join(err, a.stopObserving())
	}
	return a, nil
}
