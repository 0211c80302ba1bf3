package qa

import (
	"38qa.net/backend/modules/qa/internal/render"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// blockedWords is the option block_bad_words, as text and parsed.
type blockedWords struct {
	option string
	words  words.Blocked
}

// blockedWords returns the words that the site does not want to show (option block_bad_words). It
// parses the option again only when that has changed.
func (m *Module) blockedWords(o *site.Options) words.Blocked {
	list := o.String(option.BlockBadWords)
	b := m.blocked.Load()
	if b == nil || b.option != list {
		b = &blockedWords{list, words.NewBlocked(list)}
		m.blocked.Store(b)
	}
	return b.words
}

// rendering returns the options by which the site wants contents shown.
func (m *Module) rendering(o *site.Options) render.Options {
	return render.Options{
		SiteURL: m.site.SiteURL(o), APIURL: m.site.APIURL(),
		LinkURLs: o.Bool(option.ShowURLLinks), NewWindow: o.Bool(option.LinksInNewWindow),
		BlockedWords: o.String(option.BlockBadWords), Censor: m.blockedWords(o).Censor,
	}
}

// html returns the content of a post as HTML that is safe to show.
func (m *Module) html(o *site.Options, content, format string) string {
	return m.renderer.HTML(content, format, m.rendering(o))
}

// shownTitle holds what is derived from a question's title and the site's options: the title to show,
// and the slug.
type shownTitle struct{ title, slug string }

type titleKey struct {
	title, blocked string
	asciiOnly      bool
	length         int
}

// titlesKept is how many titles are remembered with their slugs, since a list needs the slug of each of
// its questions.
const titlesKept = 20000

// shown returns a title as the site shows it, with blocked words replaced, and its slug.
func (m *Module) shown(o *site.Options, title string) shownTitle {
	k := titleKey{
		title, o.String(option.BlockBadWords), o.Bool(option.QURLsRemoveAccents),
		o.Int(option.QURLsTitleLength),
	}
	if t, ok := m.titles.GetIfPresent(k); ok {
		return t
	}
	t := shownTitle{title: m.blockedWords(o).Censor(title)}
	t.slug = words.Slug(t.title, k.asciiOnly, k.length)
	m.titles.Set(k, t)
	return t
}

// path returns the address of a question on the old site, relative to the address of that site.
func (m *Module) path(o *site.Options, id int, title string) string {
	return itoa(id) + "/" + m.shown(o, title).slug
}

// SafeHTML returns stored HTML as HTML that is safe to show. The site's pages use it too.
func (m *Module) SafeHTML(html string) string {
	return m.renderer.HTML(html, "html", render.Options{APIURL: m.site.APIURL()})
}

// HTML returns a content, written in one of the formats of posts, as HTML that is safe to show. The
// site's options decide how links and blocked words are shown.
func (m *Module) HTML(o *site.Options, content, format string) string {
	return m.html(o, content, format)
}
