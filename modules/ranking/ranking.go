// Package ranking keeps the users' points, what each earns by posts, votes and best answers as Q2A's points page states, computes
// the leaderboards, and awards the badges of the plugin ys-badges.
//
// Its public face: New, Register (operations of the API), Listen and ListenToAccounts (points follow what happens to posts and accounts, in
// the same transaction), HandleEvent (badges follow after it), Recompute, for the recalculation of a whole site Lock, Count and Store, and its jobs.
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
	// questions says which categories there are.
	questions *qa.Module
	shown     *shown
	holders   holders
	jobs      Jobs
}

// New returns the module. It asks for runs of its own jobs, which are added to j later.
func New(db *database.DB, s *site.Module, a *auth.Module, questions *qa.Module, j Jobs) *Module {
	return &Module{db: db, site: s, auth: a, questions: questions, jobs: j, shown: newShown(db), holders: holders{db: db}}
}
