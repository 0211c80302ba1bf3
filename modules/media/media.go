// Package media accepts, stores and serves the images and other files of posts and users, in full
// size or scaled down.
//
// A file is a row of Q2A's table of blobs. Its bytes are in that row, in Q2A's folder of blobs or
// in the store (MEDIA_URL); each file is read from the place where it is. Everything else that is
// known about a file is its record, a row of the table q2ab_media. Thumbnails are only in the
// store.
//
// Its public face: New; Register; Routes, which adds the old site's addresses; Pictures and
// HasPicture, with which other modules show images; Keep and Release, with which they report that
// their posts show files or no longer do; Drop; the jobs; WorkOnPictures; Content and the archives,
// which exports of members' data are made of; and Put, with which the demonstration
// writes files into Q2A's folder.
package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media/internal/storage"
	"38qa.net/backend/modules/media/internal/workshop"
	"38qa.net/backend/modules/site"
)

// Module is the media module. Use [New] to make one.
type Module struct {
	db       *database.DB
	site     *site.Module
	settings Settings
	store    storage.Store
	accounts *auth.Module
	// renditions caches thumbnails that were asked for recently, and records caches what is known
	// about files.
	renditions *otter.Cache[renditionKey, []byte]
	records    *otter.Cache[string, record]
	workshop   *workshop.Workshop
	// taking limits how many uploads are in memory at once.
	taking chan struct{}
}

// Settings are the settings of the module; package config documents the variables that set them.
type Settings struct {
	// Folder is Q2A's folder of blobs (QA_BLOBS_DIRECTORY).
	Folder string
	// UploadsTo is where the bytes of uploads are stored: Database, Folder or Store. Q2A finds
	// uploads in the database, and in the folder if it is the one that Q2A uses; it does not find
	// uploads in the store.
	UploadsTo Place
	// UploadLimit is the size of the largest file that is accepted, in bytes. UploadTime is the
	// longest time that receiving one may take.
	UploadLimit int64
	UploadTime  time.Duration
	// StoreURL is the address of the store, in one of the forms that [storage.Open] takes.
	StoreURL string
	// CDN is the address under which browsers find the objects of the store, or "" if there is none.
	CDN string
	// Sizes are the sizes in which thumbnails of every picture are made: the longest side, in
	// pixels, in ascending order.
	Sizes []int
	// Program is the program that is started to process pictures in processes of their own; it
	// must call [WorkOnPictures]. If it is "", pictures are processed in this process.
	Program string
	// UnusedAfter is how long an upload is kept while no post shows it; 0 means forever.
	UnusedAfter time.Duration
}

// Place is a place where the bytes of files are stored.
type Place int

// Database is the row of the blob, Folder is Q2A's folder of blobs, and Store is the store at
// MEDIA_URL.
const (
	Database Place = iota
	Folder
	Store
)

// atOnce is how many uploads are held in memory at once; each takes up to twice UploadLimit.
// Other uploads wait while their bytes are on disk or still arriving.
const atOnce = 4

// New returns the module. It opens the store without asking it for anything, so that a server can
// start while its store is down. It returns an error if the store's address is malformed or its
// folder cannot be opened.
func New(
	ctx context.Context, db *database.DB, s *site.Module, accounts *auth.Module, settings Settings,
) (*Module, error) {
	store, err := storage.Open(ctx, settings.StoreURL)
	if err != nil {
		return nil, fmt.Errorf("MEDIA_URL: %w", err)
	}
	settings.CDN = strings.TrimRight(settings.CDN, "/")
	return &Module{
		db: db, site: s, accounts: accounts, settings: settings, store: store,
		// Picture processing gets half of the processors, so that requests are served meanwhile.
		workshop:   workshop.New(settings.Program, max(1, runtime.GOMAXPROCS(0)/2)),
		taking:     make(chan struct{}, atOnce),
		renditions: newRenditionCache(), records: newRecordCache(),
	}, nil
}

// Close ends the processes that the module has started.
func (m *Module) Close() { m.workshop.Close() }

// WorkOnPictures turns the current process into a picture worker if the module started it as one.
// It returns when the work is over, and reports whether the process was a worker; if so, the
// program must exit. The program named in Settings.Program must call it first of all.
func WorkOnPictures() bool { return workshop.Work() }

func turn(ctx context.Context, places chan struct{}) (done func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerServing(api)
	m.registerUploads(api)
}

// Ready returns an error if Q2A's folder of blobs exists and cannot be read. It does not check
// the store, because much of the API works without it.
func (m *Module) Ready(context.Context) error {
	if _, err := os.Stat(m.settings.Folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("folder of blobs: %w", err)
	}
	return nil
}

// Allowances returns, by path, the limits for requests that may be larger or may take longer than
// other requests.
func (m *Module) Allowances() map[string]web.Allowance {
	upload := web.Allowance{Bytes: m.settings.UploadLimit + formBytes, Time: m.settings.UploadTime}
	return map[string]web.Allowance{uploadPath: upload, avatarPath: upload}
}

// unread returns the error for a request whose file cannot be read or does not exist.
func unread(ctx context.Context, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return problem.NotFound()
	}
	return failed(ctx, "read a file", err)
}

// failed returns the error for a request whose work the store could not do. If the store is
// unavailable, it tells the client to try again later.
func failed(ctx context.Context, doing string, err error) error {
	if errors.Is(err, storage.ErrUnavailable) {
		slog.ErrorContext(ctx, "the store of files does not answer", "doing", doing, "error", err)
		return problem.New(problem.CodeUnavailable)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
