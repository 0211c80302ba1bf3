package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"38qa.net/backend/config"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/testsite"
)

// moving runs the job that moves files, and stops it after stopAfter batches unless that is 0.
func moving(t *testing.T, s *testsite.Site, stopAfter int, parameters map[string]string) *jobs.Run {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	run, err := s.App.Jobs.Start(ctx, "blobs-to-storage", jobs.Options{Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}
	batches := 0
	err = s.App.Jobs.Work(ctx, run, func(*jobs.Run, *jobs.Work) {
		if batches++; batches == stopAfter {
			stop()
		}
	})
	if err != nil && (stopAfter == 0 || !errors.Is(err, context.Canceled)) {
		t.Fatal(err)
	}
	return run
}

// servedFiles returns a hash of each file that the site serves, by the file's id.
func servedFiles(t *testing.T, s *testsite.Site) map[string][32]byte {
	t.Helper()
	var ids []string
	err := s.App.DB.Select(context.Background(), func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT blobid FROM {blobs}")
	if err != nil {
		t.Fatal(err)
	}
	served := map[string][32]byte{}
	for _, id := range ids {
		res := s.Request(t, http.MethodGet, "/v1/media/"+id, testsite.Visitor)
		if res.StatusCode == http.StatusOK {
			served[id] = sha256.Sum256([]byte(testsite.Text(t, res)))
		}
	}
	return served
}

// TestMove checks that an interrupted move to the store continues and copies no file twice, that the database
// is emptied if the job is told to, and that the old site's folder gets all files. Every address works all
// the time.
func TestMove(t *testing.T) {
	t.Parallel()
	testsite.OnEachDatabase(t, func(t *testing.T, db testsite.Database) {
		store, php := t.TempDir(), t.TempDir()
		s := testsite.New(t, db, testsite.Config(func(c *config.Config) { c.MediaURL = "file:" + store }))
		ctx := context.Background()
		for i := range 200 { // in three batches
			_, err := s.App.DB.Exec(ctx,
				"INSERT INTO {blobs} (blobid, format, content, created) VALUES (?, 'jpg', ?, '2026-01-01')",
				fmt.Sprintf("%d", 9_000_000_000_000_000_000+uint64(i)*1_000_000_000),
				bytes.Repeat([]byte{byte(i)}, 1000+i))
			if err != nil {
				t.Fatal(err)
			}
		}
		// The file of this one is lost.
		if _, err := s.App.DB.Exec(ctx, `INSERT INTO {blobs} (blobid, format, created)
			VALUES ('4000000000000', 'jpg', '2026-01-01')`); err != nil {
			t.Fatal(err)
		}
		before := servedFiles(t, s)
		total := s.Scalar(t, "SELECT COUNT(*) FROM {blobs}")
		if len(before) != total-1 {
			t.Fatalf("%d of %d files", len(before), total)
		}
		whole := func(when string) {
			t.Helper()
			if now := servedFiles(t, s); !maps.Equal(now, before) {
				t.Errorf("%s: files are others, or missing: %d of %d", when, len(now), len(before))
			}
		}

		if run, _ := testsite.RunJobFor(t, s.App, "blobs-to-storage", true); !strings.Contains(run.Message,
			fmt.Sprintf("of %d files %d would be copied", total, total)) || len(filesOf(t, store)) != 0 {
			t.Errorf("dry run: %q, %d files", run.Message, len(filesOf(t, store)))
		}
		moving(t, s, 2, nil) // the first batch of two notes
		first := filesOf(t, store)
		if len(first) == 0 || len(first) >= total {
			t.Fatalf("%d files after one batch", len(first))
		}
		whole("after a batch")
		run := moving(t, s, 0, nil)
		second := filesOf(t, store)
		for name, info := range first {
			if !os.SameFile(info, second[name]) {
				t.Errorf("%s was copied twice", name)
			}
		}
		if run.Done != total || run.Total != total {
			t.Errorf("%d of %d done; there are %d files", run.Done, run.Total, total)
		}
		if len(second) != total-1 || run.Differences != 1 ||
			!strings.Contains(run.Message, fmt.Sprintf("of %d files the store has %d", total, total-1)) {
			t.Errorf("%d files, %+v", len(second), run)
		}
		whole("after the copying")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs} WHERE content IS NOT NULL"); n < 200 {
			t.Errorf("the database has only %d", n)
		}

		// One file is damaged in the store and must be copied again; then all files leave the database.
		damaged := filepath.Join(store, "090", "9000000000000000000.jpg")
		if err := os.WriteFile(damaged, []byte("damaged"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Mkdir(filepath.Join(php, "090"), 0o700),
			os.WriteFile(filepath.Join(php, "090", ".keep-KILLED"), []byte("hal"), 0o600)); err != nil {
			t.Fatal(err)
		}
		run = moving(t, s, 1, map[string]string{"purge": "true", "keep-for-php": php, "rate": "1000"})
		run2 := moving(t, s, 0, map[string]string{"purge": "true", "keep-for-php": php, "rate": "1000"})
		if run2.ID != run.ID {
			t.Error("another run was begun")
		}
		whole("after the purge")
		if n := s.Scalar(t, "SELECT COUNT(*) FROM {blobs} WHERE content IS NOT NULL"); n != 0 {
			t.Errorf("the database still has %d", n)
		}
		kept := filesOf(t, php)
		if len(kept) != total-1 {
			t.Errorf("the old site has %d of %d", len(kept), total-1)
		}
		for name := range kept {
			id := strings.Split(filepath.Base(name), ".")[0]
			content, err := os.ReadFile(filepath.Join(php, name))
			padded := strings.Repeat("0", 20-len(id)) + id
			if err != nil || sha256.Sum256(content) != before[id] || filepath.Dir(name) != padded[:3] {
				t.Errorf("for the old site %s is another: %v", name, err)
			}
		}
		third := filesOf(t, store)
		for name, info := range second {
			if name != "090/9000000000000000000.jpg" && !os.SameFile(info, third[name]) {
				t.Errorf("%s was copied twice", name)
			}
		}
	})
}

// TestMoveLooksAgain checks that files which the store has lost or changed since they were verified are
// copied again before they leave the database, and that the old site's folder gets only the right bytes.
func TestMoveLooksAgain(t *testing.T) {
	t.Parallel()
	store, php := t.TempDir(), t.TempDir()
	s := testsite.New(t, testsite.SQLiteUTF8MB4, testsite.Config(func(c *config.Config) {
		c.MediaURL = "file:" + store
	}))
	ids := []string{"9000000000000000000", "9000000000000000001", "9000000000000000002"}
	for _, id := range ids {
		if _, err := s.App.DB.Exec(context.Background(),
			"INSERT INTO {blobs} (blobid, format, content, created) VALUES (?, 'jpg', ?, '2026-01-01')",
			id, []byte("picture "+id)); err != nil {
			t.Fatal(err)
		}
	}
	before := servedFiles(t, s)
	moving(t, s, 0, map[string]string{"verify": "true"})
	if err := os.Remove(filepath.Join(store, "090", ids[0]+".jpg")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(store, "090", ids[1]+".jpg"), []byte("damaged 9000000000000000001"),
		0o600); err != nil {
		t.Fatal(err)
	}
	run := moving(t, s, 0, map[string]string{"purge": "true", "keep-for-php": php})
	if n := s.Scalar(t,
		"SELECT COUNT(*) FROM {blobs} WHERE content IS NOT NULL"); n != 0 || run.Differences != 0 {
		t.Errorf("the database still has %d: %+v", n, run)
	}
	if now := servedFiles(t, s); !maps.Equal(now, before) {
		t.Error("files are others, or missing")
	}
	for _, id := range ids {
		if content, err := os.ReadFile(filepath.Join(php, "090", id+".jpg")); err != nil ||
			string(content) != "picture "+id {
			t.Errorf("for the old site %s is %q, %v", id, content, err)
		}
	}

	// A file that only the store has is reported if it is damaged, and the old site keeps its copy.
	if err := os.WriteFile(filepath.Join(store, "090", ids[2]+".jpg"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	run = moving(t, s, 0, map[string]string{"keep-for-php": php})
	if content, err := os.ReadFile(filepath.Join(php, "090", ids[2]+".jpg")); err != nil ||
		string(content) != "picture "+ids[2] || run.Differences != 1 {
		t.Errorf("for the old site it is %q, %v; %+v", content, err, run)
	}
}

// TestMoveNowhere checks that the job refuses wrong parameters, and folders that are not Q2A's folder of
// blobs.
func TestMoveNowhere(t *testing.T) {
	t.Parallel()
	s := testsite.New(t, testsite.SQLiteUTF8MB4)
	for _, parameters := range []map[string]string{
		{"rate": "fast"}, {"rate": "-1"}, {"keep-for-php": "blobs"}, {"purge": "yes"}, {"speed": "1"},
	} {
		if _, err := s.App.Jobs.Start(context.Background(), "blobs-to-storage",
			jobs.Options{Parameters: parameters}); err == nil {
			t.Errorf("%v is taken", parameters)
		}
	}
	web := t.TempDir()
	if err := os.WriteFile(filepath.Join(web, "index.php"), []byte("<?php"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{web, filepath.Join(web, "nowhere")} {
		run, err := s.App.Jobs.Start(context.Background(), "blobs-to-storage", jobs.Options{
			Parameters: map[string]string{"keep-for-php": folder},
		})
		if err == nil {
			err = s.App.Jobs.Work(context.Background(), run, nil)
		}
		if err == nil || !strings.Contains(err.Error(), "keep-for-php") {
			t.Errorf("into %s: %v", folder, err)
		}
		if names := filesOf(t, web); len(names) != 1 {
			t.Errorf("into %s: %v", folder, slices.Collect(maps.Keys(names)))
		}
	}
}
