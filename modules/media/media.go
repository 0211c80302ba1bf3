// Package media takes in, keeps and serves the images and other files of posts and users: whole, or scaled down.
//
// A file is a row of Q2A's table of blobs. Its bytes lie in that row, in Q2A's folder of blobs or in the store (MEDIA_URL), and each of
// them is read from wherever they are. The table q2ab_media has what else is known of it. Thumbnails are in the store only.
//
// Its public face: New, Register, Routes (the old site's addresses), Pictures, by which other modules show images, Release, by which they
// say what their posts use no more, Drop, the jobs, WorkOnPictures, and Put, by which the demonstration puts files into Q2A's folder.
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

// Module is the media module.
type Module struct {
	db       *database.DB
	site     *site.Module
	settings Settings
	store    storage.Store
	accounts *auth.Module
	// renditions are thumbnails that were asked for lately, records what is known of files.
	renditions *otter.Cache[renditionKey, []byte]
	records    *otter.Cache[string, record]
	workshop   *workshop.Workshop
	// taking bounds how many uploads are in memory.
	taking chan struct{}
}

// Settings of the module; see package config.
type Settings struct {
	// Folder is Q2A's folder of blobs (QA_BLOBS_DIRECTORY).
	Folder string
	// UploadsTo is where uploads go: Database, Folder or Store. Q2A finds them in the first two, each where it looks for them.
	UploadsTo Place
	// UploadLimit is the largest file that is taken in, in bytes; UploadTime the longest that taking it in may take.
	UploadLimit int64
	UploadTime  time.Duration
	// StoreURL is the address of the store; package storage tells its forms.
	StoreURL string
	// PublicURL is this API's own address, CDN that under which browsers find what is in the store; "" for none.
	PublicURL, CDN string
	// Sizes are those of the thumbnails that are made of every picture: the longest side, in pixels.
	Sizes []int
	// Program is started to work on pictures in processes of their own; it has to call WorkOnPictures. "" works on them in this process.
	Program string
	// UnusedAfter is how long an upload may be without a post that shows it; 0 is for ever.
	UnusedAfter time.Duration
}

// Place is where bytes of files are.
type Place int

// The places.
const (
	Database Place = iota
	Folder
	Store
)

// atOnce is how many uploads are held in memory at once, each up to twice UploadLimit; the others wait with their bytes on disk or on their way.
const atOnce = 4

// New returns the module. The store is opened and not asked for anything: a server can start while it is down.
func New(ctx context.Context, db *database.DB, s *site.Module, accounts *auth.Module, settings Settings) (*Module, error) {
	store, err := storage.Open(ctx, settings.StoreURL)
	if err != nil {
		return nil, fmt.Errorf("MEDIA_URL: %w", err)
	}
	settings.CDN, settings.PublicURL = strings.TrimRight(settings.CDN, "/"), strings.TrimRight(settings.PublicURL, "/")
	return &Module{
		db: db, site: s, accounts: accounts, settings: settings, store: store,
		// Half of the processors: reading goes on beside it.
		workshop: workshop.New(settings.Program, max(1, runtime.GOMAXPROCS(0)/2)), taking: make(chan struct{}, atOnce),
		renditions: newRenditionCache(), records: newRecordCache(),
	}, nil
}

// APIURL is this API's own address; "" if it is not known.
func (m *Module) APIURL() string { return m.settings.PublicURL }

// Close ends what the module has started.
func (m *Module) Close() { m.workshop.Close() }

// WorkOnPictures makes a process that the module has started what it was started for; it tells whether it was one, and then the program is to end. A
// program that is named in Settings.Program calls it first of all.
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

// Ready checks that Q2A's folder, if there is one, can be read. The store is not asked: much works without it.
func (m *Module) Ready(context.Context) error {
	if _, err := os.Stat(m.settings.Folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("folder of blobs: %w", err)
	}
	return nil
}

// Allowances are what may be posted to the paths where that is more, or takes longer, than elsewhere.
func (m *Module) Allowances() map[string]web.Allowance {
	upload := web.Allowance{Bytes: m.settings.UploadLimit + formBytes, Time: m.settings.UploadTime}
	return map[string]web.Allowance{uploadPath: upload, avatarPath: upload}
}

// unread is the error of a request for a file that cannot be read, or is not there.
func unread(ctx context.Context, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return problem.NotFound()
	}
	return failed(ctx, "read a file", err)
}

// failed is the error of a request whose work the store did not do: the client's to try again, if the store is away.
func failed(ctx context.Context, doing string, err error) error {
	if errors.Is(err, storage.ErrUnavailable) {
		slog.ErrorContext(ctx, "the store of files does not answer", "doing", doing, "error", err)
		return problem.New("unavailable")
	}
	return fmt.Errorf("%s: %w", doing, err)
}
