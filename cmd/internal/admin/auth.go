package admin

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"38qa.net/backend/modules"
)

const authUsage = `usage: admin auth migration                 tell how many users have moved to Cognito
       admin auth migration --export FILE   write those who have not, and whose address is confirmed, for Cognito's import of users ("-": standard output)`

// authCommand implements `admin auth …`.
func authCommand(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) == 0 || args[0] != "migration" {
		return errors.New(authUsage)
	}
	flags := flag.NewFlagSet("auth migration", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { fmt.Fprintln(out, authUsage) }
	export := flags.String("export", "", "write the users who have not moved to this file")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	app, err := openApp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	if *export != "" {
		return exportUsers(ctx, app.App, *export, out)
	}
	s, err := app.Auth.Migration(ctx)
	if err != nil {
		return err
	}
	percent := 0.0
	if s.Users > 0 {
		percent = 100 * float64(s.Migrated+s.Others) / float64(s.Users)
	}
	fmt.Fprintf(out, "%7d users\n%7d migrated with their password, %d of them seen by this API since\n%7d came to Cognito otherwise\n%7d are left: %d with a bcrypt password, "+
		"%d with one of the old kind, %d without one; %d of them blocked\n%6.1f%% done\n",
		s.Users, s.Migrated, s.Linked, s.Others, s.Users-s.Migrated-s.Others, s.Bcrypt, s.Legacy,
		s.NoPassword, s.Blocked, percent)
	return nil
}

func exportUsers(ctx context.Context, app *modules.App, file string, out io.Writer) (err error) {
	if file == "-" {
		_, err := app.Auth.ExportUsers(ctx, out)
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	n, err := app.Auth.ExportUsers(ctx, f)
	if err == nil {
		fmt.Fprintf(out, "%d users written to %s\n", n, file)
	}
	return err
}
