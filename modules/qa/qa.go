// Package qa serves questions, answers and comments: lists, threads, categories, tags, search and
// feeds, and all writes to posts.
//
// New returns the module, Register adds its operations to the API, and Routes adds the feeds, the
// sitemap and the old site's addresses. Other modules use UserPosts, FavoriteQuestions, UpdatesFor,
// CategoryID and the types by which responses show posts. With Listen they follow every write within
// its transaction. RecountSteps and RecountLast compute again all that is derived from posts.
//
// Each kind of write has a file of its own (ask.go, vote.go, …). It works on a change (change.go),
// which locks the thread, and then writes the rows that differ and all that follows from them:
// derived.go the counts, indexing.go the words, events.go the events.
package qa

import (
	"sync"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/maypok86/otter/v2"

	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/qa/internal/render"
	"38qa.net/backend/modules/qa/internal/search"
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
	"38qa.net/backend/modules/site/option"
)

// Module is the module of questions and answers. New returns one.
type Module struct {
	db         *database.DB
	site       *site.Module
	auth       *auth.Module
	media      *media.Module
	renderer   *render.Renderer
	titles     *otter.Cache[titleKey, shownTitle]
	index      *search.Index
	categories atomic.Pointer[categoryTree]
	reading    sync.Mutex
	blocked    atomic.Pointer[blockedWords]
	listeners  []listener
	views      *viewBatches
	sitemap    sitemapParts
	// lightTurns and heavyTurns limit how many contents are converted at the same time.
	lightTurns, heavyTurns *limit.Turns
}

// New returns the module of questions and answers, which uses the database and the other modules given.
func New(db *database.DB, s *site.Module, a *auth.Module, files *media.Module) *Module {
	m := &Module{
		db: db, site: s, auth: a, media: files,
		renderer:   render.New(),
		index:      search.New(db),
		lightTurns: limit.NewTurns(),
		heavyTurns: limit.NewTurns(),
		titles:     otter.Must(&otter.Options[titleKey, shownTitle]{MaximumSize: titlesKept}),
	}
	m.views = newViewBatches(m.storeViews)
	return m
}

// Close waits until the views of all requests are stored. It must be called only when no more requests
// come.
func (m *Module) Close() { m.views.wait() }

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerQuestions(api)
	m.registerThreads(api)
	m.registerCategories(api)
	m.registerTags(api)
	m.registerActivity(api)
	m.registerSearch(api)
	m.registerRelated(api)
	m.registerModeration(api)
	m.registerWrites(api)
	m.registerAccounts(api)
}

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
		SiteURL: m.site.SiteURL(o), APIURL: m.media.APIURL(),
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
		title, o.String(option.BlockBadWords), o.Bool(option.QURLsRemoveAccents), o.Int(option.QURLsTitleLength),
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
	return m.renderer.HTML(html, "html", render.Options{APIURL: m.media.APIURL()})
}

// HTML returns a content, written in one of the formats of posts, as HTML that is safe to show. The
// site's options decide how links and blocked words are shown.
func (m *Module) HTML(o *site.Options, content, format string) string {
	return m.html(o, content, format)
}
