package qa

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/audit"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/site/option"
)

// The titles of the rows of categorymetas that the old site's plugin writes, in its order.
const (
	categoryTitle       = "category_title"
	categoryHeadline    = "category_headline"
	categoryDescription = "category_desc"
	categoryPicture     = "category_background_image"
)

var categoryMetaTitles = []string{categoryTitle, categoryHeadline, categoryDescription, categoryPicture}

// pageFields are the names of the texts in requests, by their titles.
var pageFields = map[string]string{
	categoryTitle: "page.title", categoryHeadline: "page.headline", categoryDescription: "page.description",
}

// CategoryTexts are what only the response about a single category has.
type CategoryTexts struct {
	FollowerCount int           `json:"followerCount" doc:"How many users follow it"`
	Summary       string        `json:"summary,omitempty" doc:"The description as plain text on one line, cut at the site's length of tooltips"`
	Page          *categoryPage `json:"page,omitempty" doc:"What its page says besides the category's own description"`
}

// categoryPage is the page of a category.
type categoryPage struct {
	Title       string       `json:"title,omitempty" doc:"As it is stored, like all the texts: it may have HTML"`
	Headline    string       `json:"headline,omitempty"`
	Description string       `json:"description,omitempty" doc:"Below the headline"`
	HTML        *safeTexts   `json:"html,omitempty" doc:"The texts as HTML that is safe to show"`
	Picture     *pagePicture `json:"picture,omitempty" doc:"Behind the title"`
}

// categoryPageChange is what can be sent of the page of a category.
type categoryPageChange struct {
	Title       *string `json:"title,omitempty" maxLength:"8000"`
	Headline    *string `json:"headline,omitempty" maxLength:"8000"`
	Description *string `json:"description,omitempty" maxLength:"8000"`
	Picture     *string `json:"picture,omitempty" maxLength:"2000" doc:"Its address: of one of the site's own pictures as POST /v1/media gave it, or of any other"`
}

type setCategoryPageInput struct {
	ID   string `path:"id" maxLength:"900" doc:"Id, or path of slugs with / written as %2F"`
	Body struct {
		Page categoryPageChange `json:"page" doc:"Only what is sent changes"`
	}
}

func (m *Module) registerCategoryPages(api huma.API) {
	web.Register(api, huma.Operation{
		OperationID: "set-category-page", Method: http.MethodPatch, Path: "/v1/categories/{id}",
		Tags: []string{"Categories"}, Summary: "Change the page of a category",
		Description: "The texts may have HTML, which is cleaned. Needs the site's permission " +
			"plugin_cat_desc_permit_edit.",
		Errors: []int{http.StatusForbidden, http.StatusNotFound, http.StatusPreconditionFailed},
	}, m.setCategoryPage)
}

// getCategoryPage returns a category with its page.
func (m *Module) getCategoryPage(ctx context.Context, in *categoryInput) (*categoryOutput, error) {
	out, err := m.getCategory(ctx, in)
	if err != nil {
		return nil, err
	}
	o, err := m.site.Options(ctx)
	if err != nil {
		return nil, err
	}
	b := &out.Body
	page, err := m.categoryMetas(ctx, m.db, b.ID, "")
	if err != nil {
		return nil, err
	}
	pictures, err := m.pagePictures(ctx, o, page[categoryPicture])
	if err != nil {
		return nil, err
	}
	shown := categoryPage{
		Title: page[categoryTitle], Headline: page[categoryHeadline], Description: page[categoryDescription],
		Picture: pictures[0],
	}
	shown.HTML = m.safe(o, safeTexts{
		Title: shown.Title, Headline: shown.Headline, Description: shown.Description,
	})
	if shown != (categoryPage{}) {
		b.Page = &shown
	}
	out.ETag, b.Summary = page.etag(), summary(b.Description, o.Int(option.PluginCatDescMaxLen))
	_, err = m.db.Get(ctx, []any{&b.FollowerCount},
		"SELECT COUNT(*) FROM {userfavorites} WHERE entitytype = 'C' AND entityid = ?", b.ID)
	if err != nil {
		return nil, fmt.Errorf("count the followers of a category: %w", err)
	}
	return out, nil
}

// categoryMetas reads what is stored for the page of a category.
func (m *Module) categoryMetas(ctx context.Context, db *database.DB, id int, lock string) (metas, error) {
	return readMetas(ctx, db, "SELECT title, content FROM {categorymetas} WHERE categoryid = ? AND title IN ?"+
		lock, id, categoryMetaTitles)
}

// setCategoryPage changes what was sent of the page of a category.
func (m *Module) setCategoryPage(ctx context.Context, in *setCategoryPageInput) (*categoryOutput, error) {
	o, tree, err := m.surroundings(ctx)
	if err != nil {
		return nil, err
	}
	caller := auth.CallerOf(ctx)
	if p := auth.Refusal(o, caller, option.PluginCatDescPermitEdit, caller.Level); p != nil {
		return nil, p
	}
	c := tree.find(in.ID)
	if c == nil {
		return nil, problem.NotFound()
	}
	write, sent, changed := &pageWriting{m: m, o: o}, &in.Body.Page, metas{}
	for title, text := range map[string]*string{
		categoryTitle: sent.Title, categoryHeadline: sent.Headline, categoryDescription: sent.Description,
	} {
		if text != nil {
			changed[title] = write.text(pageFields[title], *text)
		}
	}
	if sent.Picture != nil {
		if changed[categoryPicture], err = write.address(ctx, "page.picture", *sent.Picture); err != nil {
			return nil, err
		}
	}
	if err := write.err(); err != nil {
		return nil, err
	}
	_, err = m.auth.Write(ctx, func(w *auth.Writer) (int, error) {
		return 0, m.storeCategoryPage(w, c.id, changed, write.files)
	})
	if err != nil {
		return nil, err
	}
	return m.getCategoryPage(ctx, &categoryInput{ID: in.ID})
}

// storeCategoryPage stores the page of a category, and tells the media module which files it shows. As
// the plugin does, it writes all rows, also those of what is empty. Writers of the same page wait for each
// other at the category.
func (m *Module) storeCategoryPage(w *auth.Writer, id int, changed metas, files []string) error {
	var locked int
	found, err := w.Tx.Get(w.Ctx, []any{&locked},
		"SELECT categoryid FROM {categories} WHERE categoryid = ?"+w.Tx.ForUpdate(), id)
	if err != nil {
		return fmt.Errorf("lock a category: %w", err)
	}
	if !found {
		return problem.NotFound()
	}
	page, err := m.categoryMetas(w.Ctx, w.Tx, id, w.Tx.ForUpdate())
	if err != nil {
		return err
	}
	if err := web.CheckMatch(w.Ctx, page.revision()); err != nil {
		return err
	}
	var values []any
	for _, title := range categoryMetaTitles {
		content, sent := changed[title]
		if !sent {
			content = page[title]
		}
		values = append(values, id, title, content)
	}
	_, err = w.Tx.Exec(w.Ctx, "INSERT INTO {categorymetas} (categoryid, title, content) VALUES (?, ?, ?)"+
		strings.Repeat(", (?, ?, ?)", len(values)/3-1)+w.Tx.Overwrite("categoryid, title", "content"), values...)
	if err != nil {
		return fmt.Errorf("store the page of a category: %w", err)
	}
	if err := audit.Record(w.Ctx, w.Tx, audit.Entry{Kind: audit.Category, Subject: strconv.Itoa(id),
		Before: page, After: changed}); err != nil {
		return err
	}
	return m.media.Keep(w.Ctx, w.Tx, files)
}
