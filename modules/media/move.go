package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/media/internal/storage"
)

const (
	// movedAtOnce is how many files one batch moves, and movers is how many of them are moved at
	// the same time, each held in memory as a whole.
	movedAtOnce = 64
	movers      = 4
)

// MoveJob returns the job that copies the site's files from the database and from Q2A's folder
// into the store, and removes them from the database if the parameter purge is set. The record of
// each file holds what has been done with it. So an interrupted run continues where it stopped,
// and a later run does only what is left. A file is served from its old place until the store has
// it, and from the store afterwards.
func (m *Module) MoveJob() jobs.Job {
	mv := &move{m: m}
	return jobs.Job{
		Name:    "blobs-to-storage",
		Summary: "copies images and other files out of the database and Q2A's folder into the store (MEDIA_URL)",
		Parameters: []jobs.Parameter{
			{Name: "verify", Flag: true,
				Doc: "read every file back from the store and compare it, also those copied before"},
			{Name: "purge", Flag: true,
				Doc: "remove from the database what the store has; every file is verified right before. The old site then finds only what keep-for-php has put into its folder"},
			{Name: "keep-for-php",
				Doc:   "folder, existing and empty or laid out by Q2A, to write every file to where Q2A looks for it: QA_BLOBS_DIRECTORY of qa-config.php",
				Check: checkFolder},
			{Name: "rate", Doc: "most megabytes a second; as fast as it goes if not given", Check: checkRate},
		},
		Steps: []jobs.Step{
			m.noteStep(),
			{Name: "move files", Count: m.countFiles, Batch: mv.batch},
		},
	}
}

func checkRate(value string) error {
	if r, err := strconv.ParseFloat(value, 64); err != nil || r <= 0 || r > 1e6 {
		return problem.Invalid(problem.Field{Code: problem.FieldNotNumber})
	}
	return nil
}

func checkFolder(value string) error {
	if !filepath.IsAbs(value) {
		return errors.New("it has to be the whole path, from /")
	}
	return nil
}

// move is the state of a run within one process. It can be lost at any time, since the records
// hold everything that matters.
type move struct {
	m *Module
	// run is the id of the run to which the other fields belong.
	run int
	// last is an id: this process has dealt with all files of this run up to it.
	last    string
	folder  *os.Root
	limiter *rate.Limiter
	began   time.Time
	bytes   int64
}

// begin prepares the move for the run that the batch belongs to, if it is not the run of the
// previous batch.
func (mv *move) begin(w *jobs.Work) error {
	if mv.run == w.Run {
		return nil
	}
	*mv = move{m: mv.m, last: "0", limiter: rate.NewLimiter(rate.Inf, maxStored), began: time.Now()}
	if megabytes, err := strconv.ParseFloat(w.Parameters["rate"], 64); err == nil {
		mv.limiter.SetLimit(rate.Limit(megabytes * 1e6))
	}
	if dir := w.Parameters["keep-for-php"]; dir != "" {
		var err error
		if mv.folder, err = openFolder(dir); err != nil {
			return err
		}
	}
	mv.run = w.Run
	return nil
}

// file is a file with which something is left to do.
type file struct {
	blob
	stored, purged bool
	// verified is the id of the last run that verified the copy in the store, and kept that of the last
	// run that wrote the file to the folder keep-for-php. They are 0 if there was none.
	verified, kept int
	hash           []byte
}

// batch moves the next files, in the order of their ids. It chooses those that still need work
// according to their records.
func (mv *move) batch(ctx context.Context, after int, w *jobs.Work) (next int, err error) {
	w.Done = 0
	if w.DryRun {
		w.Summary, err = mv.m.toMove(ctx, w.Parameters)
		return 0, err
	}
	if err := mv.begin(w); err != nil {
		return 0, err
	}
	files, err := mv.todo(ctx, w)
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		w.Summary, err = mv.m.moved(ctx, mv.run)
		mv.finish()
		return 0, err
	}
	if err := mv.all(ctx, w, files); err != nil {
		return 0, err
	}
	w.Done = len(files)
	mv.last = files[len(files)-1].id
	w.Note = fmt.Sprintf("%.1f MB/s", float64(mv.bytes)/1e6/max(time.Since(mv.began).Seconds(), 0.001))
	return after + 1, nil
}

func (mv *move) finish() {
	if mv.folder != nil {
		_ = mv.folder.Close() // each file was closed before
	}
	*mv = move{m: mv.m}
}

// todo returns the next files with which something is left to do.
func (mv *move) todo(ctx context.Context, w *jobs.Work) (files []file, err error) {
	verify, purge, keep := w.Parameters["verify"] != "", w.Parameters["purge"] != "", mv.folder != nil
	err = mv.m.db.Select(ctx, func(rows *sql.Rows) error {
		var f file
		err := rows.Scan(&f.id, &f.format, &f.stored, &f.purged, &f.verified, &f.kept, &f.hash, &f.size)
		files = append(files, f)
		return err
	}, `SELECT m.blobid, b.format, m.in_store, m.purged, m.verified, m.kept, m.hash, m.bytes
		FROM {q2ab_media} m
		JOIN {blobs} b ON b.blobid = m.blobid
		WHERE m.blobid > ? AND m.skipped <> ?
			AND (m.in_store = 0 OR ? AND m.verified < ? OR ? AND m.kept <> ? OR ? AND m.purged = 0)
		ORDER BY m.blobid LIMIT ?`,
		mv.last, mv.run, verify, mv.run, keep, mv.run, purge, movedAtOnce)
	if err != nil {
		return nil, fmt.Errorf("files to move: %w", err)
	}
	return files, nil
}

// all moves the files, several at the same time, and stops at the first error. Problems with
// single files, such as missing bytes, are no errors: it reports them as differences.
func (mv *move) all(ctx context.Context, w *jobs.Work, files []file) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan file)
	var working sync.WaitGroup
	var mu sync.Mutex
	for range movers {
		working.Go(func() {
			for f := range queue {
				found, err := mv.one(ctx, w, &f)
				mu.Lock()
				if found != nil {
					w.Found = append(w.Found, *found)
				}
				mv.bytes += f.size
				mu.Unlock()
				if err != nil {
					cancel(fmt.Errorf("file %s: %w", f.id, err))
				}
			}
		})
	}
	for _, f := range files {
		select {
		case queue <- f:
		case <-ctx.Done():
		}
	}
	close(queue)
	working.Wait()
	return context.Cause(ctx)
}

// one does what is left to do with a file, in an order in which nothing can be lost. It returns a
// difference if something is wrong with the file itself.
func (mv *move) one(ctx context.Context, w *jobs.Work, f *file) (*jobs.Difference, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !f.stored {
		if wrong, err := mv.store(ctx, f); wrong != nil || err != nil {
			return wrong, err
		}
	}
	keep, remove := mv.folder != nil && f.kept != mv.run, w.Parameters["purge"] != "" && !f.purged
	// Since an earlier run verified the file, the store may have lost or replaced it. So a copy
	// that is about to become the only one is verified now.
	if keep || f.verified < mv.run && (remove || w.Parameters["verify"] != "") {
		if wrong, err := mv.verify(ctx, f); wrong != nil || err != nil {
			return wrong, err
		}
	}
	if keep {
		if err := mv.keepForPHP(ctx, f); err != nil {
			return nil, err
		}
	}
	if !remove {
		return nil, nil //nolint:nilnil // nothing is wrong
	}
	return nil, w.Tx(ctx, func(tx *database.DB) error {
		if _, err := tx.Exec(ctx, "UPDATE {blobs} SET content = NULL WHERE blobid = ?", f.id); err != nil {
			return fmt.Errorf("purge: %w", err)
		}
		return mv.m.settle(ctx, tx, f.id, "purged = 1")
	})
}

// pass leaves a file to a later run: it marks the file as skipped in this run, and returns the
// difference to report.
func (mv *move) pass(ctx context.Context, f *file, stored, computed string) (*jobs.Difference, error) {
	return &jobs.Difference{Table: "blobs", Key: f.id, Column: "content", Stored: stored, Computed: computed},
		mv.m.settle(ctx, mv.m.db, f.id, "skipped = ?", mv.run)
}

// store copies a file into the store. It does not copy again if the store has an object of the
// same size, as after a process that died before it could record the copy.
func (mv *move) store(ctx context.Context, f *file) (*jobs.Difference, error) {
	content, err := mv.m.spare(ctx, &f.blob)
	if errors.Is(err, storage.ErrNotFound) {
		return mv.pass(ctx, f, "nothing, nor a file", "the file")
	}
	if err != nil {
		return nil, err
	}
	f.size = int64(len(content))
	if err := mv.limiter.WaitN(ctx, len(content)); err != nil {
		return nil, err
	}
	info, err := mv.m.store.Stat(ctx, f.key())
	if errors.Is(err, storage.ErrNotFound) || err == nil && info.Size != f.size {
		err = mv.m.store.Put(ctx, f.key(), typeOf(f.format), bytes.NewReader(content), f.size)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	f.hash, f.stored = sum[:], true
	return nil, mv.m.settle(ctx, mv.m.db, f.id, "in_store = 1, bytes = ?, hash = ?, verified = 0",
		f.size, f.hash)
}

// verify reads a file back from the store and leaves it in f.content. If the store has something
// else than was copied, verify copies the file again, provided that the row or the folder still
// has the bytes.
func (mv *move) verify(ctx context.Context, f *file) (*jobs.Difference, error) {
	same, err := mv.same(ctx, f)
	if err != nil {
		return nil, err
	}
	if !same {
		content, err := mv.m.spare(ctx, &f.blob)
		if errors.Is(err, storage.ErrNotFound) {
			return mv.pass(ctx, f, "nothing, and the store has another file", "the file that was copied")
		}
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(content); !bytes.Equal(sum[:], f.hash) {
			return mv.pass(ctx, f, "another file than was copied", "the file that was copied")
		}
		if err := mv.m.store.Put(ctx, f.key(), typeOf(f.format), bytes.NewReader(content),
			int64(len(content))); err != nil {
			return nil, err
		}
		if same, err = mv.same(ctx, f); err != nil {
			return nil, err
		}
		if !same {
			return mv.pass(ctx, f, "a file", "the store gives back another")
		}
	}
	f.verified = mv.run
	return nil, mv.m.settle(ctx, mv.m.db, f.id, "verified = ?", f.verified)
}

// same reports whether the store returns exactly what was copied.
func (mv *move) same(ctx context.Context, f *file) (same bool, err error) {
	f.content, err = mv.m.fetch(ctx, f.key())
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	sum := sha256.Sum256(f.content)
	return bytes.Equal(sum[:], f.hash), err
}

// keepForPHP writes the verified content of a file to the place where Q2A looks for it when the
// row has no bytes.
func (mv *move) keepForPHP(ctx context.Context, f *file) error {
	name := shelf(f.id) + "/" + fileName(f.id, f.format)
	if stat, err := mv.folder.Stat(name); err != nil || stat.Size() != int64(len(f.content)) {
		if err := writeWhole(mv.folder, name, f.content); err != nil {
			return fmt.Errorf("keep-for-php: %w", err)
		}
	}
	return mv.m.settle(ctx, mv.m.db, f.id, "kept = ?", mv.run)
}

func (m *Module) countFiles(ctx context.Context) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, "SELECT COUNT(*) FROM {blobs}")
	return n, err
}

// toMove returns a summary of what a run with these parameters would do.
func (m *Module) toMove(ctx context.Context, parameters map[string]string) (string, error) {
	var all, stored, inDatabase int
	var size sql.NullInt64
	_, err := m.db.Get(ctx, []any{&all, &stored, &inDatabase, &size},
		`SELECT COUNT(*), COUNT(CASE WHEN m.in_store = 1 THEN 1 END), COUNT(b.content), SUM(LENGTH(b.content))
			FROM {blobs} b
			LEFT JOIN {q2ab_media} m ON m.blobid = b.blobid`)
	if err != nil {
		return "", fmt.Errorf("count files: %w", err)
	}
	summary := fmt.Sprintf("of %d files %d would be copied; the database holds %d (%.1f MB)",
		all, all-stored, inDatabase, float64(size.Int64)/1e6)
	if parameters["purge"] != "" {
		summary += ", and none of them afterwards"
	}
	return summary, nil
}

// moved returns a summary of how much of the site's files has been moved.
func (m *Module) moved(ctx context.Context, run int) (string, error) {
	var all, stored, verified, inDatabase, skipped int
	var size sql.NullInt64
	_, err := m.db.Get(ctx, []any{&all, &stored, &verified, &inDatabase, &skipped, &size},
		`SELECT COUNT(*), COUNT(CASE WHEN m.in_store = 1 THEN 1 END),
				COUNT(CASE WHEN m.verified > 0 THEN 1 END), COUNT(b.content),
				COUNT(CASE WHEN m.skipped = ? THEN 1 END), SUM(m.bytes)
			FROM {q2ab_media} m
			JOIN {blobs} b ON b.blobid = m.blobid`,
		run)
	if err != nil {
		return "", fmt.Errorf("count files: %w", err)
	}
	summary := fmt.Sprintf("of %d files the store has %d (%.1f MB), %d of them verified; the database holds %d",
		all, stored, float64(size.Int64)/1e6, verified, inDatabase)
	if skipped > 0 {
		summary += fmt.Sprintf("; %d could not be copied", skipped)
	}
	return summary, nil
}
