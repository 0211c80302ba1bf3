package qa

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/qa/internal/render"
	"38qa.net/backend/modules/site"
)

// thumbnail is a small version of an image, to be shown in a list of questions.
type thumbnail struct {
	ID       string `json:"id" doc:"Of the image; text, since it can be beyond 2^53"`
	URL      string `json:"url" doc:"A small JPEG of it"`
	SrcSet   string `json:"srcSet,omitempty" doc:"Larger ones for screens with more pixels, as browsers read it"`
	Width    int    `json:"width" doc:"Of the small one, in pixels"`
	Height   int    `json:"height"`
	BlurHash string `json:"blurHash,omitempty" doc:"To show until it is there"`
}

// illustrate looks up what the media module knows of the images in the posts and keeps it with each
// post. Images that were looked up lately need no query; all others are read in one. Posts that the
// caller may not read are left alone, so that lists show no image of them.
func (m *Module) illustrate(ctx context.Context, o *site.Options, posts ...*post) error {
	var ids []string
	var having []*post
	options, caller := m.rendering(o), auth.CallerOf(ctx)
	for _, p := range posts {
		if p == nil || !mayShowFiles(p.content) || mayRead(o, caller, p) != auth.Permitted {
			continue
		}
		if own := m.renderer.ImageIDs(p.content, p.format, options); len(own) > 0 {
			ids = append(ids, own...)
			having = append(having, p)
		}
	}
	pictures, err := m.media.Pictures(ctx, ids)
	if err != nil {
		return err
	}
	for _, p := range having {
		p.pictures = pictures
	}
	return nil
}

func (m *Module) illustrateHits(ctx context.Context, o *site.Options, hits []hit) error {
	posts := make([]*post, len(hits))
	for i := range hits {
		posts[i] = hits[i].post
	}
	return m.illustrate(ctx, o, posts...)
}

// mayShowFiles reports whether the content may refer to one of the site's files. It is a quick test
// that rules out most contents; where it returns true, the content may still refer to none.
func mayShowFiles(content string) bool {
	return strings.Contains(content, "blob") || strings.Contains(content, "/media/") ||
		strings.Contains(content, "image/")
}

// illustrated returns the content of a post as HTML that is safe to show, with what illustrate found
// out about its images.
func (m *Module) illustrated(o *site.Options, p *post) string {
	options := m.rendering(o)
	if len(p.pictures) > 0 {
		options.Pictures = func(id string) (render.Picture, bool) {
			found, ok := p.pictures[id]
			shown := render.Picture{
				URL: found.URL, Width: found.Width, Height: found.Height, BlurHash: found.BlurHash,
			}
			for _, s := range found.Sources {
				shown.Sources = append(shown.Sources, render.Source{URL: s.URL, Width: s.Width})
			}
			return shown, ok
		}
	}
	return m.renderer.HTML(p.content, p.format, options)
}

// thumbnail returns the first image of a post, or nil if it has none.
func (m *Module) thumbnail(o *site.Options, p *post) *thumbnail {
	if len(p.pictures) == 0 {
		return nil
	}
	for _, id := range m.renderer.ImageIDs(p.content, p.format, m.rendering(o)) {
		if picture, ok := p.pictures[id]; ok {
			return thumbnailOf(picture)
		}
	}
	return nil
}

// thumbnailVersions is how many versions of a thumbnail browsers may choose from: the one of its own
// size, and one for screens with twice the pixels.
const thumbnailVersions = 2

func thumbnailOf(p media.Picture) *thumbnail {
	small := p.Thumbnail
	t := &thumbnail{ID: p.ID, URL: small.URL, Width: small.Width, Height: small.Height, BlurHash: p.BlurHash}
	var set []string
	for _, s := range p.Sources[:min(thumbnailVersions, len(p.Sources))] {
		set = append(set, s.URL+" "+strconv.Itoa(s.Width)+"w")
	}
	if len(set) > 1 {
		t.SrcSet = strings.Join(set, ", ")
	}
	return t
}

// keepFiles tells the media module which files the new and edited posts of this change show, so that it
// keeps them, and which files the deleted posts showed, so that it can release them.
func (c *change) keepFiles() error {
	files := func(p *post) []string {
		if !mayShowFiles(p.content) {
			return nil
		}
		return c.m.renderer.References(p.content, p.format, c.m.rendering(c.Options))
	}
	var shown, released []string
	for _, p := range c.posts() {
		before, existed := c.before[p.id]
		switch {
		case c.gone(p):
			released = append(released, files(&before)...)
		case !existed || before.content != p.content:
			shown = append(shown, files(p)...)
		}
	}
	slices.Sort(shown)
	if err := c.m.media.Keep(c.Ctx, c.Tx, slices.Compact(shown)); err != nil {
		return err
	}
	slices.Sort(released)
	return c.m.media.Release(c.Ctx, c.Tx, slices.Compact(released))
}
