package admin

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/mail"
)

const mailUsage = `usage: admin mail COMMAND
  preview DIR            write each kind of mail in each language into a folder, as a page to look at
  list                   how many mails wait, and those that were refused or given up lately
  retry ID, drop ID      try one of the latter again, or delete it
  bounce [--trust]       read a mail about a bounce or a complaint from the standard input, and stop mails to that
                         address; with --trust also if it is about a mail that PHP sent
  clear ADDRESS          send mails to an address again`

// mailCommand does what mailUsage says.
func mailCommand(ctx context.Context, args []string, out io.Writer) error {
	switch {
	case len(args) == 2 && args[0] == "preview":
		return previewMails(args[1], out)
	case len(args) == 1 && args[0] == "list":
		return withMail(ctx, func(m *mail.Module) error { return listMails(ctx, m, out) })
	case len(args) == 2 && (args[0] == "retry" || args[0] == "drop"):
		return withMail(ctx, func(m *mail.Module) error { return changeDeadMail(ctx, m, args[0], args[1]) })
	case len(args) > 0 && args[0] == "bounce" && (len(args) == 1 || len(args) == 2 && args[1] == "--trust"):
		return withMail(ctx, func(m *mail.Module) error { return takeBounce(ctx, m, os.Stdin, len(args) == 2, out) })
	case len(args) == 2 && args[0] == "clear":
		return withMail(ctx, func(m *mail.Module) error { return m.ClearAddress(ctx, args[1]) })
	}
	return errors.New(mailUsage)
}

// withMail calls do with the mail module of the configured site.
func withMail(ctx context.Context, do func(m *mail.Module) error) (err error) {
	a, err := openApp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return do(a.Mail)
}

// deadMailsShown is how many mails the command lists.
const deadMailsShown = 50

func listMails(ctx context.Context, m *mail.Module, out io.Writer) error {
	queue, err := m.Queue(ctx)
	if err != nil {
		return err
	}
	dead, err := m.Dead(ctx, deadMailsShown)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d mails wait, %d of them are due, %d have failed before\n", queue.Waiting, queue.Due, queue.Failed)
	for _, d := range dead {
		fmt.Fprintf(out, "%10d  %s  %-16s  %-8s  %s\n", d.ID, d.At.Format(time.DateTime), d.Kind, d.Outcome, d.Reason)
	}
	return nil
}

// changeDeadMail has a mail tried again, or drops it.
func changeDeadMail(ctx context.Context, m *mail.Module, what, id string) error {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no number of a mail", id)
	}
	do := m.RetryDead
	if what == "drop" {
		do = m.DropDead
	}
	found, err := do(audit.Command(ctx, "admin mail "+what), n)
	if err == nil && !found {
		err = fmt.Errorf("no mail %d was refused or given up", n)
	}
	return err
}

// takeBounce reads a report. What is no report is only told: a mailbox gets other mails too, and a mail
// server would answer an error with a further mail.
func takeBounce(ctx context.Context, m *mail.Module, in io.Reader, trusted bool, out io.Writer) error {
	n, err := m.TakeReport(ctx, in, trusted)
	if errors.Is(err, mail.ErrForeignReport) || mail.IsNoReport(err) {
		fmt.Fprintln(out, "left alone:", err)
		return nil
	}
	if err == nil {
		fmt.Fprintf(out, "reports about %d addresses\n", n)
	}
	return err
}

// previewMails writes each kind of mail in each language into a folder, as an HTML page, with an index.
func previewMails(dir string, out io.Writer) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	var index strings.Builder
	index.WriteString("<!DOCTYPE html><meta charset=\"utf-8\"><title>Mails</title><h1>Mails</h1>\n<ul>\n")
	count := 0
	err := mail.Preview(func(name, page string) error {
		count++
		fmt.Fprintf(&index, "<li><a href=\"%s.html\">%s</a>\n", html.EscapeString(name), html.EscapeString(name))
		return os.WriteFile(filepath.Join(dir, name+".html"), []byte(page), 0o600)
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(index.String()+"</ul>\n"), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d mails in %s\n", count, filepath.Join(dir, "index.html"))
	return nil
}
