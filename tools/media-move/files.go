package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"38qa.net/backend/modules/media"
)

// file is an image of the site.
type file struct {
	id   string
	hash [sha256.Size]byte
	// inFolder reports whether the file is in the old site's folder and not in the database.
	inFolder bool
}

const (
	// smallestFile is the least size of a file, in bytes, which leaves room for the picture itself.
	smallestFile = 4000
	format       = "jpg"
	// inFolderEach says that one of so many files is in the folder.
	inFolderEach = 20
	// batchBytes is about how many bytes of images one statement inserts: the servers accept 16 MB,
	// and escaping makes the statement longer.
	batchBytes = 4 << 20
	// inserters is how many statements run at the same time.
	inserters = 4
)

// key returns where the file has to be, both in the store and in the old site's folder.
func (f *file) key() string {
	return (strings.Repeat("0", 20-len(f.id)) + f.id)[:3] + "/" + f.id + "." + format
}

// newFiles returns n files without contents, ordered by id. The ids are spread over the column's
// whole range and include its largest value.
func newFiles(n int) []file {
	files := make([]file, n)
	step := uint64(math.MaxUint64) / uint64(n)
	for i := range files {
		id := uint64(i)*step + 1 + rand.Uint64N(step)
		if i == n-1 {
			id = math.MaxUint64
		}
		files[i] = file{id: strconv.FormatUint(id, 10), inFolder: i%inFolderEach == inFolderEach/2}
	}
	return files
}

// picture returns a small JPEG, different each time, padded to the given size with random bytes
// after its end, which decoders ignore and which cannot be compressed.
func picture(random *rand.ChaCha8, size int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	seed := random.Uint64()
	for x := range 64 {
		for y := range 48 {
			img.SetRGBA(x, y, color.RGBA{
				byte(seed) + byte(4*x), byte(seed>>8) + byte(5*y), byte(seed >> 16), 255,
			})
		}
	}
	content := bytes.NewBuffer(make([]byte, 0, size))
	if err := jpeg.Encode(content, img, nil); err != nil {
		return nil, err
	}
	if content.Len() > size {
		return nil, fmt.Errorf("the picture alone has %d bytes", content.Len())
	}
	whole := content.Bytes()[:size]
	_, err := random.Read(whole[content.Len():])
	return whole, err
}

// fill makes the site's images, in the database and in the old site's folder, and stores their
// hashes in t.files.
func (t *trial) fill(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	batches := make(chan []file)
	var working sync.WaitGroup
	var done atomic.Int64
	for i := range inserters {
		working.Go(func() {
			var seed [32]byte
			binary.LittleEndian.PutUint64(seed[:], uint64(i))
			random := rand.NewChaCha8(seed)
			for batch := range batches {
				if err := t.insert(ctx, random, batch); err != nil {
					cancel(err)
				}
				done.Add(int64(len(batch)))
			}
		})
	}
	said := time.Now()
	size := min(500, max(1, batchBytes/t.s.bytes))
	for from := 0; from < len(t.files) && ctx.Err() == nil; from += size {
		select {
		case batches <- t.files[from:min(from+size, len(t.files))]:
		case <-ctx.Done():
		}
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			fmt.Printf("  %d of %d images made\n", done.Load(), len(t.files))
		}
	}
	close(batches)
	working.Wait()
	return context.Cause(ctx)
}

// insert makes the contents of some files and inserts their rows.
func (t *trial) insert(ctx context.Context, random *rand.ChaCha8, batch []file) error {
	query := strings.Builder{}
	query.WriteString("INSERT INTO {blobs} (blobid, format, content, created) VALUES ")
	var args []any
	for i := range batch {
		f := &batch[i]
		content, err := picture(random, t.s.bytes)
		if err != nil {
			return err
		}
		f.hash = sha256.Sum256(content)
		if i > 0 {
			query.WriteString(", ")
		}
		query.WriteString("(?, 'jpg', ?, '2026-01-01')")
		if !f.inFolder {
			args = append(args, f.id, content)
			continue
		}
		args = append(args, f.id, nil)
		if err := media.Put(t.blobs(), f.id, format, content); err != nil {
			return err
		}
	}
	if _, err := t.db.Exec(ctx, query.String(), args...); err != nil {
		return fmt.Errorf("insert %d images: %w", len(batch), err)
	}
	return nil
}
