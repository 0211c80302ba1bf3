package media

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/media/internal/picture"
	"38qa.net/backend/modules/media/internal/workshop"
)

// States of a record.
const (
	// stateAwaited and stateStoring are the states of files that have no row of blobs yet: a
	// client is to send the file, or the file is being put into the store.
	stateAwaited, stateStoring = "awaited", "storing"
	// stateWaiting is the state of pictures whose thumbnails have not been made yet, stateReady
	// of those that have them.
	stateWaiting, stateReady = "waiting", "ready"
	// stateBroken is the state of pictures that cannot be shown and are not tried again,
	// stateFile that of files that are no pictures.
	stateBroken, stateFile = "broken", "file"
	// stateMissing is the state of files whose bytes were found nowhere. They are looked for
	// again once a day, since a folder may just not have been mounted.
	stateMissing = "missing"
	// stateDropped is the state of files whose row of blobs is gone, and of uploads that were
	// never finished. What is left of them outside the database has to be removed.
	stateDropped = "dropped"
)

// record is what is known about a file besides its row of blobs. The zero record means that
// nothing is known.
type record struct {
	state         string
	width, height int
	// still reports whether smaller JPEGs can replace the picture: it is not animated and not
	// transparent.
	still    bool
	blurHash string
	stored   bool
	format   string
}

// recordsKept limits how many records are cached; these are enough for the pictures that people
// look at.
const recordsKept = 50_000

// These are the times for which records are cached. A record in the state ready, broken or file
// changes only when its file is moved or deleted; a record in another state changes soon.
const (
	settledFor   = 10 * time.Minute
	unsettledFor = 3 * time.Second
)

func newRecordCache() *otter.Cache[string, record] {
	return otter.Must(&otter.Options[string, record]{
		MaximumSize: recordsKept,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, record]) time.Duration {
			if s := e.Value.state; s == stateReady || s == stateBroken || s == stateFile {
				return settledFor
			}
			return unsettledFor
		}),
	})
}

// describe returns the records of files. It reads those that are not cached with one query. A
// file without a row of blobs has the zero record.
func (m *Module) describe(ctx context.Context, ids []string) (map[string]record, error) {
	known := make(map[string]record, len(ids))
	var asked []string
	for _, id := range ids {
		if r, ok := m.records.GetIfPresent(id); ok {
			known[id] = r
		} else if !slices.Contains(asked, id) {
			asked = append(asked, id)
		}
	}
	if len(asked) == 0 {
		return known, nil
	}
	for _, id := range asked {
		known[id] = record{}
	}
	err := m.db.Select(ctx, func(rows *sql.Rows) error {
		var id string
		var r record
		err := rows.Scan(&id, &r.format, &r.state, &r.width, &r.height, &r.still, &r.blurHash, &r.stored)
		known[id] = r
		return err
	}, `SELECT m.blobid, m.format, m.state, m.width, m.height, m.still, m.blurhash, m.in_store
		FROM {q2ab_media} m
		JOIN {blobs} b ON b.blobid = m.blobid
		WHERE m.blobid IN ?`,
		asked)
	if err != nil {
		return nil, fmt.Errorf("read what is known of files: %w", err)
	}
	for _, id := range asked {
		m.records.Set(id, known[id])
	}
	return known, nil
}

// note writes the record of a file that is being stored. The state decides whether its thumbnails
// will be made.
func (m *Module) note(ctx context.Context, tx *database.DB, id, state string, a accepted) error {
	doubted := int64(0)
	if m.settings.UnusedAfter > 0 {
		doubted = tx.Now() + int64(m.settings.UnusedAfter/time.Second)
	}
	_, err := tx.Exec(ctx,
		`INSERT INTO {q2ab_media} (blobid, state, format, noted, width, height, still, doubted)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) `+
			tx.Upsert("blobid")+" state = "+tx.Given("state")+", format = "+tx.Given("format")+
			", width = "+tx.Given("width")+", height = "+tx.Given("height")+
			", still = "+tx.Given("still")+", doubted = "+tx.Given("doubted")+", upload = NULL",
		id, state, a.format, tx.Now(), a.info.Width, a.info.Height, isStill(a.info), doubted)
	if err != nil {
		return fmt.Errorf("note a file: %w", err)
	}
	return nil
}

func isStill(i picture.Info) bool { return i.Frames == 1 && !i.Alpha }

// mark sets the state of a file, which may not have a record yet.
func (m *Module) mark(ctx context.Context, db *database.DB, id, format, state string) error {
	_, err := db.Exec(ctx,
		"INSERT INTO {q2ab_media} (blobid, state, format, noted) VALUES (?, ?, ?, ?) "+
			db.Overwrite("blobid", "state"), id, state, format, db.Now())
	if err != nil {
		return fmt.Errorf("note a file: %w", err)
	}
	m.records.Invalidate(id)
	return nil
}

// settle updates columns of a file's record and removes the record from this process's cache.
func (m *Module) settle(ctx context.Context, db *database.DB, id, sets string, args ...any) error {
	if _, err := db.Exec(ctx, "UPDATE {q2ab_media} SET "+sets+" WHERE blobid = ?",
		append(args, id)...); err != nil {
		return fmt.Errorf("note a file: %w", err)
	}
	m.records.Invalidate(id)
	return nil
}

// Picture describes an image to clients before they load it.
type Picture struct {
	ID string
	// URL is the address of the image itself.
	URL           string
	Width, Height int
	// BlurHash is a placeholder to show until the image has loaded, in a few dozen characters; ""
	// if there is none yet.
	BlurHash string
	// Sources are smaller versions, the smallest first. Animated and transparent images have
	// none, because the versions are JPEGs of a single frame.
	Sources []source
	// Thumbnail is a version for lists. If the image is larger than the smallest thumbnail size,
	// it is a JPEG, even of animated and transparent images; otherwise it is the image itself.
	Thumbnail source
}

// source is one version of an image: its address, and its size in pixels.
type source struct {
	URL           string
	Width, Height int
}

// Pictures returns descriptions of the images among the files with these ids. It leaves out files
// that are no images or about which nothing is known yet. It needs no SQL statement for images
// that were asked for recently, and a single one for all others together.
func (m *Module) Pictures(ctx context.Context, ids []string) (map[string]Picture, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := m.describe(ctx, ids)
	if err != nil {
		return nil, err
	}
	pictures := make(map[string]Picture, len(records))
	for id, r := range records {
		if r.width > 0 && r.height > 0 && (r.state == stateReady || r.state == stateWaiting) {
			pictures[id] = m.picture(id, r)
		}
	}
	return pictures, nil
}

// HasPicture reports whether there is a file with the id that is a picture by its format, also if nothing
// else is known about it yet.
func (m *Module) HasPicture(ctx context.Context, id string) (bool, error) {
	var one int
	found, err := m.db.Get(ctx, []any{&one},
		"SELECT 1 FROM {blobs} WHERE blobid = ? AND LOWER(format) IN ?", id, pictureFormats)
	if err != nil {
		return false, fmt.Errorf("look up a picture: %w", err)
	}
	return found, nil
}

func (m *Module) picture(id string, r record) Picture {
	p := Picture{ID: id, URL: m.address(id, 0), Width: r.width, Height: r.height, BlurHash: r.blurHash}
	if m.settings.CDN != "" && r.stored {
		p.URL = m.settings.CDN + "/" + (&blob{id: id, format: r.format}).key()
	}
	for _, size := range m.settings.Sizes {
		if size >= max(r.width, r.height) {
			break
		}
		s := source{URL: m.address(id, size)}
		if m.settings.CDN != "" && r.state == stateReady {
			s.URL = m.settings.CDN + "/" + renditionKey{id, workshop.Version{Size: size}}.object()
		}
		s.Width, s.Height = picture.Fit(r.width, r.height, size)
		if p.Thumbnail.URL == "" {
			p.Thumbnail = s
		}
		if r.still {
			p.Sources = append(p.Sources, s)
		}
	}
	if p.Thumbnail.URL == "" {
		p.Thumbnail = source{p.URL, r.width, r.height}
	}
	return p
}
