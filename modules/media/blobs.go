package media

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"38qa.net/backend/modules/media/internal/storage"
)

// blob is a row of the table of blobs, and where its bytes are.
type blob struct {
	id, format, name string
	// place is where they were found; content is nil where that is the store.
	place   Place
	content []byte
	// size is that of the content in bytes.
	size int64
}

var (
	blobID    = regexp.MustCompile(`^[0-9]{1,20}$`)
	notFormat = regexp.MustCompile(`[^A-Za-z0-9]`)
)

// find looks for a blob and its bytes: in the store if they are said to be there, else in the row and in Q2A's folder; and at last in the
// store again, since a move may have come between. storage.ErrNotFound if there is none, or nothing of it.
func (m *Module) find(ctx context.Context, id string) (*blob, error) {
	for range 2 {
		b, err := m.look(ctx, id)
		if err != nil || b != nil {
			return b, err
		}
	}
	return nil, storage.ErrNotFound
}

// load is find with the whole content.
func (m *Module) load(ctx context.Context, id string) (*blob, []byte, error) {
	b, err := m.find(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	content, err := m.bytes(ctx, b)
	return b, content, err
}

// look is one attempt of find; nil if the bytes are nowhere.
func (m *Module) look(ctx context.Context, id string) (*blob, error) {
	b := &blob{id: id}
	var name sql.NullString
	var stored sql.NullBool
	found, err := m.db.Get(ctx, []any{&b.format, &name, &stored, &b.content, &b.size}, "SELECT b.format, b.filename, m.in_store, CASE WHEN m.in_store = 1 THEN NULL ELSE b.content END, COALESCE(m.bytes, 0) "+
		"FROM {blobs} b LEFT JOIN {q2ab_media} m ON m.blobid = b.blobid WHERE b.blobid = ?", id)
	if err != nil {
		return nil, fmt.Errorf("read a blob: %w", err)
	}
	if !found {
		return nil, storage.ErrNotFound
	}
	b.name = name.String
	if stored.Bool {
		b.place = Store
		return b, nil
	}
	if b.content != nil {
		b.size = int64(len(b.content))
		return b, nil
	}
	b.place = Folder
	b.content, err = os.ReadFile(blobPath(m.settings.Folder, id, b.format))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // find knows what it means
	}
	if err != nil {
		return nil, fmt.Errorf("read a blob's file: %w", err)
	}
	b.size = int64(len(b.content))
	return b, nil
}

// bytes are the whole content.
func (m *Module) bytes(ctx context.Context, b *blob) ([]byte, error) {
	if b.place != Store {
		return b.content, nil
	}
	content, err := m.fetch(ctx, b.key())
	if err != nil {
		return m.instead(ctx, b, err)
	}
	return content, nil
}

// instead are the bytes that the row or the folder still has of a blob that the store has not, or does not give; where there are none it is the
// store's error that counts.
func (m *Module) instead(ctx context.Context, b *blob, why error) ([]byte, error) {
	if !errors.Is(why, storage.ErrNotFound) && !errors.Is(why, storage.ErrUnavailable) {
		return nil, why
	}
	content, err := m.spare(ctx, b)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, why
	}
	return content, err
}

// spare are the bytes of a stored blob that the row or the folder still has; storage.ErrNotFound if neither has them.
func (m *Module) spare(ctx context.Context, b *blob) ([]byte, error) {
	var content []byte
	if _, err := m.db.Get(ctx, []any{&content}, "SELECT content FROM {blobs} WHERE blobid = ?", b.id); err != nil {
		return nil, fmt.Errorf("read a blob: %w", err)
	}
	if content != nil {
		return content, nil
	}
	content, err := os.ReadFile(blobPath(m.settings.Folder, b.id, b.format))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, storage.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read a blob's file: %w", err)
	}
	return content, nil
}

// fetch reads a whole object of the store.
func (m *Module) fetch(ctx context.Context, key string) ([]byte, error) {
	r, info, err := m.store.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := bytes.NewBuffer(make([]byte, 0, info.Size+bytes.MinRead))
	if _, err := io.Copy(b, r); err != nil {
		return nil, fmt.Errorf("%w: read %s: %w", storage.ErrUnavailable, key, err)
	}
	return b.Bytes(), nil
}

// shelf is the folder in which Q2A keeps a blob, named by the first three of the id's twenty digits.
func shelf(id string) string { return (strings.Repeat("0", max(0, 20-len(id))) + id)[:3] }

// fileName is how Q2A calls a blob's file.
func fileName(id, format string) string { return id + "." + notFormat.ReplaceAllString(format, "") }

// key is where a blob is in the store: laid out as Q2A's folder, so that a copy of one is the other.
func (b *blob) key() string {
	name := fileName(b.id, b.format)
	return shelf(b.id) + "/" + strings.TrimSuffix(name, ".") // without a format
}

// blobPath is where Q2A keeps a blob in its folder of blobs.
func blobPath(folder, id, format string) string {
	return filepath.Join(folder, shelf(id), fileName(id, format))
}

// Put puts a blob's bytes into Q2A's folder of blobs, where both sites find them; the row is the caller's to write.
func Put(folder, id, format string, content []byte) error {
	path := blobPath(folder, id, format)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("store a blob: %w", err)
	}
	if err := os.WriteFile(path, content, 0o640); err != nil { //nolint:gosec // readable for the old site's group
		return fmt.Errorf("store a blob: %w", err)
	}
	return nil
}
