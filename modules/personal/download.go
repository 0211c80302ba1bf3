package personal

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"

	"38qa.net/backend/modules/kernel/web"
)

const downloadPath = "/v1/exports"

type downloadInput struct {
	Token string `query:"token" required:"true" maxLength:"100" doc:"Stands in the link"`
}

// registerDownload adds the operation that hands out archives. It asks for no sign-in, since browsers and
// programs that download files send none.
func (m *Module) registerDownload(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "download-export", Method: http.MethodGet, Path: downloadPath, Tags: []string{"Me"},
		Summary:     "The archive (ZIP) of an export",
		Description: "Needs no sign-in, but the link of GET /v1/me/export, which works for some days.",
		Errors:      []int{http.StatusNotFound},
		Responses: map[string]*huma.Response{"200": {Description: "The archive",
			Content: map[string]*huma.MediaType{"application/zip": {}}},
			"206": {Description: "The part of it that Range asks for, if it has that part"}},
	}, func(ctx context.Context, in *downloadInput) (*huma.StreamResponse, error) {
		r, err := m.owned(ctx, in.Token)
		if err != nil {
			return nil, err
		}
		archive, err := m.files.OpenArchive(ctx, r.object)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer archive.Close()
			c := humaecho.Unwrap(hc)
			h := c.Response().Header()
			h.Set("Content-Type", "application/zip")
			h.Set("Content-Disposition", `attachment; filename="`+archiveName(r.asked)+`"`)
			h.Set("Cache-Control", "no-store")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("X-Content-Type-Options", "nosniff")
			keepRange(c.Request(), archive)
			web.Stream(c.Response())
			http.ServeContent(c.Response(), c.Request(), "", time.Time{}, archive)
		}}, nil
	})
}

var oneRange = regexp.MustCompile(`^bytes=(\d{1,15})-(\d{0,15})$`)

// keepRange removes the header Range from a request unless it asks for one part that the content has. Then all of it
// is sent, as HTTP allows.
func keepRange(r *http.Request, content io.Seeker) {
	size, err := content.Seek(0, io.SeekEnd)
	if found := oneRange.FindStringSubmatch(r.Header.Get("Range")); err == nil && found != nil {
		from, _ := strconv.ParseInt(found[1], 10, 64) // digits
		to, open := strconv.ParseInt(found[2], 10, 64)
		if from < size && (open != nil || from <= to) {
			return
		}
	}
	r.Header.Del("Range")
}

// archiveName returns the name under which browsers save an archive. It names neither the member nor the site.
func archiveName(asked int64) string {
	return "export-" + time.Unix(asked, 0).UTC().Format("2006-01-02") + ".zip"
}
