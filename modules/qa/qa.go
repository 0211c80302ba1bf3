// Package qa holds questions, answers and comments: their lists, threads, categories, tags, search and feeds, and all that is
// done to them.
//
// Its public face: New, Register (operations of the API) and Routes (feeds, sitemap and the old site's addresses); for
// other modules UserPosts, Questions, CategoryID and the types of posts in answers; Listen, by which they follow every action within
// its transaction; and RecountSteps and RecountLast, which compute anew what is derived from posts.
//
// A write is one use case in a file of its own (ask.go, vote.go, …) at work on a change (change.go), which locks the thread,
// and writes what differs and all that follows from it: derived.go the counts, indexing.go the words, events.go the events.
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
	"38qa.net/backend/modules/qa/internal/words"
	"38qa.net/backend/modules/site"
)

// Module is the Q&A module.
type Module struct {
	db         *database.DB
	site       *site.Module
	auth       *auth.Module
	media      *media.Module
	renderer   *render.Renderer
	titles     *otter.Cache[titleKey, shownTitle]
	postings   *postings
	categories atomic.Pointer[categoryTree]
	hotness    atomic.Pointer[hotnessTable]
	reading    sync.Mutex
	// readingHotness lets one request read the table of hotness while others wait for it.
	readingHotness sync.Mutex
	blocked        atomic.Pointer[blockedWords]
	listeners      []Listener
	views          *viewBatches
	sitemap        sitemapParts
	// lightTurns and heavyTurns bound how many contents are converted at once.
	lightTurns, heavyTurns *limit.Turns
}

// New returns the module.
func New(db *database.DB, s *site.Module, a *auth.Module, files *media.Module) *Module {
	m := &Module{db: db, site: s, auth: a, media: files, renderer: render.New(), postings: newPostings(), lightTurns: limit.NewTurns(), heavyTurns: limit.NewTurns(), titles: otter.Must(&otter.Options[titleKey, shownTitle]{MaximumSize: titlesKept})}
	m.views = newViewBatches(m.storeViews)
	return m
}

// Close returns when the views of all requests are stored; it is called when there are no more requests.
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

// blockedWords are the parsed option block_bad_words.
type blockedWords struct {
	option string
	words  words.Blocked
}

// blockedWords returns the words that the site does not want to show.
func (m *Module) blockedWords(o *site.Options) words.Blocked {
	option := o.String("block_bad_words")
	b := m.blocked.Load()
	if b == nil || b.option != option {
		b = &blockedWords{option, words.NewBlocked(option)}
		m.blocked.Store(b)
	}
	return b.words
}

// rendering is how the site wants contents shown.
func (m *Module) rendering(o *site.Options) render.Options {
	return render.Options{
		SiteURL: m.site.SiteURL(o), APIURL: m.media.APIURL(), LinkURLs: o.Bool("show_url_links"), NewWindow: o.Bool("links_in_new_window"),
		BlockedWords: o.String("block_bad_words"), Censor: m.blockedWords(o).Censor,
	}
}

// html is the content of a post as HTML that is safe to show.
func (m *Module) html(o *site.Options, content, format string) string {
	return m.renderer.HTML(content, format, m.rendering(o))
}

// shownTitle is what follows from a question's title and the site's options.
type shownTitle struct{ title, slug string }

type titleKey struct {
	title, blocked string
	asciiOnly      bool
	length         int
}

// titlesKept bounds the number of titles whose slugs are remembered; a list has to make one for each question.
const titlesKept = 20000

// shown is a title as the site shows it, without the words that it blocks, and its slug.
func (m *Module) shown(o *site.Options, title string) shownTitle {
	k := titleKey{title, o.String("block_bad_words"), o.Bool("q_urls_remove_accents"), o.Int("q_urls_title_length")}
	if t, ok := m.titles.GetIfPresent(k); ok {
		return t
	}
	t := shownTitle{title: m.blockedWords(o).Censor(title)}
	t.slug = words.Slug(t.title, k.asciiOnly, k.length)
	m.titles.Set(k, t)
	return t
}

// path is the address of a question on the old site, below the site's address.
func (m *Module) path(o *site.Options, id int, title string) string {
	return itoa(id) + "/" + m.shown(o, title).slug
}

// SafeHTML makes stored HTML safe to show; the site's pages use it too.
func (m *Module) SafeHTML(html string) string {
	return m.renderer.HTML(html, "html", render.Options{APIURL: m.media.APIURL()})
}

// HTML is a text in one of the formats of posts as HTML that is safe to show, by the site's choices.
func (m *Module) HTML(o *site.Options, content, format string) string {
	return m.html(o, content, format)
}
