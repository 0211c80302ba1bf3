// Package ranking keeps the users' points: what each earns by posts, votes and best answers, as Q2A's points page states.
//
// Its public face: New and Listen (points follow what the Q&A module did, in the same transaction), Recompute, and for the
// recalculation of a whole site Lock, Count and Store.
package ranking

import (
	"38qa.net/backend/modules/site"
)

// Module is the ranking module.
type Module struct {
	site *site.Module
}

// New returns the module.
func New(s *site.Module) *Module { return &Module{site: s} }
