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

// eventUploaded is our own event of a file that was taken in.
const eventUploaded = "media_uploaded"

const (
	// notedAtOnce is how many files of the old site one batch notes, madeAtOnce of how many pictures one makes thumbnails, and madeFor after
	// what time it stops before that: a batch is what progress is told by.
	notedAtOnce = 2000
	madeAtOnce  = 50
	madeFor     = 5 * time.Second
)

// ThumbnailsJob makes the thumbnails of what was uploaded here, as soon as it was, and of what the old site took in. What waits for them is
// written down with the upload, so that nothing is forgotten if a process dies; what cannot be shown is marked, told of, and left alone.
func (m *Module) ThumbnailsJob() jobs.Job {
	return jobs.Job{
		Name: "thumbnails", Summary: "makes the thumbnails of new images; the differences are images that cannot be shown",
		Schedule: "*/10 * * * *", Missed: jobs.Skip, AtStart: true, On: []string{eventUploaded},
		Steps: []jobs.Step{
			m.noteStep(),
			{Name: "make thumbnails", Count: m.countWaiting, Batch: m.makeThumbnails},
		},
	}
}

// noteStep makes records of files that have none. It takes no time beside what follows: counted as progress, it would make the rest look as quick.
func (m *Module) noteStep() jobs.Step {
	return jobs.Step{Name: "note files of the old site", Count: func(context.Context) (int, error) { return 0, nil }, Batch: m.noteFiles}
}

// countWaiting counts the pictures that wait for thumbnails, with those that are still to be noted.
func (m *Module) countWaiting(ctx context.Context) (n int, err error) {
	_, err = m.db.Get(ctx, []any{&n}, "SELECT (SELECT COUNT(*) FROM {q2ab_media} WHERE state = 'waiting') + (SELECT COUNT(*) "+unnoted+" AND LOWER(b.format) IN ?)", pictureFormats)
	return n, err
}

// pictureFormats are those of Q2A's rows that are looked at as pictures.
var pictureFormats = []string{"jpg", "jpeg", "png", "gif", "webp"}

// noteSelect gives the records of files that have none, for the formats of pictures and the time.
const noteSelect = "SELECT b.blobid, CASE WHEN LOWER(b.format) IN ? THEN 'waiting' ELSE 'file' END, b.format, ? " + unnoted

// unnoted are the files without records.
const unnoted = "FROM {blobs} b LEFT JOIN {q2ab_media} m ON m.blobid = b.blobid WHERE m.blobid IS NULL"

// missingFor is how long files without bytes are not looked for again.
const missingFor = 24 * time.Hour

// noteFiles makes records of files that have none, and has those looked for again that were missing a day ago.
func (m *Module) noteFiles(ctx context.Context, _ int, w *jobs.Work) (next int, err error) {
	if w.Done = 0; w.DryRun {
		return 0, nil
	}
	_, err = m.db.Exec(ctx, "UPDATE {q2ab_media} SET state = 'waiting' WHERE state = 'missing' AND noted < ?", m.db.Now()-int64(missingFor/time.Second))
	if err != nil {
		return 0, fmt.Errorf("note files: %w", err)
	}
	noted, err := m.db.Exec(ctx, m.db.InsertIgnore()+" {q2ab_media} (blobid, state, format, noted) "+noteSelect+" LIMIT ?", pictureFormats, m.db.Now(), notedAtOnce)
	if err != nil {
		return 0, fmt.Errorf("note files: %w", err)
	}
	if noted == notedAtOnce {
		next = 1
	}
	return next, nil
}

// makeThumbnails makes those of some pictures that wait.
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
	}, "SELECT m.blobid, b.filename IS NULL AND b.format = 'jpeg' AND b.userid IS NOT NULL FROM {q2ab_media} m JOIN {blobs} b ON b.blobid = m.blobid WHERE m.state = 'waiting' ORDER BY m.blobid LIMIT ?", madeAtOnce)
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

// versionsFor are the thumbnails that are made of a picture before anybody asks.
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

// prepare makes the thumbnails of a picture that are smaller than it, and notes what else is to be known of it. It tells why that cannot be done
// with this picture, and fails if it may be done another time.
func (m *Module) prepare(ctx context.Context, id string, versions []workshop.Version) (broken string, err error) {
	b, content, err := m.load(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return "no bytes", m.settle(ctx, m.db, id, "state = ?, noted = ?", stateMissing, m.db.Now())
	}
	if err != nil {
		return "", err
	}
	made, err := m.workshop.Do(ctx, workshop.Order{Content: content, Versions: versions, OnlySmaller: true, Hash: true})
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
		if err := m.store.Put(ctx, k.object(), "image/jpeg", bytes.NewReader(r.Content), int64(len(r.Content))); err != nil {
			return "", err
		}
	}
	info := made.Info
	return "", m.settle(ctx, m.db, id, "state = ?, width = ?, height = ?, still = ?, blurhash = ?", stateReady, info.Width, info.Height, isStill(info), made.Hash)
}

// uploaded tells of a new file, so that its thumbnails are made.
func uploaded(at int64, id string) events.Event {
	return events.Event{Name: eventUploaded, At: at, Params: []events.Param{{Name: "blobid", Value: id}}}
}
