package media

import (
	"context"
	"errors"
	"fmt"
	"io"

	"38qa.net/backend/modules/media/internal/storage"
)

// Archives are files that are in no table of Q2A and are shown to nobody but those who know a secret link, which
// the caller of these functions checks. Their names should not be guessed either, as a CDN may serve the store.

// PutArchive stores an archive of the given size, in bytes, under a name with the ending zip, in place of the
// one that has the name already.
func (m *Module) PutArchive(ctx context.Context, name string, body io.ReadSeeker, size int64) error {
	if err := m.store.Put(ctx, archiveKey(name), "application/zip", body, size); err != nil {
		return failed(ctx, "store an archive", err)
	}
	return nil
}

// OpenArchive returns a reader of an archive, which is read while it is sent, or not_found. The caller must
// close it.
func (m *Module) OpenArchive(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	// Sending it may take longer than the time limit of requests. It ends when the client disconnects.
	o := &object{ctx: context.WithoutCancel(ctx), store: m.store, key: archiveKey(name)}
	var info storage.Info
	var err error
	if o.body, info, err = m.store.Get(o.ctx, o.key, 0, -1); err != nil {
		return nil, unread(ctx, err)
	}
	o.size = info.Size
	return o, nil
}

// DropArchive removes an archive, if there is one.
func (m *Module) DropArchive(ctx context.Context, name string) error {
	if err := m.store.Delete(ctx, archiveKey(name)); err != nil {
		return fmt.Errorf("remove an archive: %w", err)
	}
	return nil
}

func archiveKey(name string) string { return "exports/" + name }

// Content returns the whole content of a file and its format, such as jpg, or found = false if its bytes are
// nowhere.
func (m *Module) Content(ctx context.Context, id string) (content []byte, format string, found bool, err error) {
	b, content, err := m.load(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, "", false, nil
	}
	if err != nil {
		return nil, "", false, err
	}
	return content, notFormat.ReplaceAllString(b.format, ""), true, nil
}
