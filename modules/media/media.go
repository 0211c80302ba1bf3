// Package media takes in and serves the images of posts and users: in the database or Q2A's folder, whole or scaled down.
//
// Its public face: New, Register, Routes (the old site's addresses of images) and Store, by which the demonstration
// puts files into the folder.
package media

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site"
)

// Module is the media module.
type Module struct {
	db       *database.DB
	site     *site.Module
	settings Settings
	scaled   *otter.Cache[scaledKey, []byte]
	working  chan struct{}
}

type scaledKey struct {
	blob string
	size int
}

// scaledBytes bounds the memory of scaled images that are kept.
const scaledBytes = 16 << 20

// Settings of the module; see package config.
type Settings struct {
	// Folder is Q2A's folder of blobs (QA_BLOBS_DIRECTORY).
	Folder string
	// StoreOnDisk tells that uploads go into the folder, as Q2A puts them where it has one; otherwise they go into the database.
	StoreOnDisk bool
	// UploadLimit is the largest file that is taken in, in bytes.
	UploadLimit int64
}

// New returns the module.
func New(db *database.DB, s *site.Module, settings Settings) *Module {
	return &Module{
		db: db, site: s, settings: settings, working: make(chan struct{}, 2),
		scaled: otter.Must(&otter.Options[scaledKey, []byte]{
			MaximumWeight: scaledBytes,
			Weigher:       func(_ scaledKey, v []byte) uint32 { return uint32(min(len(v)+100, 1<<30)) },
		}),
	}
}

// maxSize is the longest side, in pixels, to which images are scaled.
const maxSize = 2048

// immutable lets every cache keep an image for a year: blobs never change, a new upload has a new id.
const immutable = "public, max-age=31536000, immutable"

type mediaInput struct {
	ID   string `path:"id" pattern:"^[0-9]{1,20}$" doc:"Id of the file; text, since it can be beyond 2^53"`
	Size int    `query:"size" minimum:"1" maximum:"2048" doc:"Scale the image down so that no side is longer, in pixels; the answer is a JPEG"`
}

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerUploads(api)
	web.Register(api, huma.Operation{
		OperationID: "get-media", Method: http.MethodGet, Path: "/v1/media/{id}", Tags: []string{"Media"},
		Summary: "A file: an image of a post, an avatar, an attachment", Description: "With size a JPEG with no side longer than that; smaller images keep their size.",
		Errors:    []int{http.StatusNotFound},
		Responses: map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{"image/*": {}, "application/octet-stream": {}}}},
	}, func(ctx context.Context, in *mediaInput) (*huma.StreamResponse, error) {
		f, err := m.file(ctx, in.ID, in.Size)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) { f.serve(humaecho.Unwrap(hc)) }}, nil
	})
}

// Routes adds the old site's addresses of images: /image/{id}[/{size}], and those that the root's ?qa=blob and ?qa=image
// lead to.
func (m *Module) Routes(e *echo.Echo) {
	serve := func(c echo.Context) error {
		id, size := firstOf(c.Param("id"), c.QueryParam("qa_blobid")), firstOf(c.Param("size"), c.QueryParam("qa_size"))
		if strings.HasPrefix(c.Path(), "/blob") {
			size = ""
		}
		if !blobID.MatchString(id) || size != "" && !sizeForm.MatchString(size) {
			return problem.NotFound()
		}
		pixels := 0
		for _, digit := range size {
			pixels = min(pixels*10+int(digit-'0'), maxSize)
		}
		f, err := m.file(c.Request().Context(), id, pixels)
		if err != nil {
			return err
		}
		f.serve(c)
		return nil
	}
	for _, path := range []string{"/image", "/image/", "/image/:id", "/image/:id/:size", "/blob", "/blob/", "/blob/:id"} {
		e.GET(path, serve)
	}
}

var (
	blobID   = regexp.MustCompile(`^[0-9]{1,20}$`)
	sizeForm = regexp.MustCompile(`^[0-9]{1,9}$`)
)

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// blob is a row of the table of blobs with its bytes, wherever they lie.
type blob struct {
	format, name string
	content      []byte
}

// read finds a blob.
func (m *Module) read(ctx context.Context, id string) (*blob, error) {
	b := &blob{}
	var name sql.NullString
	found, err := m.db.Get(ctx, []any{&b.format, &name, &b.content}, "SELECT format, filename, content FROM {blobs} WHERE blobid = ?", id)
	if err != nil {
		return nil, fmt.Errorf("read blob: %w", err)
	}
	if !found {
		return nil, problem.NotFound()
	}
	b.name = name.String
	if b.content == nil {
		if b.content, err = os.ReadFile(blobPath(m.settings.Folder, id, b.format)); errors.Is(err, fs.ErrNotExist) {
			return nil, problem.NotFound()
		} else if err != nil {
			return nil, fmt.Errorf("read blob's file: %w", err)
		}
	}
	return b, nil
}

var notFormat = regexp.MustCompile(`[^A-Za-z0-9]`)

// blobPath is where Q2A keeps a blob in its folder of blobs: below a folder named by the first three of the id's twenty digits.
func blobPath(folder, id, format string) string {
	padded := strings.Repeat("0", max(0, 20-len(id))) + id
	return filepath.Join(folder, padded[:3], id+"."+notFormat.ReplaceAllString(format, ""))
}

// Store puts a blob's bytes into Q2A's folder of blobs, where both sites find them; the row is the caller's to write.
func Store(folder, id, format string, content []byte) error {
	path := blobPath(folder, id, format)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("store blob: %w", err)
	}
	if err := os.WriteFile(path, content, 0o640); err != nil { //nolint:gosec // readable for the old site's group
		return fmt.Errorf("store blob: %w", err)
	}
	return nil
}

// Ready checks that the folder, if there is one, can be read.
func (m *Module) Ready(context.Context) error {
	if _, err := os.Stat(m.settings.Folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("folder of blobs: %w", err)
	}
	return nil
}

// served is what goes out.
type served struct {
	contentType, disposition, tag string
	content                       []byte
}

// contentTypes of formats that browsers may show; others are for download.
var contentTypes = map[string]string{"jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "png": "image/png", "webp": "image/webp", "pdf": "application/pdf"}

var notName = regexp.MustCompile(`[^A-Za-z0-9 ._-]+`)

// file is a blob, scaled down if size is not 0.
func (m *Module) file(ctx context.Context, id string, size int) (*served, error) {
	if size > 0 {
		content, err := m.scale(ctx, id, size)
		if err != nil {
			return nil, err
		}
		return &served{contentType: "image/jpeg", disposition: "inline", tag: fmt.Sprintf(`"%s-%d"`, id, size), content: content}, nil
	}
	b, err := m.read(ctx, id)
	if err != nil {
		return nil, err
	}
	s := &served{contentType: contentTypes[strings.ToLower(b.format)], disposition: "inline", tag: `"` + id + `"`, content: b.content}
	if s.contentType == "" {
		s.contentType, s.disposition = "application/octet-stream", "attachment"
	}
	if name := notName.ReplaceAllString(b.name, ""); name != "" {
		s.disposition += `; filename="` + name + `"`
	}
	return s, nil
}

// serve sends the file, or the part of it that was asked for.
func (s *served) serve(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Type", s.contentType)
	h.Set("Content-Disposition", s.disposition)
	h.Set("Cache-Control", immutable)
	h.Set("ETag", s.tag)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(s.content))
}
