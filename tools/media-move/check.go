package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"
)

// checkers is how many files are checked at the same time.
const checkers = 4

// check checks everything after the move. It adds what is wrong to the trial's failures.
func (t *trial) check(ctx context.Context) error {
	fmt.Println("checking every image at the server, in the store and in the old site's folder")
	t.stopRead()
	t.reading.Wait()
	t.failures = append(t.failures, t.reader.failures...)
	t.eachFile(func(f *file) {
		t.checkFile(ctx, f)
	})
	if err := ctx.Err(); err != nil {
		return err
	}
	var left, rows int
	if _, err := t.db.Get(ctx, []any{&left, &rows},
		"SELECT COUNT(content), COUNT(*) FROM {blobs}"); err != nil {
		return err
	}
	if left > 0 || rows != len(t.files) {
		t.failed("of %d rows %d still have bytes; there should be %d, without any", rows, left, len(t.files))
	}
	return t.checkStore(ctx)
}

// eachFile calls a function for every file, for several files at the same time.
func (t *trial) eachFile(call func(f *file)) {
	queue := make(chan *file)
	var working sync.WaitGroup
	for range checkers {
		working.Go(func() {
			for f := range queue {
				call(f)
			}
		})
	}
	said := time.Now()
	for i := range t.files {
		queue <- &t.files[i]
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			fmt.Printf("  %d of %d\n", i, len(t.files))
		}
	}
	close(queue)
	working.Wait()
}

// checkFile checks one file in all the places where it has to be.
func (t *trial) checkFile(ctx context.Context, f *file) {
	var failures []string
	if err := t.reader.whole(ctx, f); err != nil {
		failures = append(failures, "at the end: "+err.Error())
	}
	for where, from := range map[string]objects{
		"the store": t.store, "the old site's folder": folder(t.php()),
	} {
		content, err := from.read(ctx, f.key())
		if err == nil && sha256.Sum256(content) != f.hash {
			err = errors.New("it is another")
		}
		if err != nil {
			failures = append(failures, fmt.Sprintf("%s of %s: %v", f.key(), where, err))
		}
	}
	if len(failures) > 0 {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.lost++
		t.failures = append(t.failures, failures...)
	}
}

// checkStore checks that the store has no more files than it should, and that no file was written
// twice.
func (t *trial) checkStore(ctx context.Context) error {
	there, err := t.store.list(ctx)
	if err != nil {
		return err
	}
	t.leftovers = there.leftovers
	if len(there.objects) != len(t.files) {
		t.failed("the store has %d objects, not %d", len(there.objects), len(t.files))
	}
	again := map[string]bool{}
	for _, before := range t.snapshots {
		for key, v := range before.objects {
			if !v.same(there.objects[key]) {
				again[key] = true
			}
		}
	}
	if t.twice = len(again); t.twice > 0 {
		t.failed("%d files were copied twice", t.twice)
	}
	kept, err := folder(t.php()).list(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(kept.objects) != len(t.files) || kept.leftovers > 0 {
		t.failed("the old site's folder has %d files and %d unfinished ones, not %d", len(kept.objects),
			kept.leftovers, len(t.files))
	}
	return nil
}
