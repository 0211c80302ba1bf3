package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"

	"38qa.net/backend/config"
	"38qa.net/backend/modules"
	"38qa.net/backend/modules/kernel/database"
)

// envExample implements `admin env-example [-o FILE]`.
func envExample(_ context.Context, args []string, out io.Writer) error {
	return generate("env-example", args, out,
		func() ([]byte, error) { return []byte(config.EnvExample()), nil })
}

// openAPI implements `admin openapi [-o FILE]`.
func openAPI(ctx context.Context, args []string, out io.Writer) error {
	return generate("openapi", args, out, func() ([]byte, error) { return openAPIDocument(ctx) })
}

// generate writes the result of make to standard output, or to the file given with -o.
func generate(name string, args []string, out io.Writer, make func() ([]byte, error)) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(out)
	file := flags.String("o", "", "write to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	content, err := make()
	if err != nil {
		return err
	}
	if *file != "" {
		return os.WriteFile(*file, content, 0o644) //nolint:gosec // a document for everybody
	}
	_, err = out.Write(content)
	return err
}

// openAPIDocument returns the OpenAPI document that the application generates, run on a temporary
// empty database.
func openAPIDocument(ctx context.Context) (document []byte, err error) {
	folder, err := os.MkdirTemp("", "q2ab-openapi")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	cfg, err := config.Load()
	if err != nil {
		return nil, err
	}
	cfg.DatabaseURL, cfg.PublicURL, cfg.RedisURL = "sqlite:"+filepath.Join(folder, "empty.sqlite"), "", ""
	db, err := database.Open(ctx, database.Settings{URL: cfg.DatabaseURL, Prefix: cfg.TablePrefix})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.CreateSchema(ctx), db.Close()); err != nil {
		return nil, err
	}
	app, err := modules.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	text, err := json.Marshal(app.Server.API().OpenAPI())
	if err != nil {
		return nil, err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}
