package media

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"38qa.net/backend/modules/kernel/events"
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/media/internal/picture"
	"38qa.net/backend/modules/media/internal/storage"
	"38qa.net/backend/modules/media/internal/workshop"
	"38qa.net/backend/modules/site"
)

// eventUploaded is the name of an event that Q2A does not have: a file was uploaded to this
// server.
const eventUploaded = "media_uploaded"

const (
	// notedAtOnce is how many files of the old site one batch notes. A batch makes the thumbnails
	// of at most madeAtOnce pictures and stops earlier after madeFor, because progress is only
	// reported after each batch.
	notedAtOnce = 2000
	madeAtOnce  = 50
	madeFor     = 5 * time.Second
)

// ThumbnailsJob returns the job that makes the thumbnails of pictures that were uploaded here,
// soon after the upload, and of those that the old site accepted. An upload writes a record that
// it waits for thumbnails, so that none is forgotten if a process dies. A picture that cannot be
// shown is marked as broken, reported once, and not tried again.
func (m *Module) ThumbnailsJob() jobs.Job {
	return jobs.Job{
		Name:     "thumbnails",
		Summary:  "makes the thumbnails of new images; the differences are images that cannot be shown",
		Schedule: "*/10 * * * *", Missed: jobs.Skip, AtStart: true, On: []string{eventUploaded},
		Steps: []jobs.Step{
			m.noteStep(),
			{Name: "make thumbnails", Count: m.countWaiting, Batch: m.makeThumbnails},
		},
	}
}

// noteStep returns the step that writes records of files that have none. It counts as no work: it
// is so much quicker than the next step that the estimate of the remaining time would be far too
// short.
func (m *Module) noteStep() jobs.Step {
	return jobs.Step{Name: "note files of the old site",
		Count: func(context.Context) (int, error) { return 0, nil }, Batch: m.noteFiles}
}

// countWaiting returns how many pictures wait for thumbnails, including those that have no record
// yet.
func (m *Module) countWaiting(ctx context.Context) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n},
		"SELECT (SELECT COUNT(*) FROM {q2ab_media} WHERE state = 'waiting') + (SELECT COUNT(*) "+
			unnoted+" AND LOWER(b.format) IN ?)",
		pictureFormats)
	return n, err
}

// pictureFormats are the formats in Q2A's table whose files are treated as pictures.
var pictureFormats = []string{"jpg", "jpeg", "png", "gif", "webp"}

// noteSelect selects the records to write for files that have none. Its parameters are the
// formats of pictures and the current time.
const noteSelect = `SELECT b.blobid, CASE WHEN LOWER(b.format) IN ? THEN 'waiting' ELSE 'file' END,
		b.format, ?
	` + unnoted

// unnoted is the FROM clause that selects the files without records.
const unnoted = "FROM {blobs} b LEFT JOIN {q2ab_media} m ON m.blobid = b.blobid WHERE m.blobid IS NULL"

// missingFor is how long it takes until a file whose bytes were missing is looked for again.
const missingFor = 24 * time.Hour

// noteFiles writes records of files that have none. It also puts files whose bytes were missing a
// day ago back into the state of waiting, so that they are looked for again.
func (m *Module) noteFiles(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	if w.Done = 0; w.DryRun {
		return 0, nil
	}
	_, err = m.db.Exec(ctx,
		"UPDATE {q2ab_media} SET state = 'waiting' WHERE state = 'missing' AND noted < ?",
		m.db.Now()-int64(missingFor/time.Second))
	if err != nil {
		return 0, fmt.Errorf("note files: %w", err)
	}
	noted, err := m.db.Exec(ctx,
		m.db.InsertIgnore()+" {q2ab_media} (blobid, state, format, noted) "+noteSelect+" LIMIT ?",
		pictureFormats, m.db.Now(), notedAtOnce)
	if err != nil {
		return 0, fmt.Errorf("note files: %w", err)
	}
	if noted == notedAtOnce {
		next = 1
	}
	return next, nil
}

// makeThumbnails makes the thumbnails of some of the pictures that wait for them.
func (m *Module) makeThumbnails(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	if w.Done = 0; w.DryRun {
		w.Done, err = m.countWaiting(ctx)
		return 0, err
	}
	type waiting struct {
		id     string
		avatar bool
	}
	var list []waiting
	err = m.db.Select(ctx, func(rows *sql.Rows) error {
		var p waiting
		err := rows.Scan(&p.id, &p.avatar)
		list = append(list, p)
		return err
	}, `SELECT m.blobid, b.filename IS NULL AND b.format = 'jpeg' AND b.userid IS NOT NULL
		FROM {q2ab_media} m
		JOIN {blobs} b ON b.blobid = m.blobid
		WHERE m.state = 'waiting'
		ORDER BY m.blobid LIMIT ?`,
		madeAtOnce)
	if err != nil {
		return 0, fmt.Errorf("pictures without thumbnails: %w", err)
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return 0, err
	}
	for began := time.Now(); len(list) > 0 && time.Since(began) < madeFor; list = list[1:] {
		broken, err := m.prepare(ctx, list[0].id, m.versionsFor(o, list[0].avatar))
		if err != nil {
			return 0, fmt.Errorf("thumbnails of %s: %w", list[0].id, err)
		}
		if broken != "" {
			w.Report("blobs", list[0].id, "content", broken, "a picture")
		}
		w.Done++
		next = 1
	}
	return next, nil
}

// versionsFor returns the thumbnails that are made of a picture before anybody asks for them.
func (m *Module) versionsFor(o *site.Options, avatar bool) (versions []workshop.Version) {
	sizes := m.settings.Sizes
	if avatar {
		sizes = avatarSizes(o)
	}
	for _, size := range sizes {
		versions = append(versions, workshop.Version{Size: size, Square: avatar})
	}
	return versions
}

// prepare makes those thumbnails of a picture that are smaller than the picture, and records its
// size and its BlurHash. If the picture is at fault, it returns the reason as broken and records
// it; an error means that another attempt may succeed.
func (m *Module) prepare(
	ctx context.Context, id string, versions []workshop.Version,
) (broken string, err error) {
	b, content, err := m.load(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return "no bytes", m.settle(ctx, m.db, id, "state = ?, noted = ?", stateMissing, m.db.Now())
	}
	if err != nil {
		return "", err
	}
	made, err := m.workshop.Do(ctx,
		workshop.Order{Content: content, Versions: versions, OnlySmaller: true, Hash: true})
	switch {
	case errors.Is(err, picture.ErrNotAnImage) && !slices.Contains(pictureFormats, strings.ToLower(b.format)):
		return "", m.settle(ctx, m.db, id, "state = ?", stateFile)
	case err != nil && isPictures(err):
		return err.Error(), m.settle(ctx, m.db, id, "state = ?", stateBroken)
	case err != nil:
		return "", err
	}
	for v, r := range made.Versions {
		k := renditionKey{id, v}
		if err := m.store.Put(ctx, k.object(), "image/jpeg", bytes.NewReader(r.Content),
			int64(len(r.Content))); err != nil {
			return "", err
		}
	}
	info := made.Info
	return "", m.settle(ctx, m.db, id, "state = ?, width = ?, height = ?, still = ?, blurhash = ?",
		stateReady, info.Width, info.Height, isStill(info), made.Hash)
}

// uploaded returns the event that a file was uploaded, which makes the thumbnails job run.
func uploaded(at int64, id string) events.Event {
	return events.Event{Name: eventUploaded, At: at, Params: []events.Param{{Name: "blobid", Value: id}}}
}
