package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media/internal/picture"
	"38qa.net/backend/modules/media/internal/workshop"
	"38qa.net/backend/modules/site"
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

// Uploaded is a file that has been taken in.
type Uploaded struct {
	ID     string `json:"id" doc:"Text, since it can be beyond 2^53"`
	URL    string `json:"url" doc:"Where it is, for the contents of posts"`
	Format string `json:"format" doc:"jpg, png, gif or webp of pictures; of other files the ending of their names"`
	Width  int    `json:"width,omitempty" doc:"Of pictures, in pixels"`
	Height int    `json:"height,omitempty" doc:"Of pictures, in pixels"`
	Bytes  int    `json:"bytes"`
}

type uploadInput struct {
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `form:"file" contentType:"application/octet-stream" required:"true" doc:"The file: a picture (JPEG, PNG, GIF or WebP, by its content) or, where the site allows that, any other"`
	}]
}

type uploadOutput struct {
	Location string        `header:"Location"`
	Cookie   []http.Cookie `header:"Set-Cookie"`
	Body     Uploaded
}

func (m *Module) registerUploads(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "upload", Method: http.MethodPost, Path: uploadPath, Tags: []string{"Media"}, Summary: "Upload a picture, or another file where the site allows that",
		Description: "What cameras write down about place and person is removed, and the picture is turned as they say it was held. It counts against the hourly limit of uploads, " +
			"by account and by address; visitors get the cookie by which their posts are known.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: m.Allowances()[uploadPath].Bytes,
		Errors: []int{http.StatusForbidden, http.StatusRequestEntityTooLarge},
	}, func(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
		file := in.RawBody.Data().File
		defer func() {
			_ = file.Close()                // it was read to its end or is of no use
			_ = in.RawBody.Form.RemoveAll() // of large files there is one on disk, which nobody else removes
		}()
		return m.upload(ctx, file, file.Filename)
	})
	m.registerDirect(api)
	m.registerAvatars(api)
	m.registerDelete(api)
}

// uploader is who uploads, under the rules of the site.
type uploader struct {
	o      *site.Options
	caller auth.Caller
}

// uploader finds out whether the caller may upload now, before any work.
func (m *Module) uploader(ctx context.Context) (u uploader, err error) {
	u.caller = auth.CallerOf(ctx)
	if u.o, err = m.mayUpload(ctx, u.caller); err != nil {
		return u, err
	}
	return u, auth.CheckLimit(ctx, m.db, u.o, u.caller, auth.Uploads)
}

// mayUpload finds out whether the caller may upload at all.
func (m *Module) mayUpload(ctx context.Context, c auth.Caller) (*site.Options, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	if reason := auth.Permit(o, c, "", c.Level); reason != auth.Permitted {
		return nil, reason.Problem()
	}
	return o, nil
}

// charge counts an upload, and finds the cookie by which a visitor is known.
func (u uploader) charge(ctx context.Context, tx *database.DB) (cookie string, set []http.Cookie, err error) {
	if err := auth.CheckLimit(ctx, tx, u.o, u.caller, auth.Uploads); err != nil {
		return "", nil, err
	}
	if cookie = u.caller.CookieID; u.caller.Anonymous() {
		if cookie, err = auth.CookieFor(ctx, tx, u.caller); err != nil {
			return "", nil, err
		}
		set = []http.Cookie{auth.VisitorCookie(cookie)}
	}
	return cookie, set, auth.Charge(ctx, tx, u.caller, auth.Uploads)
}

// upload takes a file in.
func (m *Module) upload(ctx context.Context, file io.Reader, name string) (*uploadOutput, error) {
	u, err := m.uploader(ctx)
	if err != nil {
		return nil, err
	}
	done, err := turn(ctx, m.taking)
	if err != nil {
		return nil, err
	}
	defer done()
	content, err := m.read(file)
	if err != nil {
		return nil, err
	}
	a, err := m.accept(ctx, u.o, content, name)
	if err != nil {
		return nil, err
	}
	out := &uploadOutput{}
	id, err := m.keep(ctx, a, "", m.once, func(tx *database.DB) (owner, error) {
		cookie, set, err := u.charge(ctx, tx)
		out.Cookie = set
		return owner{u.caller.UserID, cookie, u.caller.IP}, err
	})
	if err != nil {
		return nil, err
	}
	out.Body = m.answer(id, a)
	out.Location = uploadPath + "/" + id
	return out, nil
}

// answer tells of a file that has been taken in.
func (m *Module) answer(id string, a accepted) Uploaded {
	return Uploaded{ID: id, URL: uploadPath + "/" + id, Format: a.format, Width: a.info.Width, Height: a.info.Height, Bytes: len(a.content)}
}

// read is the whole content of an upload, if it is not too long.
func (m *Module) read(file io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(file, m.settings.UploadLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read an upload: %w", err)
	}
	if int64(len(content)) > m.settings.UploadLimit {
		return nil, problem.New("body_too_large")
	}
	return content, nil
}

// accepted is a file as it is stored; the info of what is no picture is zero.
type accepted struct {
	format, name string
	content      []byte
	info         picture.Info
}

// accept makes of what was sent the file that is stored. Only pictures are taken, cleaned, unless the site's editor takes everything
// (option wysiwyg_editor_upload_all of Q2A's editor): but never what calls itself a picture and is none.
func (m *Module) accept(ctx context.Context, o *site.Options, content []byte, name string) (a accepted, err error) {
	a.name = storedName(name)
	made, err := m.workshop.Do(ctx, workshop.Order{Content: content, Clean: true})
	a.content, a.info = made.Clean, made.Info
	var size *picture.SizeError
	switch {
	case errors.As(err, &size):
		return a, invalid("picture_too_large", size.Limit)
	case errors.Is(err, picture.ErrNotAnImage) && isHEIC(content):
		return a, invalid("heic_picture")
	case errors.Is(err, picture.ErrNotAnImage):
		ending := fileEnding(a.name)
		if !o.Bool("wysiwyg_editor_upload_all") || len(content) == 0 || ending == "" || slices.Contains(pictureFormats, ending) {
			return a, invalid("no_picture")
		}
		a.format, a.content = ending, content
	case errors.Is(err, picture.ErrBroken):
		return a, invalid("broken_picture")
	case err != nil:
		return a, err
	default:
		a.format = formats[a.info.Format]
	}
	if len(a.content) > maxStored {
		return a, problem.New("body_too_large")
	}
	return a, nil
}

// isHEIC tells whether it is a picture as newer phones store it. There is no decoder for these that could be trusted with what strangers send; phones
// themselves send a JPEG to forms that ask for one.
func isHEIC(content []byte) bool {
	return len(content) >= 12 && string(content[4:8]) == "ftyp" && slices.Contains([]string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}, string(content[8:12]))
}

func invalid(code string, args ...any) error {
	return problem.Invalid(problem.Field{Name: "file", Code: code, Args: args})
}

// formats are pictures' formats as Q2A calls them.
var formats = map[string]string{picture.JPEG: "jpg", picture.PNG: "png", picture.GIF: "gif", picture.WebP: "webp"}

// maxFormat is the longest format that Q2A's table holds, in characters.
const maxFormat = 20

// fileEnding is what Q2A takes as the format of a file that is no picture: the ending of its name.
func fileEnding(name string) string {
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	if len(ending) > maxFormat || notFormat.MatchString(ending) {
		return ""
	}
	return ending
}

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
