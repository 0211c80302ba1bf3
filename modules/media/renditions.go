package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/media/internal/picture"
	"38qa.net/backend/modules/media/internal/storage"
	"38qa.net/backend/modules/media/internal/workshop"
)

const (
	// maxSize is the longest side, in pixels, to which images are scaled.
	maxSize = 2048
	// renditionBytes bounds the memory of thumbnails that are remembered.
	renditionBytes = 16 << 20
	// mostKept is how many thumbnails of one image the store keeps: sizes are anybody's to choose, and there are two thousand.
	mostKept = 16
	// scalingTime bounds the making of one. It goes on when who asked for it goes away, since others may wait for it too.
	scalingTime = time.Minute
)

// renditionKey names a thumbnail.
type renditionKey struct {
	blob string
	workshop.Version
}

func (k renditionKey) name() string {
	if k.Square {
		return strconv.Itoa(k.Size) + "s"
	}
	return strconv.Itoa(k.Size)
}

// tag tells versions of an image apart.
func (k renditionKey) tag() string { return k.blob + "-" + k.name() }

// thumbnails are those of an image in the store, under one prefix.
func thumbnails(id string) string { return "thumbnails/" + shelf(id) + "/" + id + "/" }

// object is a thumbnail's key in the store.
func (k renditionKey) object() string { return thumbnails(k.blob) + k.name() + ".jpg" }

func newRenditionCache() *otter.Cache[renditionKey, []byte] {
	return otter.Must(&otter.Options[renditionKey, []byte]{
		MaximumWeight: renditionBytes,
		Weigher:       func(_ renditionKey, v []byte) uint32 { return uint32(min(len(v)+100, 1<<30)) },
	})
}

// rendition is an image as a JPEG with no side longer than the size: remembered, from the store, or made now and kept there. However many
// ask at once, it is made once.
func (m *Module) rendition(ctx context.Context, k renditionKey) ([]byte, error) {
	content, err := m.renditions.Get(ctx, k, otter.LoaderFunc[renditionKey, []byte](func(ctx context.Context, k renditionKey) ([]byte, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), scalingTime)
		defer done()
		content, err := m.fetch(ctx, k.object())
		if err == nil {
			return content, nil
		}
		keep := errors.Is(err, storage.ErrNotFound)
		if !keep {
			slog.WarnContext(ctx, "the store of files does not answer; thumbnails are made anew", "error", err)
		}
		return m.make(ctx, k, keep)
	}))
	if err != nil {
		return nil, err
	}
	return content, nil
}

// make makes a thumbnail, and keeps it in the store.
func (m *Module) make(ctx context.Context, k renditionKey, keep bool) ([]byte, error) {
	records, err := m.describe(ctx, []string{k.blob})
	if err != nil {
		return nil, err
	}
	if s := records[k.blob].state; s == stateBroken || s == stateFile {
		return nil, problem.New("unsupported_image")
	}
	b, content, err := m.load(ctx, k.blob)
	if err != nil {
		return nil, unread(ctx, err)
	}
	made, err := m.workshop.Do(ctx, workshop.Order{Content: content, Versions: []workshop.Version{k.Version}})
	if err != nil && !isPictures(err) {
		return nil, err
	}
	if err != nil {
		slog.WarnContext(ctx, "image cannot be scaled", "blob", k.blob, "error", err)
		m.markBroken(ctx, b, err)
		return nil, problem.New("unsupported_image")
	}
	small := made.Versions[k.Version].Content
	if keep && m.worthKeeping(ctx, k) {
		if err := m.store.Put(ctx, k.object(), "image/jpeg", bytes.NewReader(small), int64(len(small))); err != nil {
			slog.WarnContext(ctx, "thumbnail is not kept", "blob", k.blob, "size", k.Size, "error", err)
		}
	}
	return small, nil
}

// isPictures tells whether an error is about the picture, and would come again.
func isPictures(err error) bool {
	return errors.Is(err, picture.ErrNotAnImage) || errors.Is(err, picture.ErrTooLarge) || errors.Is(err, picture.ErrBroken)
}

// worthKeeping tells whether the store is to keep a thumbnail.
func (m *Module) worthKeeping(ctx context.Context, k renditionKey) bool {
	if slices.Contains(m.settings.Sizes, k.Size) {
		return true
	}
	kept, err := m.store.List(ctx, thumbnails(k.blob), "", mostKept)
	return err == nil && len(kept) < mostKept
}

// markBroken notes that an image cannot be shown, so that nobody tries again.
func (m *Module) markBroken(ctx context.Context, b *blob, why error) {
	state := stateBroken
	if errors.Is(why, picture.ErrNotAnImage) {
		state = stateFile
	}
	if err := m.mark(ctx, m.db, b.id, b.format, state); err != nil {
		slog.WarnContext(ctx, "broken image is not noted", "blob", b.id, "error", err)
	}
}

// atCDN tells whether a thumbnail is known to be where the CDN finds it.
func (m *Module) atCDN(ctx context.Context, k renditionKey) bool {
	if k.Square || !slices.Contains(m.settings.Sizes, k.Size) {
		return false
	}
	records, err := m.describe(ctx, []string{k.blob})
	r := records[k.blob]
	return err == nil && r.state == stateReady && k.Size < max(r.width, r.height)
}

// forget removes all thumbnails of an image from the store.
func (m *Module) forget(ctx context.Context, id string) error {
	for {
		list, err := m.store.List(ctx, thumbnails(id), "", 0)
		if err != nil {
			return fmt.Errorf("thumbnails: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		for _, o := range list {
			if err := m.store.Delete(ctx, o.Key); err != nil {
				return fmt.Errorf("thumbnails: %w", err)
			}
		}
	}
}
