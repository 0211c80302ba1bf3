package admin

import (
	"context"
	"flag"
	"fmt"
	"io"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/database"
)

// doctor implements `admin doctor`. Its exit status is 0 if all is well, 3 if there are warnings,
// and 1 if the database cannot be served.
func doctor(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(out)
	if err := flags.Parse(args); err != nil {
		return err
	}
	worst := 0
	err := withDatabase(ctx, func(cfg config.Config, db *database.DB) error {
		for _, f := range modules.Examine(ctx, cfg, db) {
			fmt.Fprintf(out, "%-8s %-14s %s\n", f.Severity, f.Topic, f.Text)
			switch f.Severity {
			case "warning":
				worst = max(worst, 3)
			case "error":
				worst = 10
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case worst >= 10:
		fmt.Fprintln(out, "\nThis database cannot be served.")
		return exitError(1)
	case worst > 0:
		fmt.Fprintln(out, "\nThis database can be served; see the warnings.")
		return exitError(worst)
	}
	fmt.Fprintln(out, "\nAll is well.")
	return nil
}
