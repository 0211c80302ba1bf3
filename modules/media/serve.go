package media

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media/internal/storage"
	"38qa.net/backend/modules/media/internal/workshop"
)

// movedFor is the Cache-Control header of redirects to the CDN. Caches may keep a redirect for an
// hour only: a file's address at the CDN never changes, but the file need not be there forever.
const movedFor = "public, max-age=3600"

type mediaInput struct {
	ID    string `path:"id" pattern:"^[0-9]{1,20}$" doc:"Id of the file; text, since it can be beyond 2^53"`
	Size  int    `query:"size" minimum:"1" maximum:"2048" doc:"Scale the image down so that no side is longer, in pixels; the answer is a JPEG"`
	Shape string `query:"shape" enum:"square" doc:"With size: the middle of the image, with equal sides"`
}

func (m *Module) registerServing(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "get-media", Method: http.MethodGet, Path: uploadPath + "/{id}", Tags: []string{"Media"},
		Summary: "A file: an image of a post, an avatar, an attachment",
		Description: "With size a JPEG with no side longer than that; smaller images keep their size. Files never change, so that they may be kept for ever. " +
			"Where the site has a CDN, the answer can be its address (302).",
		Errors: []int{http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable},
		Responses: map[string]*huma.Response{"200": {Description: "The file",
			Content: map[string]*huma.MediaType{"image/*": {}, "application/octet-stream": {}}},
			"206": {Description: "The part of it that Range asks for"},
			"302": {Description: "The file's address at the CDN"}},
	}, func(ctx context.Context, in *mediaInput) (*huma.StreamResponse, error) {
		if in.Shape != "" && in.Size == 0 {
			return nil, problem.Invalid(problem.Field{Name: "shape", Code: fieldNotWithout,
				Args: []any{"size"}})
		}
		f, err := m.file(ctx, in.ID, in.Size, in.Shape != "")
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) { f.serve(humaecho.Unwrap(hc)) }}, nil
	})
}

// Routes adds the old site's addresses of images: /image/{id}[/{size}], /blob/{id}, and the
// addresses to which ?qa=image and ?qa=blob at the root are rewritten.
func (m *Module) Routes(e *echo.Echo) {
	serve := func(c echo.Context) error {
		id, size := firstOf(c.Param("id"), c.QueryParam("qa_blobid")),
			firstOf(c.Param("size"), c.QueryParam("qa_size"))
		if strings.HasPrefix(c.Path(), "/blob") {
			size = ""
		}
		if !blobID.MatchString(id) || size != "" && strings.Trim(size, "0123456789") != "" {
			return problem.NotFound()
		}
		pixels := 0
		for _, digit := range size {
			pixels = min(pixels*10+int(digit-'0'), maxSize)
		}
		f, err := m.file(c.Request().Context(), id, pixels, false)
		if err != nil {
			return err
		}
		f.serve(c)
		return nil
	}
	for _, path := range []string{"/image", "/image/", "/image/:id", "/image/:id/:size", "/blob",
		"/blob/", "/blob/:id"} {
		e.GET(path, serve)
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// served is the response to a request for a file: either its content, or the address to redirect
// to.
type served struct {
	contentType, disposition, tag string
	content                       io.ReadSeeker
	at                            string
}

// file returns the response for a blob. If size is not 0, the blob is an image that is scaled
// down.
func (m *Module) file(ctx context.Context, id string, size int, square bool) (*served, error) {
	if size > 0 {
		k := renditionKey{id, workshop.Version{Size: size, Square: square}}
		if m.settings.CDN != "" && m.atCDN(ctx, k) {
			return &served{at: m.settings.CDN + "/" + k.object()}, nil
		}
		content, err := m.rendition(ctx, k)
		if err != nil {
			return nil, err
		}
		return &served{
			contentType: "image/jpeg", disposition: "inline", tag: `"` + k.tag() + `"`,
			content: bytes.NewReader(content),
		}, nil
	}
	b, err := m.find(ctx, id)
	if err != nil {
		return nil, unread(ctx, err)
	}
	s := &served{
		contentType: typeOf(b.format), disposition: "inline", tag: `"` + id + `"`,
		content: bytes.NewReader(b.content),
	}
	if b.place == Store {
		if m.settings.CDN != "" {
			return &served{at: m.settings.CDN + "/" + b.key()}, nil
		}
		if s.content, err = m.stream(ctx, b); err != nil {
			return nil, err
		}
	}
	if s.contentType == storage.Unknown {
		s.disposition = "attachment"
	}
	if name := notName.ReplaceAllString(b.name, ""); name != "" {
		s.disposition += `; filename="` + name + `"`
	}
	return s, nil
}

// typeOf returns the media type of one of Q2A's formats, or storage.Unknown for files that
// browsers must not show.
func typeOf(format string) string { return storage.TypeByEnding("." + format) }

// notName matches the characters that a file name in a header must not have.
var notName = regexp.MustCompile(`[^A-Za-z0-9 ._-]+`)

// stream returns a reader of a blob that is in the store; the content is read while it is sent.
func (m *Module) stream(ctx context.Context, b *blob) (io.ReadSeeker, error) {
	// Sending the file may take longer than the time limit of requests. It ends when the client
	// disconnects.
	o := &object{ctx: context.WithoutCancel(ctx), store: m.store, key: b.key()}
	var info storage.Info
	var err error
	o.body, info, err = m.store.Get(o.ctx, o.key, 0, -1)
	if err != nil {
		content, err := m.instead(ctx, b, err)
		if err != nil {
			return nil, unread(ctx, err)
		}
		return bytes.NewReader(content), nil
	}
	o.size = info.Size
	return o, nil
}

// object is an object of the store as an io.ReadSeeker. After a seek it opens the object again at
// the new position.
type object struct {
	ctx   context.Context //nolint:containedctx // the request's; io.Reader takes none
	store storage.Store
	key   string
	size  int64
	// at is the position of the next byte to read, and from the position at which body continues.
	// body is nil if nothing is open.
	at, from int64
	body     io.ReadCloser
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	if o.at >= o.size {
		return 0, io.EOF
	}
	if o.body != nil && o.from != o.at {
		_ = o.Close()
	}
	if o.body == nil {
		body, _, err := o.store.Get(o.ctx, o.key, o.at, -1)
		if err != nil {
			return 0, err
		}
		o.body, o.from = body, o.at
	}
	n, err := o.body.Read(p)
	o.at += int64(n)
	o.from = o.at
	return n, err
}

// Seek implements io.Seeker. It reads nothing.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, errors.New("seek: before the beginning")
	}
	o.at = offset
	return offset, nil
}

// Close closes the part of the object that is being read, if any.
func (o *object) Close() error {
	if o.body != nil {
		_ = o.body.Close() // nothing was written
		o.body = nil
	}
	return nil
}

// serve sends the file, the part of it that the request's Range header asks for, or the redirect.
func (s *served) serve(c echo.Context) {
	h := c.Response().Header()
	if s.at != "" {
		h.Set("Cache-Control", movedFor)
		http.Redirect(c.Response(), c.Request(), s.at, http.StatusFound)
		return
	}
	if o, ok := s.content.(*object); ok {
		defer o.Close()
	}
	h.Set("Content-Type", s.contentType)
	h.Set("Content-Disposition", s.disposition)
	h.Set("Cache-Control", storage.CacheControl)
	h.Set("ETag", s.tag)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	web.Stream(c.Response())
	w := &rangeWriter{ResponseWriter: c.Response()}
	http.ServeContent(w, c.Request(), "", time.Time{}, s.content)
	if w.refused {
		h.Del("Content-Type")
		h.Del("Content-Disposition")
		c.Error(problem.New(problem.CodeRangeNotSatisfiable))
	}
}

// rangeWriter drops the plain text with which package http refuses a range that a file does not
// have, so that the API's own error can be sent instead. The header Content-Range, which gives
// the file's size, is kept.
type rangeWriter struct {
	http.ResponseWriter
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (w *rangeWriter) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter.
func (w *rangeWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap returns the wrapped writer, for http.ResponseController.
func (w *rangeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// address returns the address at which clients get a file, or the version of an image with that
// size if size is not 0.
func (m *Module) address(id string, size int) string {
	address := m.site.APIURL() + uploadPath + "/" + id
	if size > 0 {
		address += "?size=" + strconv.Itoa(size)
	}
	return address
}
