// Package ranking keeps the users' points: what each earns by posts, votes and best answers, as Q2A's points page states.
//
// Its public face: New, Register (bonus points), Listen and ListenToAccounts (points follow what happens to posts and accounts, in the
// same transaction), Recompute, and for the recalculation of a whole site Lock, Count and Store.
package ranking

import (
	"38qa.net/backend/modules/auth"
	"38qa.net/backend/modules/kernel/database"
	"38qa.net/backend/modules/site"
)

// Module is the ranking module.
type Module struct {
	db   *database.DB
	site *site.Module
	auth *auth.Module
}

// New returns the module.
func New(db *database.DB, s *site.Module, a *auth.Module) *Module {
	return &Module{db: db, site: s, auth: a}
}
