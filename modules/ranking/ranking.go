// Package ranking keeps the users' points, computes the leaderboards, and awards the badges of
// Q2A's plugin ys-badges. Points are what each user earns by posts, votes and best answers under
// the rules of Q2A's points page.
//
// Its public face: New returns the module, and Register adds its operations to the API. Listen and
// ListenToAccounts keep points in step with posts and accounts, in the transaction that changes
// those; HandleEvent awards badges afterwards, from the outbox. Recompute counts single users'
// points; Lock, Count and Store are its parts, for the recalculation of a whole site. The jobs are
// WeightsJob, RankingsJob, BadgesJob and WinnersJob; RecountStep is a step of the recalculation.
package ranking

import (
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/qa"
	"38qa.net/backend/modules/site"
)

// Module is the ranking module.
type Module struct {
	db   *database.DB
	site *site.Module
	auth *auth.Module
	// questions knows the site's categories.
	questions *qa.Module
	shown     *shown
	holders   holders
	jobs      Jobs
}

// New returns the module. It requests runs of its own jobs from j; the caller adds those jobs to j
// later.
func New(db *database.DB, s *site.Module, a *auth.Module, questions *qa.Module, j Jobs) *Module {
	return &Module{db: db, site: s, auth: a, questions: questions, jobs: j, shown: newShown(db),
		holders: holders{db: db}}
}
