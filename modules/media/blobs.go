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

// blob is a row of Q2A's table of blobs, and the place of the blob's bytes.
type blob struct {
	id, format, name string
	// place is where the bytes were found; content is nil if that is the store.
	place   Place
	content []byte
	// size is the length of the content in bytes.
	size int64
}

var (
	blobID    = regexp.MustCompile(`^[0-9]{1,20}$`)
	notFormat = regexp.MustCompile(`[^A-Za-z0-9]`)
)

// find returns a blob with the place of its bytes. It looks in the store if the blob's record
// says that they are there, and otherwise in the row and in Q2A's folder. If they are in neither,
// it reads the row and the record again, because the move job may have moved them to the store
// meanwhile. It returns storage.ErrNotFound if there is no such blob, or no bytes of it.
func (m *Module) find(ctx context.Context, id string) (*blob, error) {
	for range 2 {
		b, err := m.look(ctx, id)
		if err != nil || b != nil {
			return b, err
		}
	}
	return nil, storage.ErrNotFound
}

// load returns a blob, as find does, together with its whole content.
func (m *Module) load(ctx context.Context, id string) (*blob, []byte, error) {
	b, err := m.find(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	content, err := m.bytes(ctx, b)
	return b, content, err
}

// look makes one attempt for find. It returns nil if the blob has a row but its bytes are
// nowhere.
func (m *Module) look(ctx context.Context, id string) (*blob, error) {
	b := &blob{id: id}
	var name sql.NullString
	var stored sql.NullBool
	found, err := m.db.Get(ctx, []any{&b.format, &name, &stored, &b.content, &b.size},
		`SELECT b.format, b.filename, m.in_store, CASE WHEN m.in_store = 1 THEN NULL ELSE b.content END,
				COALESCE(m.bytes, 0)
			FROM {blobs} b
			LEFT JOIN {q2ab_media} m ON m.blobid = b.blobid
			WHERE b.blobid = ?`, id)
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
		return nil, nil //nolint:nilnil // find looks once more
	}
	if err != nil {
		return nil, fmt.Errorf("read a blob's file: %w", err)
	}
	b.size = int64(len(b.content))
	return b, nil
}

// bytes returns the whole content of a blob that find has returned.
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

// instead returns the bytes of a blob that the store does not have or cannot deliver now, if the
// row or Q2A's folder still has them. Otherwise it returns the store's error, which is why.
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

// spare returns the bytes that the row or Q2A's folder still has of a blob, which may also be in
// the store. It returns storage.ErrNotFound if neither has them.
func (m *Module) spare(ctx context.Context, b *blob) ([]byte, error) {
	var content []byte
	if _, err := m.db.Get(ctx, []any{&content},
		"SELECT content FROM {blobs} WHERE blobid = ?", b.id); err != nil {
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

// fetch reads a whole object from the store.
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

// shelf returns the name of the directory in which Q2A keeps a blob: the first three digits of
// the id, padded with zeros to twenty digits.
func shelf(id string) string { return (strings.Repeat("0", max(0, 20-len(id))) + id)[:3] }

// fileName returns the name of the file in which Q2A keeps a blob.
func fileName(id, format string) string { return id + "." + notFormat.ReplaceAllString(format, "") }

// key returns the key under which the blob is in the store. The store is laid out like Q2A's
// folder of blobs, so that either can be copied to the other.
func (b *blob) key() string {
	name := fileName(b.id, b.format)
	return shelf(b.id) + "/" + strings.TrimSuffix(name, ".") // without a format
}

// blobPath returns the path at which Q2A keeps a blob in its folder of blobs.
func blobPath(folder, id, format string) string {
	return filepath.Join(folder, shelf(id), fileName(id, format))
}

// Put writes a blob's bytes into Q2A's folder of blobs, where this server and the old site both
// look for them. The caller has to write the blob's row.
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
