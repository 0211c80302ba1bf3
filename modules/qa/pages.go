package qa

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/formtext"
	"38qa.net/backend/modules/kernel/problem"
	"38qa.net/backend/modules/kernel/web"
	"38qa.net/backend/modules/kernel/weblink"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/site"
)

// The pages of tags and categories are what plugins of the old site (q2a-tag-descriptions and
// q2a-category-descriptions) show above the lists of questions. Their texts are rows of Q2A's own tables
// of metas. The plugins write them into the page as they are, so that they may have HTML; a picture is
// an address.

// metas are the contents of a tag or a category in the table of metas, by their titles there.
type metas map[string]string

// readMetas reads the contents that a query returns as pairs of a title and a content.
func readMetas(ctx context.Context, db *database.DB, query string, args ...any) (metas, error) {
	page := metas{}
	err := db.Select(ctx, func(rows *sql.Rows) error {
		var title, content string
		err := rows.Scan(&title, &content)
		page[title] = content
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the page of a tag or a category: %w", err)
	}
	return page, nil
}

// revision returns a hash of the contents, for entity tags. A content that is empty is as good as none.
func (m metas) revision() string {
	h := xxhash.New()
	for _, title := range slices.Sorted(maps.Keys(m)) {
		if m[title] != "" {
			fmt.Fprintf(h, "%s\x00%s\x00", title, m[title])
		}
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// etag returns the entity tag for a response that shows the contents.
func (m metas) etag() string { return web.RevisionTag(m.revision()) }

// safeTexts are the texts of a page as HTML that is safe to show.
type safeTexts struct {
	Title       string `json:"title,omitempty"`
	Headline    string `json:"headline,omitempty"`
	Description string `json:"description,omitempty"`
	Note        string `json:"note,omitempty"`
}

// safe returns the texts as HTML that is safe to show, or nil if all are empty.
func (m *Module) safe(o *site.Options, t safeTexts) *safeTexts {
	for _, text := range []*string{&t.Title, &t.Headline, &t.Description, &t.Note} {
		*text = m.html(o, *text, "html")
	}
	if t == (safeTexts{}) {
		return nil
	}
	return &t
}

// pagePicture is a picture of the page of a tag or a category.
type pagePicture struct {
	Address string `json:"address,omitempty" doc:"As it is stored; absent of the site's own picture for all tags without one"`
	URL     string `json:"url" doc:"Where it is"`
	// These are known of the site's own pictures only.
	ID       string `json:"id,omitempty" doc:"Of the site's own pictures; text, since it can be beyond 2^53"`
	SrcSet   string `json:"srcSet,omitempty" doc:"Smaller ones, as browsers read it"`
	Width    int    `json:"width,omitempty" doc:"In pixels"`
	Height   int    `json:"height,omitempty"`
	BlurHash string `json:"blurHash,omitempty" doc:"To show until it is there"`
}

// pagePictures returns the pictures at the addresses, with nil for those that are no addresses. What is
// known of the site's own pictures is read in one statement, if it was not lately.
func (m *Module) pagePictures(ctx context.Context, o *site.Options, addresses ...string) ([]*pagePicture, error) {
	options, ids := m.rendering(o), []string{}
	for _, a := range addresses {
		if id := options.PictureAt(a); a != "" && id != "" {
			ids = append(ids, id)
		}
	}
	known, err := m.media.Pictures(ctx, ids)
	if err != nil {
		return nil, err
	}
	pictures := make([]*pagePicture, len(addresses))
	for i, a := range addresses {
		if a == "" {
			continue
		}
		if id := options.PictureAt(a); id != "" {
			pictures[i] = ownPicture(known[id], pagePicture{Address: a, URL: options.PictureURL(id), ID: id})
		} else if link := weblink.OnSite(a); link != "" {
			pictures[i] = &pagePicture{Address: a, URL: below(m.site.SiteURL(o), link)}
		}
	}
	return pictures, nil
}

// ownPicture completes a picture with what the media module knows of it.
func ownPicture(known media.Picture, p pagePicture) *pagePicture {
	if known.ID == "" {
		return &p
	}
	p.URL, p.Width, p.Height, p.BlurHash = known.URL, known.Width, known.Height, known.BlurHash
	var set []string
	for _, s := range known.Sources {
		set = append(set, s.URL+" "+strconv.Itoa(s.Width)+"w")
	}
	p.SrcSet = strings.Join(set, ", ")
	return &p
}

// below returns the address to which a link leads on the site with the given address.
func below(siteURL, link string) string {
	base, err := url.Parse(siteURL)
	if err != nil || base.Host == "" {
		return link
	}
	u, err := base.Parse(link)
	if err != nil {
		return link
	}
	return u.String()
}

// summary returns a text as plain text on one line, of at most so many characters, as the plugins have it
// in tooltips and for search engines.
func summary(text string, most int) string {
	if most <= 0 {
		most = 250 // as the plugins do
	}
	runes := []rune(strings.Join(strings.Fields(formtext.Line(TextOf(text, "html"))), " "))
	return string(runes[:min(most, len(runes))])
}

// maxMeta is the number of characters of the column of contents.
const maxMeta = 8000

// pageWriting checks and cleans what was sent for a page, before the transaction that stores it.
type pageWriting struct {
	checks

	m     *Module
	o     *site.Options
	files []string
}

// text returns a text as it is stored. Whatever has a tag, or could become one in the old site's page, is
// cleaned as the contents of posts are, since the plugins show these texts as they are.
func (w *pageWriting) text(name, text string) string {
	text = formtext.Block(text)
	if strings.ContainsAny(text, "<") {
		text = formtext.Block(w.m.renderer.ForStorage(text, w.m.rendering(w.o)))
		w.files = append(w.files, w.m.renderer.References(text, "html", w.m.rendering(w.o))...)
	}
	if utf8.RuneCountInString(text) > maxMeta {
		w.add(name, problem.FieldTooLong, maxMeta)
	}
	return text
}

// inStyle replaces characters that would end an address where the plugins write it: in a style, without
// quotes.
var inStyle = strings.NewReplacer("(", "%28", ")", "%29", "'", "%27")

// address returns the address of a picture as it is stored. One of the site's own pictures gets the
// address that it has on the old site.
func (w *pageWriting) address(ctx context.Context, name, text string) (string, error) {
	text = formtext.Line(text)
	if text == "" {
		return "", nil
	}
	options := w.m.rendering(w.o)
	link := weblink.OnSite(text)
	if link == "" {
		w.add(name, problem.FieldWrongForm)
		return "", nil
	}
	if id := options.PictureAt(link); id != "" {
		there, err := w.m.media.HasPicture(ctx, id)
		if err != nil {
			return "", err
		}
		if !there {
			w.add(name, fieldNoOwnPicture)
		}
		w.files = append(w.files, id)
	}
	link = inStyle.Replace(options.OldURL(link))
	if utf8.RuneCountInString(link) > maxMeta {
		w.add(name, problem.FieldTooLong, maxMeta)
	}
	return link, nil
}
