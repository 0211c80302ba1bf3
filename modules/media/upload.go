package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
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
		Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge},
	}, func(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
		file := in.RawBody.Data().File
		defer closeForm(file, in.RawBody.Form)
		return m.upload(ctx, file, file.Filename)
	})
	m.registerDirect(api)
	m.registerAvatars(api)
	m.registerDelete(api)
}

// closeForm closes a form's file, which was read to its end or is of no use. Of large ones there is one on disk, which nobody else removes.
func closeForm(file huma.FormFile, form *multipart.Form) {
	_ = file.Close()
	_ = form.RemoveAll()
}

// uploader is who uploads, under the rules of the site.
type uploader struct {
	o      *site.Options
	caller auth.Caller
}

// uploader finds out whether the caller may upload now, before any work: may is what is asked of the caller.
func (m *Module) uploader(ctx context.Context, may permission) (u uploader, err error) {
	u.caller = auth.CallerOf(ctx)
	if u.o, err = m.site.Options(ctx); err != nil {
		return u, err
	}
	if err := may(u.o, u.caller); err != nil {
		return u, err
	}
	return u, auth.CheckLimit(ctx, m.db, u.o, u.caller, auth.Uploads)
}

// permission returns nil for those who may do something.
type permission func(o *site.Options, c auth.Caller) error

// unblocked permits whoever is not blocked.
func unblocked(o *site.Options, c auth.Caller) error {
	if reason := auth.Permit(o, c, "", c.Level); reason != auth.Permitted {
		return reason.Problem()
	}
	return nil
}

// uploadSwitches are the options of Q2A's editors of which one has to be on for files in posts.
var uploadSwitches = []string{"wysiwyg_editor_upload_images", "medium_editor_upload_images"}

// textOptions govern who may write what files are for.
var textOptions = []string{"permit_post_q", "permit_post_a", "permit_post_c", "permit_edit_q", "permit_edit_a", "permit_edit_c"}

// mayUpload permits files for posts: where the site's editor takes some, to those who may write any kind of post. The old
// site asks the editor's switch only.
func mayUpload(o *site.Options, c auth.Caller) error {
	if !slices.ContainsFunc(uploadSwitches, o.Bool) {
		return problem.New("feature_off")
	}
	if err := unblocked(o, c); err != nil {
		return err
	}
	var refusal auth.Reason
	for _, option := range textOptions {
		reason := auth.Permit(o, c, option, c.MaximumLevel())
		if reason == auth.Permitted {
			return nil
		}
		if refusal == auth.Permitted || refusal == auth.NeedsLevel { // anything else helps more
			refusal = reason
		}
	}
	return refusal.Problem()
}

// receive reads what somebody uploads who may do so, when there is room for it in memory; done gives the room back.
func (m *Module) receive(ctx context.Context, may permission, file io.Reader) (u uploader, content []byte, done func(), err error) {
	if u, err = m.uploader(ctx, may); err != nil {
		return u, nil, nil, err
	}
	if done, err = turn(ctx, m.taking); err != nil {
		return u, nil, nil, err
	}
	if content, err = m.read(file); err != nil {
		done()
	}
	return u, content, done, err
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
		set = []http.Cookie{auth.VisitorCookie(u.caller, cookie)}
	}
	return cookie, set, auth.Charge(ctx, tx, u.caller, auth.Uploads)
}

// upload takes a file in.
func (m *Module) upload(ctx context.Context, file io.Reader, name string) (*uploadOutput, error) {
	u, content, done, err := m.receive(ctx, mayUpload, file)
	if err != nil {
		return nil, err
	}
	defer done()
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
	switch {
	case err == nil:
		a.content, a.info, a.format = made.Clean, made.Info, formats[made.Info.Format]
	case errors.Is(err, picture.ErrNotAnImage) && o.Bool("wysiwyg_editor_upload_all") && isOtherFile(content, a.name):
		a.content, a.format = content, fileEnding(a.name)
	default:
		return a, refusal(content, err)
	}
	if len(a.content) > maxStored {
		return a, problem.New("body_too_large")
	}
	return a, nil
}

// isOtherFile tells whether what is no picture does not pretend to be one.
func isOtherFile(content []byte, name string) bool {
	ending := fileEnding(name)
	return len(content) > 0 && !isHEIC(content) && ending != "" && !slices.Contains(pictureFormats, ending)
}

// refusal is the problem of a content that is no picture that can be taken; other errors stay.
func refusal(content []byte, err error) error {
	var size *picture.SizeError
	switch {
	case errors.As(err, &size):
		return invalid("picture_too_large", size.Limit)
	case errors.Is(err, picture.ErrNotAnImage) && isHEIC(content):
		return invalid("heic_picture")
	case errors.Is(err, picture.ErrNotAnImage):
		return invalid("no_picture")
	case errors.Is(err, picture.ErrBroken):
		return invalid("broken_picture")
	}
	return err
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

// storedName is a file's name as the table can hold it, without what would let its ending look like another.
func storedName(name string) string {
	name = filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.ReplaceAll(formtext.Line(strings.ToValidUTF8(name, "")), "\uFFFD", "")
	if runes := []rune(name); len(runes) > maxName {
		name = string(runes[len(runes)-maxName:]) // its ending says more than its beginning
	}
	if name == "." || name == "/" {
		return ""
	}
	return name
}
