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
	"38qa.net/backend/modules/kernel/observe"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media/internal/picture"
	"38qa.net/backend/modules/media/internal/workshop"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

const (
	// maxStored is the length of the longest content that Q2A's column (a MEDIUMBLOB) can hold,
	// in bytes.
	maxStored = 1<<24 - 1
	// maxName is the length of the longest file name that Q2A's column can hold, in characters.
	maxName = 255

	// uploadPath is the path to which files are posted. formBytes is how long the rest of the
	// form may be, in bytes.
	uploadPath = "/v1/media"
	formBytes  = 64 << 10
)

// Uploaded describes a file that has been stored.
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
	auth.VisitorHeaders

	Location string `header:"Location"`
	Body     Uploaded
}

func (m *Module) registerUploads(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "upload-media", Method: http.MethodPost, Path: uploadPath, Tags: []string{"Media"},
		Summary: "Upload a picture, or another file where the site allows that",
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

// closeForm closes the file of a form, which has been read to its end or is not needed. It also
// removes the temporary file on disk that the server makes of a large upload, which nothing else
// would remove.
func closeForm(file huma.FormFile, form *multipart.Form) {
	_ = file.Close()
	_ = form.RemoveAll()
}

// uploader is the caller who uploads a file, with the site's options.
type uploader struct {
	o      *site.Options
	caller auth.Caller
}

// uploader returns an error if the caller may not upload now, by may or by the limit of uploads.
// It is called before the file is read.
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

// permission is a function that returns nil if the caller may do something, and the problem to
// respond with if not.
type permission func(o *site.Options, c auth.Caller) error

// unblocked permits all callers who are not blocked.
func unblocked(o *site.Options, c auth.Caller) error {
	if reason := auth.Permit(o, c, option.None, c.Level); reason != auth.Permitted {
		return reason.Problem()
	}
	return nil
}

// uploadSwitches are the options of Q2A's editors for uploads. At least one of them must be on
// for files in posts to be accepted.
var uploadSwitches = []option.Key{option.WysiwygEditorUploadImages, option.MediumEditorUploadImages}

// UploadsOn reports whether the site lets people put pictures of their own into posts.
func UploadsOn(o *site.Options) bool { return slices.ContainsFunc(uploadSwitches, o.Bool) }

// textOptions are the options for who may write or edit posts, in which uploaded files are shown.
var textOptions = []option.Key{option.PermitPostQ, option.PermitPostA, option.PermitPostC, option.PermitEditQ,
	option.PermitEditA, option.PermitEditC}

// mayUpload permits the upload of files for posts if an editor of the site accepts uploads, and
// the caller may write or edit at least one kind of post. Q2A itself checks only the editor's
// option.
func mayUpload(o *site.Options, c auth.Caller) error {
	if !slices.ContainsFunc(uploadSwitches, o.Bool) {
		return problem.New(problem.CodeFeatureOff)
	}
	if err := unblocked(o, c); err != nil {
		return err
	}
	var refusal auth.Reason
	for _, permission := range textOptions {
		reason := auth.Permit(o, c, permission, c.MaximumLevel())
		if reason == auth.Permitted {
			return nil
		}
		if refusal == auth.Permitted || refusal == auth.NeedsLevel { // any other reason is more helpful
			refusal = reason
		}
	}
	return refusal.Problem()
}

// receive checks that the caller may upload, waits until there is room in memory, and reads the
// file. The caller must call done, which gives the room back, if the error is nil.
func (m *Module) receive(ctx context.Context, may permission, file io.Reader) (
	u uploader, content []byte, done func(), err error,
) {
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

// charge counts the upload against the caller's limit. It returns the caller, a visitor with the id of
// the cookie by which the visitor is known from now on.
func (u uploader) charge(ctx context.Context, tx *database.DB) (c auth.Caller, err error) {
	c = u.caller
	if err := auth.CheckLimit(ctx, tx, u.o, c, auth.Uploads); err != nil {
		return c, err
	}
	if c.Anonymous() {
		if c.CookieID, err = auth.CookieFor(ctx, tx, c); err != nil {
			return c, err
		}
	}
	return c, auth.Charge(ctx, tx, c, auth.Uploads)
}

// upload checks, cleans and stores a posted file.
func (m *Module) upload(ctx context.Context, file io.Reader, name string) (_ *uploadOutput, err error) {
	defer func() { observe.Uploads.Add(1, problem.Outcome(err)) }()
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
		c, err := u.charge(ctx, tx)
		out.VisitorHeaders = auth.HeadersOf(c)
		return owner{c.UserID, c.CookieID, c.IP}, err
	})
	if err != nil {
		return nil, err
	}
	out.Body = m.answer(id, a)
	out.Location = uploadPath + "/" + id
	return out, nil
}

// answer returns the body of the response that describes a stored file.
func (m *Module) answer(id string, a accepted) Uploaded {
	return Uploaded{ID: id, URL: m.address(id, 0), Format: a.format, Width: a.info.Width,
		Height: a.info.Height, Bytes: len(a.content)}
}

// read returns the whole content of an upload, or a problem if it is longer than the upload
// limit.
func (m *Module) read(file io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(file, m.settings.UploadLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read an upload: %w", err)
	}
	if int64(len(content)) > m.settings.UploadLimit {
		return nil, problem.New(problem.CodeBodyTooLarge)
	}
	return content, nil
}

// accepted is a file in the form in which it is stored. Its info is zero if it is no picture.
type accepted struct {
	format, name string
	content      []byte
	info         picture.Info
}

// accept turns uploaded content into the file to store. Pictures are cleaned. Other files are
// accepted only if the site's editor accepts all files (wysiwyg_editor_upload_all, an option of
// Q2A's editor), and never if a name ends like a picture's and the content is none.
func (m *Module) accept(
	ctx context.Context, o *site.Options, content []byte, name string,
) (a accepted, err error) {
	a.name = storedName(name)
	made, err := m.workshop.Do(ctx, workshop.Order{Content: content, Clean: true})
	switch {
	case err == nil:
		a.content, a.info, a.format = made.Clean, made.Info, formats[made.Info.Format]
	case errors.Is(err, picture.ErrNotAnImage) && o.Bool(option.WysiwygEditorUploadAll) &&
		isOtherFile(content, a.name):
		a.content, a.format = content, fileEnding(a.name)
	default:
		return a, refusal(content, err)
	}
	if len(a.content) > maxStored {
		return a, problem.New(problem.CodeBodyTooLarge)
	}
	return a, nil
}

// isOtherFile reports whether content that is no picture may be stored as another file: it is not
// empty, and neither its content nor its name pretends to be a picture.
func isOtherFile(content []byte, name string) bool {
	ending := fileEnding(name)
	return len(content) > 0 && !picture.IsHEIC(content) && ending != "" && !slices.Contains(pictureFormats, ending)
}

// refusal returns the problem with which content is refused that is no acceptable picture. It
// returns all other errors unchanged.
func refusal(content []byte, err error) error {
	var size *picture.SizeError
	switch {
	case errors.As(err, &size):
		return invalid(fieldPictureTooLarge, size.Limit)
	case errors.Is(err, picture.ErrNotAnImage) && picture.IsHEIC(content):
		return invalid(fieldHEICPicture)
	case errors.Is(err, picture.ErrNotAnImage):
		return invalid(fieldNoPicture)
	case errors.Is(err, picture.ErrBroken):
		return invalid(fieldBrokenPicture)
	}
	return err
}

func invalid(code problem.FieldCode, args ...any) error {
	return problem.Invalid(problem.Field{Name: "file", Code: code, Args: args})
}

// formats maps the formats of package picture to the names that Q2A gives them.
var formats = map[string]string{picture.JPEG: "jpg", picture.PNG: "png", picture.GIF: "gif",
	picture.WebP: "webp"}

// maxFormat is the length of the longest format that Q2A's column can hold, in characters.
const maxFormat = 20

// fileEnding returns the lower-case ending of a file name, which Q2A uses as the format of files
// that are no pictures. It returns "" for an ending that Q2A's table cannot hold.
func fileEnding(name string) string {
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	if len(ending) > maxFormat || notFormat.MatchString(ending) {
		return ""
	}
	return ending
}

// storedName returns a file name that Q2A's table can hold, without directories and without
// characters that could make its ending look like another.
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
