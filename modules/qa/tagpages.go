package qa

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site/option"
)

// The titles of the rows of tagmetas that the old site's plugin writes, in its order.
const (
	tagPicture     = "bg"
	tagTitle       = "title"
	tagDescription = "description"
	tagHeadline    = "headline"
	tagNote        = "note"
	// tagIcon is written by earlier versions of the plugin, and read by all.
	tagIcon = "icon"
)

// tagMetaTitles are the titles of the rows that make up the page of a tag.
var tagMetaTitles = []string{tagPicture, tagTitle, tagDescription, tagHeadline, tagNote, tagIcon}

// TagTexts is the page of a tag, besides its description.
type TagTexts struct {
	FollowerCount int          `json:"followerCount" doc:"How many users follow it"`
	Title         string       `json:"title,omitempty" doc:"Of its page, as it is stored, like description"`
	Headline      string       `json:"headline,omitempty" doc:"Below the description"`
	Note          string       `json:"note,omitempty" doc:"Below the headline"`
	HTML          *safeTexts   `json:"html,omitempty" doc:"The texts as HTML that is safe to show"`
	Summary       string       `json:"summary,omitempty" doc:"The description as plain text on one line, cut at the site's length of tooltips"`
	Picture       *pagePicture `json:"picture,omitempty" doc:"Behind the title"`
	Icon          *pagePicture `json:"icon,omitempty" doc:"Beside the tag, wherever it stands"`
}

type setTagPageInput struct {
	Tag  string `path:"tag" maxLength:"80" doc:"The tag, in any case of letters"`
	Body struct {
		Title       string `json:"title,omitempty" maxLength:"8000"`
		Description string `json:"description,omitempty" maxLength:"8000"`
		Headline    string `json:"headline,omitempty" maxLength:"8000"`
		Note        string `json:"note,omitempty" maxLength:"8000"`
		Picture     string `json:"picture,omitempty" maxLength:"2000" doc:"Its address: of one of the site's own pictures as POST /v1/media gave it, or of any other"`
		Icon        string `json:"icon,omitempty" maxLength:"2000" doc:"Like picture"`
	}
}

func (m *Module) registerTagPages(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "set-tag-page", Method: http.MethodPut, Path: "/v1/tags/{tag}", Tags: []string{"Tags"},
		Summary: "Write the page of a tag",
		Description: "All of its texts and pictures: what is not sent is emptied. The texts may have HTML, " +
			"which is cleaned. Needs the site's permission plugin_tag_desc_permit_edit.",
		Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusPreconditionFailed},
	}, m.setTagPage)
}

// getTagPage returns a tag with its page.
func (m *Module) getTagPage(ctx context.Context, in *tagInput) (*tagOutput, error) {
	out, err := m.getTag(ctx, in)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	tag := words.Lower(words.WithoutAstral(in.Tag))
	page, err := m.tagMetas(ctx, m.db, tag, "")
	if err != nil {
		return nil, err
	}
	b := &out.Body
	out.ETag, b.Description = page.etag(), page[tagDescription]
	b.Title, b.Headline, b.Note = page[tagTitle], page[tagHeadline], page[tagNote]
	b.HTML = m.safe(o, safeTexts{b.Title, b.Headline, b.Description, b.Note})
	b.Summary = summary(b.Description, o.Int(option.PluginTagDescMaxLen))
	picture := page[tagPicture]
	if picture == "" {
		picture = o.String(option.PluginTagDescDefaultImage)
	}
	pictures, err := m.pagePictures(ctx, o, picture, page[tagIcon])
	if err != nil {
		return nil, err
	}
	if b.Picture, b.Icon = pictures[0], pictures[1]; b.Picture != nil && page[tagPicture] == "" {
		b.Picture.Address = ""
	}
	return out, nil
}

// tagMetas reads what is stored for the page of a tag, which is given in lower case.
func (m *Module) tagMetas(ctx context.Context, db *database.DB, tag, lock string) (metas, error) {
	return readMetas(ctx, db, "SELECT title, content FROM {tagmetas} WHERE tag = ? AND "+m.db.Exact("tag")+
		" AND title IN ?"+lock, tag, tag, tagMetaTitles)
}

// setTagPage writes the page of a tag. As the plugin does, it writes an empty row for what is empty.
func (m *Module) setTagPage(ctx context.Context, in *setTagPageInput) (*tagOutput, error) {
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	if p := auth.Refusal(o, caller, option.PluginTagDescPermitEdit, caller.Level); p != nil {
		return nil, p
	}
	write, body := &pageWriting{m: m, o: o}, &in.Body
	page := metas{
		tagTitle:       write.text("title", body.Title),
		tagDescription: write.text("description", body.Description),
		tagHeadline:    write.text("headline", body.Headline),
		tagNote:        write.text("note", body.Note),
	}
	if page[tagPicture], err = write.address(ctx, "picture", body.Picture); err != nil {
		return nil, err
	}
	if page[tagIcon], err = write.address(ctx, "icon", body.Icon); err != nil {
		return nil, err
	}
	if err := write.err(); err != nil {
		return nil, err
	}
	tag := words.Lower(words.WithoutAstral(in.Tag))
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		return 0, m.storeTagPage(w, tag, page, write.files)
	})
	if err != nil {
		return nil, err
	}
	return m.getTagPage(ctx, &tagInput{Tag: in.Tag})
}

// storeTagPage stores the page of a tag, and tells the media module which files it shows. Writers of the
// same page wait for each other at the tag's word.
func (m *Module) storeTagPage(w *auth.Writer, tag string, page metas, files []string) error {
	var word int
	found, err := w.Tx.Get(w.Ctx, []any{&word}, "SELECT wordid FROM {words} WHERE word = ? AND "+
		m.db.Exact("word")+" AND tagcount > 0 ORDER BY wordid LIMIT 1"+w.Tx.ForUpdate(), tag, tag)
	if err != nil {
		return fmt.Errorf("lock a tag: %w", err)
	}
	if !found {
		return problem.NotFound()
	}
	before, err := m.tagMetas(w.Ctx, w.Tx, tag, w.Tx.ForUpdate())
	if err != nil {
		return err
	}
	if err := web.CheckMatch(w.Ctx, before.revision()); err != nil {
		return err
	}
	var values []any
	for _, title := range tagMetaTitles {
		if _, has := before[title]; title == tagIcon && page[title] == "" && !has {
			continue
		}
		values = append(values, tag, title, page[title])
	}
	// The key of the table compares by its collation: a tag that differs in its accents alone shares the
	// rows, which then belong to the tag that was written last, as on the old site.
	_, err = w.Tx.Exec(w.Ctx, "INSERT INTO {tagmetas} (tag, title, content) VALUES (?, ?, ?)"+
		strings.Repeat(", (?, ?, ?)", len(values)/3-1)+w.Tx.Overwrite("tag, title", "tag", "content"), values...)
	if err != nil {
		return fmt.Errorf("store the page of a tag: %w", err)
	}
	if err := audit.Record(w.Ctx, w.Tx, audit.Entry{Kind: audit.Tag, Subject: tag, Before: before,
		After: page}); err != nil {
		return err
	}
	return m.media.Keep(w.Ctx, w.Tx, files)
}
