package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/media/internal/picture"
	"38qa.net/backend/modules/media/internal/workshop"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// avatarPath is the path to which users post their own pictures.
const avatarPath = "/v1/me/avatar"

// avatarOptions are Q2A's options for the sizes, in pixels, in which users' pictures are shown.
var avatarOptions = []option.Key{option.AvatarProfileSize, option.AvatarUsersSize, option.AvatarQPageQSize,
	option.AvatarQPageASize, option.AvatarQPageCSize, option.AvatarQListSize, option.AvatarMessageListSize}

// avatarSizes returns the sizes in which an avatar is made before anybody asks for it: those of
// the site's options, and twice each of them for screens with a high resolution. They are sorted
// and in pixels.
func avatarSizes(o *site.Options) []int {
	var sizes []int
	for _, key := range avatarOptions {
		if size := o.Int(key); size > 0 && size <= maxSize/2 {
			sizes = append(sizes, size, 2*size)
		}
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}

type avatarInput struct {
	RawBody huma.MultipartFormFiles[struct {
		File huma.FormFile `form:"file" contentType:"application/octet-stream" required:"true" doc:"The picture: JPEG, PNG, GIF or WebP, by its content"`
		Crop string        `form:"crop" required:"false" enum:"square" doc:"square: store the middle of the picture, with equal sides; else it is stored whole, as the old site does"`
	}]
}

type userAvatarInput struct {
	Handle string `path:"handle" maxLength:"80" doc:"Name of the user"`
	Size   int    `query:"size" minimum:"1" maximum:"1024" doc:"Longest side in pixels; the site's size of pictures in profiles if it is absent"`
}

func (m *Module) registerAvatars(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "upload-avatar", Method: http.MethodPost, Path: avatarPath, Tags: []string{"Me"},
		Summary:       "Upload a picture of oneself, and show it",
		Description:   "The one before is deleted. It counts as an upload.",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: m.Allowances()[avatarPath].Bytes,
		Errors: []int{http.StatusForbidden, http.StatusRequestEntityTooLarge},
	}, func(ctx context.Context, in *avatarInput) (*uploadOutput, error) {
		form := in.RawBody.Data()
		defer closeForm(form.File, in.RawBody.Form)
		if form.Crop != "" && form.Crop != "square" {
			return nil, problem.Invalid(problem.Field{Name: "crop", Code: problem.FieldNotInList,
				Args: []any{"square"}})
		}
		return m.uploadAvatar(ctx, form.File, form.Crop == "square")
	})
	web.Register(api, huma.Operation{
		OperationID: "get-avatar", Method: http.MethodGet, Path: "/v1/users/{handle}/avatar",
		Tags: []string{"Users"}, Summary: "A user's picture",
		Description: "Leads (302) to the user's own picture or Gravatar, or to the site's default; where there is none of these it is a pattern made from the name (SVG).",
		Errors:      []int{http.StatusNotFound},
		Responses: map[string]*huma.Response{"200": {Description: "A pattern made from the name",
			Content: map[string]*huma.MediaType{"image/svg+xml": {}}},
			"302": {Description: "The picture's address"}},
	}, m.userAvatar)
}

// uploadAvatar stores a picture as Q2A stores avatars: as a JPEG without a file name, no larger
// than the option avatar_store_size.
func (m *Module) uploadAvatar(ctx context.Context, file huma.FormFile, square bool) (*uploadOutput, error) {
	if _, err := auth.RequireUser(ctx); err != nil {
		return nil, err
	}
	u, content, done, err := m.receive(ctx, unblocked, file)
	if err != nil {
		return nil, err
	}
	defer done()
	a, err := m.acceptAvatar(ctx, content, u.o.Int(option.AvatarStoreSize), square)
	if err != nil {
		return nil, err
	}
	set := func(ctx context.Context, work func(tx *database.DB) (int, error)) (int, error) {
		return m.accounts.SetAvatar(ctx, a.info.Width, a.info.Height, work)
	}
	id, err := m.keep(ctx, a, "", set, func(tx *database.DB) (owner, error) {
		_, err := u.charge(ctx, tx)
		return owner{userID: u.caller.UserID, ip: u.caller.IP}, err
	})
	if err != nil {
		return nil, err
	}
	return &uploadOutput{Body: m.answer(id, a), Location: uploadPath + "/" + id}, nil
}

// defaultAvatarSize is Q2A's size of stored avatars, in pixels, where the site has not set the
// option.
const defaultAvatarSize = 400

func (m *Module) acceptAvatar(
	ctx context.Context, content []byte, size int, square bool,
) (a accepted, err error) {
	if size <= 0 {
		size = defaultAvatarSize
	}
	v := workshop.Version{Size: size, Square: square}
	made, err := m.workshop.Do(ctx, workshop.Order{Content: content, Versions: []workshop.Version{v}})
	if err != nil {
		return a, refusal(content, err)
	}
	stored := made.Versions[v]
	// Avatars have the format "jpeg" in Q2A's table; all other JPEGs have "jpg".
	return accepted{format: "jpeg", content: stored.Content,
		info: picture.Info{Width: stored.Width, Height: stored.Height, Frames: 1}}, nil
}

// userAvatar redirects to a user's picture, or responds with a pattern made from the user's name.
func (m *Module) userAvatar(ctx context.Context, in *userAvatarInput) (*huma.StreamResponse, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	account, err := m.accounts.AccountByHandle(ctx, in.Handle)
	if err != nil {
		return nil, err
	}
	size := in.Size
	if size == 0 {
		size = o.Int(option.AvatarProfileSize)
	}
	address := account.AvatarURL(o, size)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Cache-Control", "public, max-age=300") // people change their pictures
		if address != "" && address != auth.PatternURL(o, account.Handle) {
			hc.SetHeader("Location", address)
			hc.SetStatus(http.StatusFound)
			return
		}
		hc.SetHeader("Content-Type", "image/svg+xml")
		hc.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
		_, _ = hc.BodyWriter().Write(pattern(account.Handle)) // a client that went away
	}}, nil
}

// pattern returns an SVG picture made from a name: squares of one colour in five rows, with the
// right half mirroring the left. The same name always gives the same pattern, and two names most
// likely give different ones.
func pattern(name string) []byte {
	const cells = 5
	sum := sha256.Sum256([]byte(name))
	hue := (int(sum[30])<<8 | int(sum[31])) % 360
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="100%%" height="100%%" fill="hsl(%d 40%% 92%%)"/><path fill="hsl(%d 55%% 45%%)" d="`,
		cells+2, cells+2, hue, hue)
	for row := range cells {
		for column := range (cells + 1) / 2 {
			if sum[row*cells+column]&1 == 0 {
				continue
			}
			fmt.Fprintf(&b, "M%d %dh1v1h-1z", column+1, row+1)
			if mirror := cells - 1 - column; mirror != column {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", mirror+1, row+1)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.Bytes()
}
