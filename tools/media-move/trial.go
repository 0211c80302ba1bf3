package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"38qa.net/backend/modules/demo"
	"38qa.net/backend/modules/kernel/database"
)

const prefix = "qa_"

// trial is one test run on one site.
type trial struct {
	s        *settings
	scratch  string
	name     string       // of the database
	root     *database.DB // another database of the same server
	db       *database.DB
	url      string
	files    []file
	storeURL string
	store    objects
	server   *server
	reader   *reader
	reading  sync.WaitGroup
	stopRead context.CancelFunc
	mu       sync.Mutex // of the failures, while files are checked
	failures []string
	figures
}

// The folders of the trial: blobs is the site's folder of images, and php that for the copies for
// the old site.
func (t *trial) blobs() string { return filepath.Join(t.scratch, "blobs") }
func (t *trial) php() string   { return filepath.Join(t.scratch, "php") }

func (t *trial) failed(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

// prepare makes the site, starts its server and the reader. If it returns a trial, the caller must
// close it, even if it also returns an error.
func prepare(ctx context.Context, s *settings) (t *trial, err error) {
	t = &trial{s: s, storeURL: s.store}
	if t.scratch, err = os.MkdirTemp("", "q2ab-media-move-"); err != nil {
		return nil, err
	}
	for _, folder := range []string{t.blobs(), t.php()} {
		if err := os.Mkdir(folder, 0o750); err != nil {
			return t, err
		}
	}
	if t.storeURL == "" {
		t.storeURL = "file:" + filepath.Join(t.scratch, "store")
	}
	if t.store, err = openObjects(ctx, t.storeURL); err != nil {
		return t, err
	}
	if there, err := t.store.list(ctx); err != nil || len(there.objects) > 0 {
		return t, errors.Join(err,
			fmt.Errorf("--store has to be empty; it has %d objects", len(there.objects)))
	}
	if err := t.makeDatabase(ctx); err != nil {
		return t, err
	}
	fmt.Printf("%d images of %d bytes, %d kills, database %s, %s\n", s.files, s.bytes, s.kills, t.name,
		t.scratch)
	began := time.Now()
	t.files = newFiles(s.files)
	if err := t.fill(ctx); err != nil {
		return t, err
	}
	fmt.Printf("the site is made in %.0f s\n", time.Since(began).Seconds())
	if err := t.build(ctx); err != nil {
		return t, err
	}
	if t.server, err = t.startServer(ctx); err != nil {
		return t, err
	}
	t.reader = newReader(t.server.address, t.files, s.reads)
	ctx, t.stopRead = context.WithCancel(ctx)
	t.reading.Go(func() { t.reader.run(ctx) })
	return t, nil
}

// makeDatabase makes a database with a small site in it.
func (t *trial) makeDatabase(ctx context.Context) error {
	u, err := url.Parse(t.s.databaseURL)
	if err != nil {
		return errors.New("MEDIA_MOVE_DATABASE_URL is not a URL")
	}
	u.Path = "/information_schema"
	if t.root, err = database.Open(ctx, database.Settings{URL: u.String(), MaxConnections: 1}); err != nil {
		return err
	}
	name := fmt.Sprintf("q2ab_media_move_%d", time.Now().Unix())
	if _, err := t.root.Exec(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb3"); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	t.name, u.Path = name, "/"+name
	t.url = u.String()
	if t.db, err = database.Open(ctx,
		database.Settings{URL: t.url, Prefix: prefix, MaxConnections: inserters + 1}); err != nil {
		return err
	}
	if err := demo.Seed(ctx, t.db, demo.SeedOptions{Questions: 20, Users: 10, Seed: 1}); err != nil {
		return err
	}
	return t.db.Migrate(ctx)
}

// close stops the server and removes everything that the trial made, unless it is to be kept.
func (t *trial) close() {
	if t.stopRead != nil {
		t.stopRead()
		t.reading.Wait()
	}
	var err error
	if t.server != nil {
		err = t.server.stop()
	}
	if t.db != nil {
		err = errors.Join(err, t.db.Close())
	}
	if t.name != "" && !t.s.keep {
		_, dropped := t.root.Exec(context.Background(), "DROP DATABASE "+t.name)
		err = errors.Join(err, dropped)
	}
	if t.root != nil {
		err = errors.Join(err, t.root.Close())
	}
	if !t.s.keep {
		err = errors.Join(err, os.RemoveAll(t.scratch))
	} else {
		fmt.Printf("kept: database %s, folder %s\n", t.name, t.scratch)
	}
	if err != nil {
		fmt.Println(strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}
