package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media/internal/picture"
)

const (
	// maxStored is the longest that Q2A's column of contents holds (MEDIUMBLOB), in bytes.
	maxStored = 1<<24 - 1
	// maxName is the longest that its column of names holds, in characters.
	maxName = 255

	// uploadPath is where files are posted to, formBytes what their form may have beside them.
	uploadPath = "/v1/media"
	formBytes  = 64 << 10
)

// PostLimits are the most bytes that may be posted, for the paths where that is more than elsewhere.
func (m *Module) PostLimits() map[string]int64 {
	return map[string]int64{uploadPath: m.settings.UploadLimit + formBytes}
}

// Uploaded is a picture that has been taken in.
type Uploaded struct {
	ID     string `json:"id" doc:"Text, since it can be beyond 2^53"`
	URL    string `json:"url" doc:"Where it is, for the contents of posts"`
	Format string `json:"format" enum:"jpg,png,gif,webp"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Bytes  int    `json:"bytes"`
}

type uploadInput struct {
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `form:"file" contentType:"image/jpeg,image/png,image/gif,image/webp,application/octet-stream" required:"true" doc:"The picture: JPEG, PNG, GIF or WebP, by its content"`
	}]
}

type uploadOutput struct {
	Location string        `header:"Location"`
	Cookie   []http.Cookie `header:"Set-Cookie"`
	Body     Uploaded
}

func (m *Module) registerUploads(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "upload", Method: http.MethodPost, Path: uploadPath, Tags: []string{"Media"}, Summary: "Upload a picture",
		Description: "What cameras write down about place and person is removed, and the picture is turned as they say it was held. It counts against the hourly limit of uploads, " +
			"by account and by address; visitors get the cookie by which their posts are known.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: m.PostLimits()[uploadPath],
		Errors: []int{http.StatusForbidden, http.StatusRequestEntityTooLarge},
	}, func(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
		file := in.RawBody.Data().File
		defer func() { _ = file.Close() }() // it was read to its end or is of no use
		return m.upload(ctx, file, file.Filename)
	})
}

// upload takes a picture in.
func (m *Module) upload(ctx context.Context, file io.Reader, name string) (*uploadOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	if reason := auth.Permit(o, caller, "", caller.Level); reason != auth.Permitted {
		return nil, reason.Problem()
	}
	if err := auth.CheckLimit(ctx, m.db, o, caller, auth.Uploads); err != nil {
		return nil, err // before any work
	}
	content, err := io.ReadAll(io.LimitReader(file, m.settings.UploadLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read an upload: %w", err)
	}
	if int64(len(content)) > m.settings.UploadLimit {
		return nil, problem.New("body_too_large")
	}
	b, info, err := m.clean(ctx, content, name)
	if err != nil {
		return nil, err
	}
	out := &uploadOutput{Body: Uploaded{Format: b.format, Width: info.Width, Height: info.Height, Bytes: len(b.content)}}
	var tried []int
	id, err := web.Once(ctx, m.db, func(tx *database.DB) (int, error) {
		if err := auth.CheckLimit(ctx, tx, o, caller, auth.Uploads); err != nil {
			return 0, err
		}
		cookie := caller.CookieID
		if caller.Anonymous() {
			if cookie, err = auth.CookieFor(ctx, tx, caller); err != nil {
				return 0, err
			}
			out.Cookie = []http.Cookie{auth.VisitorCookie(cookie)}
		}
		if err := auth.Charge(ctx, tx, caller, auth.Uploads); err != nil {
			return 0, err
		}
		id, err := m.insert(ctx, tx, b, caller, cookie)
		tried = append(tried, id)
		return id, err
	})
	if err != nil {
		return nil, err // a file may be left: whether its row is there cannot be told of every failure
	}
	for _, other := range tried[:max(len(tried)-1, 0)] { // the transaction ran again
		if err := os.Remove(blobPath(m.settings.Folder, strconv.Itoa(other), b.format)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			slog.WarnContext(ctx, "file of an upload is left over", "blob", other, "error", err)
		}
	}
	out.Body.ID = strconv.Itoa(id)
	out.Body.URL = uploadPath + "/" + out.Body.ID
	out.Location = out.Body.URL
	return out, nil
}

// clean makes of what was sent the blob that is stored.
func (m *Module) clean(ctx context.Context, content []byte, name string) (*blob, picture.Info, error) {
	select {
	case m.working <- struct{}{}:
		defer func() { <-m.working }()
	case <-ctx.Done():
		return nil, picture.Info{}, ctx.Err()
	}
	cleaned, info, err := picture.Clean(content, picture.Default)
	var size *picture.SizeError
	switch {
	case errors.As(err, &size):
		return nil, info, problem.Invalid(problem.Field{Name: "file", Code: "picture_too_large", Args: []any{size.Limit}})
	case errors.Is(err, picture.ErrNotAnImage):
		return nil, info, problem.Invalid(problem.Field{Name: "file", Code: "no_picture"})
	case err != nil:
		return nil, info, problem.Invalid(problem.Field{Name: "file", Code: "broken_picture"})
	case len(cleaned) > maxStored:
		return nil, info, problem.New("body_too_large")
	}
	return &blob{format: formats[info.Format], name: storedName(name), content: cleaned}, info, nil
}

// formats are pictures' formats as Q2A calls them.
var formats = map[string]string{picture.JPEG: "jpg", picture.PNG: "png", picture.GIF: "gif", picture.WebP: "webp"}

// storedName is a file's name as the table can hold it.
func storedName(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r > 0xffff || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[len(runes)-maxName:]) // its ending says more than its beginning
	}
	if name == "." || name == "/" {
		return ""
	}
	return name
}

// insert stores a blob as Q2A does, in the folder of blobs if there is one, and returns its id.
func (m *Module) insert(ctx context.Context, tx *database.DB, b *blob, c auth.Caller, cookie string) (int, error) {
	free, err := tx.FreeID(ctx, "{blobs}", "blobid", database.SignedIDs) // so that web.Once can keep it as a number
	if err != nil {
		return 0, err
	}
	id := int(free)
	var content, name, user, visitor, ip any = b.content, nil, nil, nil, nil
	if m.settings.StoreOnDisk {
		// The file is there before the row, which then finds it whatever happens; without its row nobody asks for it.
		if err := Store(m.settings.Folder, strconv.Itoa(id), b.format, b.content); err != nil {
			return 0, err
		}
		content = nil
	}
	if b.name != "" {
		name = b.name
	}
	if !c.Anonymous() {
		user = c.UserID
	}
	if cookie != "" {
		visitor = cookie
	}
	if c.IP.IsValid() {
		ip = c.IP.AsSlice()
	}
	_, err = tx.Exec(ctx, "INSERT INTO {blobs} (blobid, format, content, filename, userid, cookieid, createip, created) VALUES (?, ?, ?, ?, ?, ?, ?, FROM_UNIXTIME(?))",
		id, b.format, content, name, user, visitor, ip, tx.Now())
	if err != nil {
		return 0, fmt.Errorf("store an upload: %w", err)
	}
	return id, nil
}
