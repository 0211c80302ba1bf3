package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/site"
)

const maintenanceUsage = `usage: admin maintenance       tell whether the site is closed for maintenance
       admin maintenance on    close the site to all but administrators, here and on the old site
       admin maintenance off   open it again`

// maintenanceCommand implements `admin maintenance …`.
func maintenanceCommand(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprintln(out, maintenanceUsage)
		return flag.ErrHelp
	}
	if len(args) > 1 || len(args) == 1 && args[0] != "on" && args[0] != "off" {
		return errors.New(maintenanceUsage)
	}
	app, err := openApp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	return maintain(ctx, app.Site, args, out)
}

// maintain closes or opens a site, or tells which it is.
func maintain(ctx context.Context, m *site.Module, args []string, out io.Writer) error {
	states := map[bool]string{true: "closed for maintenance", false: "open"}
	if len(args) == 0 {
		closed, err := m.ClosedProblem(ctx)
		if err == nil {
			fmt.Fprintln(out, "the site is "+states[closed != nil])
		}
		return err
	}
	on := args[0] == "on"
	changed, err := m.SetMaintenance(audit.Command(ctx, "admin maintenance"), on)
	switch {
	case err != nil:
		return err
	case !changed:
		fmt.Fprintln(out, "the site is "+states[on]+" already")
	default:
		fmt.Fprintln(out, "the site is "+states[on]+"; running servers notice it within a second")
	}
	return nil
}
