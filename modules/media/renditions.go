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
	// maxSize is the greatest size to which images are scaled: the longest side, in pixels.
	maxSize = 2048
	// renditionBytes limits the memory of cached thumbnails.
	renditionBytes = 16 << 20
	// mostKept is how many thumbnails of one image the store keeps. Clients may ask for any of
	// some two thousand sizes, and must not be able to fill the store.
	mostKept = 16
	// scalingTime is the longest that making one thumbnail may take. The work continues when the
	// client that asked goes away, since other clients may wait for the same thumbnail.
	scalingTime = time.Minute
)

// renditionKey identifies a thumbnail by its image, size and shape.
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

// tag returns the value of the ETag header, without quotes, which differs for all versions of an
// image.
func (k renditionKey) tag() string { return k.blob + "-" + k.name() }

// thumbnails returns the prefix of the keys under which the store has the thumbnails of an image.
func thumbnails(id string) string { return "thumbnails/" + shelf(id) + "/" + id + "/" }

// object returns the thumbnail's key in the store.
func (k renditionKey) object() string { return thumbnails(k.blob) + k.name() + ".jpg" }

func newRenditionCache() *otter.Cache[renditionKey, []byte] {
	return otter.Must(&otter.Options[renditionKey, []byte]{
		MaximumWeight: renditionBytes,
		Weigher:       func(_ renditionKey, v []byte) uint32 { return uint32(min(len(v)+100, 1<<30)) },
	})
}

// rendition returns the thumbnail: a JPEG with no side longer than the size. It takes it from the
// cache or the store, or else makes it and keeps it in the store. However many requests ask for a
// thumbnail at once, it is made once.
func (m *Module) rendition(ctx context.Context, k renditionKey) ([]byte, error) {
	content, err := m.renditions.Get(ctx, k,
		otter.LoaderFunc[renditionKey, []byte](func(ctx context.Context, k renditionKey) ([]byte, error) {
			ctx, done := context.WithTimeout(context.WithoutCancel(ctx), scalingTime)
			defer done()
			content, err := m.fetch(ctx, k.object())
			if err == nil {
				return content, nil
			}
			keep := errors.Is(err, storage.ErrNotFound)
			if !keep {
				slog.WarnContext(ctx, "the store of files does not answer; thumbnails are made anew",
					"error", err)
			}
			return m.make(ctx, k, keep)
		}))
	if err != nil {
		return nil, err
	}
	return content, nil
}

// make makes a thumbnail. If keep is true and the thumbnail is worth keeping, it also puts it
// into the store.
func (m *Module) make(ctx context.Context, k renditionKey, keep bool) ([]byte, error) {
	records, err := m.describe(ctx, []string{k.blob})
	if err != nil {
		return nil, err
	}
	if s := records[k.blob].state; s == stateBroken || s == stateFile {
		return nil, problem.New(codeUnsupportedImage)
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
		return nil, problem.New(codeUnsupportedImage)
	}
	small := made.Versions[k.Version].Content
	if keep && m.worthKeeping(ctx, k) {
		if err := m.store.Put(ctx, k.object(), "image/jpeg", bytes.NewReader(small),
			int64(len(small))); err != nil {
			slog.WarnContext(ctx, "thumbnail is not kept", "blob", k.blob, "size", k.Size, "error", err)
		}
	}
	return small, nil
}

// isPictures reports whether an error is due to the picture itself, so that another attempt would
// fail as well.
func isPictures(err error) bool {
	return errors.Is(err, picture.ErrNotAnImage) || errors.Is(err, picture.ErrTooLarge) ||
		errors.Is(err, picture.ErrBroken)
}

// worthKeeping reports whether a thumbnail should be kept in the store: if its size is one of the
// configured sizes, or the store has few of this image.
func (m *Module) worthKeeping(ctx context.Context, k renditionKey) bool {
	if slices.Contains(m.settings.Sizes, k.Size) {
		return true
	}
	kept, err := m.store.List(ctx, thumbnails(k.blob), "", mostKept)
	return err == nil && len(kept) < mostKept
}

// markBroken records that an image cannot be shown, so that no further attempt is made.
func (m *Module) markBroken(ctx context.Context, b *blob, why error) {
	state := stateBroken
	if errors.Is(why, picture.ErrNotAnImage) {
		state = stateFile
	}
	if err := m.mark(ctx, m.db, b.id, b.format, state); err != nil {
		slog.WarnContext(ctx, "broken image is not noted", "blob", b.id, "error", err)
	}
}

// atCDN reports whether a thumbnail is certain to be in the store, where the CDN finds it.
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
