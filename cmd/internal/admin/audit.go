package admin

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
)

// auditCommand prints what administrators and moderators have changed, one JSON object a line, the oldest
// first, for archives and other programs.
func auditCommand(ctx context.Context, args []string, out io.Writer) (err error) {
	var f audit.Filter
	flags := flag.NewFlagSet("admin audit", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&f.By, "by", 0, "only what the user with this id changed")
	flags.StringVar(&f.Action, "action", "", "only changes by this operation or command")
	flags.StringVar(&f.Kind, "kind", "", "only changes of this kind of thing, such as user or option")
	flags.StringVar(&f.Subject, "subject", "", "only changes of the thing with this id or name; with --kind")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("admin audit takes no argument %q", flags.Arg(0))
	}
	app, err := openApp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	lines := json.NewEncoder(out)
	return app.Audit.Export(ctx, f, func(c audit.Change) error { return lines.Encode(c) })
}

// recordCommand keeps in the log of changes that a command has changed something.
func recordCommand(ctx context.Context, app application, command string, e audit.Entry) error {
	return app.DB.Tx(ctx, func(tx *database.DB) error {
		return audit.Record(audit.Command(ctx, "admin "+command), tx, e)
	})
}
