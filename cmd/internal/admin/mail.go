package admin

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"

	"38qa.net/backend/modules/mail"
)

// mailCommand writes each kind of mail in each language into a folder, as an HTML page, with an index.
func mailCommand(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 2 || args[0] != "preview" {
		return errors.New("usage: admin mail preview DIR")
	}
	dir := args[1]
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
