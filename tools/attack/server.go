package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
	"38qa.net/backend/tools/internal/process"
)

const (
	tablePrefix  = "qa_"
	databaseName = "q2ab_attack"
)

// community is the one that is attacked.
type community struct {
	databaseURL string
	questions   []int
}

// prepare makes the database anew. Its options let writers write as often as they like, and ask
// questions without a category.
func prepare(ctx context.Context, s settings, folder string) (out community, err error) {
	out.databaseURL = "sqlite:" + filepath.Join(folder, "attack.sqlite")
	if s.databaseURL != "" {
		server := strings.TrimRight(s.databaseURL, "/") + "/"
		out.databaseURL = server + databaseName
		root, err := database.Open(ctx,
			database.Settings{URL: server + "information_schema", Prefix: tablePrefix})
		if err != nil {
			return out, err
		}
		_, dropped := root.Exec(ctx, "DROP DATABASE IF EXISTS "+databaseName)
		_, made := root.Exec(ctx, "CREATE DATABASE "+databaseName)
		if err := errors.Join(dropped, made, root.Close()); err != nil {
			return out, err
		}
	}
	db, err := database.Open(ctx, database.Settings{URL: out.databaseURL, Prefix: tablePrefix})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Tx(ctx, func(tx *database.DB) error {
		if err := tx.CreateSchema(ctx); err != nil {
			return err
		}
		if err := demo.Fill(ctx, tx, filepath.Join(folder, "blobs")); err != nil {
			return err
		}
		options := map[option.Key]string{option.AllowNoCategory: "1"}
		for _, limit := range []option.Key{
			option.MaxRateUserQs, option.MaxRateUserAs, option.MaxRateUserCs,
			option.MaxRateIPQs, option.MaxRateIPAs, option.MaxRateIPCs,
			option.MaxRateIPRegisters, option.MaxRateIPLogins,
		} {
			options[limit] = "1000000"
		}
		if err := site.Set(ctx, tx, options); err != nil {
			return err
		}
		return tx.Select(ctx, database.Append(&out.questions),
			"SELECT postid FROM {posts} WHERE type = 'Q' AND closedbyid IS NULL ORDER BY postid")
	})
	return out, err
}

// server is the server that is attacked.
type server struct {
	cmd     *exec.Cmd
	address string
}

// start compiles the server in the same way as a release, and starts it without rate limits.
func start(ctx context.Context, folder, databaseURL string) (*server, error) {
	program := filepath.Join(folder, "server")
	out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "38qa.net/backend/cmd/server").CombinedOutput() //nolint:gosec // fixed arguments
	if err != nil {
		return nil, fmt.Errorf("build the server: %w\n%s", err, out)
	}
	address, err := process.FreeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.CommandContext(ctx, program), address: address} //nolint:gosec // built above
	s.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LISTEN=" + address,
		"DATABASE_URL=" + databaseURL, "TABLE_PREFIX=" + tablePrefix,
		"RATE_LIMIT=off", "LOG_LEVEL=warn", "DATA_DIR=" + folder, "MAIL_URL=off"}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if !process.AwaitReady(ctx, address, 30*time.Second) {
		return nil, errors.Join(errors.New("the server is not ready after 30 s"), s.stop())
	}
	return s, nil
}

// stop ends the process and waits for it.
func (s *server) stop() error { return process.Stop(s.cmd) }
