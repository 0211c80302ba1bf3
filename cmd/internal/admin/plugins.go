package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"38qa.net/backend/modules/community"
	"38qa.net/backend/modules/kernel/audit"
)

const pluginsUsage = `usage: admin plugins               list the plugins of the old site that need tables of their own, and whether the site has them
       admin plugins enable NAME   make the tables of a plugin that the site lacks, as the plugin would`

// pluginsCommand implements `admin plugins …`.
func pluginsCommand(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprintln(out, pluginsUsage)
		return flag.ErrHelp
	}
	app, err := openApp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	switch {
	case len(args) == 0 || len(args) == 1 && args[0] == "list":
		return listPlugins(ctx, app.People, out)
	case len(args) == 2 && args[0] == "enable":
		if err := enablePlugin(ctx, app.People, args[1], out); err != nil {
			return err
		}
		return recordCommand(ctx, app, "plugins enable", audit.Entry{Kind: "plugin", Subject: args[1]})
	}
	return errors.New(pluginsUsage)
}

func listPlugins(ctx context.Context, people *community.Module, out io.Writer) error {
	plugins, err := people.Plugins(ctx)
	for _, p := range plugins {
		state := "on: all its tables are there"
		if len(p.Missing) > 0 {
			state = fmt.Sprintf("off: without %s (`admin plugins enable %s` makes them)",
				strings.Join(p.Missing, ", "), p.Name)
		}
		fmt.Fprintf(out, "%-12s %s\n%-12s %s\n", p.Name, p.Summary, "", state)
	}
	return err
}

func enablePlugin(ctx context.Context, people *community.Module, name string, out io.Writer) error {
	made, err := people.EnablePlugin(ctx, name)
	switch {
	case errors.Is(err, community.ErrNoPlugin):
		return fmt.Errorf("there is no plugin %q; `admin plugins` lists them", name)
	case err != nil:
		return err
	case len(made) == 0:
		fmt.Fprintf(out, "%s: all its tables are there already\n", name)
	default:
		fmt.Fprintf(out, "%s: made %s; running servers notice it within a minute\n", name, strings.Join(made, ", "))
	}
	return nil
}
