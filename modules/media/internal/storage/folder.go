package storage

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// folder is a Store in a directory of this machine, or of a file system that several machines
// share. All access goes through os.Root, so nothing outside the directory is read or written,
// whatever a key or a symbolic link says.
type folder struct{ root *os.Root }

func openFolder(dir string) (Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("the store's folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("the store's folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("the store's folder: %w", err)
	}
	return &folder{root}, nil
}

// Put writes a temporary file and renames it to its final name. The file is synced to disk before
// it is renamed, and the directory afterwards, so that a power cut does no harm.
func (f *folder) Put(ctx context.Context, key, _ string, body io.ReadSeeker, size int64) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := checkSize(body, size); err != nil {
		return err
	}
	dir := path.Dir(key)
	if err := f.root.MkdirAll(dir, 0o750); err != nil {
		return unavailable("make the folder", err)
	}
	temporary := path.Join(dir, ".put-"+rand.Text())
	err := f.write(ctx, temporary, body, size)
	if err == nil {
		if err = f.root.Rename(temporary, key); err != nil {
			err = unavailable("rename", err)
		}
	}
	if err != nil {
		_ = f.root.Remove(temporary) // what matters is why it failed
		return err
	}
	return f.sync(dir)
}

func (f *folder) write(ctx context.Context, name string, body io.Reader, size int64) error {
	out, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return unavailable("write", err)
	}
	defer out.Close()
	n, err := io.Copy(out, &cancelled{ctx, body})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return unavailable("write", err)
	case n != size:
		return fmt.Errorf("%w: %d bytes, not %d", ErrSize, n, size)
	}
	if err := out.Sync(); err != nil {
		return unavailable("write", err)
	}
	if err := out.Close(); err != nil {
		return unavailable("write", err)
	}
	return nil
}

func (f *folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return unavailable("sync", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return unavailable("sync", err)
	}
	return nil
}

// cancelled is a reader that returns an error once the context has ended.
type cancelled struct {
	ctx  context.Context
	from io.Reader
}

// Read implements io.Reader.
func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(p)
}

// Get opens the file. A file that is replaced or deleted afterwards can still be read to its end.
func (f *folder) Get(ctx context.Context, key string, from, length int64) (io.ReadCloser, Info, error) {
	file, info, err := f.open(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	if from < 0 || from > info.Size || from == info.Size && from > 0 {
		_ = file.Close()
		return nil, info, fmt.Errorf("%w: byte %d of %d", ErrRange, from, info.Size)
	}
	most := info.Size - from
	if length >= 0 {
		most = min(most, length)
	}
	return &part{io.NewSectionReader(file, from, most), file}, info, nil
}

// part reads a part of a file and closes the file.
type part struct {
	io.Reader
	io.Closer
}

// Stat has to open the file, since its content may be needed to find its type.
func (f *folder) Stat(ctx context.Context, key string) (Info, error) {
	file, info, err := f.open(ctx, key)
	if err != nil {
		return Info{}, err
	}
	_ = file.Close() // nothing was written
	return info, nil
}

func (f *folder) open(ctx context.Context, key string) (*os.File, Info, error) {
	if err := ctx.Err(); err != nil {
		return nil, Info{}, err
	}
	if err := checkKey(key); err != nil {
		return nil, Info{}, err
	}
	file, err := f.root.Open(key)
	if err != nil {
		return nil, Info{}, missing(key, "open", err)
	}
	stat, err := file.Stat()
	if err == nil && !stat.Mode().IsRegular() {
		err = fs.ErrNotExist // a directory is no object
	}
	if err != nil {
		_ = file.Close()
		return nil, Info{}, missing(key, "open", err)
	}
	return file, Info{Size: stat.Size(), ContentType: contentType(key, file), Modified: stat.ModTime()}, nil
}

// Delete does not remove empty directories, because an upload may be about to use them.
func (f *folder) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	stat, err := f.root.Lstat(key)
	if err == nil && stat.IsDir() {
		return nil
	}
	if err == nil {
		err = f.root.Remove(key)
	}
	if err := missing(key, "delete", err); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// List reads only the directories that can contain keys of the list.
func (f *folder) List(ctx context.Context, prefix, after string, limit int) ([]Object, error) {
	if limit <= 0 {
		limit = mostListed
	}
	l := listing{ctx: ctx, root: f.root, prefix: prefix, after: after, limit: limit}
	if err := l.walk(""); err != nil {
		return nil, err
	}
	return l.found, nil
}

type listing struct {
	ctx           context.Context
	root          *os.Root
	prefix, after string
	limit         int
	found         []Object
}

// walk adds the objects in a directory, and in those below it, to the list. The name of the
// directory ends with a slash, or is "" for the whole store.
func (l *listing) walk(dir string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	d, err := l.root.Open(path.Join(dir, "."))
	if err != nil {
		return unavailable("list", err)
	}
	entries, err := d.ReadDir(-1)
	_ = d.Close() // nothing was written
	if err != nil {
		return unavailable("list", err)
	}
	// With a slash at the end, names of directories sort as the keys in them do: a-b comes before
	// a/b.
	name := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(name(a), name(b)) })
	for _, e := range entries {
		if len(l.found) == l.limit {
			return nil
		}
		full := dir + name(e)
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			within := strings.HasPrefix(full, l.prefix) || strings.HasPrefix(l.prefix, full)
			if !within || full < l.after && !strings.HasPrefix(l.after, full) {
				continue
			}
			if err := l.walk(full); err != nil {
				return err
			}
		case e.Type().IsRegular() && strings.HasPrefix(full, l.prefix) && full > l.after && ValidKey(full):
			stat, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted meanwhile
			}
			if err != nil {
				return unavailable("list", err)
			}
			l.found = append(l.found, Object{full, stat.Size(), stat.ModTime()})
		}
	}
	return nil
}

// Presign returns ErrNotSupported: where the store is a folder, clients send their files to the
// API.
func (f *folder) Presign(context.Context, string, string, int64, time.Duration) (string, http.Header, error) {
	return "", nil, fmt.Errorf("%w: addresses for direct uploads", ErrNotSupported)
}

// contentType returns the media type of a file, which is never one that a browser would run.
func contentType(key string, content io.ReaderAt) string {
	if t := TypeByEnding(path.Ext(key)); t != Unknown {
		return t
	}
	var head [512]byte
	n, err := content.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		n = 0
	}
	found := http.DetectContentType(head[:n])
	for _, t := range byEnding {
		if t == found {
			return t
		}
	}
	return Unknown
}

// missing turns the error of a missing file into ErrNotFound, and any other error into
// ErrUnavailable.
func missing(key, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: %s", ErrNotFound, key)
	}
	return unavailable(doing, err)
}

func unavailable(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, doing, err)
}
