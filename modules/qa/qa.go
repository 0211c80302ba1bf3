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
	"38qa.net/backend/modules/kernel/jobs"
	"38qa.net/backend/modules/kernel/limit"
	"38qa.net/backend/modules/media"
	"38qa.net/backend/modules/qa/internal/render"
	"38qa.net/backend/modules/qa/internal/search"
	"38qa.net/backend/modules/site"
)

// Module is the module of questions and answers. New returns one.
type Module struct {
	settings   Settings
	db         *database.DB
	site       *site.Module
	auth       *auth.Module
	media      *media.Module
	renderer   *render.Renderer
	popular    *otter.Cache[int64, []popularTag]
	titles     *otter.Cache[titleKey, shownTitle]
	index      *search.Index
	categories atomic.Pointer[categoryTree]
	reading    sync.Mutex
	blocked    atomic.Pointer[blockedWords]
	screening  Screening
	listeners  []listener
	views      *viewBatches
	sitemap    sitemapParts
	// editHistory is the table of the plugin Edit History.
	editHistory *pluginTable
	// lightTurns and heavyTurns limit how many contents are converted at the same time.
	lightTurns, heavyTurns *limit.Turns
	jobs                   *jobs.Manager
}

// New returns the module of questions and answers, which uses the database and the other modules given.
func New(db *database.DB, s *site.Module, a *auth.Module, files *media.Module, settings Settings) *Module {
	m := &Module{
		settings: settings, db: db, site: s, auth: a, media: files,
		renderer: render.New(), editHistory: newPluginTable("edit_history"),
		index:      search.New(db),
		lightTurns: limit.NewTurns(),
		heavyTurns: limit.NewTurns(),
		popular: otter.Must(&otter.Options[int64, []popularTag]{
			MaximumSize: 100, ExpiryCalculator: otter.ExpiryWriting[int64, []popularTag](popularFor),
		}),
		titles: otter.Must(&otter.Options[titleKey, shownTitle]{MaximumSize: titlesKept}),
	}
	m.views = newViewBatches(m.storeViews)
	return m
}

// UseJobs tells the module of the manager of jobs, which runs those that it requests.
func (m *Module) UseJobs(j *jobs.Manager) { m.jobs = j }

// Close waits until the views of all requests are stored. It must be called only when no more requests
// come.
func (m *Module) Close() { m.views.wait() }

// Register adds the module's operations to the API.
func (m *Module) Register(api huma.API) {
	m.registerQuestions(api)
	m.registerThreads(api)
	m.registerRevisions(api)
	m.registerCategories(api)
	m.registerTags(api)
	m.registerActivity(api)
	m.registerMetadata(api)
	m.registerSearch(api)
	m.registerRelated(api)
	m.registerModeration(api)
	m.registerModeratePosts(api)
	m.registerQueues(api)
	m.registerAddresses(api)
	m.registerPostHistory(api)
	m.registerVoters(api)
	m.registerWrites(api)
	m.registerAccounts(api)
}
